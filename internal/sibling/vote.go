package sibling

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
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
func vote[T any](all []names.Facts, say func(names.Facts) (value T, id string, ok bool)) (choice[T], bool) {
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
		weight[id] += f.Weight()
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
func (c choice[T]) fact(single convention.Fact, asked int) convention.Fact {
	if asked <= 1 || single.Confidence == convention.Default {
		return single
	}
	return convention.Fact{Evidence: fmt.Sprintf("%d of %d charts, such as %s", c.votes, c.of, single.Evidence), Confidence: convention.Voted}
}

// combine makes one convention of what the siblings say. The canonical one
// stays where they are silent.
func combine(all []names.Facts) *convention.Convention {
	c := convention.Canonical()
	for _, f := range all {
		c.Source = append(c.Source, f.Shown)
	}
	combineValues(c, all)
	combineTemplates(c, all)
	combineStyle(c, all)
	combineDefaults(c, all)
	combineSecrets(c, all)
	combineNotes(c, all)
	return c
}

func combineValues(c *convention.Convention, all []names.Facts) {
	keys := map[string]bool{}
	for _, f := range all {
		for key := range f.Values {
			keys[key] = true
		}
	}
	for key := range keys {
		voters := all
		if family, _, _ := strings.Cut(key, "."); key != anchors[family] {
			voters = sameAnchor(all, anchors[family])
		}
		best, ok := vote(voters, func(f names.Facts) (convention.Value, string, bool) {
			v, ok := f.Values[key]
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
func sameAnchor(all []names.Facts, anchor string) []names.Facts {
	best, ok := vote(all, func(f names.Facts) (string, string, bool) {
		v, ok := f.Values[anchor]
		return v.Path + " " + v.Shape, v.Path + " " + v.Shape, ok
	})
	if anchor == "" || !ok {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(f names.Facts) bool {
		v, ok := f.Values[anchor]
		return !ok || v.Path+" "+v.Shape != best.value
	})
}

func combineTemplates(c *convention.Convention, all []names.Facts) {
	var with []names.Facts
	for _, f := range all {
		if f.Files != nil || f.Labels != nil || f.Naming != nil { // of its own, or rendered by a library's
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
	if best, ok := vote(with, func(f names.Facts) (string, string, bool) { return f.Workload, f.Workload, true }); ok && 2*weightOf(with) >= weightOf(all) {
		c.Kinds.Workload = best.value
		kinds = best.votes
	}
	if best, ok := vote(all, func(f names.Facts) (string, string, bool) { return f.Route, f.Route, f.Route != "" }); ok {
		c.Kinds.Route = best.value
		kinds = max(kinds, best.votes)
	}
	if kinds > 0 {
		c.Kinds.Fact = choice[string]{votes: kinds, of: len(all)}.fact(convention.Fact{Evidence: all[0].Shown, Confidence: convention.Name}, len(all))
	}
}

func weightOf(all []names.Facts) int {
	w := 0
	for _, f := range all {
		w += f.Weight()
	}
	return w
}

// combineLabels votes on all labels together, as they fit each other. Of equal
// votes, those without a word of one application win.
func combineLabels(c *convention.Convention, all []names.Facts, asked int) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b names.Facts) int { return literals(deref(a.Labels)) - literals(deref(b.Labels)) })
	best, ok := vote(all, func(f names.Facts) (*convention.Labels, string, bool) {
		return f.Labels, fmt.Sprint(deref(f.Labels).Set, deref(f.Labels).Selector), f.Labels != nil
	})
	if ok {
		c.Labels = *best.value
		c.Labels.Fact = best.fact(best.value.Fact, asked)
	}
}

func literals(l convention.Labels) int {
	n := 0
	for _, label := range append(slices.Clone(l.Set), l.Selector...) {
		if !strings.Contains(label.Value, "{") {
			n++
		}
	}
	return n
}

func combineNaming(c *convention.Convention, all []names.Facts, asked int) {
	best, ok := vote(all, func(f names.Facts) (*convention.Naming, string, bool) {
		return f.Naming, deref(f.Naming).Fullname, f.Naming != nil
	})
	if !ok {
		return
	}
	c.Naming.Fullname, c.Naming.Fact = best.value.Fullname, best.fact(best.value.Fact, asked)
	if prefix, ok := vote(all, func(f names.Facts) (string, string, bool) {
		p := deref(f.Naming).HelperPrefix
		return p, p, p != ""
	}); ok {
		c.Naming.HelperPrefix = prefix.value
	}
	for _, kind := range convention.NamedKinds {
		suffix, ok := vote(all, func(f names.Facts) (string, string, bool) {
			s := deref(f.Naming).Suffixes[kind]
			return s, s, f.Naming != nil && f.Naming.Fullname == best.value.Fullname
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
func combineFiles(c *convention.Convention, all []names.Facts, asked int) {
	kinds := map[string]bool{}
	for _, f := range all {
		for kind := range deref(f.Files).Templates {
			kinds[kind] = true
		}
	}
	ext, ok := vote(all, func(f names.Facts) (*convention.Files, string, bool) {
		return f.Files, deref(f.Files).Extension, f.Files != nil
	})
	if !ok {
		return
	}
	c.Files = convention.Files{Templates: map[string]string{}, Extension: ext.value.Extension, Fact: ext.fact(ext.value.Fact, asked)}
	taken := map[string]bool{}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		best, ok := vote(all, func(f names.Facts) (string, string, bool) {
			file := deref(f.Files).Templates[kind]
			return file, file, file != ""
		})
		if !ok || taken[best.value] || asked > 1 && (best.votes < 2 || 2*best.votes <= best.of) {
			continue
		}
		c.Files.Templates[kind] = best.value
		taken[best.value] = true
	}
}

func combineStyle(c *convention.Convention, all []names.Facts) {
	say := func(get func(convention.Style) string) string {
		best, _ := vote(all, func(f names.Facts) (string, string, bool) { s := get(f.Style); return s, s, s != "" })
		return best.value
	}
	s := &c.Style
	s.Lists = cmp.Or(say(func(s convention.Style) string { return s.Lists }), s.Lists)
	s.Quotes = cmp.Or(say(func(s convention.Style) string { return s.Quotes }), s.Quotes)
	s.Comments = cmp.Or(say(func(s convention.Style) string { return s.Comments }), s.Comments)
	if best, ok := vote(all, func(f names.Facts) (int, string, bool) {
		return f.Style.Indent, strconv.Itoa(f.Style.Indent), f.Style.Indent > 0
	}); ok {
		s.Indent = best.value
	}
	if best, ok := vote(all, func(f names.Facts) (bool, string, bool) {
		return f.Style.DocumentStart, strconv.FormatBool(f.Style.DocumentStart), true
	}); ok {
		s.DocumentStart = best.value
		s.Fact = best.fact(all[0].Style.Fact, len(all))
	}
	for _, list := range []struct {
		to  *[]string
		get func(convention.Style) []string
	}{
		{&s.ChartFields, func(s convention.Style) []string { return s.ChartFields }},
		{&s.ValuesOrder, func(s convention.Style) []string { return s.ValuesOrder }},
	} {
		if best, ok := vote(all, func(f names.Facts) ([]string, string, bool) {
			l := list.get(f.Style)
			return l, strings.Join(l, " "), len(l) > 0
		}); ok {
			*list.to = best.value
		}
	}
}

func combineDefaults(c *convention.Convention, all []names.Facts) {
	d := &c.Defaults
	for _, text := range []struct {
		to  *string
		get func(convention.Defaults) string
	}{
		{&d.HostPattern, func(d convention.Defaults) string { return d.HostPattern }},
		{&d.TLSSecretPattern, func(d convention.Defaults) string { return d.TLSSecretPattern }},
		{&d.IngressClass, func(d convention.Defaults) string { return d.IngressClass }},
		{&d.StorageClass, func(d convention.Defaults) string { return d.StorageClass }},
	} {
		best, ok := vote(all, func(f names.Facts) (string, string, bool) { s := text.get(f.Defaults); return s, s, s != "" })
		if ok {
			*text.to = best.value
		}
	}
	if best, ok := vote(all, func(f names.Facts) (convention.Defaults, string, bool) {
		return f.Defaults, f.Defaults.HostPattern, f.Defaults.HostPattern != ""
	}); ok {
		d.Domain = best.value.Domain
	}
	if best, ok := vote(all, func(f names.Facts) (convention.Defaults, string, bool) {
		return f.Defaults, f.Defaults.ClusterIssuerAnnotation + "=" + f.Defaults.ClusterIssuer, f.Defaults.ClusterIssuer != ""
	}); ok {
		d.ClusterIssuer, d.ClusterIssuerAnnotation = best.value.ClusterIssuer, best.value.ClusterIssuerAnnotation
	}
	if best, ok := vote(all, func(f names.Facts) (convention.Defaults, string, bool) {
		return f.Defaults, "", f.Defaults.Confidence != ""
	}); ok {
		d.Fact = best.fact(best.value.Fact, len(all))
	}
	if best, ok := vote(all, func(f names.Facts) ([]map[string]string, string, bool) {
		return f.Defaults.ParentRefs, fmt.Sprint(f.Defaults.ParentRefs), len(f.Defaults.ParentRefs) > 0
	}); ok {
		d.ParentRefs = best.value
	}
	if best, ok := vote(all, func(f names.Facts) ([]string, string, bool) {
		return f.Defaults.EntryPoints, fmt.Sprint(f.Defaults.EntryPoints), len(f.Defaults.EntryPoints) > 0
	}); ok {
		d.EntryPoints = best.value
	}
	d.IngressAnnotations = commonAnnotations(all, *d)
	d.ChartVersion = startVersion(all)
}

// commonAnnotations keeps the annotations that most siblings with an Ingress
// agree on; what one of several has is that one's own affair.
func commonAnnotations(all []names.Facts, d convention.Defaults) map[string]string {
	withAny := 0
	count := map[[2]string]int{}
	for _, f := range all {
		if len(f.Defaults.IngressAnnotations) > 0 {
			withAny++
		}
		for k, v := range f.Defaults.IngressAnnotations {
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
func startVersion(all []names.Facts) string {
	best, ok := vote(all, func(f names.Facts) (string, string, bool) {
		return f.ChartVersion, f.ChartVersion, f.ChartVersion != ""
	})
	switch {
	case ok && best.votes > 1 && 2*best.votes > best.of:
		return best.value
	case ok && best.of == 1 && best.value == "0.0.0":
		return best.value
	}
	return "0.1.0"
}

// combineSecrets votes on the mechanism, and takes the rest from the first chart
// that has it.
func combineSecrets(c *convention.Convention, all []names.Facts) {
	best, ok := vote(all, func(f names.Facts) (*convention.Secrets, string, bool) {
		return f.Secrets, deref(f.Secrets).Mechanism, f.Secrets != nil
	})
	if ok {
		c.Secrets = *best.value
		c.Secrets.Fact = best.fact(best.value.Fact, len(all))
	}
}

// combineNotes keeps the notes of a chart that is followed alone: of several,
// each note is about that one.
func combineNotes(c *convention.Convention, all []names.Facts) {
	if len(all) == 1 {
		c.Notes = all[0].Notes
	}
	best, ok := vote(all, func(f names.Facts) (string, string, bool) {
		return f.Registry, f.Registry, f.Values["image.repository"].Path != ""
	})
	if ok && best.value != "" {
		c.Notes = append(c.Notes, fmt.Sprintf("Images come from %s here. The new chart's come from where LiveKit and Redis publish them: change that where %s mirrors them.",
			best.value, best.value))
	}
}
