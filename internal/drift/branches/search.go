package branches

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Options are what a search starts from.
type Options struct {
	// Scenarios are those that were rendered, Seen what was seen in each.
	Scenarios []factsheet.Scenario
	Seen      []Seen
	// Release gives what a scenario is rendered for.
	Release func(factsheet.Scenario) helmchart.Release
	// Accepts says whether a version of Kubernetes may be tried; nil takes all.
	Accepts func(kubeVersion string) bool
	// Facts say which values are not tried, and which branches are not looked for.
	Facts factsheet.Upstream
	// Known is a chart whose branches are not looked for; nil looks for all.
	Known *helmchart.Chart
}

// maxRenders bounds a search: it takes some milliseconds a render.
const maxRenders = 300

// maxBases is how many scenarios are altered for one side of a branch: of those that say something of what it looks at,
// and of the others.
const maxBases = 2

// search looks for values that take branches.
type search struct {
	chart   *Chart
	options Options
	bases   []*base
	made    []*made
	covered Seen
	renders int
	known   map[string]*made // what was rendered, by the scenario and what was tried
	glanced map[string]Seen  // the same for one template, by its name as well

	asksForUpgrade bool
	isKnown        map[string]bool // conditions that are not looked for, by template and text
}

// Made is a scenario that was made of another one.
type Made struct {
	factsheet.Scenario
	// Base is the position of that one in Options.Scenarios.
	Base int
	// Keys are those that were given other values.
	Keys []yamldoc.Path
}

// base is a scenario that can be altered.
type base struct {
	scenario factsheet.Scenario
	origin   int // in Options.Scenarios
	seen     Seen
	merged   map[string]any
	output   []byte // of a render that was needed, else nil
	tried    []try  // what it has that its origin has not
}

// made is a scenario that was made.
type made struct {
	base
	goals  []goal
	tries  []try
	failed bool
}

// goal is a side of a branch that is wanted.
type goal struct {
	branch int
	side   Side
}

// Search gives scenarios that take branches which none has taken, as few as fit together. What it cannot take is left.
func (c *Chart) Search(ctx context.Context, o Options) []Made {
	s := &search{
		chart: c, options: o, covered: make(Seen, len(c.Branches)),
		known: map[string]*made{}, glanced: map[string]Seen{},
	}
	for i, w := range o.Scenarios {
		if o.Seen[i] == nil {
			continue
		}
		s.covered.Add(o.Seen[i])
		s.bases = append(s.bases, &base{scenario: w, origin: i, seen: o.Seen[i], merged: over(c.defaults, w.Values)})
	}
	for _, f := range c.chart.Templates() {
		s.asksForUpgrade = s.asksForUpgrade || bytes.Contains(f.Data, []byte(".Release.IsUpgrade")) ||
			bytes.Contains(f.Data, []byte(".Release.IsInstall")) || bytes.Contains(f.Data, []byte(".Release.Revision"))
	}
	if o.Known != nil {
		if known, err := Of(o.Known); err == nil {
			s.isKnown = map[string]bool{}
			for _, b := range known.Branches {
				s.isKnown[b.Template+b.Text] = true
			}
		}
	}
	// A branch that was taken may have others within it.
	const rounds = 4
	for range rounds {
		found := false
		for _, g := range s.missing() {
			found = s.reach(ctx, g) || found
		}
		if !found || ctx.Err() != nil {
			break
		}
	}
	var out []Made
	for _, m := range s.made {
		out = append(out, s.describe(m))
	}
	return out
}

// missing gives the goals that are left.
func (s *search) missing() []goal {
	var out []goal
	for i, b := range s.chart.Branches {
		if s.isKnown[b.Template+b.Text] {
			continue
		}
		for _, side := range b.sides() {
			if s.covered[i]&side == 0 && !isUnreached(s.options.Facts, b, side) {
				out = append(out, goal{i, side})
			}
		}
	}
	return out
}

func isUnreached(facts factsheet.Upstream, b Branch, side Side) bool {
	_, known := whyUnreached(facts, b, side)
	return known
}

// whyUnreached gives what is known of a side that is not reached.
func whyUnreached(facts factsheet.Upstream, b Branch, side Side) (why string, known bool) {
	for _, u := range facts.Unreached {
		if u.Template == b.Template && u.Condition == b.Text && u.What == b.Missed(side) {
			return u.Why, true
		}
	}
	return "", false
}

// reach makes a scenario that takes a side of a branch.
func (s *search) reach(ctx context.Context, g goal) bool {
	b := s.chart.Branches[g.branch]
	if s.covered[g.branch]&g.side != 0 {
		return false // another goal has brought it
	}
	for _, from := range s.basesFor(b) {
		for _, t := range s.tries(b, from) {
			if s.renders >= maxRenders || ctx.Err() != nil {
				return false
			}
			if !b.isOfValues() && !s.mayReach(ctx, g, from, t) {
				continue
			}
			m := s.altered(ctx, from, t)
			if m == nil || m.seen[g.branch]&g.side == 0 || b.isOfValues() && !s.matters(ctx, m, from) {
				continue
			}
			taken := *m
			taken.goals = []goal{g}
			s.take(ctx, &taken)
			return true
		}
	}
	return false
}

// mayReach reports whether the template of a branch takes a side of it when a scenario is altered.
func (s *search) mayReach(ctx context.Context, g goal, from *base, t try) bool {
	template := s.chart.Branches[g.branch].Template
	key := from.scenario.Name + "\x00" + t.name() + "\x00" + template
	seen, known := s.glanced[key]
	if !known {
		if w, ok := s.alter(from, t); ok {
			s.renders++
			seen = s.chart.glance(ctx, w.Values, s.options.Release(w), template)
		}
		s.glanced[key] = seen
	}
	return seen != nil && seen[g.branch]&g.side != 0
}

// altered gives a scenario as a try alters it, nil where it cannot be rendered so.
func (s *search) altered(ctx context.Context, from *base, t try) *made {
	key := from.scenario.Name + "\x00" + t.name()
	if m, ok := s.known[key]; ok {
		return m
	}
	m, ok := s.render(ctx, from, t)
	if !ok {
		m = nil
	}
	s.known[key] = m
	return m
}

// basesFor gives the scenarios in which a branch is come by: those first that say something of what it looks at, and
// then those that say little else.
func (s *search) basesFor(b Branch) []*base {
	keys := s.chart.reading.Deciders(b.Template, b.offset)
	switch b.kind {
	case isKey:
		keys = []yamldoc.Path{b.key[:max(1, len(b.key)-1)]}
	case isMember:
		keys = []yamldoc.Path{b.key}
	}
	score := func(x *base) int {
		n := len(yamldoc.Leaves(x.scenario.Values))
		if len(keys) == 0 {
			return 1000 - n // a cluster: with most at once, one scenario serves many branches
		}
		for _, key := range keys {
			if _, ok := yamldoc.Lookup(x.scenario.Values, key); ok {
				n -= 100
			}
		}
		return n
	}
	var saying, others []*base
	for _, x := range s.bases {
		switch {
		case !b.isOfValues() && !s.comesBy(x, b.statement):
		case score(x) < 0:
			saying = append(saying, x)
		default:
			others = append(others, x)
		}
	}
	byScore := func(x, y *base) int { return cmp.Compare(score(x), score(y)) }
	slices.SortStableFunc(saying, byScore)
	slices.SortStableFunc(others, byScore)
	return slices.Concat(saying[:min(len(saying), maxBases)], others[:min(len(others), maxBases)])
}

// comesBy reports whether a statement was run in a scenario.
func (s *search) comesBy(x *base, statement int) bool {
	for i, b := range s.chart.Branches {
		if b.statement == statement && x.seen[i] != 0 {
			return true
		}
	}
	return false
}

// render renders a scenario as a try alters it. It is false where that cannot be, or what is rendered is no YAML.
func (s *search) render(ctx context.Context, from *base, t try) (*made, bool) {
	w, ok := s.alter(from, t)
	if !ok {
		return nil, false
	}
	s.renders++
	files, seen, err := s.chart.Render(ctx, w.Values, s.options.Release(w))
	m := &made{tries: []try{t}, failed: err != nil}
	m.base = base{scenario: w, origin: from.origin, seen: seen, merged: over(s.chart.defaults, w.Values)}
	m.tried = slices.Concat(from.tried, m.tries)
	if err != nil {
		return m, isRefusal(err)
	}
	for _, f := range files {
		if _, err := manifest.Parse(f.Name, f.Data); err != nil {
			return nil, false
		}
		m.output = append(m.output, f.Data...)
	}
	return m, true
}

// alter gives a scenario as a try alters it. It is false where the values have no place for that.
func (s *search) alter(from *base, t try) (factsheet.Scenario, bool) {
	w := from.scenario
	if t.with != nil {
		w.Values = over(w.Values, t.with.scenario.Values)
	}
	for _, a := range t.assignments {
		values, ok := Assign(s.chart.defaults, w.Values, a.key, a.value)
		if !ok {
			return w, false
		}
		w.Values = values
	}
	w.APIs, w.WithoutAPIs = slices.Clone(w.APIs), slices.Clone(w.WithoutAPIs)
	if t.change != nil {
		t.change(&w)
	}
	w.Name += ", " + t.name()
	return w, true
}

// isRefusal reports whether a chart refuses values by fail or required, in words of its own: a template that stumbles
// over them says nothing of a branch.
func isRefusal(err error) bool {
	return strings.Contains(err.Error(), "execution error at (") && !strings.Contains(err.Error(), "error calling") &&
		!strings.Contains(err.Error(), "executing ")
}

// matters reports whether a scenario renders something else than the one that it was made of.
func (s *search) matters(ctx context.Context, m *made, from *base) bool {
	if m.failed {
		return true
	}
	if from.output == nil {
		s.renders++
		files, _, err := s.chart.Render(ctx, from.scenario.Values, s.options.Release(from.scenario))
		if err != nil {
			return false
		}
		for _, f := range files {
			from.output = append(from.output, f.Data...)
		}
	}
	return !bytes.Equal(m.output, from.output)
}

// take keeps a scenario, as a part of one that was made before where both fit together.
func (s *search) take(ctx context.Context, m *made) {
	s.covered.Add(m.seen)
	for i, other := range s.made {
		if joined, ok := s.join(ctx, other, m); ok {
			s.made[i] = joined
			s.bases[slices.Index(s.bases, &other.base)] = &joined.base
			return
		}
	}
	s.made = append(s.made, m)
	if !m.failed {
		s.bases = append(s.bases, &m.base)
	}
}

// maxJoined is how many goals one scenario serves: one with too many is hard to read.
const maxJoined = 12

// join makes one scenario of two, if it takes the branches of both.
func (s *search) join(ctx context.Context, a, b *made) (*made, bool) {
	t := b.tries[0]
	isOther := func(x try) bool { return x.change != nil || x.with != nil || x.touches(t) }
	if a.origin != b.origin || a.failed || b.failed || len(a.goals) >= maxJoined || s.renders >= maxRenders ||
		t.change != nil || t.with != nil || slices.ContainsFunc(a.tried, isOther) {
		return nil, false
	}
	m, ok := s.render(ctx, &a.base, t)
	if !ok || m.failed {
		return nil, false
	}
	m.goals, m.tries = slices.Concat(a.goals, b.goals), slices.Concat(a.tries, b.tries)
	for _, g := range m.goals {
		if m.seen[g.branch]&g.side == 0 {
			return nil, false
		}
	}
	return m, true
}

// touches reports whether two tries are about one key, or one within the other.
func (t try) touches(other try) bool {
	for _, a := range t.assignments {
		for _, b := range other.assignments {
			n := min(len(a.key), len(b.key))
			if slices.Equal(a.key[:n], b.key[:n]) {
				return true
			}
		}
	}
	return false
}

// describe names a scenario by what was altered and says for which branch.
func (s *search) describe(m *made) Made {
	w := Made{Scenario: m.scenario, Base: m.origin}
	var names, about []string
	for _, t := range m.tried {
		names = append(names, t.name())
		for _, a := range t.assignments {
			w.Keys = append(w.Keys, a.key)
		}
	}
	for _, g := range m.goals {
		b := s.chart.Branches[g.branch]
		about = append(about, b.String())
	}
	w.Name = s.options.Scenarios[m.origin].Name + " with " + strings.Join(names, ", ")
	w.About = "made for " + strings.Join(slices.Compact(about), "; ")
	return w
}
