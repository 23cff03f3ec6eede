package lineage

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// call says what a function of text/template, sprig or Helm does with its arguments: which it hands on, and which it
// reads. One that is not named here reads its arguments in full, and its result is nothing that leads back to the
// values.
func (s *scope) call(at parse.Node, name string, args []*value) *value {
	if len(args) == 0 {
		return &value{}
	}
	name = strings.TrimPrefix(strings.ToLower(name), "must")
	s.addCompared(name, args)
	for _, group := range []func(*scope, parse.Node, string, []*value) *value{
		(*scope).callValue, (*scope).callMap, (*scope).callList, (*scope).callTemplate,
	} {
		if v := group(s, at, name, args); v != nil {
			return v
		}
	}
	return s.readAll(at, args)
}

// comparing are the functions whose result depends on how a value compares to a text or a number.
var comparing = []string{
	"eq", "ne", "lt", "le", "gt", "ge", "has", "contains", "hasprefix", "hassuffix", "regexmatch", "kindis", "typeis",
}

// addCompared notes what values are compared to, and the versions that are asked for.
func (s *scope) addCompared(name string, args []*value) {
	if name == "semvercompare" && args[0].text != nil {
		s.reading.versions = append(s.reading.versions, *args[0].text)
	}
	if !slices.Contains(comparing, name) {
		return
	}
	for _, a := range args {
		for _, b := range args {
			s.reading.addLiteral(a, b)
			for _, k := range slices.Sorted(maps.Keys(b.fields)) {
				s.reading.addMember(a, b.fields[k])
			}
		}
	}
}

// argument gives an argument that may be missing; the engine fails then.
func argument(args []*value, i int) *value {
	if i < len(args) {
		return args[i]
	}
	return &value{}
}

// callValue has the functions whose result is one of their arguments, and those that look at what a value is.
func (s *scope) callValue(at parse.Node, name string, args []*value) *value {
	switch name {
	case "default", "coalesce", "and", "or", "any", "all":
		s.readEach(at, args)
		return either(args...)
	case "ternary":
		s.read(at, argument(args, 2))
		return either(args[0], argument(args, 1))
	case "required":
		s.read(at, argument(args, 1))
		s.reading.required = append(s.reading.required, argument(args, 1).paths...)
		return argument(args, 1)
	case "deepcopy":
		out := *either(args...)
		out.fields = maps.Clone(out.fields)
		out.traits |= isCopy
		return &out
	case "merge", "mergeoverwrite":
		s.changes(args[0])
		for _, a := range args {
			s.readWhole(at, withoutRoot(a))
		}
		return either(args...)
	case "not", "empty", "kindof", "kindis", "typeof", "typeis", "typeislike", "len":
		s.readEach(at, args)
		return &value{}
	case "eq", "ne", "has":
		s.addChoices(args)
		return s.readAll(at, args)
	}
	return nil
}

// readAll is a function that reads its arguments in full.
func (s *scope) readAll(at parse.Node, args []*value) *value {
	out := &value{}
	for _, a := range args {
		s.readWhole(at, a)
		out.traits |= a.traits & isFromFile
	}
	return out
}

func (s *scope) readEach(at parse.Node, args []*value) {
	for _, a := range args {
		s.read(at, a)
	}
}

// addChoices notes the texts that a value is compared to: each may be a branch.
func (s *scope) addChoices(args []*value) {
	for _, a := range args {
		for _, p := range a.paths {
			for _, b := range args {
				s.reading.addChoice(p, b)
				for _, k := range slices.Sorted(maps.Keys(b.fields)) {
					s.reading.addChoice(p, b.fields[k])
				}
			}
		}
	}
}

// callMap has the functions that make, read or change maps.
func (s *scope) callMap(at parse.Node, name string, args []*value) *value {
	out := &value{}
	switch name {
	case "dict":
		for pair := range slices.Chunk(args, 2) {
			s.put(at, out, pair[0], argument(pair, 1))
		}
	case "index", "get":
		return s.index(at, args[0], args[1:])
	case "dig":
		if last := len(args) - 1; last > 1 {
			v := s.index(at, args[last], args[:last-1])
			s.read(at, v)
			return either(v, args[last-1])
		}
	case "haskey":
		for _, p := range s.index(at, args[0], args[1:]).paths {
			s.note(at, p, Read{isTested: true})
		}
	case "set":
		s.set(at, args[0], argument(args, 1), argument(args, 2))
		return args[0]
	case "unset":
		s.changes(args[0])
		return args[0]
	case "omit":
		s.readWhole(at, args[0])
		return args[0]
	case "pick":
		for _, k := range args[1:] {
			s.put(at, out, k, s.index(at, args[0], []*value{k}))
		}
	case "pluck":
		for _, m := range args[1:] {
			out.addElement(s.index(at, m, args[:1]))
		}
	case "keys":
		for _, a := range args {
			s.read(at, a)
			s.read(at, s.elementOf(withoutRoot(a)))
		}
	case "values":
		out.addElement(s.elementOf(args[0]))
	default:
		return nil
	}
	return out
}

// put makes an entry of a map that a template makes or changes.
func (s *scope) put(at parse.Node, m, key, entry *value) {
	if key.text != nil {
		m.setField(*key.text, entry)
		return
	}
	s.readWhole(at, key)
	m.addElement(entry)
}

// changes notes that a template changes a value, or the top, that others see as well.
func (s *scope) changes(target *value) {
	isShared := target.is(isRoot) || len(target.paths) > 0
	s.trace.changesValues = s.trace.changesValues || isShared && !target.is(isCopy)
}

// set notes what a template writes into the values, so that nothing asks for its declaration.
func (s *scope) set(at parse.Node, target, key, entry *value) {
	s.changes(target)
	s.put(at, target, key, entry)
	if target.is(isCopy) {
		return
	}
	for _, p := range target.paths {
		// The entry is read wherever the changed values are: that is not followed.
		s.readWhole(at, entry)
		if key.text != nil {
			s.reading.written = append(s.reading.written, child(p, *key.text))
		}
	}
}

// index follows keys that are known texts or numbers, and any entry where one is not known.
func (s *scope) index(at parse.Node, v *value, keys []*value) *value {
	for _, k := range keys {
		if k.text == nil {
			s.readWhole(at, k)
			for _, known := range slices.Sorted(maps.Keys(v.fields)) {
				s.reading.addMember(k, literal(known))
			}
			v = s.elementOf(v)
			continue
		}
		if i, err := strconv.Atoi(*k.text); err == nil {
			v = s.elementAt(v, i)
		} else {
			v = s.field(at, v, *k.text)
		}
	}
	return v
}

// elementAt gives an element of a list that a template makes; of values any, as a number may be the key of a map.
func (s *scope) elementAt(v *value, i int) *value {
	if e := v.fields[yamldoc.Element(i)]; e != nil && len(v.paths) == 0 {
		return e
	}
	return s.elementOf(v)
}

// callList has the functions that make and take lists.
func (s *scope) callList(at parse.Node, name string, args []*value) *value {
	out := &value{}
	switch name {
	case "list", "tuple":
		for _, a := range args {
			out.addElement(a)
		}
	case "append", "push", "prepend":
		*out = *args[0]
		out.text, out.fields = nil, maps.Clone(out.fields)
		out.addElement(argument(args, 1))
	case "first":
		return s.elementAt(withoutRoot(args[0]), 0)
	case "last":
		return s.elementAt(withoutRoot(args[0]), len(args[0].fields)-1)
	case "concat", "rest", "initial", "reverse", "uniq", "compact", "slice", "without":
		for _, a := range args {
			s.read(at, a)
			out.addElement(s.elementOf(withoutRoot(a)))
		}
	default:
		return nil
	}
	return out
}

// callTemplate has the functions that run templates, or make their names: texts
// that are put together of known ones, and names of the chart's files.
func (s *scope) callTemplate(at parse.Node, name string, args []*value) *value {
	switch name {
	case "include":
		s.readWhole(at, args[0])
		s.include(at, args[0], argument(args, 1))
		return &value{}
	case "tpl":
		s.tpl(at, args[0], argument(args, 1))
		return &value{}
	case "print", "printf", "println":
		out := s.readAll(at, args)
		for _, a := range args {
			out.traits |= a.traits & ofText
		}
		if len(args) == 1 || out.is(isTemplate) {
			out.text = fileName(args)
		}
		return out
	}
	return nil
}

// fileName gives the text of what is printed, of a file's name what stands behind the chart's folder: nil where that is
// not known.
func fileName(args []*value) *string {
	var texts []string
	for _, a := range args {
		switch {
		case a.text != nil:
			texts = append(texts, strings.TrimPrefix(*a.text, "%s"))
		case !a.is(isTemplate):
			return nil
		}
	}
	text := strings.Join(texts, "")
	if strings.Contains(text, "%") && len(args) > 1 {
		return nil
	}
	return &text
}

// tpl reads a text as a template. A text that is known is followed; one out of the values is the user's, and may read
// what it likes; one out of the chart's files was not found.
func (s *scope) tpl(at parse.Node, text, dot *value) {
	s.readWhole(at, text)
	if text.is(isFromFile) {
		s.readWhole(at, dot)
	}
	if text.text == nil {
		s.trace.runsTexts = true
		s.trace.runsElsewhere = s.trace.runsElsewhere || !dot.is(isRoot)
		return
	}
	tree := parse.New(s.source.file)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(*text.text, "", "", map[string]*parse.Tree{}); err == nil { // else the renderer says so
		s.template(&source{file: s.source.file, tree: tree, inLine: s.source.line(at.Position())}, dot)
	}
}

// withoutRoot keeps the top from being taken for a map whose entries matter.
func withoutRoot(v *value) *value {
	out := *v
	out.traits &^= isRoot
	return &out
}
