package report

import (
	"io"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// Verify prints the checks of a chart: failures and warnings with their remedies, the rest on a line each, in full
// where all is set.
func Verify(w io.Writer, r *verify.Report, all bool) error {
	counts := map[string]int{verify.Pass: 0, verify.Fail: 0, verify.Warn: 0, verify.Skip: 0}
	for _, c := range r.Checks {
		counts[c.Status]++
	}
	return fill(w, "verify", template.FuncMap{
		"firstLine": func(s string) string { return strings.SplitN(s, "\n", 2)[0] },
		"indented":  func(s string) string { return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", 28)) },
	}, map[string]any{"Checks": r.Checks, "All": all, "Counts": counts})
}
