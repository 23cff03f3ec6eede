package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// fewFindings is how many findings of one reason are shown before the rest is counted, unless all are asked for.
const fewFindings = 6

// Drift prints how a chart stands to upstream's, for a person: a summary, what to look at, what was left out, what was
// accepted.
func Drift(w io.Writer, r *drift.Report, o DriftOptions) error {
	if o.Width <= 0 {
		o.Width = 80
	}
	t := driftText{newView(r, o)}
	return fill(w, "drift", template.FuncMap{
		"paint":     t.paint,
		"text":      t.text,
		"hanging":   t.hanging,
		"upper":     strings.ToUpper,
		"column":    t.column,
		"digest":    shortDigest,
		"places":    places,
		"shown":     t.shown,
		"together":  t.together,
		"scenarios": t.scenarios,
		"values":    t.values,
		"noneDrawn": func() map[string]bool { return map[string]bool{} },
		"context":   t.context,
		"hidden":    t.hidden,
		"isDrift":   func(c drift.Class) bool { return c == drift.Drift },
	}, t)
}

// driftText has what the text's template calls. Whatever has lines ends with a line break.
type driftText struct{ driftView }

// colors are those of a terminal.
var colors = map[string]string{
	"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36",
	"bold red": "1;31", "bold green": "1;32",
}

func (t driftText) paint(color, s string) string {
	if !t.Color {
		return s
	}
	return paint(color, s)
}

// paint puts a text into a color of a terminal.
func paint(color, s string) string {
	if s == "" || color == "" {
		return s
	}
	return "\x1b[" + colors[color] + "m" + s + "\x1b[0m"
}

// text prints a text of any length.
func (t driftText) text(color, indent, s string) string {
	return t.lines(indent, "", "", color, visible(s))
}

// hanging prints a text behind a lead, all lines of it below the first.
func (t driftText) hanging(leadColor, lead, color, s string) string {
	return t.lines("    ", leadColor, lead, color, s)
}

func (t driftText) lines(indent, leadColor, lead, color, s string) string {
	var b strings.Builder
	for _, line := range wrap(s, t.Width-len(indent)-len(lead)) {
		fmt.Fprintf(&b, "%s%s%s\n", indent, t.paint(leadColor, lead), t.paint(color, line))
		lead = strings.Repeat(" ", len(lead))
	}
	return b.String()
}

// column gives how wide the chart's column is where the table of both charts is as wide as the text at most, else 0.
func (t driftText) column() int {
	column := len("chart")
	for _, side := range t.Sides() {
		column = max(column, utf8.RuneCountInString(shortDigest(side.Chart)))
	}
	if column+46 > t.Width {
		return 0
	}
	return column
}

// places lists where the findings of a group are.
func places(g *driftGroup) string {
	var paths []string
	for _, f := range g.First(fewFindings) {
		paths = append(paths, location(f))
	}
	list := strings.Join(paths, ", ")
	if more := g.Beyond(fewFindings); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

// shown gives the findings of a group that are shown one by one.
func (t driftText) shown(g *driftGroup) []drift.Finding {
	if t.All || len(t.Classes) == 1 || g.Beyond(fewFindings) == 0 {
		return g.Findings
	}
	return g.First(fewFindings - 1)
}

// together reports whether all that is shown of a group is in the same scenarios, so that one list will do.
func (t driftText) together(g *driftGroup) bool {
	return !slices.ContainsFunc(t.shown(g), func(f drift.Finding) bool { return t.scenarios(f) != g.Scenarios })
}

func (t driftText) scenarios(f drift.Finding) string {
	return scenarioNames([]drift.Finding{f}, len(t.Scenarios))
}

// values prints both values of a finding, on one line where they fit.
func (t driftText) values(f drift.Finding) string {
	room := 3 * (t.Width - 4 - len("upstream  "))
	up, own := cut(oneLine(valueText(f.Upstream)), room), cut(oneLine(valueText(f.Chart)), room)
	if utf8.RuneCountInString(fmt.Sprintf("    upstream %s, chart %s", up, own)) <= t.Width {
		return fmt.Sprintf("    upstream %s, chart %s\n", t.paint("red", up), t.paint("green", own))
	}
	return t.hanging("", "upstream ", "red", up) + t.hanging("", "chart    ", "green", own)
}

// hidden counts what is not shown, and says what it is unless somebody has chosen; "" where all is shown.
func (t driftText) hidden() string {
	var usual, chosen []string
	for _, c := range t.ByClass() {
		if c.Count > 0 && !c.IsShown {
			usual = append(usual, fmt.Sprintf("%s (%s)", c.number(), c.About))
			chosen = append(chosen, c.number())
		}
	}
	switch {
	case len(usual) == 0:
		return ""
	case len(t.Classes) > 0:
		return "Not shown: " + strings.Join(chosen, ", ") + "."
	}
	return "Not shown: " + strings.Join(usual, "; ") + ". --all shows everything."
}
