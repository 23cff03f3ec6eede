package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// context prints the lines around a difference, from the first scenario that shows it. What was drawn before is not
// drawn again.
func (t driftText) context(f drift.Finding, drawn map[string]bool) string {
	names := findingScenarios(f)
	if t.Context <= 0 || f.Layer != drift.LayerObjects || len(names) == 0 {
		return ""
	}
	n := slices.IndexFunc(t.Scenarios, func(s drift.Scenario) bool { return s.Name == names[0] })
	if n < 0 {
		return ""
	}
	pairs := t.Scenarios[n].Pairs
	i := slices.IndexFunc(pairs, func(p drift.Pair) bool { return p.Object == f.Object })
	if i < 0 {
		return ""
	}
	var b strings.Builder
	for _, line := range contextLines(pairs[i], f.UpstreamAt.Line, f.ChartAt.Line, t.Context) {
		color := map[byte]string{'-': "red", '+': "green", ' ': "dim"}[line[0]]
		fmt.Fprintf(&b, "      %s %s\n", t.paint("dim", "|"), t.paint(color, visible(line)))
	}
	if drawn[b.String()] {
		return ""
	}
	drawn[b.String()] = true
	return b.String()
}

// contextLines gives the difference of a pair around a line of each side, n lines before and after it. Each begins with
// its sign: "-" of upstream, "+" of the chart, or " ".
func contextLines(p drift.Pair, up, own, n int) []string {
	const all = 1 << 20
	d, err := udiff.ToUnifiedDiff("", "", p.Upstream, udiff.Lines(p.Upstream, p.Chart), all)
	if err != nil || len(d.Hunks) == 0 {
		return nil
	}
	var lines []string
	upLine, ownLine, from, to := 0, 0, -1, -1
	for i, l := range d.Hunks[0].Lines {
		sign := " "
		switch l.Kind {
		case udiff.Delete:
			sign = "-"
		case udiff.Insert:
			sign = "+"
		}
		if sign != "+" {
			upLine++
		}
		if sign != "-" {
			ownLine++
		}
		if sign != "+" && upLine == up || sign != "-" && ownLine == own {
			if from < 0 {
				from = i
			}
			to = i
		}
		lines = append(lines, sign+" "+strings.TrimRight(l.Content, "\r\n"))
	}
	var out []string
	for i, line := range lines {
		switch { // both may lie far apart
		case from < 0:
		case i >= from-n && i <= from+n || i >= to-n && i <= to+n:
			out = append(out, line)
		case i == from+n+1 && i < to:
			out = append(out, "  ...")
		}
	}
	return out
}
