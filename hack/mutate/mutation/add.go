package mutation

import (
	"fmt"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// The kinds of addition to templates.
func additions() []Kind {
	return []Kind{
		{Name: "field-added", find: func(f *finder) {
			insertBefore(f, "add the field mutated", func(l line) string { return "mutated: mutated" })
		}},
		{Name: "annotation-added", find: func(f *finder) { addMetadata(f, "annotations") }},
		{Name: "label-added", find: func(f *finder) { addMetadata(f, "labels"); addMetadata(f, "matchLabels") }},
		{Name: "element-duplicated", find: duplicateElements},
		{Name: "object-added", find: addObjects},
	}
}

// insertBefore puts a line before each field of the templates.
func insertBefore(f *finder, what string, content func(line) string) {
	for _, t := range f.templates() {
		for _, l := range t.lines {
			if l.kind == lineField && !l.dash {
				f.add(t, l.from, fmt.Sprintf("%s before %s", what, l.key), edit{l.from, l.from, strings.Repeat(" ", l.indent) + content(l) + "\n"})
			}
		}
	}
}

// addMetadata adds an entry to annotations or labels that are there, or the
// whole map to metadata that lack it.
func addMetadata(f *finder, key string) {
	const entry = "example.com/mutated: mutated"
	for _, t := range f.templates() {
		for i, l := range t.lines {
			if l.kind != lineField || l.value != "" {
				continue
			}
			indent := strings.Repeat(" ", l.keyIndent+2)
			end, ok := t.block(i)
			switch {
			case l.key == key:
				f.add(t, l.from, fmt.Sprintf("add %s to %s", entry, key), edit{l.next, l.next, indent + entry + "\n"})
			case l.key == "metadata" && key != "matchLabels" && ok && !strings.Contains(t.span(i, end), key+":"):
				f.add(t, l.from, fmt.Sprintf("add %s with %s", key, entry), edit{l.next, l.next, indent + key + ":\n" + indent + "  " + entry + "\n"})
			}
		}
	}
}

// duplicateElements puts an element of a list beside itself, under another name.
func duplicateElements(f *finder) {
	for _, t := range f.templates() {
		for i, l := range t.lines {
			end, ok := t.block(i)
			if !ok || !l.dash || l.kind != lineField || l.key != "name" || l.value == "" {
				continue
			}
			with := l.value + "-mutated"
			if l.value == strings.ToUpper(l.value) {
				with = l.value + "_MUTATED"
			}
			span := t.span(i, end)
			at := l.valueFrom - l.from
			again := span[:at] + with + span[at+len(l.value):]
			if !strings.HasSuffix(span, "\n") {
				again = "\n" + again
			}
			behind := t.lines[end-1].next
			f.add(t, l.from, fmt.Sprintf("repeat %s as %s", t.describe(i, end), with), edit{behind, behind, again})
		}
	}
}

// addObjects adds objects, in files of their own and behind others.
func addObjects(f *finder) {
	objects := map[string]string{
		"configmap":      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mutated\ndata:\n  mutated: mutated\n",
		"service":        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}-mutated\nspec:\n  ports:\n    - port: 80\n  selector:\n    app: mutated\n",
		"serviceaccount": "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {{ .Release.Name }}-mutated\n",
	}
	for _, kind := range []string{"configmap", "service", "serviceaccount"} {
		name := "templates/mutated-" + kind + ".yaml"
		f.keep(Mutation{File: name, What: "add a file with a " + kind, add: &helmchart.File{Name: name, Data: []byte(objects[kind])}})
		for _, t := range f.templates() {
			if !isPartial(t.name) {
				f.add(t, len(t.data), "add a "+kind+" at the end", edit{len(t.data), len(t.data), "\n---\n" + objects[kind]})
			}
		}
	}
}
