package lineage

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// walker reads templates as the engine would run them, every branch once.
type walker struct {
	reading *Reading
	named   map[string][]*source
	done    map[string]bool // template and argument
	trace   *trace
	depth   int
	steps   int
	// looked has what the pipelines look at that are being read, the innermost last, and includes what each include
	// in done looks at.
	looked   [][]yamldoc.Path
	includes map[string][]yamldoc.Path
}

// Limits that keep the reading of hostile templates short, each many times what the largest public charts need.
const (
	maxSteps   = 500_000
	maxNesting = 500 // parentheses, blocks and includes within each other
	maxReads   = 5_000
)

// scope is where an expression stands.
type scope struct {
	*walker
	source *source
	dot    *value
	vars   []variable // the innermost last
}

type variable struct {
	name  string
	value *value
}

// template reads a template with dot as its argument.
func (w *walker) template(s *source, dot *value) {
	w.trace.files[s.file] = true
	in := &scope{walker: w, source: s, dot: dot, vars: []variable{{"$", dot}}}
	w.nest(func() { in.list(s.tree.Root) })
}

// nest does what lies within something else, unless that goes too deep.
func (w *walker) nest(work func()) {
	if w.depth > maxNesting {
		w.reading.Everything = true
		return
	}
	w.depth++
	work()
	w.depth--
}

// include reads the named template, every template where the name is not known. One that is missing (of a dependency
// that was not found) may read all that it is given.
func (s *scope) include(at parse.Node, name *value, arg *value) {
	var names []string
	switch {
	case name.is(isTemplate): // the chart's own file: it is read anyway
		if name.text == nil {
			s.trace.isUnknown = true
		} else {
			s.trace.included = append(s.trace.included, *name.text)
		}
		return
	case name.text != nil:
		names = append(names, *name.text)
	default:
		s.trace.isUnknown = true
		names = slices.Sorted(maps.Keys(s.named))
	}
	for _, n := range names {
		key := n + "\x00" + arg.key()
		if !s.done[key] {
			s.done[key] = true
			s.includes[key] = s.looksAt(func() { s.includeOne(at, n, arg) })
		}
		s.look(s.includes[key])
	}
}

// includeOne reads a named template.
func (s *scope) includeOne(at parse.Node, name string, arg *value) {
	if len(s.named[name]) == 0 {
		s.readWhole(at, arg)
	}
	for _, t := range s.named[name] {
		if t.laysOverDefaults() { // which hands on all values, and looks at none
			s.needs(t)
		} else {
			s.template(t, arg)
		}
	}
}

// looksAt gives the values that are looked at meanwhile.
func (w *walker) looksAt(work func()) []yamldoc.Path {
	w.looked = append(w.looked, nil)
	work()
	last := len(w.looked) - 1
	out := w.looked[last]
	w.looked = w.looked[:last]
	return out
}

// look notes that the pipeline that is being read looks at values.
func (w *walker) look(paths []yamldoc.Path) {
	if last := len(w.looked) - 1; last >= 0 {
		w.looked[last] = addPaths(w.looked[last], paths)
	}
}

// needs notes a template that is not read, with those that it names.
func (s *scope) needs(t *source) {
	if s.trace.files[t.file] {
		return
	}
	s.trace.files[t.file] = true
	for name, all := range s.named {
		if strings.Contains(string(t.text), strconv.Quote(name)) {
			for _, other := range all {
				s.needs(other)
			}
		}
	}
}

// isSpent gives up on templates that cost too much.
func (s *scope) isSpent() bool {
	s.steps++
	isSpent := s.steps > maxSteps
	s.reading.Everything = s.reading.Everything || isSpent
	return isSpent
}

func (s *scope) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	outer := len(s.vars)
	s.nest(func() {
		for _, n := range l.Nodes {
			s.node(n)
		}
	})
	s.vars = s.vars[:outer]
}

func (s *scope) node(n parse.Node) {
	if s.isSpent() {
		return
	}
	switch n := n.(type) {
	case *parse.ActionNode:
		v := s.pipe(n.Pipe)
		if len(n.Pipe.Decl) == 0 {
			s.readWhole(n, v)
		}
	case *parse.IfNode:
		s.branch(&n.BranchNode, func(*value) *value { return s.dot })
	case *parse.WithNode:
		s.branch(&n.BranchNode, func(v *value) *value { return v })
	case *parse.RangeNode:
		s.rangeOver(n)
	case *parse.TemplateNode:
		arg := &value{}
		if n.Pipe != nil {
			arg = s.pipe(n.Pipe)
		}
		s.include(n, literal(n.Name), arg)
	}
}

// branch reads both sides of an if or a with; dotOf gives dot on the first.
func (s *scope) branch(n *parse.BranchNode, dotOf func(*value) *value) {
	outer, dot := len(s.vars), s.dot
	v := s.pipe(n.Pipe)
	s.read(n, v)
	s.dot = dotOf(v)
	s.list(n.List)
	s.dot = dot
	s.list(n.ElseList)
	s.vars = s.vars[:outer]
}

func (s *scope) rangeOver(n *parse.RangeNode) {
	outer, dot := len(s.vars), s.dot
	decl := n.Pipe.Decl
	v := s.evaluate(n.Pipe)
	s.read(n, v)
	element := s.elementOf(v)
	s.read(n, element) // the keys, or the number of elements, are read
	switch len(decl) {
	case 1:
		s.vars = append(s.vars, variable{decl[0].Ident[0], element})
	case 2:
		s.vars = append(s.vars, variable{decl[0].Ident[0], &value{}}, variable{decl[1].Ident[0], element})
	}
	s.dot = element
	s.list(n.List)
	s.dot = dot
	s.vars = s.vars[:outer]
	s.list(n.ElseList)
}

// pipe evaluates a pipeline and sets its variables.
func (s *scope) pipe(p *parse.PipeNode) *value {
	v := s.evaluate(p)
	for _, decl := range p.Decl {
		if known := s.variable(decl.Ident[0]); p.IsAssign {
			known.value = either(known.value, v) // the assignment may stand in a branch
			s.trace.assigned = append(s.trace.assigned, v.paths...)
		} else {
			s.vars = append(s.vars, variable{decl.Ident[0], v})
		}
	}
	return v
}

func (s *scope) evaluate(p *parse.PipeNode) *value {
	if p == nil || s.isSpent() {
		return &value{}
	}
	var v *value
	looked := s.looksAt(func() {
		s.nest(func() {
			for _, c := range p.Cmds {
				v = computedFrom(s.command(c, v), s.looked[len(s.looked)-1])
			}
		})
	})
	s.look(looked)
	v = either(v)
	if s.source.inLine == 0 {
		s.reading.addDecider(place{s.source.file, int(p.Pos)}, slices.Concat(v.paths, looked))
	}
	return v
}

// command evaluates one command of a pipeline; piped is the result before it, nil for the first.
func (s *scope) command(c *parse.CommandNode, piped *value) *value {
	if name, ok := c.Args[0].(*parse.IdentifierNode); ok {
		var args []*value
		for _, a := range c.Args[1:] {
			args = append(args, s.operand(a))
		}
		if piped != nil {
			args = append(args, piped)
		}
		return s.call(name, name.Ident, args)
	}
	v := s.operand(c.Args[0])
	for _, a := range c.Args[1:] { // a method with arguments, as .Files.Get "x"
		argument := s.operand(a)
		s.readWhole(a, argument)
		s.reading.addAPI(c.Args[0], argument)
	}
	if piped != nil {
		s.readWhole(c, piped)
	}
	return v
}

func (s *scope) operand(n parse.Node) *value {
	switch n := n.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return s.follow(n, s.dot, n.Ident)
	case *parse.VariableNode:
		v := s.follow(n, s.variable(n.Ident[0]).value, n.Ident[1:])
		s.look(v.from)
		return v
	case *parse.ChainNode:
		return s.follow(n, s.operand(n.Node), n.Field)
	case *parse.PipeNode:
		return s.evaluate(n)
	case *parse.StringNode:
		return literal(n.Text)
	case *parse.NumberNode:
		return literal(n.Text)
	case *parse.IdentifierNode: // a function without arguments, as an argument
		return s.call(n, n.Ident, nil)
	}
	return &value{}
}

// variable gives the innermost one of a name.
func (s *scope) variable(name string) *variable {
	for i := len(s.vars) - 1; i >= 0; i-- {
		if s.vars[i].name == name {
			return &s.vars[i]
		}
	}
	return &variable{value: &value{}}
}

// follow goes from v through fields.
func (s *scope) follow(at parse.Node, v *value, fields []string) *value {
	for _, f := range fields {
		v = s.field(at, v, f)
	}
	return v
}

func (s *scope) field(at parse.Node, v *value, name string) *value {
	var found []*value
	if v.is(isRoot) {
		found = append(found, rootField(name))
		s.trace.isUnknown = s.trace.isUnknown || name == "Subcharts"
	}
	if v.is(isTemplate) && name == "BasePath" || v.is(isFromFile) {
		found = append(found, &value{traits: v.traits & ofText})
	}
	return either(append(found, v.fields[name], s.below(at, v, name))...)
}

func rootField(name string) *value {
	switch name {
	case "Values":
		return &value{paths: []yamldoc.Path{{}}}
	case "Template":
		return &value{traits: isTemplate}
	case "Files":
		return &value{traits: isFromFile}
	}
	return &value{}
}

// below gives what key leads to from the paths that v stands for, nil where there are none.
func (s *scope) below(at parse.Node, v *value, key string) *value {
	if len(v.paths) == 0 {
		return nil
	}
	if key == "AsMap" { // a method of .Values
		return v
	}
	if len(v.paths) > maxPaths {
		s.readWhole(at, v)
		return nil
	}
	out := &value{traits: v.traits & isCopy}
	for _, p := range v.paths {
		if len(p) >= maxPathLength {
			s.readWhole(at, v)
			continue
		}
		out.addPath(child(p, key))
	}
	return out
}

// elementOf gives what a range over v, or an index that is not known, leads to.
func (s *scope) elementOf(v *value) *value {
	var found []*value
	for _, k := range slices.Sorted(maps.Keys(v.fields)) {
		found = append(found, v.fields[k])
	}
	if v.is(isRoot) {
		s.reading.Everything = true
	}
	return either(append(found, s.below(nil, v, anyKey))...)
}

// read notes that the value itself is looked at: whether it is set, its kind, its length.
func (s *scope) read(at parse.Node, v *value) {
	for _, p := range v.paths {
		s.note(at, p, Read{alternatives: v.paths})
	}
}

// readWhole notes that the value and all below is read.
func (s *scope) readWhole(at parse.Node, v *value) { s.readWholeTo(at, v, 0) }

func (s *scope) readWholeTo(at parse.Node, v *value, depth int) {
	if v == nil || depth > maxDepth || s.isSpent() {
		return
	}
	if v.is(isRoot) {
		s.reading.Everything = true
	}
	for _, p := range v.paths {
		if len(p) == 0 {
			s.reading.Everything = true
		}
		s.note(at, p, Read{Whole: true, alternatives: v.paths})
	}
	for _, k := range slices.Sorted(maps.Keys(v.fields)) {
		s.readWholeTo(at, v.fields[k], depth+1)
	}
}

func (s *scope) note(at parse.Node, p yamldoc.Path, read Read) {
	if len(p) == 0 {
		return
	}
	s.look([]yamldoc.Path{p})
	if len(s.reading.reads) >= maxReads {
		s.reading.Everything = true
		return
	}
	read.path, read.Path, read.File = p, strings.ReplaceAll(p.String(), anyKey, "[]"), s.source.file
	if at != nil {
		read.Line = s.source.line(at.Position())
	}
	key := fmt.Sprint(read.File, "\x00", id(p), "\x00", read.Whole, read.isTested)
	if !s.reading.seen[key] {
		s.reading.seen[key] = true
		s.reading.reads = append(s.reading.reads, read)
	}
}
