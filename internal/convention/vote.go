package convention

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// anchors are keys that decide for a family: where siblings differ in the
// anchor, only those with the most usual one have a say in the rest, so that
// the parts of one block come from charts that write it in one way.
var anchors = map[string]string{
	"image": "image.repository", "service": "service.port", "ingress": "ingress.hosts", "persistence": "persistence.size",
}

// choice is something that several siblings have said, with how many did.
type choice[T any] struct {
	value T
	votes int
	of    int
}

// vote gives the choice that most make, those like LiveKit counting more; of
// equal ones, the first.
func vote[T any](all []facts, say func(facts) (value T, id string, ok bool)) (choice[T], bool) {
	count, weight := map[string]int{}, map[string]int{}
	first := map[string]choice[T]{}
	var order []string
	total := 0
	for _, f := range all {
		value, id, ok := say(f)
		if !ok {
			continue
		}
		total++
		weight[id] += f.weight()
		if count[id]++; count[id] == 1 {
			first[id] = choice[T]{value: value}
			order = append(order, id)
		}
	}
	if total == 0 {
		return choice[T]{}, false
	}
	best := order[0]
	for _, id := range order {
		if weight[id] > weight[best] {
			best = id
		}
	}
	c := first[best]
	c.votes, c.of = count[best], total
	return c, true
}

// fact words the outcome of a vote; one voter's own evidence stays.
func (c choice[T]) fact(single Fact, asked int) Fact {
	if asked <= 1 || single.Confidence == Default {
		return single
	}
	return Fact{Evidence: fmt.Sprintf("%d of %d charts, such as %s", c.votes, c.of, single.Evidence), Confidence: Voted}
}

// combine makes one convention of what the siblings say. The canonical one
// stays where they are silent.
func combine(all []facts) *Convention {
	c := Canonical()
	for _, f := range all {
		c.Source = append(c.Source, f.shown)
	}
	combineValues(c, all)
	combineTemplates(c, all)
	combineStyle(c, all)
	combineDefaults(c, all)
	combineSecrets(c, all)
	combineNotes(c, all)
	return c
}

func combineValues(c *Convention, all []facts) {
	keys := map[string]bool{}
	for _, f := range all {
		for key := range f.values {
			keys[key] = true
		}
	}
	for key := range keys {
		voters := all
		if family, _, _ := strings.Cut(key, "."); key != anchors[family] {
			voters = sameAnchor(all, anchors[family])
		}
		best, ok := vote(voters, func(f facts) (Value, string, bool) {
			v, ok := f.values[key]
			return v, v.Path + " " + v.Shape, ok
		})
		if ok {
			v := best.value
			v.Fact = best.fact(v.Fact, len(all))
			c.Values[key] = v
		}
	}
}

// sameAnchor gives the siblings that agree with most on the anchor, or all.
func sameAnchor(all []facts, anchor string) []facts {
	best, ok := vote(all, func(f facts) (string, string, bool) {
		v, ok := f.values[anchor]
		return v.Path + " " + v.Shape, v.Path + " " + v.Shape, ok
	})
	if anchor == "" || !ok {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(f facts) bool {
		v, ok := f.values[anchor]
		return !ok || v.Path+" "+v.Shape != best.value
	})
}

func combineTemplates(c *Convention, all []facts) {
	var with []facts
	for _, f := range all {
		if f.files != nil || f.labels != nil || f.naming != nil { // of its own, or rendered by a library's
			with = append(with, f)
		}
	}
	// A few hand-written charts among umbrellas are not the habit.
	if 2*weightOf(with) >= weightOf(all) {
		combineLabels(c, with, len(all))
		combineNaming(c, with, len(all))
		combineFiles(c, with, len(all))
	}
	kinds := 0
	if best, ok := vote(with, func(f facts) (string, string, bool) { return f.workload, f.workload, true }); ok && 2*weightOf(with) >= weightOf(all) {
		c.Kinds.Workload = best.value
		kinds = best.votes
	}
	if best, ok := vote(all, func(f facts) (string, string, bool) { return f.route, f.route, f.route != "" }); ok {
		c.Kinds.Route = best.value
		kinds = max(kinds, best.votes)
	}
	if kinds > 0 {
		c.Kinds.Fact = choice[string]{votes: kinds, of: len(all)}.fact(Fact{Evidence: all[0].shown, Confidence: Name}, len(all))
	}
}

func weightOf(all []facts) int {
	w := 0
	for _, f := range all {
		w += f.weight()
	}
	return w
}

// combineLabels votes on all labels together, as they fit each other. Of equal
// votes, those without a word of one application win.
func combineLabels(c *Convention, all []facts, asked int) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b facts) int { return literals(deref(a.labels)) - literals(deref(b.labels)) })
	best, ok := vote(all, func(f facts) (*Labels, string, bool) {
		return f.labels, fmt.Sprint(deref(f.labels).Set, deref(f.labels).Selector), f.labels != nil
	})
	if ok {
		c.Labels = *best.value
		c.Labels.Fact = best.fact(best.value.Fact, asked)
	}
}

func literals(l Labels) int {
	n := 0
	for _, label := range append(slices.Clone(l.Set), l.Selector...) {
		if !strings.Contains(label.Value, "{") {
			n++
		}
	}
	return n
}

func combineNaming(c *Convention, all []facts, asked int) {
	best, ok := vote(all, func(f facts) (*Naming, string, bool) { return f.naming, deref(f.naming).Fullname, f.naming != nil })
	if !ok {
		return
	}
	c.Naming.Fullname, c.Naming.Fact = best.value.Fullname, best.fact(best.value.Fact, asked)
	if prefix, ok := vote(all, func(f facts) (string, string, bool) {
		p := deref(f.naming).HelperPrefix
		return p, p, p != ""
	}); ok {
		c.Naming.HelperPrefix = prefix.value
	}
	for _, kind := range namedKinds {
		suffix, ok := vote(all, func(f facts) (string, string, bool) {
			s := deref(f.naming).Suffixes[kind]
			return s, s, f.naming != nil && f.naming.Fullname == best.value.Fullname
		})
		if ok && suffix.value != "" && 2*suffix.votes > suffix.of {
			if c.Naming.Suffixes == nil {
				c.Naming.Suffixes = map[string]string{}
			}
			c.Naming.Suffixes[kind] = suffix.value
		}
	}
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// combineFiles votes on each kind's file by itself, and keeps two kinds from
// getting one file. What one of several charts calls a file is no habit.
func combineFiles(c *Convention, all []facts, asked int) {
	kinds := map[string]bool{}
	for _, f := range all {
		for kind := range deref(f.files).Templates {
			kinds[kind] = true
		}
	}
	ext, ok := vote(all, func(f facts) (*Files, string, bool) { return f.files, deref(f.files).Extension, f.files != nil })
	if !ok {
		return
	}
	c.Files = Files{Templates: map[string]string{}, Extension: ext.value.Extension, Fact: ext.fact(ext.value.Fact, asked)}
	taken := map[string]bool{}
	for _, kind := range sortedKeys(kinds) {
		best, ok := vote(all, func(f facts) (string, string, bool) {
			file := deref(f.files).Templates[kind]
			return file, file, file != ""
		})
		if !ok || taken[best.value] || asked > 1 && (best.votes < 2 || 2*best.votes <= best.of) {
			continue
		}
		c.Files.Templates[kind] = best.value
		taken[best.value] = true
	}
}

func combineStyle(c *Convention, all []facts) {
	say := func(get func(Style) string) string {
		best, _ := vote(all, func(f facts) (string, string, bool) { s := get(f.style); return s, s, s != "" })
		return best.value
	}
	s := &c.Style
	s.Lists = firstOf(say(func(s Style) string { return s.Lists }), s.Lists)
	s.Quotes = firstOf(say(func(s Style) string { return s.Quotes }), s.Quotes)
	s.Comments = firstOf(say(func(s Style) string { return s.Comments }), s.Comments)
	if best, ok := vote(all, func(f facts) (int, string, bool) {
		return f.style.Indent, strconv.Itoa(f.style.Indent), f.style.Indent > 0
	}); ok {
		s.Indent = best.value
	}
	if best, ok := vote(all, func(f facts) (bool, string, bool) {
		return f.style.DocumentStart, strconv.FormatBool(f.style.DocumentStart), true
	}); ok {
		s.DocumentStart = best.value
		s.Fact = best.fact(all[0].style.Fact, len(all))
	}
	for _, list := range []struct {
		to  *[]string
		get func(Style) []string
	}{
		{&s.ChartFields, func(s Style) []string { return s.ChartFields }},
		{&s.ValuesOrder, func(s Style) []string { return s.ValuesOrder }},
	} {
		if best, ok := vote(all, func(f facts) ([]string, string, bool) {
			l := list.get(f.style)
			return l, strings.Join(l, " "), len(l) > 0
		}); ok {
			*list.to = best.value
		}
	}
}

func combineDefaults(c *Convention, all []facts) {
	d := &c.Defaults
	for _, text := range []struct {
		to  *string
		get func(Defaults) string
	}{
		{&d.HostPattern, func(d Defaults) string { return d.HostPattern }},
		{&d.TLSSecretPattern, func(d Defaults) string { return d.TLSSecretPattern }},
		{&d.IngressClass, func(d Defaults) string { return d.IngressClass }},
		{&d.StorageClass, func(d Defaults) string { return d.StorageClass }},
	} {
		best, ok := vote(all, func(f facts) (string, string, bool) { s := text.get(f.defaults); return s, s, s != "" })
		if ok {
			*text.to = best.value
		}
	}
	if best, ok := vote(all, func(f facts) (Defaults, string, bool) {
		return f.defaults, f.defaults.HostPattern, f.defaults.HostPattern != ""
	}); ok {
		d.Domain = best.value.Domain
	}
	if best, ok := vote(all, func(f facts) (Defaults, string, bool) {
		return f.defaults, f.defaults.ClusterIssuerAnnotation + "=" + f.defaults.ClusterIssuer, f.defaults.ClusterIssuer != ""
	}); ok {
		d.ClusterIssuer, d.ClusterIssuerAnnotation = best.value.ClusterIssuer, best.value.ClusterIssuerAnnotation
	}
	if best, ok := vote(all, func(f facts) (Defaults, string, bool) { return f.defaults, "", f.defaults.Confidence != "" }); ok {
		d.Fact = best.fact(best.value.Fact, len(all))
	}
	if best, ok := vote(all, func(f facts) ([]map[string]string, string, bool) {
		return f.defaults.ParentRefs, fmt.Sprint(f.defaults.ParentRefs), len(f.defaults.ParentRefs) > 0
	}); ok {
		d.ParentRefs = best.value
	}
	if best, ok := vote(all, func(f facts) ([]string, string, bool) {
		return f.defaults.EntryPoints, fmt.Sprint(f.defaults.EntryPoints), len(f.defaults.EntryPoints) > 0
	}); ok {
		d.EntryPoints = best.value
	}
	d.IngressAnnotations = commonAnnotations(all, *d)
	d.ChartVersion = startVersion(all)
}

// commonAnnotations keeps the annotations that most siblings with an Ingress
// agree on; what one of several has is that one's own affair.
func commonAnnotations(all []facts, d Defaults) map[string]string {
	withAny := 0
	count := map[[2]string]int{}
	for _, f := range all {
		if len(f.defaults.IngressAnnotations) > 0 {
			withAny++
		}
		for k, v := range f.defaults.IngressAnnotations {
			count[[2]string{k, v}]++
		}
	}
	out := map[string]string{}
	for pair, n := range count {
		if 2*n > withAny {
			out[pair[0]] = pair[1]
		}
	}
	if d.ClusterIssuer != "" {
		out[d.ClusterIssuerAnnotation] = d.ClusterIssuer
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// startVersion gives the version that charts of the repository begin with: the
// one that most of several have, and 0.0.0 where a chart is not versioned at
// all. Otherwise a version has grown and says nothing.
func startVersion(all []facts) string {
	best, ok := vote(all, func(f facts) (string, string, bool) { return f.chartVersion, f.chartVersion, f.chartVersion != "" })
	switch {
	case ok && best.votes > 1 && 2*best.votes > best.of:
		return best.value
	case ok && best.of == 1 && best.value == "0.0.0":
		return best.value
	}
	return "0.1.0"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
