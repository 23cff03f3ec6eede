package lineage

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
)

// function says what a template function does with its arguments: which it
// hands on, and which it reads.
type function struct {
	names string
	least int // so many arguments; with fewer the engine fails
	run   func(s *scope, at parse.Node, args []*value) *value
}

// templateFunctions are text/template's, sprig's and Helm's by name. One that is
// not named here reads its arguments in full, and its result is nothing that
// leads back to the values.
func templateFunctions() map[string]function {
	out := map[string]function{}
	for _, f := range []function{
		// Their result is one of the arguments.
		{"default coalesce and or any all", 0, (*scope).callDefault},
		{"ternary", 3, (*scope).callTernary},
		{"required", 2, (*scope).callRequired},
		{"deepCopy mustDeepCopy", 0, (*scope).callCopy},
		// They look at what a value is.
		{"not empty kindOf kindIs typeOf typeIs typeIsLike len", 0, (*scope).readEach},
		{"eq ne has", 0, (*scope).callCompare},
		// They make, read or change maps.
		{"dict", 0, (*scope).callDict},
		{"index get", 1, (*scope).callIndex},
		{"dig", 3, (*scope).callDig},
		{"hasKey", 2, (*scope).callHasKey},
		{"set", 3, (*scope).callSet},
		{"unset", 1, (*scope).callUnset},
		{"merge mergeOverwrite mustMerge mustMergeOverwrite", 0, (*scope).callMerge},
		{"pick", 1, (*scope).callPick},
		{"omit", 1, (*scope).callOmit},
		{"pluck", 1, (*scope).callPluck},
		{"keys", 0, (*scope).callKeys},
		{"values", 1, (*scope).callValues},
		// They make and take lists.
		{"list tuple", 0, (*scope).callList},
		{"append push prepend mustAppend mustPush mustPrepend", 2, (*scope).callAppend},
		{"first mustFirst", 1, (*scope).callFirst},
		{"last mustLast", 1, (*scope).callLast},
		{"concat rest mustRest initial mustInitial reverse mustReverse uniq mustUniq compact mustCompact " +
			"slice mustSlice without mustWithout", 0, (*scope).callConcat},
		// They run templates, or make their names.
		{"include", 2, (*scope).callInclude},
		{"tpl", 2, (*scope).callTpl},
		{"print printf println", 0, (*scope).callPrint},
	} {
		for name := range strings.FieldsSeq(f.names) {
			out[name] = f
		}
	}
	return out
}

func (s *scope) call(at parse.Node, name string, args []*value) *value {
	if f, ok := s.functions[name]; ok && len(args) >= f.least {
		return f.run(s, at, args)
	}
	return s.readAll(at, args)
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

func (s *scope) readEach(at parse.Node, args []*value) *value {
	for _, a := range args {
		s.read(at, a)
	}
	return &value{}
}

// callCompare notes the texts that a value is compared to: each may be a branch.
func (s *scope) callCompare(at parse.Node, args []*value) *value {
	for _, a := range args {
		for _, p := range a.paths {
			for _, b := range args {
				for _, text := range append([]*value{b}, b.elements...) {
					s.reading.addChoice(p, text)
				}
			}
		}
	}
	return s.readAll(at, args)
}

func (s *scope) callDefault(at parse.Node, args []*value) *value {
	s.readEach(at, args)
	return either(args...)
}

func (s *scope) callTernary(at parse.Node, args []*value) *value {
	s.read(at, args[2])
	return either(args[0], args[1])
}

func (s *scope) callRequired(at parse.Node, args []*value) *value {
	s.read(at, args[1])
	return args[1]
}

func (s *scope) callCopy(_ parse.Node, args []*value) *value {
	out := *either(args...)
	out.fields, out.elements = maps.Clone(out.fields), slices.Clone(out.elements)
	out.traits |= isCopy
	return &out
}

func (s *scope) callMerge(at parse.Node, args []*value) *value {
	for _, a := range args {
		s.readWhole(at, withoutRoot(a))
	}
	return either(args...)
}

func (s *scope) callKeys(at parse.Node, args []*value) *value {
	for _, a := range args {
		s.read(at, a)
		s.read(at, s.elementOf(withoutRoot(a)))
	}
	return &value{}
}

func (s *scope) callDict(at parse.Node, args []*value) *value {
	out := &value{fields: map[string]*value{}}
	for pair := range slices.Chunk(args, 2) {
		entry := &value{}
		if len(pair) == 2 {
			entry = pair[1]
		}
		s.put(at, out, pair[0], entry)
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

// index follows keys that are known texts or numbers, and any entry where one is
// not known.
func (s *scope) index(at parse.Node, v *value, keys []*value) *value {
	for _, k := range keys {
		if k.text == nil {
			s.readWhole(at, k)
			v = s.elementOf(v)
			continue
		}
		i, err := strconv.Atoi(*k.text)
		switch {
		case err != nil:
			v = s.field(at, v, *k.text)
		case len(v.paths) == 0 && i >= 0 && i < len(v.elements):
			v = v.elements[i]
		default: // maybe a map's entry whose key looks like a number
			v = s.elementOf(v)
		}
	}
	return v
}

func (s *scope) callIndex(at parse.Node, args []*value) *value { return s.index(at, args[0], args[1:]) }

func (s *scope) callDig(at parse.Node, args []*value) *value {
	last := len(args) - 1
	v := s.index(at, args[last], args[:last-1])
	s.read(at, v)
	return either(v, args[last-1])
}

func (s *scope) callHasKey(at parse.Node, args []*value) *value {
	for _, p := range s.index(at, args[0], args[1:]).paths {
		s.note(at, p, Read{isTested: true})
	}
	return &value{}
}

func (s *scope) callUnset(_ parse.Node, args []*value) *value { return args[0] }

// callSet notes what a template writes into the values, so that nothing asks
// for its declaration.
func (s *scope) callSet(at parse.Node, args []*value) *value {
	target, key := args[0], args[1]
	s.put(at, target, key, args[2])
	if target.is(isCopy) {
		return target
	}
	for _, p := range target.paths {
		// The entry is read wherever the changed values are: that is not
		// followed.
		s.readWhole(at, args[2])
		if key.text != nil {
			s.reading.written = append(s.reading.written, child(p, *key.text))
		}
	}
	return target
}

func (s *scope) callOmit(at parse.Node, args []*value) *value {
	s.readWhole(at, args[0])
	return args[0]
}

func (s *scope) callPluck(at parse.Node, args []*value) *value {
	out := &value{}
	for _, m := range args[1:] {
		out.elements = append(out.elements, s.index(at, m, args[:1]))
	}
	return out
}

func (s *scope) callValues(_ parse.Node, args []*value) *value {
	return &value{elements: []*value{s.elementOf(args[0])}}
}

func (s *scope) callList(_ parse.Node, args []*value) *value { return &value{elements: args} }

func (s *scope) callPick(at parse.Node, args []*value) *value {
	out := &value{fields: map[string]*value{}}
	for _, k := range args[1:] {
		s.put(at, out, k, s.index(at, args[0], []*value{k}))
	}
	return out
}

func (s *scope) callAppend(_ parse.Node, args []*value) *value {
	out := *args[0]
	out.text = nil
	out.elements = slices.Clone(out.elements)
	out.addElement(args[1])
	return &out
}

func (s *scope) callFirst(_ parse.Node, args []*value) *value {
	if v := args[0]; len(v.elements) > 0 && len(v.paths) == 0 {
		return v.elements[0]
	}
	return s.elementOf(withoutRoot(args[0]))
}

func (s *scope) callLast(_ parse.Node, args []*value) *value {
	if v := args[0]; len(v.elements) > 0 && len(v.paths) == 0 {
		return v.elements[len(v.elements)-1]
	}
	return s.elementOf(withoutRoot(args[0]))
}

func (s *scope) callConcat(at parse.Node, args []*value) *value {
	out := &value{}
	for _, a := range args {
		s.read(at, a)
		out.elements = append(out.elements, s.elementOf(withoutRoot(a)))
	}
	return out
}

func (s *scope) callInclude(at parse.Node, args []*value) *value {
	s.readWhole(at, args[0])
	s.include(at, args[0], args[1])
	return &value{}
}

// callTpl reads a text as a template. A text that is known is followed; one
// out of the values is the user's, and may read what it likes; one out of the
// chart's files was not found.
func (s *scope) callTpl(at parse.Node, args []*value) *value {
	text, dot := args[0], args[1]
	s.readWhole(at, text)
	if text.is(isFromFile) {
		s.readWhole(at, dot)
	}
	if text.text == nil {
		return &value{}
	}
	tree := parse.New(s.source.file)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(*text.text, "", "", map[string]*parse.Tree{}); err == nil { // else the renderer says so
		s.template(&source{file: s.source.file, tree: tree, inLine: s.source.line(at.Position())}, dot)
	}
	return &value{}
}

// callPrint keeps track of texts that are put together of known ones, and of
// names of the chart's files.
func (s *scope) callPrint(at parse.Node, args []*value) *value {
	out := s.readAll(at, args)
	for _, a := range args {
		out.traits |= a.traits & ofText
	}
	if len(args) == 1 {
		out.text = args[0].text
	}
	return out
}

// withoutRoot keeps the top from being taken for a map whose entries matter.
func withoutRoot(v *value) *value {
	out := *v
	out.traits &^= isRoot
	return &out
}
