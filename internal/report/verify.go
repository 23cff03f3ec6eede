package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// VerifyOptions say how the checks of a chart are shown.
type VerifyOptions struct {
	All   bool // passed and skipped checks in full
	Color bool // for a terminal
}

// statuses are how a check's status is shown, and in which color.
var statuses = map[string]struct{ text, color string }{
	verify.Pass: {"ok   ", "green"},
	verify.Fail: {"FAIL ", "bold red"},
	verify.Warn: {"warn ", "yellow"},
	verify.Skip: {"-    ", "dim"},
}

// Checks prints checks: failures and warnings with their remedies, the rest on a line each.
func Checks(w io.Writer, checks []verify.Check, o VerifyOptions) error {
	return o.checks(w, "", checks, false)
}

// Verify prints the checks of a chart: failures and warnings with their remedies, the rest on a line each.
func Verify(w io.Writer, r *verify.Report, o VerifyOptions) error {
	return o.checks(w, "", r.Checks, false)
}

// VerifyGroup prints what is found in several charts, the rest on request, and the checks of all against each other.
func VerifyGroup(w io.Writer, g *verify.Group, o VerifyOptions) error {
	for _, r := range g.Charts {
		if err := o.checks(w, r.Dir, r.Checks, !o.All); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	return o.checks(w, "Together", g.Together, false)
}

// VerifyMarkdown prints the failures and warnings of a chart as a table.
func VerifyMarkdown(w io.Writer, r *verify.Report) error { return checksMarkdown(w, r.Chart, r.Checks) }

// VerifyGroupMarkdown prints those of several charts, and of all together.
func VerifyGroupMarkdown(w io.Writer, g *verify.Group) error {
	for _, r := range g.Charts {
		if err := checksMarkdown(w, r.Dir, r.Checks); err != nil {
			return err
		}
	}
	return checksMarkdown(w, "Together", g.Together)
}

func checksMarkdown(w io.Writer, title string, checks []verify.Check) error {
	counts := countOf(checks)
	findings := slices.DeleteFunc(slices.Clone(checks), func(c verify.Check) bool {
		return c.Status == verify.Pass || c.Status == verify.Skip
	})
	return fill(w, "verify_markdown", template.FuncMap{
		"text": mdText, "code": mdCode,
		"lines": func(s string) string {
			var out []string
			for line := range strings.SplitSeq(s, "\n") {
				out = append(out, mdText(visible(line)))
			}
			return strings.Join(out, "<br>")
		},
	}, map[string]any{"Title": title, "Findings": findings, "Counts": counts})
}

// countOf counts the checks of each status.
func countOf(checks []verify.Check) map[string]int {
	counts := map[string]int{verify.Pass: 0, verify.Fail: 0, verify.Warn: 0, verify.Skip: 0}
	for _, c := range checks {
		counts[c.Status]++
	}
	return counts
}

// checks prints checks, under a title where there is one; findings are the failures and warnings alone.
func (o VerifyOptions) checks(w io.Writer, title string, checks []verify.Check, findings bool) error {
	counts := countOf(checks)
	if !o.All {
		checks = collapse(checks)
	}
	return fill(w, "checks", template.FuncMap{
		"firstLine": func(s string) string { return strings.SplitN(s, "\n", 2)[0] },
		"indented":  func(s string) string { return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", 28)) },
		"status": func(s string) string {
			if !o.Color {
				return statuses[s].text
			}
			return paint(statuses[s].color, statuses[s].text)
		},
	}, map[string]any{"Title": title, "Checks": checks, "All": o.All, "Findings": findings, "Counts": counts})
}

// collapse makes one line of the checks that were skipped for one reason, such as a chart that does not render.
func collapse(checks []verify.Check) []verify.Check {
	skipped := map[string]int{}
	for _, c := range checks {
		if c.Status == verify.Skip {
			skipped[c.Detail]++
		}
	}
	var out []verify.Check
	for _, c := range checks {
		switch n := skipped[c.Detail]; {
		case c.Status != verify.Skip || n == 1:
			out = append(out, c)
		case n > 1:
			c.Name = fmt.Sprintf("%d checks", n)
			out = append(out, c)
			skipped[c.Detail] = 0
		}
	}
	return out
}
