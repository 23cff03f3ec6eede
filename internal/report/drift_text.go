package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// fewFindings is how many findings of one reason are shown before the rest is counted, unless all are asked for.
const fewFindings = 6

// Drift prints how a chart stands to upstream's, for a person: a summary, what to look at, what was left out, what
// was accepted.
func Drift(w io.Writer, r *drift.Report, o DriftOptions) error {
	if o.Width <= 0 {
		o.Width = 80
	}
	t := &driftText{r: r, o: o}
	t.summary()
	for _, class := range drift.Classes {
		if o.shows(class) {
			t.class(class)
		}
	}
	t.rest()
	_, err := w.Write(t.b.Bytes())
	return err
}

// driftText is a report on its way to being text.
type driftText struct {
	r *drift.Report
	o DriftOptions
	b bytes.Buffer
}

// The colors of a terminal, by what they mark.
const (
	bold     = "1"
	dim      = "2"
	red      = "31"
	green    = "32"
	yellow   = "33"
	cyan     = "36"
	boldRed  = "1;31"
	boldGood = "1;32"
)

func (t *driftText) paint(color, s string) string {
	if !t.o.Color || s == "" || color == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

func (t *driftText) summary() {
	color := boldGood
	if t.r.Drifted() {
		color = boldRed
	}
	t.painted(color, "", driftHeadline(t.r))
	if compared := driftCompared(t.r); compared != "" {
		t.text("", compared)
	}
	t.b.WriteByte('\n')
	t.sides()
	for _, news := range driftNews(t.r) {
		t.text("  ", news)
	}
	t.b.WriteByte('\n')
	t.text("", "Findings: "+driftCounts(t.r)+".")
	for _, s := range t.r.Scenarios {
		if s.Error != "" {
			t.text("  ", fmt.Sprintf("Scenario %s did not render: %s", s.Name, oneLine(s.Error)))
		}
	}
	for _, note := range t.r.Notes {
		t.text("", "Note: "+note)
	}
}

// sides is the table of both charts, side by side where they fit.
func (t *driftText) sides() {
	rows := append([][3]string{{"", "chart", "upstream"}}, sideRows(t.r, shortDigest)...)
	column := 0
	for _, row := range rows {
		column = max(column, utf8.RuneCountInString(row[1]))
	}
	for i, row := range rows {
		if column+46 > t.o.Width {
			if i > 0 {
				fmt.Fprintf(&t.b, "  %-8s  %s %s\n", row[0], t.paint(dim, "chart   "), row[1])
				fmt.Fprintf(&t.b, "  %-8s  %s %s\n", "", t.paint(dim, "upstream"), row[2])
			}
			continue
		}
		line := fmt.Sprintf("  %-8s  %-*s  %s", row[0], column, row[1], row[2])
		if i == 0 {
			line = t.paint(dim, line)
		}
		fmt.Fprintln(&t.b, line)
	}
}

// classColors mark the titles of classes.
var classColors = map[drift.Class]string{
	drift.Drift: boldRed, drift.LeftOut: yellow, drift.Accepted: cyan, drift.Ours: green,
}

func (t *driftText) class(class drift.Class) {
	groups := groupDrift(t.r, class)
	if len(groups) == 0 {
		return
	}
	words := classWords[class]
	fmt.Fprintf(&t.b, "\n%s %s\n", t.paint(classColors[class], strings.ToUpper(words.title)),
		t.paint(dim, fmt.Sprintf("(%d: %s)", t.r.Summary[class], words.about)))
	title := ""
	for _, g := range groups {
		if g.title != title {
			title = g.title
			fmt.Fprintf(&t.b, "\n%s\n", t.paint(bold, visible(title)))
		}
		if class == drift.LeftOut && !t.o.All {
			t.leftOut(g)
			continue
		}
		t.group(g)
	}
}

// leftOut says of a component what its absence leaves out, on a line or two.
func (t *driftText) leftOut(g driftGroup) {
	var paths []string
	for _, f := range g.findings[:min(len(g.findings), fewFindings)] {
		paths = append(paths, location(f))
	}
	list := strings.Join(paths, ", ")
	if more := len(g.findings) - len(paths); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	t.text("  ", list)
	t.because(g)
}

func (t *driftText) group(g driftGroup) {
	shown := g.findings
	if len(shown) > fewFindings && !t.o.All {
		shown = shown[:fewFindings-1]
	}
	// One list of scenarios for all, where it is the same.
	together := scenarioNames(g.findings, len(t.r.Scenarios))
	same := true
	for _, f := range shown {
		same = same && scenarioNames([]drift.Finding{f}, len(t.r.Scenarios)) == together
	}
	drawn := map[string]bool{}
	for _, f := range shown {
		t.finding(f)
		if !same {
			t.scenarios([]drift.Finding{f}, "      ")
		}
		t.context(f, drawn)
	}
	if more := len(g.findings) - len(shown); more > 0 {
		fmt.Fprintf(&t.b, "  %s\n", t.paint(dim, fmt.Sprintf("and %d more like these (--all shows them)", more)))
	}
	if same {
		t.scenarios(g.findings, "    ")
	}
	t.because(g)
}

// finding prints the place and both values: on one line where they fit.
func (t *driftText) finding(f drift.Finding) {
	place := location(f)
	up, own := oneLine(valueText(f.Upstream)), oneLine(valueText(f.Chart))
	room := t.o.Width - 4 - len("upstream  ")
	up, own = cut(up, 3*room), cut(own, 3*room)
	fmt.Fprintf(&t.b, "  %s\n", place)
	if short := fmt.Sprintf("    upstream %s, chart %s", up, own); utf8.RuneCountInString(short) <= t.o.Width {
		fmt.Fprintf(&t.b, "    upstream %s, chart %s\n", t.paint(red, up), t.paint(green, own))
		return
	}
	t.hanging("upstream ", "", up, red)
	t.hanging("chart    ", "", own, green)
}

// hanging prints a text behind a lead, all lines of it below the first.
func (t *driftText) hanging(lead, leadColor, text, color string) {
	for i, line := range wrap(text, t.o.Width-4-len(lead)) {
		if i > 0 {
			lead = strings.Repeat(" ", len(lead))
		}
		fmt.Fprintf(&t.b, "    %s%s\n", t.paint(leadColor, lead), t.paint(color, line))
	}
}

func (t *driftText) scenarios(findings []drift.Finding, indent string) {
	if names := scenarioNames(findings, len(t.r.Scenarios)); names != "" {
		t.painted(dim, indent, "in "+names)
	}
}

// because prints why, and what to do.
func (t *driftText) because(g driftGroup) {
	if g.why != "" {
		t.text("    ", sentence(g.why))
	}
	if g.remedy != "" {
		t.hanging("-> ", bold, visible(oneLine(g.remedy)), "")
	}
}

// rest counts what was not shown.
func (t *driftText) rest() {
	chosen := len(t.o.Classes) > 0
	var hidden []string
	for _, c := range drift.Classes {
		n := t.r.Summary[c]
		if n == 0 || t.o.shows(c) {
			continue
		}
		line := fmt.Sprintf("%d %s", n, strings.ToLower(classWords[c].title))
		if !chosen {
			line += " (" + classWords[c].about + ")"
		}
		hidden = append(hidden, line)
	}
	if len(hidden) == 0 {
		return
	}
	t.b.WriteByte('\n')
	if chosen {
		t.painted(dim, "", "Not shown: "+strings.Join(hidden, ", ")+".")
		return
	}
	t.painted(dim, "", "Not shown: "+strings.Join(hidden, "; ")+". --all shows everything.")
}

func (t *driftText) text(indent, s string) { t.painted("", indent, s) }

func (t *driftText) painted(color, indent, s string) {
	for _, line := range wrap(visible(s), t.o.Width-len(indent)) {
		fmt.Fprintf(&t.b, "%s%s\n", indent, t.paint(color, line))
	}
}

// sentence gives a text its capital and its full stop, so that reasons read alike whoever wrote them.
func sentence(s string) string {
	s = strings.TrimSpace(oneLine(s))
	if s == "" {
		return ""
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?:") {
		s += "."
	}
	first, size := utf8.DecodeRuneInString(s)
	word, _, _ := strings.Cut(s, " ")
	if strings.ContainsAny(word, ".[_-/") && word != s {
		return s // a name, not a word
	}
	return strings.ToUpper(string(first)) + s[size:]
}

// wrap breaks a text at spaces into lines of at most width characters. A longer word has a line of its own. Line
// breaks of the text stay.
func wrap(s string, width int) []string {
	var out []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				out = append(out, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		out = append(out, line)
	}
	return out
}
