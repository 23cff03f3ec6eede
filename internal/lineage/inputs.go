package lineage

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// inputs is what the output of one template depends on, found by reading it.
type inputs struct {
	// reads are the values. The whole of them are read where it cannot be told which.
	reads readTree
	// needs are the files that have to be parsed with it, by name.
	needs map[string]bool
}

// readTree has the values that are read below a key.
type readTree struct {
	below   map[string]*readTree // anyKey stands for all
	order   []string             // of the keys
	isRead  bool                 // whether the value is set, its kind, its length, its keys
	isWhole bool                 // all of it
}

func (t *readTree) add(p yamldoc.Path, isWhole bool) {
	for _, segment := range p {
		if t.below == nil {
			t.below = map[string]*readTree{}
		}
		if t.below[segment] == nil {
			t.below[segment] = &readTree{}
		}
		t = t.below[segment]
	}
	t.isRead, t.isWhole = true, t.isWhole || isWhole
}

// write writes what is read of a value, so that two values for which it writes the same are the same to the template.
func (t *readTree) write(b *bytes.Buffer, value any) {
	m, isMap := value.(map[string]any)
	list, isList := value.([]any)
	switch {
	case t.isWhole, !isMap && !isList:
		writeValue(b, value)
		return
	case t.isRead && isMap:
		for _, k := range slices.Sorted(maps.Keys(m)) {
			writeValue(b, k)
		}
	case t.isRead:
		writeValue(b, len(list))
	}
	b.WriteByte('{')
	for _, segment := range t.order {
		below := t.below[segment]
		entry, isThere := m[segment]
		if b.WriteByte('-'); isThere {
			b.WriteByte('+')
			below.write(b, entry)
		}
		if segment != anyKey {
			continue
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			writeValue(b, k)
			below.write(b, m[k])
		}
		for _, e := range list {
			below.write(b, e)
		}
	}
	b.WriteByte('}')
}

// writeValue writes a value with its type.
func writeValue(b *bytes.Buffer, value any) {
	switch v := value.(type) {
	case string:
		b.WriteString(strconv.Itoa(len(v)))
		b.WriteByte('"')
		b.WriteString(v)
	case bool:
		b.WriteByte('b')
		b.WriteString(strconv.FormatBool(v))
	case map[string]any:
		b.WriteByte('{')
		for _, k := range slices.Sorted(maps.Keys(v)) {
			writeValue(b, k)
			writeValue(b, v[k])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for _, e := range v {
			writeValue(b, e)
		}
		b.WriteByte(']')
	default:
		fmt.Fprintf(b, "%T=%#v;", value, value)
	}
}

// sort prepares a tree that is complete for writing.
func (t *readTree) sort() {
	t.order = slices.Sorted(maps.Keys(t.below))
	for _, below := range t.below {
		below.sort()
	}
}

// digest identifies the values that a template depends on.
func (in *inputs) digest(name string, values map[string]any) [sha256.Size]byte {
	var b bytes.Buffer
	b.WriteString(name + "\x00")
	in.reads.write(&b, values)
	return sha256.Sum256(b.Bytes())
}

// inputsOf reads the templates of a chart and of those below it. It is nil where they cannot be rendered one by one: a
// template may change the values for those after it. texts are those of the values that may run as templates.
func inputsOf(templates []helmchart.Template, texts []string) map[string]*inputs {
	named := map[string][]*source{}
	entries := make([]*source, len(templates))
	for i, f := range templates {
		w := &walker{named: named}
		var err error
		if entries[i], err = w.add(f.File); err != nil {
			return nil
		}
	}
	out := map[string]*inputs{}
	for i, f := range templates {
		if helmchart.IsPartial(f.Name) {
			continue
		}
		w := newWalker(named)
		w.trace = &trace{files: map[string]bool{}}
		w.template(entries[i], &value{traits: isRoot})
		if w.trace.runsTexts && len(texts) > 0 {
			w.runTexts(texts)
			w.trace.isUnknown = w.trace.isUnknown || w.trace.runsElsewhere
		}
		if w.trace.changesValues {
			return nil
		}
		out[f.Name] = w.inputs(f, templates)
	}
	for _, in := range out {
		in.includeFiles(out)
	}
	for _, in := range out {
		in.reads.sort()
	}
	return out
}

// trace is what a walker notes of one template, beside the values that it reads.
type trace struct {
	files         map[string]bool // that define what it includes
	included      []string        // files that it includes by their name, without the folder
	runsTexts     bool            // tpl on texts out of the values
	runsElsewhere bool            // not at the top
	changesValues bool
	isUnknown     bool           // it reads what cannot be told
	assigned      []yamldoc.Path // that a variable stands for later, in a loop also before
}

// runTexts reads texts out of the values as templates.
func (w *walker) runTexts(texts []string) {
	for _, text := range texts {
		tree := parse.New("values.yaml")
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(text, "", "", map[string]*parse.Tree{}); err == nil {
			w.template(&source{file: "values.yaml", tree: tree, inLine: 1}, &value{traits: isRoot})
		}
	}
}

// inputs gives what was noted of a template, with the values that its chart has in the whole.
func (w *walker) inputs(f helmchart.Template, all []helmchart.Template) *inputs {
	in := &inputs{needs: w.trace.files}
	isAbsent := func(name string) bool {
		return !slices.ContainsFunc(all, func(f helmchart.Template) bool { return strings.HasSuffix(f.Name, name) })
	}
	isUnknown := w.trace.isUnknown || w.reading.Everything || slices.ContainsFunc(w.trace.included, isAbsent)
	if isUnknown {
		in.reads.add(nil, true)
	}
	for _, r := range w.reading.reads {
		in.reads.add(slices.Concat(f.Scope, r.path), r.Whole)
	}
	for _, p := range w.trace.assigned {
		in.reads.add(slices.Concat(f.Scope, p), true)
	}
	for _, other := range all {
		isIncluded := slices.ContainsFunc(w.trace.included, func(name string) bool {
			return strings.HasSuffix(other.Name, name)
		})
		if isUnknown || isIncluded {
			in.needs[other.Name] = true
		}
	}
	return in
}

// includeFiles adds what the files depend on that a template includes as a whole.
func (in *inputs) includeFiles(all map[string]*inputs) {
	for open := slices.Sorted(maps.Keys(in.needs)); len(open) > 0; open = open[1:] {
		other := all[open[0]]
		if other == nil || other == in {
			continue
		}
		in.reads.merge(&other.reads)
		for name := range other.needs {
			if !in.needs[name] {
				in.needs[name] = true
				open = append(open, name)
			}
		}
	}
}

func (t *readTree) merge(other *readTree) {
	t.isRead, t.isWhole = t.isRead || other.isRead, t.isWhole || other.isWhole
	for segment, below := range other.below {
		if t.below == nil {
			t.below = map[string]*readTree{}
		}
		if t.below[segment] == nil {
			t.below[segment] = &readTree{}
		}
		t.below[segment].merge(below)
	}
}

// textsToRun gives the texts in values that have actions of templates in them.
func textsToRun(values any) []string {
	var out []string
	switch v := values.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, textsToRun(v[k])...)
		}
	case []any:
		for _, e := range v {
			out = append(out, textsToRun(e)...)
		}
	case string:
		if strings.Contains(v, "{{") {
			out = append(out, v)
		}
	}
	return out
}
