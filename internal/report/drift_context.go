package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// contextLine is a line of a difference between two objects: its sign (' ', '-' of upstream, '+' of the chart) and
// its text.
type contextLine struct {
	sign byte
	text string
}

// context prints the lines around a difference, from the first scenario that shows it. What was drawn before is not
// drawn again.
func (t *driftText) context(f drift.Finding, drawn map[string]bool) {
	names := findingScenarios(f)
	if t.o.Context <= 0 || f.Layer != drift.LayerObjects || len(names) == 0 {
		return
	}
	n := slices.IndexFunc(t.r.Scenarios, func(s drift.Scenario) bool { return s.Name == names[0] })
	if n < 0 {
		return
	}
	s := t.r.Scenarios[n]
	i := slices.IndexFunc(s.Pairs, func(p drift.Pair) bool { return p.Object == f.Object })
	if i < 0 {
		return
	}
	lines := contextLines(s.Pairs[i], f.UpstreamAt.Line, f.ChartAt.Line, t.o.Context)
	key := fmt.Sprint(lines)
	if len(lines) == 0 || drawn[key] {
		return
	}
	drawn[key] = true
	for _, l := range lines {
		color := dim
		if l.sign == '-' {
			color = red
		} else if l.sign == '+' {
			color = green
		}
		fmt.Fprintf(&t.b, "      %s %s\n", t.paint(dim, "|"), t.paint(color, string(l.sign)+" "+visible(l.text)))
	}
}

// contextLines gives the difference of a pair around a line of each side, n lines before and after it.
func contextLines(p drift.Pair, up, own, n int) []contextLine {
	if p.Upstream == p.Chart {
		return nil
	}
	all := 1 << 20
	d, err := udiff.ToUnifiedDiff("", "", p.Upstream, udiff.Lines(p.Upstream, p.Chart), all)
	if err != nil || len(d.Hunks) == 0 {
		return nil
	}
	var lines []contextLine
	upLine, ownLine, from, to := 0, 0, -1, -1
	for _, l := range d.Hunks[0].Lines {
		sign := byte(' ')
		switch l.Kind {
		case udiff.Delete:
			sign = '-'
			upLine++
		case udiff.Insert:
			sign = '+'
			ownLine++
		default:
			upLine++
			ownLine++
		}
		here := sign != '+' && upLine == up || sign != '-' && ownLine == own
		if here && from < 0 {
			from = len(lines)
		}
		if here {
			to = len(lines)
		}
		lines = append(lines, contextLine{sign, strings.TrimRight(l.Content, "\r\n")})
	}
	if from < 0 {
		return nil
	}
	return around(lines, from, to, n)
}

// around gives the lines from one to another, which may lie far apart, with n more on each side of both.
func around(lines []contextLine, from, to, n int) []contextLine {
	near := func(at int) (int, int) { return max(at-n, 0), min(at+n+1, len(lines)) }
	start, mid := near(from)
	again, end := near(to)
	if again <= mid {
		return lines[start:end]
	}
	out := append([]contextLine(nil), lines[start:mid]...)
	out = append(out, contextLine{' ', "..."})
	return append(out, lines[again:end]...)
}
