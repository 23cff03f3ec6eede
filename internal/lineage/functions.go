package lineage

import (
	"maps"
	"slices"
	"strconv"
	"text/template/parse"
)

func sortedKeys(m map[string]*value) []string { return slices.Sorted(maps.Keys(m)) }

// call says what a function does with its arguments: which it hands on, and
// which it reads. The functions are text/template's, sprig's and Helm's. One
// that is not named here reads its arguments in full, and its result is
// nothing that leads back to the values.
func (s *scope) call(at parse.Node, name string, args []*value) *value {
	if v, ok := s.callPassing(at, name, args); ok {
		return v
	}
	if v, ok := s.callOnMap(at, name, args); ok {
		return v
	}
	if v, ok := s.callOnList(at, name, args); ok {
		return v
	}
	switch name {
	case "include":
		if len(args) == 2 {
			s.whole(at, withoutText(args[0]))
			s.include(at, args[0], args[1])
		}
		return &value{}
	case "tpl":
		return s.callTpl(at, args)
	case "print", "printf", "println":
		return s.callPrint(at, args)
	case "not", "empty", "kindOf", "kindIs", "typeOf", "typeIs", "typeIsLike", "len":
		for _, a := range args {
			s.shallow(at, a)
		}
		return &value{}
	}
	if name == "eq" || name == "ne" || name == "has" {
		s.compare(args)
	}
	fromFile := false
	for _, a := range args {
		s.whole(at, a)
		fromFile = fromFile || a.fromFile
	}
	return &value{fromFile: fromFile}
}

// compare notes the texts that a value is compared to: each may be a branch.
func (s *scope) compare(args []*value) {
	for _, a := range args {
		for _, p := range a.paths {
			for _, b := range args {
				s.reading.addChoice(p, b)
				for _, e := range b.elements {
					s.reading.addChoice(p, e)
				}
			}
		}
	}
}

// callPassing knows the functions whose result is one of their arguments.
func (s *scope) callPassing(at parse.Node, name string, args []*value) (*value, bool) {
	switch name {
	case "default", "coalesce", "and", "or", "any", "all":
		for _, a := range args {
			s.shallow(at, a)
		}
		return either(args...), true
	case "ternary":
		if len(args) != 3 {
			return nil, false
		}
		s.shallow(at, args[2])
		return either(args[0], args[1]), true
	case "required":
		if len(args) != 2 {
			return nil, false
		}
		s.shallow(at, args[1])
		return args[1], true
	case "deepCopy", "mustDeepCopy":
		copied := *either(args...)
		copied.fields = maps.Clone(copied.fields)
		copied.elements = slices.Clone(copied.elements)
		copied.isCopy = true
		return &copied, true
	}
	return nil, false
}

// callOnMap knows the functions that make, read or change maps.
func (s *scope) callOnMap(at parse.Node, name string, args []*value) (*value, bool) {
	switch {
	case name == "dict":
		return s.callDict(at, args), true
	case name == "index" && len(args) > 0:
		return s.callIndex(at, args[0], args[1:]), true
	case name == "get" && len(args) == 2:
		return s.callIndex(at, args[0], args[1:]), true
	case name == "dig" && len(args) >= 3:
		last := len(args) - 1
		v := s.callIndex(at, args[last], args[:last-1])
		s.shallow(at, v)
		return either(v, args[last-1]), true
	case name == "hasKey" && len(args) == 2:
		for _, p := range s.callIndex(at, args[0], args[1:]).paths {
			s.note(at, p, Read{isTested: true})
		}
		return &value{}, true
	case (name == "set" || name == "unset") && len(args) >= 2:
		return s.callSet(at, args), true
	case slices.Contains([]string{"merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"}, name):
		for _, a := range args {
			s.whole(at, withoutRoot(a))
		}
		return either(args...), true
	case name == "pick" && len(args) > 0:
		return s.callPick(at, args), true
	case name == "omit" && len(args) > 0:
		s.whole(at, args[0])
		return args[0], true
	case name == "pluck" && len(args) > 0:
		var found []*value
		for _, m := range args[1:] {
			found = append(found, s.callIndex(at, m, args[:1]))
		}
		return &value{elements: found}, true
	case name == "keys":
		for _, a := range args {
			s.shallow(at, a)
			s.shallow(at, s.elementOf(withoutRoot(a)))
		}
		return &value{}, true
	case name == "values" && len(args) == 1:
		return &value{elements: []*value{s.elementOf(args[0])}}, true
	}
	return nil, false
}

func (s *scope) callDict(at parse.Node, args []*value) *value {
	out := &value{fields: map[string]*value{}}
	for i := 0; i < len(args); i += 2 {
		entry := &value{}
		if i+1 < len(args) {
			entry = args[i+1]
		}
		if args[i].text != nil {
			out.setField(*args[i].text, entry)
			continue
		}
		s.whole(at, args[i])
		out.addElement(entry)
	}
	return out
}

// callIndex follows keys that are known texts or numbers, and any entry where
// one is not known.
func (s *scope) callIndex(at parse.Node, v *value, keys []*value) *value {
	for _, k := range keys {
		switch {
		case k.text == nil:
			s.whole(at, k)
			v = s.elementOf(v)
		case isNumber(*k.text):
			v = s.elementAt(v, *k.text)
		default:
			v = s.field(at, v, *k.text)
		}
	}
	return v
}

func isNumber(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

// elementAt gives a list's element, or a map's entry whose key looks like a
// number.
func (s *scope) elementAt(v *value, number string) *value {
	i, err := strconv.Atoi(number)
	if err == nil && len(v.paths) == 0 && i >= 0 && i < len(v.elements) {
		return v.elements[i]
	}
	return s.elementOf(v)
}

// callSet notes what a template writes into the values, so that nothing asks
// for its declaration.
func (s *scope) callSet(at parse.Node, args []*value) *value {
	target, key := args[0], args[1]
	if len(args) < 3 { // unset
		return target
	}
	if key.text == nil {
		s.whole(at, key)
		target.addElement(args[2])
	} else {
		target.setField(*key.text, args[2])
	}
	if target.isCopy {
		return target
	}
	for _, p := range target.paths {
		// The entry is read wherever the changed values are: that is not
		// followed.
		s.whole(at, args[2])
		if key.text != nil {
			s.reading.written = append(s.reading.written, p.with(*key.text))
		}
	}
	return target
}

func (s *scope) callPick(at parse.Node, args []*value) *value {
	out := &value{fields: map[string]*value{}}
	for _, k := range args[1:] {
		v := s.callIndex(at, args[0], []*value{k})
		if k.text == nil {
			out.elements = append(out.elements, v)
		} else {
			out.setField(*k.text, v)
		}
	}
	return out
}

// callOnList knows the functions that make and take lists.
func (s *scope) callOnList(at parse.Node, name string, args []*value) (*value, bool) {
	switch name {
	case "list", "tuple":
		return &value{elements: args}, true
	case "append", "push", "prepend", "mustAppend", "mustPush", "mustPrepend":
		if len(args) != 2 {
			return nil, false
		}
		grown := *args[0]
		grown.text = nil
		grown.elements = slices.Clone(grown.elements)
		grown.addElement(args[1])
		return &grown, true
	case "first", "mustFirst":
		return s.listEnd(args, func(l []*value) *value { return l[0] }), true
	case "last", "mustLast":
		return s.listEnd(args, func(l []*value) *value { return l[len(l)-1] }), true
	case "concat", "rest", "mustRest", "initial", "mustInitial", "reverse", "mustReverse",
		"uniq", "mustUniq", "compact", "mustCompact", "slice", "mustSlice", "without", "mustWithout":
		out := &value{}
		for _, a := range args {
			s.shallow(at, a)
			out.elements = append(out.elements, s.elementOf(withoutRoot(a)))
		}
		return out, true
	}
	return nil, false
}

func (s *scope) listEnd(args []*value, pick func([]*value) *value) *value {
	if len(args) != 1 {
		return &value{}
	}
	if v := args[0]; len(v.elements) > 0 && len(v.paths) == 0 {
		return pick(v.elements)
	}
	return s.elementOf(withoutRoot(args[0]))
}

// callTpl reads a text as a template. A text that is known is followed; one
// out of the values is the user's, and may read what it likes; one out of the
// chart's files is not at hand.
func (s *scope) callTpl(at parse.Node, args []*value) *value {
	if len(args) != 2 {
		return &value{}
	}
	text, dot := args[0], args[1]
	s.whole(at, withoutText(text))
	if text.fromFile {
		s.whole(at, dot)
	}
	if text.text != nil {
		s.tplText(at, *text.text, dot)
	}
	return &value{}
}

func (s *scope) tplText(at parse.Node, text string, dot *value) {
	tree := parse.New(s.source.file)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(text, "", "", map[string]*parse.Tree{}); err != nil {
		return // the renderer says so
	}
	s.template(&source{file: s.source.file, tree: tree, inLine: s.source.line(at.Position())}, dot)
}

// callPrint keeps track of texts that are put together of known ones, and of
// names of the chart's files.
func (s *scope) callPrint(at parse.Node, args []*value) *value {
	out := &value{}
	for _, a := range args {
		s.whole(at, a)
		out.isFile = out.isFile || a.isFile
		out.fromFile = out.fromFile || a.fromFile
	}
	if len(args) == 1 {
		out.text = args[0].text
	}
	return out
}

func withoutText(v *value) *value {
	out := *v
	out.text = nil
	return &out
}

// withoutRoot keeps the top from being taken for a map whose entries matter.
func withoutRoot(v *value) *value {
	out := *v
	out.isRoot = false
	return &out
}
