package experiment

import (
	"fmt"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// rule says what a canonical key moves when it is changed: that is what the key means, whatever it is called.
type rule struct {
	key     string
	targets []target
	tells   bool // see factsheet.Key
}

// target is a field of a rendered object; its flags are those of Key.Moves.
type target struct {
	kind  string   // of the object; "workload" is the application's
	field []string // [*] is any element; nil is the object as a whole
	// inContainer says that the field is one of the application's container.
	inContainer                  bool
	isTree, isAnywhere, isSwitch bool
	// before and after are what the field's text has around the value.
	before, after string
}

// fits reports whether the text around a value is what the target asks for.
func (t target) fits(r lineage.Reach) bool {
	fits := func(want, have string, edge func(string, string) bool) bool {
		if want == "^" || want == "$" {
			return have == ""
		}
		return edge(have, want) // any has no text at its edge
	}
	return fits(t.before, r.Before, strings.HasSuffix) && fits(t.after, r.After, strings.HasPrefix)
}

// rules are those of the keys that move anything. What cannot be read moves
// nothing; a test holds that there is no such thing.
func rules(sheet *factsheet.Sheet) []rule {
	var out []rule
	for _, k := range sheet.Keys {
		if targets, err := targetsOf(k); err == nil && len(targets) > 0 {
			out = append(out, rule{k.Key, targets, k.Tells})
		}
	}
	return out
}

// targetsOf reads what a key moves.
func targetsOf(k factsheet.Key) ([]target, error) {
	var out []target
	for _, text := range k.Moves {
		words := strings.Fields(text)
		if len(words) == 0 {
			return nil, fmt.Errorf("%s moves an object of no kind", k.Key)
		}
		t := target{kind: words[0]}
		if len(words) > 1 {
			t.field = yamldoc.SplitPath(words[1])
			for _, flag := range words[2:] {
				if err := t.set(flag); err != nil {
					return nil, fmt.Errorf("%s moves %q: %w", k.Key, text, err)
				}
			}
		}
		out = append(out, t.resolve()...)
	}
	return out, nil
}

func (t *target) set(flag string) error {
	switch name, text, _ := strings.Cut(flag, "="); name {
	case "tree":
		t.isTree = true
	case "anywhere":
		t.isAnywhere = true
	case "switch":
		t.isSwitch = true
	case "before":
		t.before = text
	case "after":
		t.after = text
	default:
		return fmt.Errorf("%s is not one of tree, anywhere, switch, before=TEXT, after=TEXT", name)
	}
	return nil
}

// resolve gives a target of a part of an object as one of the object.
func (t target) resolve() []target {
	below := func(path string) []string { return append(yamldoc.SplitPath(path), t.field...) }
	switch t.kind {
	case "container":
		t.kind, t.inContainer = "workload", true
	case "pod":
		t.kind, t.field = "workload", below("spec.template.spec")
	case "claim":
		own, template := t, t
		own.kind, own.field = "PersistentVolumeClaim", below("spec")
		template.kind, template.field = "workload", below("spec.volumeClaimTemplates[*].spec")
		return []target{own, template}
	}
	return []target{t}
}
