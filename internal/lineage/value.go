package lineage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// value is what is known of a template's expression without rendering: the paths of values.yaml that it may stand for,
// and the maps and lists that the template made itself. The zero value is known to be nothing of interest.
type value struct {
	traits trait
	paths  []yamldoc.Path    // what it may stand for; an empty path is .Values
	fields map[string]*value // a dict's entries, or a list's elements by "[n]"
	text   *string           // a text known in full
	from   []yamldoc.Path    // what it was computed from, where it is no value of values.yaml itself
}

// trait is a set of what else is known of a value.
type trait int

const (
	isRoot     trait = 1 << iota // the top: what .Values hangs on
	isTemplate                   // text that names one of the chart's own templates
	isFromFile                   // text out of .Files
	isCopy                       // a copy of values: writing to it does not change them
	ofText     = isTemplate | isFromFile
)

func (v *value) is(t trait) bool { return v.traits&t != 0 }

// Limits that keep the reading of hostile templates short. Beyond them values count as read in full.
const (
	maxPaths     = 64 // paths that one value may stand for
	maxElements  = 20 // of a list that a template makes
	maxDepth     = 8  // maps within maps that a template makes
	maxKeyLength = 1 << 16
)

func literal(text string) *value { return &value{text: &text} }

// either gives a value that may be any of vs.
func either(vs ...*value) *value { return eitherAt(0, vs...) }

func eitherAt(depth int, vs ...*value) *value {
	var known []*value
	for _, v := range vs {
		if v != nil && !slices.Contains(known, v) {
			known = append(known, v)
		}
	}
	switch {
	case len(known) == 0:
		return &value{}
	case len(known) == 1 || depth > maxDepth: // a map may hold itself
		return known[0]
	}
	out := &value{}
	for _, v := range known {
		out.traits |= v.traits
		for _, p := range v.paths {
			out.addPath(p)
		}
		out.from = addPaths(out.from, v.from)
		for _, k := range slices.Sorted(maps.Keys(v.fields)) {
			out.setFieldAt(depth+1, k, v.fields[k])
		}
	}
	return out
}

func (v *value) addPath(p yamldoc.Path) {
	if len(v.paths) <= maxPaths &&
		!slices.ContainsFunc(v.paths, func(q yamldoc.Path) bool { return slices.Equal(p, q) }) {
		v.paths = append(v.paths, p)
	}
}

// addPaths adds those paths that are not there yet, up to a limit.
func addPaths(to, paths []yamldoc.Path) []yamldoc.Path {
	for _, p := range paths {
		isKnown := slices.ContainsFunc(to, func(q yamldoc.Path) bool { return slices.Equal(p, q) })
		if len(p) > 0 && !isKnown && len(to) < maxPaths {
			to = append(to, p)
		}
	}
	return to
}

// computedFrom gives a value that a template made, and that is no map or list, what it was computed from.
func computedFrom(v *value, from []yamldoc.Path) *value {
	if v == nil || len(from) == 0 || len(v.paths) > 0 || len(v.fields) > 0 || v.traits != 0 {
		return v
	}
	return &value{text: v.text, from: from}
}

// addElement puts what is too much into the last element.
func (v *value) addElement(e *value) { v.setField(yamldoc.Element(min(len(v.fields), maxElements)), e) }

// setField keeps what the field was before as well: the assignment may stand in a branch.
func (v *value) setField(name string, to *value) { v.setFieldAt(0, name, to) }

func (v *value) setFieldAt(depth int, name string, to *value) {
	if v.fields == nil {
		v.fields = map[string]*value{}
	}
	if was := v.fields[name]; was != nil && was != to {
		to = eitherAt(depth, was, to)
	}
	v.fields[name] = to
}

// key identifies a value, so that a template is read once for each argument.
func (v *value) key() string {
	var b strings.Builder
	v.writeKey(&b, 0)
	return b.String()
}

func (v *value) writeKey(b *strings.Builder, depth int) {
	if v == nil || depth > maxDepth || b.Len() > maxKeyLength {
		return
	}
	fmt.Fprint(b, v.traits)
	for _, p := range v.paths {
		fmt.Fprintf(b, "p%q", p)
	}
	for _, k := range slices.Sorted(maps.Keys(v.fields)) {
		fmt.Fprintf(b, "f%q(", k)
		v.fields[k].writeKey(b, depth+1)
		b.WriteByte(')')
	}
	if v.text != nil {
		fmt.Fprintf(b, "t%q", *v.text)
	}
}
