package names

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
)

// What an outline has in place of text that only values or another chart can tell.
const (
	unknown = "\x00"
	missing = "\x01" // of a named template that is not there
)

// Bounds of the outline of a chart's templates, which may include each other.
const (
	maxIncludes = 8
	maxOutline  = 20 << 20
)

// outline writes a template as it would render if nothing but the release and
// the chart were known, with the placeholders of convention.Label for those.
type outline struct {
	defines map[string]*parse.Tree
	// values gives the text of a value, "" where it has none; nil stands for values that nobody knows.
	values func(path string) string
	vars   map[string]string
	depth  int // of includes
	left   *int
}

func (t Templates) outline(l *parse.ListNode, values func(string) string) string {
	left := maxOutline
	o := outline{defines: t.defines, values: values, vars: map[string]string{}, left: &left}
	return o.list(l)
}

func (o *outline) list(l *parse.ListNode) string {
	if l == nil {
		return ""
	}
	var b strings.Builder
	for _, n := range l.Nodes {
		text := o.node(n)
		if *o.left -= len(text) + 1; *o.left < 0 {
			break
		}
		b.WriteString(text)
	}
	return b.String()
}

func (o *outline) node(n parse.Node) string {
	switch n := n.(type) {
	case *parse.TextNode:
		return string(n.Text)
	case *parse.ActionNode:
		if text := o.pipe(n.Pipe); len(n.Pipe.Decl) == 0 {
			return text
		}
	case *parse.IfNode:
		return o.branch(&n.BranchNode)
	case *parse.WithNode:
		return o.branch(&n.BranchNode)
	case *parse.RangeNode:
		return o.branch(&n.BranchNode)
	case *parse.TemplateNode:
		return o.include(n.Name)
	}
	return ""
}

// branch writes what stands without the condition, which tells of overrides as a
// rule; of whole blocks in a file both sides, for all objects that there may be.
func (o *outline) branch(n *parse.BranchNode) string {
	o.pipe(n.Pipe)
	then, otherwise := o.list(n.List), o.list(n.ElseList)
	switch {
	case o.depth == 0 && strings.Contains(then, "\n"):
		return then + "\n" + otherwise
	case n.ElseList != nil:
		return otherwise
	}
	return then
}

// pipe evaluates a pipeline and sets its variables.
func (o *outline) pipe(p *parse.PipeNode) string {
	out := ""
	for i, c := range p.Cmds {
		name, isCall := c.Args[0].(*parse.IdentifierNode)
		if !isCall {
			out = o.operand(c.Args[0])
			continue
		}
		var args []string
		for _, a := range c.Args[1:] {
			args = append(args, o.operand(a))
		}
		if i > 0 {
			args = append(args, out)
		}
		out = o.call(name.Ident, args, i > 0)
		if *o.left -= len(out) + 1; *o.left < 0 {
			out = unknown // a chart that makes texts of endless length
		}
	}
	for _, v := range p.Decl {
		o.vars[v.Ident[0]] = out
	}
	return out
}

func (o *outline) operand(n parse.Node) string {
	switch n := n.(type) {
	case *parse.FieldNode:
		return o.field(n.Ident)
	case *parse.VariableNode:
		if text, ok := o.vars[n.Ident[0]]; ok && len(n.Ident) == 1 {
			return text
		}
		return o.field(n.Ident[1:])
	case *parse.PipeNode:
		return o.pipe(n)
	case *parse.StringNode:
		return n.Text
	case *parse.NumberNode:
		return n.Text
	}
	return unknown
}

var nameValue = regexp.MustCompile(`^((global|app|application)\.)?` +
	`(name|appName|app|application|applicationName|nameOverride|fullnameOverride|serviceName)$`)

// field gives the placeholder for a field of the root, wherever that is kept (.context.Release.Name).
func (o *outline) field(names []string) string {
	if i := slices.Index(names, "Values"); i >= 0 {
		path := strings.Join(names[i+1:], ".")
		switch {
		case o.values != nil && o.values(path) != "":
			return o.values(path)
		case nameValue.MatchString(path):
			return "{name}"
		case path == "image.tag":
			return "{version}"
		}
		return unknown
	}
	return cmp.Or(builtIn[strings.Join(names[max(len(names)-2, 0):], ".")], unknown)
}

// builtIn are the placeholders for what Helm itself gives to templates.
var builtIn = map[string]string{
	"Release.Name": "{release}", "Release.Service": "{service}",
	"Chart.Name": "{name}", "Chart.Version": "{chartVersion}", "Chart.AppVersion": "{version}",
}

// call evaluates a function. Those behind a pipe only shape what they get, as quote, trunc and trimSuffix do; a default
// counts for more than a value that nobody knows.
func (o *outline) call(name string, args []string, isPiped bool) string {
	if len(args) == 0 {
		return unknown
	}
	last := args[len(args)-1]
	switch name {
	case "include":
		return o.include(args[0])
	case "printf":
		return sprintf(args[0], args[1:])
	case "default", "coalesce":
		if (name == "coalesce") == (o.values == nil) {
			slices.Reverse(args)
		}
		if i := slices.IndexFunc(args, isKnown); i >= 0 {
			return args[i]
		}
		return unknown
	case "indent", "nindent":
		n, _ := strconv.Atoi(args[0])
		space := strings.Repeat(" ", min(max(n, 0), 40))
		text := space + strings.ReplaceAll(last, "\n", "\n"+space)
		if name == "nindent" {
			text = "\n" + text
		}
		return text
	case "required", "tpl", "quote", "squote", "trunc", "trimSuffix", "trimPrefix", "lower", "replace":
		return last
	}
	if isPiped {
		return last
	}
	return unknown
}

func isKnown(text string) bool { return !strings.ContainsAny(text, unknown+missing) }

func sprintf(format string, args []string) string {
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a
	}
	text := fmt.Sprintf(strings.NewReplacer("%d", "%s", "%q", "%s").Replace(format), values...)
	if strings.Contains(text, "%!") {
		return unknown
	}
	return text
}

// include writes a named template: what it holds where that is understood, else what its name says.
func (o *outline) include(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "fullname" {
		return "{fullname}"
	}
	guess, hasGuess := map[string]string{"chart": "{chart}", "name": "{name}"}[last]
	tree, ok := o.defines[name]
	text := missing
	if ok && o.depth < maxIncludes {
		below := outline{o.defines, o.values, map[string]string{}, o.depth + 1, o.left}
		text = below.list(tree.Root)
	}
	if hasGuess && !isKnown(text) {
		return guess
	}
	return text
}
