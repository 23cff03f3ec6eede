package merge

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

const (
	saysBoth    = "was changed here, and otherwise in what is generated now"
	saysRemoved = "was changed here, and is not in what is generated now"
)

// Move is a key that has another place, or another form, in what is generated now than in the base.
type Move struct {
	From, To yamldoc.Path
	// Convert gives what the value becomes, in a text that says all; nil where it stays as it is. It is not asked of a
	// value that it gives nothing for: that stays where it is.
	Convert func(all map[string]any, value any) []Part
}

// Part is a value at its new place.
type Part struct {
	To    yamldoc.Path
	Value any
}

// Options say how YAML is merged.
type Options struct {
	// Moves are keys that have another place in what is generated now: they are moved on the user's side first,
	// comments and all.
	Moves []Move
	// Asked are keys whose new value the user has asked for: it is no conflict where they have another one.
	Asked []yamldoc.Path
	Labels
}

// YAML merges maps by key; what stands above a key, comments and empty lines, goes with it. Name stands in errors,
// which are those of texts that are no YAML.
func YAML(name, base, ours, theirs string, o Options) (Result, error) {
	if len(o.Moves)+len(o.Asked) == 0 && (base == theirs || base == ours || ours == theirs) {
		return Lines(base, ours, theirs, o.Labels), nil
	}
	var sides [3]*outline
	for i, text := range []string{base, ours, theirs} {
		var err error
		if sides[i], err = readOutline(name, text); err != nil {
			return Result{}, err
		}
	}
	before, here, now := sides[0], sides[1], sides[2]
	before.move(o.Moves)
	here.move(o.Moves)
	m := yamlMerge{labels: o.Labels}
	m.giveUp(before, here, o.Asked)
	merged := &outline{
		header: mergeComments(before.header, here.header, now.header),
		root:   m.mapping(before.root, here.root, now.root, nil),
	}
	slices.SortStableFunc(m.result.Conflicts, func(x, y Conflict) int { return x.Line - y.Line })
	m.result.Text = merged.String()
	m.keepComments(base, ours)
	if len(m.result.Conflicts) > 0 {
		return m.result, nil
	}
	return m.result, check(name, m.result.Text, before.says, here.says, now.says)
}

// giveUp makes the base what ours is at some paths, so that theirs is taken there.
func (m *yamlMerge) giveUp(base, ours *outline, paths []yamldoc.Path) {
	for _, path := range paths {
		was, is := base.root.at(path), ours.root.at(path)
		if was == nil || is == nil {
			continue
		}
		if !equal(was.says, is.says) {
			m.note("%s was changed here, and %s", path, "gives way to what was asked for now")
		}
		was.lines, was.below, was.says, was.comment = is.lines, is.below, is.says, is.comment
		yamldoc.Set(base.says, path, is.says)
	}
}

// check holds a merged text against what it should say: lines that were taken for what they are not would show.
func check(name, text string, base, ours, theirs map[string]any) error {
	doc, err := yamldoc.Parse(name, []byte(text))
	if err != nil {
		return fmt.Errorf("merged: %w", err)
	}
	v := &values{}
	want := v.merge(base, ours, theirs, nil)
	if len(v.conflicts) == 0 && !equal(want, doc.Map()) {
		return fmt.Errorf("%s is written in a way that cannot be merged by key", name)
	}
	return nil
}

// equal compares values, a map without entries and none being the same to Helm.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// move moves keys and gives the moves that were made. What the text says is made anew from its entries.
func (o *outline) move(moves []Move) (done []Move) {
	all := o.says
	for _, m := range moves {
		e := o.root.at(m.From)
		if e == nil {
			continue
		}
		if o.root.move(m, e, all) {
			done = append(done, m)
		}
	}
	if len(done) > 0 {
		o.says = o.root.values()
	}
	return done
}

// move makes one move, of the entry e.
func (m *mapping) move(move Move, e *entry, all map[string]any) bool {
	entries := []*entry{e}
	places := []yamldoc.Path{move.To}
	if move.Convert != nil {
		parts := move.Convert(all, e.says)
		if len(parts) == 0 {
			return false
		}
		entries, places = converted(e, parts), nil
		for _, part := range parts {
			places = append(places, part.To)
		}
	}
	holder, blocks := m.holder(move.From), slices.Clone(m.entries)
	i := slices.Index(holder.entries, e)
	holder.remove(e)
	for n, part := range entries {
		isBeside := m.holder(places[n]) == holder
		if !m.put(places[n], part) {
			if move.Convert == nil {
				holder.entries = slices.Insert(holder.entries, i, e)
				return false
			}
			m.at(places[n]).addComments(e) // it was made of another value as well
			continue
		}
		if isBeside {
			holder.remove(part)
			holder.entries = slices.Insert(holder.entries, min(i+n, len(holder.entries)), part)
		}
	}
	entries[0].head = append(m.prune(move.From[:max(len(move.From)-1, 1)]), entries[0].head...)
	m.arrange(blocks, move.From[0])
	return true
}

// arrange puts a block that a move has made where the old one stands or stood.
func (m *mapping) arrange(before []*entry, from string) {
	last := m.entries[len(m.entries)-1]
	i := slices.IndexFunc(before, func(e *entry) bool { return e.key == from })
	if i < 0 || slices.Contains(before, last) || last.below == nil {
		return
	}
	if old := before[i]; m.get(old.key) != nil {
		i++
	} else if len(old.head) > 0 && old.head[0] == asIs { // an empty line
		last.head = append([]string{asIs}, last.head...)
	}
	m.entries = slices.Insert(m.entries[:len(m.entries)-1], min(i, len(m.entries)-1), last)
}

// converted gives entries for what a value becomes, the comments of the old one with the first of them.
func converted(old *entry, parts []Part) []*entry {
	var out []*entry
	for i, part := range parts {
		key := part.To[len(part.To)-1]
		e := &entry{key: key, line: old.line, says: part.Value}
		text, _ := yamldoc.Dump(map[string]any{key: part.Value}, yamldoc.Style{}) // it was read as YAML
		e.lines = split(string(text))
		if i == 0 {
			e.head = slices.Concat(old.head, commentsIn(old))
			switch {
			case old.comment == "":
			case len(e.lines) == 1:
				e.lines[0], e.comment = e.lines[0]+" "+old.comment, old.comment
			default:
				e.head = append(e.head, old.comment)
			}
		}
		out = append(out, e)
	}
	return out
}

// addComments takes over the comments of an entry that has become a part of this one.
func (e *entry) addComments(part *entry) {
	if e == nil {
		return
	}
	e.head = append(e.head, comments(part.head)...)
	if part.comment != "" && e.comment == "" && len(e.lines) == 1 && e.below == nil {
		e.lines, e.comment = []string{e.lines[0] + " " + part.comment}, part.comment
	} else if part.comment != "" {
		e.head = append(e.head, part.comment)
	}
}

// commentsIn gives the comments among the lines of a value.
func commentsIn(e *entry) []string {
	var out []string
	for _, line := range split(e.text()) {
		if text := strings.TrimSpace(strings.TrimPrefix(line, asIs)); strings.HasPrefix(text, "#") {
			out = append(out, text)
		}
	}
	return out
}

// values gives what the entries say.
func (m *mapping) values() map[string]any {
	out := map[string]any{}
	for _, e := range m.entries {
		if e.below != nil {
			e.says = e.below.values()
		}
		out[e.key] = e.says
	}
	return out
}

// yamlMerge merges outlines.
type yamlMerge struct {
	labels Labels
	result Result
}

func (m *yamlMerge) mapping(base, ours, theirs *mapping, at yamldoc.Path) *mapping {
	out := &mapping{indent: ours.indent, tail: mergeComments(base.tailOrNone(), ours.tail, theirs.tail)}
	for _, e := range ours.entries {
		merged := m.entry(base.get(e.key), e, theirs.get(e.key), append(at, e.key))
		if merged != nil {
			out.entries = append(out.entries, merged)
		}
	}
	after := 0
	for _, e := range theirs.entries {
		i := slices.IndexFunc(out.entries, func(x *entry) bool { return x.key == e.key })
		switch was := base.get(e.key); {
		case i >= 0:
			after = i + 1
		case was == nil && ours.get(e.key) == nil:
			out.entries = slices.Insert(out.entries, after, e)
			after++
		case was != nil && ours.get(e.key) == nil && !equal(was.says, e.says):
			m.note(
				"%s was removed here and stays so, though what is generated now has %s",
				append(at, e.key),
				"another value",
			)
		}
	}
	return out
}

func (m *mapping) tailOrNone() []string {
	if m == nil {
		return nil
	}
	return m.tail
}

// entry gives what becomes of a key of ours, nil where it goes.
func (m *yamlMerge) entry(base, ours, theirs *entry, at yamldoc.Path) *entry {
	switch {
	case base == nil && theirs == nil:
		return ours
	case base == nil && ours.below != nil && theirs.below != nil:
		out := *ours
		out.below = m.mapping(nil, ours.below, theirs.below, at)
		return &out
	case base == nil:
		if !equal(ours.says, theirs.says) {
			m.note("%s is what it was here; what is generated now has %s", at, "such a key as well")
		}
		return ours
	case theirs == nil:
		if base.isAs(ours) {
			return nil
		}
		return m.conflict(ours, nil, at, saysRemoved)
	}
	out := m.value(base, ours, theirs, at)
	if !out.isConflict {
		out.head = mergeComments(base.head, ours.head, theirs.head)
	}
	return out
}

// value gives a key that all three have, with the head of ours.
func (m *yamlMerge) value(base, ours, theirs *entry, at yamldoc.Path) *entry {
	out := *ours
	if base.below != nil && ours.below != nil && theirs.below != nil {
		out.lines = split(Lines(join(base.lines), join(ours.lines), join(theirs.lines), Labels{}).Text)
		out.below = m.mapping(base.below, ours.below, theirs.below, at)
		return &out
	}
	before, here, now := base.text(), ours.text(), theirs.text()
	isSame := equal(base.says, ours.says)
	switch {
	case before == now || equal(ours.says, theirs.says) || equal(base.says, theirs.says):
		return &out
	case before == here, isSame && len(ours.lines) == 1 && ours.below == nil:
		out.lines, out.below = theirs.lines, theirs.below
		if comment := ours.comment; comment != "" && comment != base.comment && len(out.lines) == 1 {
			line := strings.TrimSuffix(out.lines[0], " "+theirs.comment)
			out.lines = []string{strings.TrimRight(line, " ") + " " + comment}
		}
		return &out
	}
	if yamldoc.IsEmpty(base.says) {
		m.note("%s stays what it was set to here; %s", at, "its default is another one now")
		return &out
	}
	if merged, ok := m.inside(base, ours, theirs); ok {
		out.lines, out.below = merged, nil
		return &out
	}
	return m.conflict(ours, theirs, at, saysBoth)
}

// inside merges a value that is no map with a line a key on all sides: by line, and a map by what it says.
func (m *yamlMerge) inside(base, ours, theirs *entry) ([]string, bool) {
	if len(ours.lines) > 1 || ours.below != nil {
		lines := Lines(base.text(), ours.text(), theirs.text(), Labels{})
		doc, err := yamldoc.Parse(ours.key, []byte(lines.Text))
		if err == nil && len(lines.Conflicts) == 0 && doc.Root.IsMap() && len(doc.Root.Keys()) == 1 {
			return split(lines.Text), true
		}
	}
	v := &values{}
	_, isMap := ours.says.(map[string]any)
	merged := v.merge(base.says, ours.says, theirs.says, nil)
	if !isMap || len(v.conflicts) > 0 {
		return nil, false
	}
	text, err := yamldoc.Dump(map[string]any{ours.key: merged}, yamldoc.Style{})
	return split(string(text)), err == nil
}

// conflict gives ours, with theirs beside it where markers are wanted.
func (m *yamlMerge) conflict(ours, theirs *entry, at yamldoc.Path, says string) *entry {
	m.result.Conflicts = append(m.result.Conflicts, Conflict{Line: ours.line, Path: at.String(), Says: says})
	out := *ours
	if m.labels.areWanted() {
		out.lines = m.labels.markers(split(ours.text()), split(theirs.text()))
		out.below, out.isConflict = nil, true
	}
	return &out
}

func (m *yamlMerge) note(format string, at yamldoc.Path, what string) {
	m.result.Notes = append(m.result.Notes, fmt.Sprintf(format, at, what))
}

// mergeComments merges what stands above or behind keys. Where both sides changed it, it is theirs, and the lines of
// ours that the base has not.
func mergeComments(base, ours, theirs []string) []string {
	merged := Lines(join(base), join(ours), join(theirs), Labels{})
	if len(merged.Conflicts) == 0 {
		return split(merged.Text)
	}
	out := slices.Clone(theirs)
	for _, line := range ours {
		if !slices.Contains(base, line) && !slices.Contains(theirs, line) {
			out = append(out, comments([]string{line})...)
		}
	}
	return out
}

// MoveKeys moves keys in a text, comments and all, and gives those that were moved. Name stands in errors.
func MoveKeys(name, text string, moves []Move) (string, []Move, error) {
	o, err := readOutline(name, text)
	if err != nil {
		return "", nil, err
	}
	done := o.move(moves)
	if len(done) == 0 {
		return text, nil, nil
	}
	moved := o.String()
	doc, err := yamldoc.Parse(name, []byte(moved))
	if err != nil || !equal(doc.Map(), o.says) {
		return "", nil, fmt.Errorf("%s is written in a way in which keys cannot be moved", name)
	}
	return moved, done, nil
}
