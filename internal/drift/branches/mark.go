package branches

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// A mark is a call of lookup, which reports to Chart.note. One whose name ends in asking takes the place of a condition
// and answers whether it holds; any other finds nothing, so that `or MARK VALUE` is the value.
const (
	asking = "?"
	answer = "is"
	yes    = "yes"
	no     = "no"
)

// marker writes a template with its marks.
type marker struct {
	file     helmchart.File
	first    int // the position of the first branch
	branches []Branch
	out      strings.Builder
}

// mark gives the text of a template that renders the same and reports its conditions, which are numbered from first.
func mark(f helmchart.File, first int) (string, []Branch, error) {
	tree := parse.New(f.Name)
	tree.Mode = parse.SkipFuncCheck
	defined := map[string]*parse.Tree{}
	if _, err := tree.Parse(string(f.Data), "", "", defined); err != nil {
		return "", nil, err
	}
	m := &marker{file: f, first: first}
	for _, name := range slices.Sorted(maps.Keys(defined)) {
		if name == f.Name {
			continue
		}
		fmt.Fprintf(&m.out, "{{define %q}}", name)
		m.list(defined[name].Root)
		m.out.WriteString("{{end}}")
	}
	m.list(tree.Root)
	return m.out.String(), m.branches, nil
}

func (m *marker) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		m.node(n)
	}
}

func (m *marker) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.TextNode:
		m.text(string(n.Text))
	case *parse.ActionNode:
		m.write("{{", m.pipe(n.Pipe, len(m.branches)), "}}")
	case *parse.IfNode:
		statement := len(m.branches)
		if len(n.Pipe.Decl) > 0 {
			m.block("if", &n.BranchNode, isTrue)
			return
		}
		m.write("{{if ", m.truth(n.Pipe, statement), "}}")
		m.list(n.List)
		m.otherwise(n.ElseList)
	case *parse.WithNode:
		m.block("with", &n.BranchNode, isSet)
	case *parse.RangeNode:
		m.block("range", &n.BranchNode, isSet)
	case *parse.TemplateNode:
		m.write("{{template ", strconv.Quote(n.Name))
		if n.Pipe != nil {
			m.write(" ", m.pipe(n.Pipe, len(m.branches)))
		}
		m.write("}}")
	default: // break, continue
		m.write(n.String())
	}
}

func (m *marker) write(texts ...string) {
	for _, t := range texts {
		m.out.WriteString(t)
	}
}

// text writes what is no action. A brace at its end must not become a part of the action that follows.
func (m *marker) text(s string) {
	plain := strings.TrimRight(s, "{")
	m.write(plain)
	for range len(s) - len(plain) {
		m.write(`{{"{"}}`)
	}
}

// otherwise writes the other side of a block, and its end.
func (m *marker) otherwise(l *parse.ListNode) {
	if l != nil {
		m.write("{{else}}")
		m.list(l)
	}
	m.write("{{end}}")
}

// block writes a block whose pipeline is needed as it is, with a mark on either side.
func (m *marker) block(keyword string, n *parse.BranchNode, k kind) {
	statement := len(m.branches)
	id := m.add(n.Pipe, n.Pipe.String(), k, statement)
	m.write("{{", keyword, " ", m.pipe(n.Pipe, statement), "}}", report(id, yes))
	m.list(n.List)
	m.write("{{else}}", report(id, no))
	m.list(n.ElseList)
	m.write("{{end}}")
}

// report is an action that says which side was taken and writes nothing.
func report(id int, side string) string {
	return fmt.Sprintf(`{{with lookup %q "%d" "" %q}}{{end}}`, helmchart.TraceAPI, id, side)
}

// add makes a branch of what a pipeline decides, and gives its position.
func (m *marker) add(p *parse.PipeNode, text string, k kind, statement int) int {
	m.branches = append(m.branches, Branch{
		Template: m.file.Name, Line: 1 + bytes.Count(m.file.Data[:int(p.Pos)], []byte("\n")),
		Text: strings.Join(strings.Fields(text), " "), kind: k, offset: int(p.Pos), statement: m.first + statement,
	})
	return m.first + len(m.branches) - 1
}

// truth gives a pipeline of which it matters whether it is true alone.
func (m *marker) truth(p *parse.PipeNode, statement int) string {
	if len(p.Cmds) == 1 && len(p.Decl) == 0 {
		args := p.Cmds[0].Args
		name := functionName(args)
		switch isCombined := name == "and" || name == "or"; {
		case name == "not" && len(args) == 2:
			return "(not " + m.truthOf(p, args[1], statement) + ")"
		case isCombined && len(args) > 2:
			id := m.add(p, p.String(), isTrue, statement)
			text := name
			for _, a := range args[1:] {
				text += " " + m.truthOf(p, a, statement)
			}
			return ask(id, "("+text+")")
		}
	}
	id := m.add(p, p.String(), isTrue, statement)
	return ask(id, "("+m.pipe(p, statement)+")")
}

// truthOf gives an argument of which it matters whether it is true alone.
func (m *marker) truthOf(within *parse.PipeNode, n parse.Node, statement int) string {
	if p, ok := n.(*parse.PipeNode); ok {
		return m.truth(p, statement)
	}
	id := m.add(within, n.String(), isTrue, statement)
	return ask(id, m.argument(n, statement))
}

// ask gives an expression that is true or false as another one is, and reports that.
func ask(id int, expression string) string {
	return fmt.Sprintf(`(lookup %q "%d%s" "" (ternary %q %q (not %s))).%s`,
		helmchart.TraceAPI, id, asking, no, yes, expression, answer)
}

// observe gives an expression that is the value of a simple one, and reports what a text made of it says.
func observe(id int, value, text string) string {
	return fmt.Sprintf(`(or (lookup %q "%d" "" %s) %s)`, helmchart.TraceAPI, id, text, value)
}

// functionName is the function that a command calls, "" for none.
func functionName(args []parse.Node) string {
	if n, ok := args[0].(*parse.IdentifierNode); ok {
		return n.Ident
	}
	return ""
}

// pipe writes a pipeline whose result matters.
func (m *marker) pipe(p *parse.PipeNode, statement int) string {
	var b strings.Builder
	for i, v := range p.Decl {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(v.String())
	}
	switch {
	case len(p.Decl) > 0 && p.IsAssign:
		b.WriteString(" = ")
	case len(p.Decl) > 0:
		b.WriteString(" := ")
	}
	for i, c := range p.Cmds {
		if i > 0 {
			b.WriteString(" | ")
		}
		if i == 0 && len(p.Cmds) > 1 && len(c.Args) == 1 {
			// What is piped is the last argument of the next command.
			next := p.Cmds[1]
			b.WriteString(m.argumentOf(p, functionName(next.Args), len(next.Args), c.Args[0], statement))
			continue
		}
		b.WriteString(m.command(p, c, statement))
	}
	return b.String()
}

func (m *marker) command(p *parse.PipeNode, c *parse.CommandNode, statement int) string {
	name := functionName(c.Args)
	texts := []string{m.argument(c.Args[0], statement)}
	for i, a := range c.Args[1:] {
		texts = append(texts, m.argumentOf(p, name, i+1, a, statement))
	}
	return strings.Join(texts, " ")
}

// argumentOf writes the nth argument of a function, from 1, with a mark where it is a condition and evaluating it twice
// costs nothing.
func (m *marker) argumentOf(p *parse.PipeNode, function string, n int, a parse.Node, statement int) string {
	value := m.argument(a, statement)
	empty := fmt.Sprintf("(ternary %q %q (empty %s))", no, yes, value)
	condition, isPipe := a.(*parse.PipeNode)
	switch {
	case function == "ternary" && n == 3 && isPipe && isBoolean(condition):
		return ask(m.add(condition, condition.String(), isTrue, statement), value)
	case !isSimple(a):
		return value
	case function == "ternary" && n == 3:
		return observe(m.add(p, a.String(), isTrue, statement), value, empty)
	case function == "default" && n == 2, function == "or" && n == 1:
		return observe(m.add(p, a.String(), isSet, statement), value, empty)
	case function == "required" && n == 2:
		missing := fmt.Sprintf("(ternary %q %q (empty %s))", yes, no, value)
		return observe(m.add(p, a.String(), isMissing, statement), value, missing)
	case function == "tpl" && n == 1:
		return observe(m.add(p, a.String(), isTemplate, statement), value, `(print "x" `+value+`)`)
	}
	return value
}

// isSimple reports whether a node is a value by its name.
func isSimple(n parse.Node) bool {
	switch n.(type) {
	case *parse.FieldNode, *parse.VariableNode:
		return true
	}
	return false
}

// isBoolean reports whether a pipeline ends in a function that gives true or false.
func isBoolean(p *parse.PipeNode) bool {
	switch functionName(p.Cmds[len(p.Cmds)-1].Args) {
	case "eq", "ne", "lt", "le", "gt", "ge", "not", "has", "hasKey", "hasPrefix", "hasSuffix", "contains", "empty",
		"kindIs", "semverCompare":
		return true
	}
	return false
}

func (m *marker) argument(n parse.Node, statement int) string {
	switch n := n.(type) {
	case *parse.PipeNode:
		return "(" + m.pipe(n, statement) + ")"
	case *parse.ChainNode:
		text := m.argument(n.Node, statement)
		for _, f := range n.Field {
			text += "." + f
		}
		return text
	}
	return n.String()
}
