package sibling

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
)

// choice is something that several siblings have said, with how many did.
type choice[T any] struct {
	id            string
	value         T
	weight, votes int
	of            int
}

// isHabit reports whether more than half agree.
func (c choice[T]) isHabit() bool { return 2*c.votes > c.of }

// vote gives the choice that most make, those like LiveKit counting more; of equal ones, the first. Choices of one id
// are the same; without an id, a sibling abstains.
func vote[T any](all []names.Facts, say func(names.Facts) (value T, id string)) (choice[T], bool) {
	var choices []choice[T]
	of := 0
	for _, f := range all {
		value, id := say(f)
		if id == "" {
			continue
		}
		of++
		i := slices.IndexFunc(choices, func(c choice[T]) bool { return c.id == id })
		if i < 0 {
			i, choices = len(choices), append(choices, choice[T]{id: id, value: value})
		}
		choices[i].votes++
		choices[i].weight += f.Weight()
	}
	if of == 0 {
		return choice[T]{}, false
	}
	best := slices.MaxFunc(choices, func(a, b choice[T]) int { return a.weight - b.weight })
	best.of = of
	return best, true
}

// adopt sets what most siblings say where any says something.
func adopt[T any](to *T, all []names.Facts, say func(names.Facts) T) {
	var nothing T
	best, ok := vote(all, func(f names.Facts) (T, string) {
		value := say(f)
		if id := fmt.Sprint(value); id != fmt.Sprint(nothing) {
			return value, id
		}
		return value, ""
	})
	if ok {
		*to = best.value
	}
}

// only gives the siblings of which something holds.
func only(all []names.Facts, holds func(names.Facts) bool) []names.Facts {
	return slices.DeleteFunc(slices.Clone(all), func(f names.Facts) bool { return !holds(f) })
}

// fact words the outcome of a vote; one voter's own evidence stays.
func (c choice[T]) fact(single convention.Fact, asked int) convention.Fact {
	if asked <= 1 || single.Confidence == convention.Default {
		return single
	}
	evidence := fmt.Sprintf("%d of %d charts, such as %s", c.votes, c.of, single.Evidence)
	return convention.Fact{Evidence: evidence, Confidence: convention.Voted}
}

// combine makes one convention of what the siblings say. The canonical one stays where they are silent.
func combine(sheet *factsheet.Sheet, all []names.Facts) *convention.Convention {
	c := convention.Canonical(sheet)
	for _, f := range all {
		c.Source = append(c.Source, f.Shown)
	}
	combineValues(c, all)
	combineTemplates(c, all)
	combineStyle(&c.Style, all)
	combineDefaults(&c.Defaults, all)
	combineSecrets(c, all)
	combineNotes(c, all)
	return c
}

func combineValues(c *convention.Convention, all []names.Facts) {
	said := map[string]convention.Value{}
	for _, f := range all {
		maps.Copy(said, f.Values)
	}
	for key := range said {
		block, _, _ := strings.Cut(key, ".")
		voters := all
		if anchor := c.Sheet.Of(block).Anchor; anchor != "" && key != anchor {
			voters = sameAnchor(all, anchor)
		}
		if best, ok := vote(voters, valueOf(key)); ok {
			best.value.Fact = best.fact(best.value.Fact, len(all))
			c.Values[key] = best.value
		}
	}
}

// valueOf is a vote on path and shape of a key.
func valueOf(key string) func(names.Facts) (convention.Value, string) {
	return func(f names.Facts) (convention.Value, string) {
		v, ok := f.Values[key]
		if !ok {
			return v, ""
		}
		return v, v.Path + " " + v.Shape
	}
}

// sameAnchor gives the siblings that agree with most on the anchor, or all: so
// the parts of one block come from charts that write it in one way.
func sameAnchor(all []names.Facts, anchor string) []names.Facts {
	best, ok := vote(all, valueOf(anchor))
	if !ok {
		return all
	}
	return only(all, func(f names.Facts) bool {
		v, ok := f.Values[anchor]
		return ok && v.Path == best.value.Path && v.Shape == best.value.Shape
	})
}

func combineTemplates(c *convention.Convention, all []names.Facts) {
	// Templates may be a chart's own, or what a library's render.
	with := only(all, func(f names.Facts) bool { return f.Files != nil || f.Labels != nil || f.Naming != nil })
	kinds := 0
	// A few hand-written charts among umbrellas are not the habit.
	if 2*weightOf(with) >= weightOf(all) {
		combineLabels(c, with, len(all))
		combineNaming(c, with, len(all))
		combineFiles(c, with, len(all))
		if best, ok := vote(with, func(f names.Facts) (string, string) { return f.Workload, f.Workload }); ok {
			c.Kinds.Workload, kinds = best.value, best.votes
		}
	}
	if best, ok := vote(all, func(f names.Facts) (string, string) { return f.Route, f.Route }); ok {
		c.Kinds.Route, kinds = best.value, max(kinds, best.votes)
	}
	if kinds > 0 {
		single := convention.Fact{Evidence: all[0].Shown, Confidence: convention.Name}
		c.Kinds.Fact = choice[string]{votes: kinds, of: len(all)}.fact(single, len(all))
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
	all = only(all, func(f names.Facts) bool { return f.Labels != nil })
	slices.SortStableFunc(all, func(a, b names.Facts) int { return literals(*a.Labels) - literals(*b.Labels) })
	best, ok := vote(all, func(f names.Facts) (convention.Labels, string) {
		return *f.Labels, fmt.Sprint(f.Labels.Set, f.Labels.Selector)
	})
	if ok {
		c.Labels = best.value
		c.Labels.Fact = best.fact(best.value.Fact, asked)
	}
}

// literals counts the labels whose value is a word.
func literals(l convention.Labels) int {
	return len(slices.DeleteFunc(slices.Concat(l.Set, l.Selector), func(label convention.Label) bool {
		return strings.Contains(label.Value, "{")
	}))
}

func combineNaming(c *convention.Convention, all []names.Facts, asked int) {
	all = only(all, func(f names.Facts) bool { return f.Naming != nil })
	scheme := func(f names.Facts) string { return f.Naming.Prefix + f.Naming.Fullname }
	best, ok := vote(all, func(f names.Facts) (convention.Naming, string) { return *f.Naming, scheme(f) })
	if !ok {
		return
	}
	c.Naming.Fullname, c.Naming.Prefix = best.value.Fullname, best.value.Prefix
	c.Naming.Fact = best.fact(best.value.Fact, asked)
	adopt(&c.Naming.Claim, all, func(f names.Facts) string { return f.Naming.Claim })
	adopt(&c.Naming.HelperPrefix, all, func(f names.Facts) string { return f.Naming.HelperPrefix })
	all = only(all, func(f names.Facts) bool { return scheme(f) == best.id })
	suffixes := map[string]string{}
	for _, kind := range convention.NamedKinds {
		suffix, ok := vote(all, func(f names.Facts) (string, string) {
			s := f.Naming.Suffixes[kind]
			return s, "suffix " + s // none is a choice, too
		})
		if ok && suffix.value != "" && suffix.isHabit() {
			suffixes[kind] = suffix.value
		}
	}
	if len(suffixes) > 0 {
		c.Naming.Suffixes = suffixes
	}
}

// combineFiles votes on each kind's file by itself, and keeps two kinds from
// getting one file. What one of several charts calls a file is no habit.
func combineFiles(c *convention.Convention, all []names.Facts, asked int) {
	all = only(all, func(f names.Facts) bool { return f.Files != nil })
	ext, ok := vote(all, func(f names.Facts) (convention.Files, string) { return *f.Files, f.Files.Extension })
	if !ok {
		return
	}
	files, said := map[string]string{}, map[string]string{}
	taken := map[string]bool{}
	for _, f := range all {
		maps.Copy(said, f.Files.Templates)
	}
	for _, kind := range slices.Sorted(maps.Keys(said)) {
		best, ok := vote(all, func(f names.Facts) (string, string) {
			file := f.Files.Templates[kind]
			return file, file
		})
		if ok && !taken[best.value] && (asked == 1 || best.votes > 1 && best.isHabit()) {
			files[kind], taken[best.value] = best.value, true
		}
	}
	c.Files = convention.Files{Templates: files, Extension: ext.value.Extension, Fact: ext.fact(ext.value.Fact, asked)}
}

func combineStyle(s *convention.Style, all []names.Facts) {
	adopt(&s.Collections, all, func(f names.Facts) string { return f.Style.Collections })
	adopt(&s.Lists, all, func(f names.Facts) string { return f.Style.Lists })
	adopt(&s.Quotes, all, func(f names.Facts) string { return f.Style.Quotes })
	adopt(&s.Comments, all, func(f names.Facts) string { return f.Style.Comments })
	adopt(&s.Header, all, func(f names.Facts) []string { return f.Style.Header })
	adopt(&s.Indent, all, func(f names.Facts) int { return f.Style.Indent })
	adopt(&s.ChartFields, all, func(f names.Facts) []string { return f.Style.ChartFields })
	adopt(&s.ValuesOrder, all, func(f names.Facts) []string { return f.Style.ValuesOrder })
	form, _ := vote(all, func(f names.Facts) (string, string) { return f.Style.Values, f.Style.Values })
	if s.Values = form.value; !form.isHabit() {
		s.Values = convention.ValuesFull
	}
	if best, ok := vote(all, func(f names.Facts) (bool, string) {
		return f.Style.DocumentStart, strconv.FormatBool(f.Style.DocumentStart)
	}); ok {
		s.DocumentStart = best.value
		s.Fact = best.fact(all[0].Style.Fact, len(all))
	}
}

func combineDefaults(d *convention.Defaults, all []names.Facts) {
	adopt(&d.HostPattern, all, func(f names.Facts) string { return f.Defaults.HostPattern })
	adopt(&d.Domain, all, func(f names.Facts) string { return f.Defaults.Domain })
	adopt(&d.TLSSecretPattern, all, func(f names.Facts) string { return f.Defaults.TLSSecretPattern })
	adopt(&d.IngressClass, all, func(f names.Facts) string { return f.Defaults.IngressClass })
	adopt(&d.StorageClass, all, func(f names.Facts) string { return f.Defaults.StorageClass })
	adopt(&d.ImageTag, all, func(f names.Facts) string { return f.Defaults.ImageTag })
	adopt(&d.ParentRefs, all, func(f names.Facts) []map[string]string { return f.Defaults.ParentRefs })
	adopt(&d.EntryPoints, all, func(f names.Facts) []string { return f.Defaults.EntryPoints })
	type issuer struct{ annotation, name string }
	var by issuer
	adopt(&by, all, func(f names.Facts) issuer {
		return issuer{f.Defaults.ClusterIssuerAnnotation, f.Defaults.ClusterIssuer}
	})
	d.ClusterIssuerAnnotation, d.ClusterIssuer = by.annotation, by.name
	if with := only(all, func(f names.Facts) bool { return f.Defaults.Confidence != "" }); len(with) > 0 {
		d.Fact = choice[string]{votes: len(with), of: len(with)}.fact(with[0].Defaults.Fact, len(all))
	}
	d.IngressAnnotations = commonAnnotations(all, *d)
	d.Environments = commonStages(all)
	d.ChartVersion = startVersion(all)
}

// commonStages keeps the stages for which at least half of the siblings have a values file of one name.
func commonStages(all []names.Facts) (out []convention.Environment) {
	files := map[string]bool{}
	for _, f := range all {
		for _, e := range f.Defaults.Environments {
			files[e.File] = true
		}
	}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		of := func(f names.Facts) int {
			isIt := func(e convention.Environment) bool { return e.File == file }
			return slices.IndexFunc(f.Defaults.Environments, isIt)
		}
		with := only(all, func(f names.Facts) bool { return of(f) >= 0 })
		if 2*len(with) < len(all) {
			continue
		}
		best, _ := vote(with, func(f names.Facts) (convention.Environment, string) {
			e := f.Defaults.Environments[of(f)]
			return e, fmt.Sprint(e)
		})
		out = append(out, best.value)
	}
	return out
}

// commonAnnotations keeps the annotations that most siblings with an Ingress
// agree on; what one of several has is that one's own affair.
func commonAnnotations(all []names.Facts, d convention.Defaults) map[string]string {
	with := only(all, func(f names.Facts) bool { return len(f.Defaults.IngressAnnotations) > 0 })
	count := map[[2]string]int{}
	for _, f := range with {
		for k, v := range f.Defaults.IngressAnnotations {
			count[[2]string{k, v}]++
		}
	}
	out := map[string]string{}
	for pair, n := range count {
		if 2*n > len(with) {
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

// startVersion gives the version that charts of the repository begin with: the one that most of several have, and 0.0.0
// where a chart is not versioned at all. Otherwise a version has grown and says nothing.
func startVersion(all []names.Facts) string {
	best, ok := vote(all, func(f names.Facts) (string, string) { return f.ChartVersion, f.ChartVersion })
	if ok && (best.votes > 1 && best.isHabit() || best.of == 1 && best.value == "0.0.0") {
		return best.value
	}
	return "0.1.0"
}

// combineSecrets votes on the mechanism, and takes the rest from the first chart that has it.
func combineSecrets(c *convention.Convention, all []names.Facts) {
	best, ok := vote(all, func(f names.Facts) (convention.Secrets, string) { return f.Secrets, f.Secrets.Mechanism })
	if ok {
		c.Secrets = best.value
		c.Secrets.Fact = best.fact(best.value.Fact, len(all))
	}
}

// combineNotes keeps the notes of a chart that is followed alone: of several, each note is about that one.
func combineNotes(c *convention.Convention, all []names.Facts) {
	if len(all) == 1 {
		c.Notes = all[0].Notes
	}
	best, _ := vote(all, func(f names.Facts) (string, string) {
		if f.Values["image.repository"].Path == "" {
			return "", ""
		}
		return f.Registry, "registry " + f.Registry // a public one is a choice, too
	})
	if best.value != "" {
		c.Notes = append(c.Notes, fmt.Sprintf("Images come from %s here. The new chart's come from where LiveKit and "+
			"Redis publish them: change that where %s mirrors them.", best.value, best.value))
	}
}
