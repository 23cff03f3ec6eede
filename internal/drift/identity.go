package drift

import (
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// isOwnVersion reports whether a field is the chart's own version of the server,
// as its Chart.yaml has it: that moves on without a word.
func isOwnVersion(s *subject, key string, c manifest.Leaf) bool {
	text, ok := c.Value.(string)
	own := s.chart.AppVersion()
	if !ok || own == "" {
		return false
	}
	if key == "spec.template.spec.containers[server].image" {
		return strings.HasSuffix(text, ":"+own)
	}
	return len(c.Path) > 0 && c.Path[len(c.Path)-1] == "app.kubernetes.io/version" && text == own
}
