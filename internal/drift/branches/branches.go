// Package branches says which branches of a chart's templates are taken when it is rendered, and finds values that take
// those that are not.
//
// The conditions of the templates are marked (mark.go): a marked chart renders the same, and reports what each
// condition was (Chart.Render). For a condition that was never true, or never false, the values that it looks at are
// given others until it is (search.go, tries.go): what it compares them to, what other scenarios have there, and a few
// samples. Only what was seen while rendering counts.
package branches

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Branch is a condition of a template. It has two sides.
type Branch struct {
	Template string
	Line     int // from 1
	// Text is the condition as the template has it.
	Text string

	kind      kind
	offset    int          // of the pipeline that decides
	statement int          // conditions of one statement have the same
	key       yamldoc.Path // of the kinds isKey and isMember
	member    string
}

// isOfValues reports whether values alone say which side is taken: there is nothing to see in rendering.
func (b Branch) isOfValues() bool { return b.kind == isKey || b.kind == isMember }

// isTaken reports whether the values of a scenario take a branch that is of values.
func (b Branch) isTaken(all ...map[string]any) bool {
	for _, values := range all {
		if value, ok := yamldoc.Lookup(values, b.key); ok {
			return b.kind == isKey && !yamldoc.IsEmpty(value) || b.kind == isMember && fmt.Sprint(value) == b.member
		}
	}
	return false
}

// kind is what a condition is about.
type kind int

const (
	isTrue     kind = iota // if, and what and, or, not and ternary combine
	isSet                  // with, range, default
	isMissing              // required
	isTemplate             // tpl
	isKey                  // a key that templates read and that is empty by default
	isMember               // a key that is looked up in a list or a map of the template, and an entry of that
)

// Side is one of the two sides of a branch.
type Side int

// The sides of a condition: it holds, or it does not.
const (
	Yes Side = 1 << iota
	No
)

// Missed says what has not happened where a side was not seen.
func (b Branch) Missed(side Side) string {
	texts := map[kind][2]string{
		isTrue: {"never true", "never false"}, isSet: {"never set", "never empty"},
		isMissing: {"never missing", "never there"}, isTemplate: {"never a template", "never a plain text"},
		isKey: {"never set", ""}, isMember: {"never so", ""},
	}[b.kind]
	if side == Yes {
		return texts[0]
	}
	return texts[1]
}

// String names a branch by its place and its condition.
func (b Branch) String() string { return fmt.Sprintf("%s:%d, %s", b.Template, b.Line, b.Text) }

// sides are those that a branch has.
func (b Branch) sides() []Side {
	if b.isOfValues() {
		return []Side{Yes}
	}
	return []Side{Yes, No}
}

// Seen is which sides of a chart's branches were taken, by the position of the branch.
type Seen []Side

// Add takes what another render has seen.
func (s Seen) Add(other Seen) {
	for i := range other {
		s[i] |= other[i]
	}
}

// Chart is a chart whose branches are known.
type Chart struct {
	Branches []Branch

	chart, marked *helmchart.Chart
	defaults      map[string]any
	reading       *lineage.Reading
	isEntangled   map[string]bool // templates that are rendered with others alone
}

// Of reads a chart's own templates; notes for people are none of them. The error is that of a template that does not
// parse.
func Of(chart *helmchart.Chart) (*Chart, error) {
	c := &Chart{chart: chart, defaults: chart.Values(), isEntangled: map[string]bool{}}
	var err error
	if c.reading, err = lineage.Reads(chart.Templates(), chart.LibraryTemplates()...); err != nil {
		return nil, fmt.Errorf("read the branches of chart %s: %w", chart.Name(), err)
	}
	texts := map[string]string{}
	for _, f := range chart.Templates() {
		if path.Base(f.Name) == "NOTES.txt" {
			continue
		}
		text, found, err := mark(f, len(c.Branches))
		if err != nil {
			return nil, fmt.Errorf("read the branches of chart %s: %w", chart.Name(), err)
		}
		texts[f.Name] = text
		c.isEntangled[f.Name] = helmchart.IsPartial(f.Name) || strings.Contains(text, "BasePath")
		c.Branches = append(c.Branches, found...)
	}
	c.marked = chart.WithTexts(texts)
	c.addKeys()
	return c, nil
}

// addKeys adds the keys that templates read and that are empty by default, as what they do shows where they are set
// alone, and the entries of lists and maps in templates among which keys are looked up.
func (c *Chart) addKeys() {
	known := map[string]bool{}
	for _, r := range c.reading.All() {
		p := r.Key()
		name := p.String()
		value, _ := yamldoc.Lookup(c.defaults, p)
		if known[name] || path.Base(r.File) == "NOTES.txt" || strings.Contains(name, "[") {
			continue
		}
		known[name] = true
		for _, member := range c.reading.Members(p) {
			c.Branches = append(c.Branches, Branch{
				Template: r.File, Line: r.Line, Text: fmt.Sprintf(".Values.%s = %q", name, member), kind: isMember,
				key: p, member: member, statement: -1,
			})
		}
		if !yamldoc.IsEmpty(value) {
			continue
		}
		c.Branches = append(c.Branches, Branch{
			Template: r.File, Line: r.Line, Text: ".Values." + name, kind: isKey, key: p, statement: -1,
		})
	}
}

// Render renders the chart, as helmchart.Chart.Render does, and says which sides were taken. A chart that does not
// render has taken some as well.
func (c *Chart) Render(
	ctx context.Context, values map[string]any, release helmchart.Release,
) ([]helmchart.File, Seen, error) {
	seen := make(Seen, len(c.Branches))
	for i, b := range c.Branches {
		if b.isOfValues() && b.isTaken(values, c.defaults) {
			seen[i] = Yes
		}
	}
	plain := release
	release.Trace = func(name, text string) map[string]any { return c.note(seen, name, text) }
	files, err := c.marked.Render(ctx, values, release)
	if err != nil || release.Lenient {
		// An error names the lines of the template as it is.
		files, err = c.chart.Render(ctx, values, plain)
	}
	return files, seen, err
}

// glance says which sides are taken by one template of its own, or by all where others include it or it includes
// files.
func (c *Chart) glance(ctx context.Context, values map[string]any, release helmchart.Release, template string) Seen {
	seen := make(Seen, len(c.Branches))
	release.Trace = func(name, text string) map[string]any { return c.note(seen, name, text) }
	p, err := c.marked.Prepare(ctx, values, release)
	if err != nil {
		return seen
	}
	var keep func(string) bool
	if !c.isEntangled[template] {
		keep = func(name string) bool {
			return name == template || helmchart.IsPartial(name) || strings.HasPrefix(name, "charts/")
		}
	}
	_, _ = p.Render(keep) // what is refused has been seen, too
	return seen
}

// note takes the report of a mark.
func (c *Chart) note(seen Seen, name, text string) map[string]any {
	isAsked := strings.HasSuffix(name, asking)
	i, err := strconv.Atoi(strings.TrimSuffix(name, asking))
	if err != nil || i < 0 || i >= len(seen) {
		return nil
	}
	side := No
	switch c.Branches[i].kind {
	case isTemplate:
		if strings.Contains(text, "{{") {
			side = Yes
		}
	default:
		if text == yes {
			side = Yes
		}
	}
	seen[i] |= side
	if isAsked {
		return map[string]any{answer: side == Yes}
	}
	return nil
}

// Coverage is how many branches were compared.
type Coverage struct {
	// Reached and Branches count sides: a condition has two.
	Reached  int `json:"reached"`
	Branches int `json:"branches"`
	// Missed are those that were not reached.
	Missed []Missed `json:"missed"`
}

// Missed is a branch of which a side was not reached.
type Missed struct {
	Template  string `json:"template"`
	Line      int    `json:"line"`
	Condition string `json:"condition"`
	// What says what has not happened: "never true".
	What string `json:"what"`
	// Why says why it was not reached.
	Why string `json:"why"`
}

// Coverage counts what was seen, with the reasons for what was not.
func (c *Chart) Coverage(seen Seen, facts factsheet.Upstream) Coverage {
	out := Coverage{Missed: []Missed{}}
	for i, b := range c.Branches {
		for _, side := range b.sides() {
			out.Branches++
			if seen[i]&side != 0 {
				out.Reached++
			} else {
				why := c.why(b, side, facts)
				out.Missed = append(out.Missed, Missed{b.Template, b.Line, b.Text, b.Missed(side), why})
			}
		}
	}
	return out
}

// why says why a side of a branch was not reached.
func (c *Chart) why(b Branch, side Side, facts factsheet.Upstream) string {
	if why, known := whyUnreached(facts, b, side); known {
		return why
	}
	keys := c.reading.Deciders(b.Template, b.offset)
	if b.isOfValues() {
		keys = []yamldoc.Path{b.key}
	}
	for _, u := range facts.Untried {
		if slices.ContainsFunc(keys, func(key yamldoc.Path) bool { return key.String() == u.Key }) {
			return u.Why
		}
	}
	switch {
	case strings.Contains(b.Text, "semverCompare"):
		return "both charts would have to be for such a version of Kubernetes"
	case len(keys) == 0:
		return "no value of values.yaml decides it"
	}
	return "no values were found that take it and that both charts render"
}
