package report

import (
	"io"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/explain"
)

// mostFields is how many fields that move with a value a text names.
const mostFields = 12

// Explain prints what a key is: of several things that it may be, one or two in full, of more a line each.
func Explain(w io.Writer, r *explain.Report) error {
	return fill(w, "explain", template.FuncMap{
		"indented": func(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") },
		"first":    func(l []explain.Field) []explain.Field { return l[:min(len(l), mostFields)] },
		"rest":     func(l []explain.Field) int { return max(len(l)-mostFields, 0) },
	}, r)
}
