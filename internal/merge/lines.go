// Package merge merges texts three ways: what both sides made of a base comes together, and a place that both changed,
// each in its own way, is a conflict. Text merges by line, YAML and JSON by key.
package merge

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// Conflict is a place that both sides changed.
type Conflict struct {
	// Line is where it is in the user's text, from 1.
	Line int
	// Path is the key in YAML and JSON, "" in text.
	Path string
	// Says is what became of it on both sides, in words that follow the place.
	Says string
}

// Result is a merged text.
type Result struct {
	// Text has the user's side where there are conflicts, or both sides between git's markers where those are wanted.
	Text string
	// Conflicts are in order of line.
	Conflicts []Conflict
	// Notes say what was decided without a conflict and may surprise, in sentences without a capital or a full stop.
	Notes []string
}

// Labels stand beside git's markers. The zero value is for a merge that writes none.
type Labels struct{ Ours, Theirs string }

// markers gives both sides of a conflict as git writes them.
func (l Labels) markers(ours, theirs []string) []string {
	out := append([]string{"<<<<<<< " + l.Ours}, ours...)
	out = append(append(out, "======="), theirs...)
	return append(out, ">>>>>>> "+l.Theirs)
}

func (l Labels) areWanted() bool { return l != Labels{} }

// HasMarkers gives the line of the first of git's markers in a text, 0 where there is none.
func HasMarkers(text string) int {
	number := 0
	for line := range strings.Lines(text) {
		number++
		if strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, ">>>>>>> ") {
			return number
		}
	}
	return 0
}

// Lines merges texts by line. All three have LF alone at the ends of lines.
func Lines(base, ours, theirs string, labels Labels) Result {
	switch {
	case base == theirs || ours == theirs:
		return Result{Text: ours}
	case base == ours:
		return Result{Text: theirs}
	}
	lines := split(base)
	m := lineMerge{base: lines, labels: labels, ours: edits(base, ours), theirs: edits(base, theirs)}
	return m.run()
}

// split gives the lines of a text without their ends.
func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func join(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// edit replaces the lines of the base from start to before end.
type edit struct {
	start, end int
	lines      []string
}

func edits(before, after string) []edit {
	var out []edit
	for _, e := range udiff.Lines(before, after) {
		start := strings.Count(before[:e.Start], "\n")
		out = append(out, edit{start, start + len(split(before[e.Start:e.End])), split(e.New)})
	}
	return out
}

// lineMerge goes through the edits of both sides, in order.
type lineMerge struct {
	base         []string
	ours, theirs []edit
	labels       Labels

	at     int // line of the base that comes next
	shift  int // how many lines ours has more than the base up to there
	out    []string
	result Result
}

func (m *lineMerge) run() Result {
	for len(m.ours)+len(m.theirs) > 0 {
		m.step()
	}
	m.result.Text = join(append(m.out, m.base[m.at:]...))
	return m.result
}

// step takes the next edits of either side that overlap each other.
func (m *lineMerge) step() {
	var region edit
	if len(m.theirs) == 0 || len(m.ours) > 0 && m.ours[0].start <= m.theirs[0].start {
		region = m.ours[0]
	} else {
		region = m.theirs[0]
	}
	ours, theirs := 0, 0
	for hasGrown := true; hasGrown; {
		hasGrown = false
		for ; ours < len(m.ours) && region.overlaps(m.ours[ours]); ours++ {
			region.end, hasGrown = max(region.end, m.ours[ours].end), true
		}
		for ; theirs < len(m.theirs) && region.overlaps(m.theirs[theirs]); theirs++ {
			region.end, hasGrown = max(region.end, m.theirs[theirs].end), true
		}
	}
	m.out = append(m.out, m.base[m.at:region.start]...)
	m.resolve(region, m.ours[:ours], m.theirs[:theirs])
	for _, e := range m.ours[:ours] {
		m.shift += len(e.lines) - (e.end - e.start)
	}
	m.at, m.ours, m.theirs = region.end, m.ours[ours:], m.theirs[theirs:]
}

// overlaps reports whether an edit that does not begin before e touches the same lines. Two insertions at one place do:
// nobody knows which comes first.
func (e edit) overlaps(other edit) bool {
	return other.start < e.end || other.start == e.start
}

// resolve writes what becomes of a region of the base.
func (m *lineMerge) resolve(region edit, ours, theirs []edit) {
	us, them := m.applied(region, ours), m.applied(region, theirs)
	switch {
	case len(theirs) == 0 || join(us) == join(them):
		m.out = append(m.out, us...)
		return
	case len(ours) == 0:
		m.out = append(m.out, them...)
		return
	}
	m.result.Conflicts = append(m.result.Conflicts, Conflict{
		Line: region.start + m.shift + 1, Says: "was changed here, and otherwise in what is generated now",
	})
	if m.labels.areWanted() {
		us = m.labels.markers(us, them)
	}
	m.out = append(m.out, us...)
}

// applied gives a region of the base with one side's edits.
func (m *lineMerge) applied(region edit, edits []edit) []string {
	var out []string
	at := region.start
	for _, e := range edits {
		out = append(append(out, m.base[at:e.start]...), e.lines...)
		at = e.end
	}
	return append(out, m.base[at:region.end]...)
}
