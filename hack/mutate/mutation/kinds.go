package mutation

import (
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Kind is one way to change a chart.
type Kind struct {
	Name string
	// Neutral tells that the kind is meant to change nothing that is rendered.
	// Whether a mutation does is measured all the same.
	Neutral bool
	find    func(*finder)
}

// Kinds lists the kinds, those that are meant to change something first.
func Kinds() []Kind {
	return slices.Concat(removals(), changes(), conditions(), additions(), valueChanges(), fileChanges(), rearrangements(), rewritings(), asides())
}

// finder collects the mutations of one kind.
type finder struct {
	kind  string
	texts []*text
	found []Mutation
}

// templates gives the templates that hold YAML or parts of it.
func (f *finder) templates() []*text {
	return f.where(func(t *text) bool { return isTemplate(t.name) && isYAML(t.name) })
}

// yamls gives the templates and values.yaml.
func (f *finder) yamls() []*text {
	return append(f.templates(), f.file("values.yaml")...)
}

func (f *finder) file(name string) []*text {
	return f.where(func(t *text) bool { return t.name == name })
}

func (f *finder) where(fits func(*text) bool) []*text {
	var out []*text
	for _, t := range f.texts {
		if fits(t) {
			out = append(out, t)
		}
	}
	return out
}

// add keeps a mutation of one file, where what it leaves is a template still.
func (f *finder) add(t *text, at int, what string, edits ...edit) {
	if isTemplate(t.name) && !parses(applyEdits(t.data, edits)) {
		return
	}
	f.keep(Mutation{File: t.name, Line: t.lineAt(at), What: what, edits: map[string][]edit{t.name: edits}})
}

func (f *finder) keep(m Mutation) {
	m.Kind = f.kind
	f.found = append(f.found, m.identify())
}

// Find gives every mutation of the kinds in the chart, by kind. Those that leave
// every file as it is are left out.
func Find(files []helmchart.File, kinds []Kind) map[string][]Mutation {
	var texts []*text
	for _, file := range files {
		texts = append(texts, read(file.Name, string(file.Data)))
	}
	out := map[string][]Mutation{}
	for _, k := range kinds {
		f := &finder{kind: k.Name, texts: texts}
		k.find(f)
		out[k.Name] = slices.DeleteFunc(f.found, func(m Mutation) bool { return m.changesNothing(files) })
	}
	return out
}
