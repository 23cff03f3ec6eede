package drift

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// judge classes the differences of one object in one scenario. Beside upstream's
// object and the chart's there are two that explain: the chart's as it was
// scaffolded, and as it would be with all components.
type judge struct {
	ctx        context.Context // of the one comparison that the judge is made for
	s          *subject
	t          *trial
	role       string
	u, c, p, w *object
	known      map[string]explanation
}

// verdict is what was found at one place.
type verdict struct {
	class  Class // "" where nothing differs
	why    string
	remedy string
}

func (j *judge) label() string {
	for _, o := range []*object{j.u, j.c, j.p} {
		if o != nil {
			return o.label()
		}
	}
	return j.role
}

// presence judges an object that is not on both sides.
func (j *judge) presence() []Finding {
	x, isKnown := j.known[""]
	here, there := kindOrNil(j.u), kindOrNil(j.c)
	finding := func(v verdict) []Finding {
		if v.class == "" {
			return nil
		}
		return []Finding{j.finding("", v, here, there)}
	}
	explained := isKnown && x.upstream.isAbsent == (j.u == nil) && x.chart.isAbsent == (j.c == nil)
	switch {
	case j.s.pristine == nil && j.u == nil:
		if explained {
			return finding(verdict{class: x.class, why: x.why})
		}
		return finding(verdict{class: Extra, why: "the chart alone has this object"})
	case j.s.pristine == nil && explained:
		return finding(verdict{class: x.class, why: x.why})
	case j.s.pristine == nil:
		return finding(verdict{class: Drift, why: "the chart has no such object"})
	case (j.c == nil) != (j.p == nil):
		return finding(verdict{class: Drift, why: "changed here since the chart was scaffolded"})
	case explained:
		return append(finding(verdict{class: x.class, why: x.why}), j.edits()...)
	case j.u != nil && j.w != nil:
		return finding(j.leftOut(func(o *object) bool { return o != nil }))
	case j.u == nil && j.c == nil:
		return nil
	case j.u == nil:
		return finding(verdict{class: Drift, why: "upstream's chart has no such object"})
	}
	return finding(verdict{class: Drift, why: "the chart has no such object"})
}

func kindOrNil(o *object) any {
	if o == nil {
		return nil
	}
	return o.Kind()
}

// edits are differences to what was scaffolded in an object that the chart
// alone has.
func (j *judge) edits() []Finding {
	if j.c == nil || j.p == nil || j.c == j.p {
		return nil
	}
	var out []Finding
	for _, key := range union(j.c, j.p) {
		c, isThere := j.c.leaves[key]
		p, wasThere := j.p.leaves[key]
		if isThere == wasThere && same(c.Value, p.Value, c.Path) || j.s.random[j.role+" "+key] {
			continue
		}
		out = append(out, j.finding(key, verdict{class: Drift, why: "changed here since the chart was scaffolded"}, nil, valueOf(c, isThere)))
	}
	return out
}

// union gives the paths of several objects in order.
func union(objects ...*object) []string {
	all := map[string]bool{}
	for _, o := range objects {
		if o != nil {
			for key := range o.leaves {
				all[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// fields judges every field of an object that both sides have.
func (j *judge) fields() []Finding {
	all := map[string]bool{}
	for _, key := range union(j.u, j.c, j.p) {
		all[key] = true
	}
	for key := range j.known {
		if key != "" {
			all[key] = true
		}
	}
	var out []Finding
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if j.s.random[j.role+" "+key] {
			continue
		}
		u, inUpstream := j.u.leaves[key]
		c, inChart := j.c.leaves[key]
		if v := j.field(key, u, inUpstream, c, inChart); v.class != "" {
			out = append(out, j.finding(key, v, valueOf(u, inUpstream), valueOf(c, inChart)))
		}
	}
	return out
}

func valueOf(leaf manifest.Leaf, there bool) any {
	if !there {
		return nil
	}
	return leaf.Value
}

// field judges one field.
func (j *judge) field(key string, u manifest.Leaf, inU bool, c manifest.Leaf, inC bool) verdict {
	x, isKnown := j.known[key]
	fresh := compare(x, isKnown, u, inU, c, inC)
	if j.s.pristine == nil {
		return j.foreign(fresh, x, isKnown, u, inU, c, inC)
	}
	p, inP := manifest.Leaf{}, false
	if j.p != nil {
		p, inP = j.p.leaves[key]
	}
	if inC != inP || inC && !same(c.Value, p.Value, c.Path) {
		return j.edited(fresh, x, isKnown, key, c, inC)
	}
	if fresh.class == Drift && j.w != nil {
		mends := func(o *object) bool {
			w, inW := manifest.Leaf{}, false
			if o != nil {
				w, inW = o.leaves[key]
			}
			return compare(x, isKnown, u, inU, w, inW).class != Drift
		}
		if mends(j.w) {
			return j.leftOut(mends)
		}
	}
	if reason := j.t.shapeReason(j.role, key); fresh.class == Drift && reason != "" {
		return verdict{class: Convention, why: reason}
	}
	return fresh
}

// edited judges a field that is not as it was scaffolded. It may have become
// what upstream has, or what the chart would have with all components.
func (j *judge) edited(fresh verdict, x explanation, isKnown bool, key string, c manifest.Leaf, inC bool) verdict {
	if fresh.class == "" && !isKnown {
		return fresh
	}
	if isOwnVersion(j.s, key, c) {
		return fresh
	}
	if j.w != nil {
		if w, inW := j.w.leaves[key]; inW == inC && inC && same(w.Value, c.Value, c.Path) {
			return fresh
		}
	}
	why := "changed here since the chart was scaffolded"
	if isKnown && x.class == Ours {
		why += "; what was there " + x.why
	}
	return verdict{class: Drift, why: why}
}

// foreign judges a field of a chart of other making, of which nobody knows how it
// was meant.
func (j *judge) foreign(fresh verdict, x explanation, isKnown bool, u manifest.Leaf, inU bool, c manifest.Leaf, inC bool) verdict {
	same := inU == inC && (!inU || same(u.Value, c.Value, u.Path))
	switch {
	case same:
		return verdict{}
	case fresh.class == Ours && x.chart.isAnything:
		return verdict{class: Extra, why: "the chart alone has this"}
	case fresh.class == Drift && !inU:
		return verdict{class: Extra, why: "the chart alone has this"}
	case fresh.class == Drift && isKnown:
		return verdict{class: Drift, why: ""}
	}
	return fresh
}

// compare judges two values by what is known of them.
func compare(x explanation, isKnown bool, u manifest.Leaf, inU bool, c manifest.Leaf, inC bool) verdict {
	differ := inU != inC || inU && !same(u.Value, c.Value, u.Path)
	switch {
	case !isKnown && differ:
		return verdict{class: Drift, why: ""}
	case !isKnown:
		return verdict{}
	case !x.upstream.holds(u, inU):
		return verdict{class: Drift, why: "upstream's chart is not as it is known here: " + x.why}
	case !x.chart.holds(c, inC):
		return verdict{class: Drift, why: "the chart has not what it should have here: " + x.why}
	case differ:
		return verdict{class: x.class, why: x.why}
	}
	return verdict{}
}

func (j *judge) finding(path string, v verdict, u, c any) Finding {
	return Finding{
		Layer: LayerObjects, Class: v.class, Scenario: j.t.Name, Object: j.label(), Path: path,
		Upstream: u, Chart: c, Why: v.why, Remedy: v.remedy,
	}
}

// leftOut says which component mends a difference.
func (j *judge) leftOut(mends func(*object) bool) verdict {
	for _, name := range j.t.candidates(j.s) {
		with, err := j.t.with(j.ctx, j.s, name)
		if err == nil && mends(with.get(j.role)) {
			return verdict{class: LeftOut, why: leftOutWhy(name), remedy: j.s.addWith(name)}
		}
	}
	return verdict{class: LeftOut, why: "components that do this were not scaffolded", remedy: j.s.addWith("all")}
}

func leftOutWhy(component string) string { return "the component " + component + " was not scaffolded" }

// addWith is the command that adds a component to the chart: those that it was
// given before have to be named again.
func (s *subject) addWith(component string) string {
	return fmt.Sprintf("helm livekit scaffold %s --force --with %s", s.sides.chart.Source, strings.Join(append(slices.Clone(s.asked), component), ","))
}

// candidates are the components that the chart lacks, first those that the
// scenario's settings ask for.
func (t *trial) candidates(s *subject) []string {
	var out []string
	add := func(name string) {
		if s.added[name] != nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, u := range t.unplaced {
		add(u.Component)
	}
	for _, name := range slices.Sorted(maps.Keys(s.added)) {
		add(name)
	}
	return out
}

// with renders the chart with one more component.
func (t *trial) with(ctx context.Context, s *subject, component string) (*rendered, error) {
	if r, ok := t.added[component]; ok {
		return r, nil
	}
	r, err := s.renderWhole(ctx, s.added[component], t.settings)
	if t.added == nil {
		t.added = map[string]*rendered{}
	}
	t.added[component] = r
	return r, err
}

// shapeReason says why a field of the route cannot be as upstream's in a scenario:
// the repository writes hosts or certificates in a way that says less. "" where
// that is not so.
func (t *trial) shapeReason(role, key string) string {
	if role != roleRoute || !strings.HasPrefix(key, "spec.rules") && !strings.HasPrefix(key, "spec.tls") && key != "spec.(order of rules)" {
		return ""
	}
	for _, u := range t.unplaced {
		if (u.Key == "ingress.hosts" || u.Key == "ingress.tls") && u.Component == "" {
			return "the repository's convention says less: " + u.Reason
		}
	}
	return ""
}
