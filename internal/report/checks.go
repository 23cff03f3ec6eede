package report

import (
	"io"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
)

// Checks prints checks: failures and warnings with their remedies, the rest on a line each, in full where all is set.
func Checks(w io.Writer, checks []cluster.Check, all bool) error {
	counts := map[string]int{cluster.Pass: 0, cluster.Fail: 0, cluster.Warn: 0, cluster.Skip: 0}
	for _, c := range checks {
		counts[c.Status]++
	}
	return fill(w, "checks", template.FuncMap{
		"firstLine": func(s string) string { return strings.SplitN(s, "\n", 2)[0] },
		"indented":  func(s string) string { return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", 28)) },
	}, map[string]any{"Checks": checks, "All": all, "Counts": counts})
}
