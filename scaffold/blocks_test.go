package scaffold

import (
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"text/template/parse"
)

// Whoever reads a template of the chart must see where a {{ }} block ends
// without trying each [[ ]] branch: a branch closes what it opens, and nothing
// else.
func TestBranchesBalance(t *testing.T) {
	err := fs.WalkDir(folders, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folders, name)
		if err != nil {
			return err
		}
		faults, err := unbalanced(name, string(data))
		for _, fault := range faults {
			t.Errorf("%s: %s", name, fault)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUnbalanced(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`[[ if .A ]]{{- if .x }}y{{ end }}[[ end ]]`, ""},
		{`{{- if .x }}[[ if .A ]]{{ .y }}[[ else ]]{{ .z }}[[ end ]]{{ end }}`, ""},
		{`[[ if .A ]]{{- with [[ value "x" ]] }}{{ else }}{{ .y }}{{ end }}[[ end ]]`, ""},
		{`[[ if .A ]]{{/* if not ended */}}{{ "if" }}[[ end ]]`, ""},
		{`[[ range .A ]]{{ if .x }}[[ if .B ]]y[[ end ]]{{ end }}[[ end ]]`, ""},
		{`{{ fail "[[ if .A ]]a[[ else ]]b[[ end ]]" }}`, ""},
		{`[[ if .A ]]{{ if .x }}[[ else ]]{{ if .y }}[[ end ]]z{{ end }}`, "line 1: a branch opens {{ if .x }}"},
		{`[[ if .A ]]x[[ else ]]{{- range .y }}[[ end ]]z{{ end }}`, "line 1: a branch opens {{- range .y }}"},
		{"{{ if .x }}\n[[ if .A ]]\n{{- else if .y }}\n[[ end ]]\n{{ end }}", "line 2: a branch has {{- else if .y }}"},
		{`{{ if .x }}[[ range .A ]]{{ end }}{{ if .x }}[[ end ]]{{ end }}`, "line 1: a branch has {{ end }}"},
		{`[[ if .A ]]{{ if .x }}[[ if .B ]]{{ end }}[[ end ]]{{ end }}[[ end ]]`, "line 1: a branch has {{ end }}"},
		{`[[ if .A ]]{{ define "x" }}{{ block "y" . }}{{ end }}[[ end ]]`, `line 1: a branch opens {{ define "x" }}`},
		{`[[ if .A ]]{{ [[ else ]]{{ .b [[ end ]] }}`, "line 1: a branch ends inside {{ }}"},
		{`{{ if .x }}y`, "line 1: the file opens {{ if .x }}"},
	} {
		faults, err := unbalanced("x", c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got := strings.Join(faults, "\n")
		if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

// unbalanced finds the branches of [[ ]] in which the blocks of {{ }} do not
// balance, and says so of the file as a whole.
func unbalanced(name, text string) ([]string, error) {
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(text, "[[", "]]", map[string]*parse.Tree{}); err != nil {
		return nil, err
	}
	var faults []string
	check := func(what string, pos parse.Pos, list *parse.ListNode) {
		if fault := imbalance(what, outside(list)); fault != "" {
			faults = append(faults, fmt.Sprintf("line %d: %s", 1+strings.Count(text[:pos], "\n"), fault))
		}
	}
	check("the file", 0, tree.Root)
	branches(tree.Root, func(pos parse.Pos, list *parse.ListNode) { check("a branch", pos, list) })
	return faults, nil
}

// branches calls visit with each branch of the list and of the branches in it.
func branches(list *parse.ListNode, visit func(parse.Pos, *parse.ListNode)) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		branch := branchOf(node)
		if branch == nil {
			continue
		}
		for _, side := range []*parse.ListNode{branch.List, branch.ElseList} {
			if side != nil {
				visit(branch.Pos, side)
				branches(side, visit)
			}
		}
	}
}

func branchOf(node parse.Node) *parse.BranchNode {
	switch node := node.(type) {
	case *parse.IfNode:
		return &node.BranchNode
	case *parse.RangeNode:
		return &node.BranchNode
	case *parse.WithNode:
		return &node.BranchNode
	}
	return nil
}

// outside gives the text of a list outside the branches in it, which are looked
// at on their own. What an action writes is a word.
func outside(list *parse.ListNode) string {
	var b strings.Builder
	for _, node := range list.Nodes {
		switch node := node.(type) {
		case *parse.TextNode:
			b.Write(node.Text)
		case *parse.ActionNode:
			b.WriteString("action")
		}
	}
	return b.String()
}

var (
	action  = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	keyword = regexp.MustCompile(`^\{\{-?\s*(if|with|range|define|block|else|end)\b`)
)

// imbalance says what is wrong with the blocks of a text, "" where each ends in it.
func imbalance(what, text string) string {
	var open []string
	for _, a := range action.FindAllString(text, -1) {
		match := keyword.FindStringSubmatch(a)
		if match == nil {
			continue
		}
		switch word := match[1]; {
		case word != "else" && word != "end":
			open = append(open, a)
		case len(open) == 0:
			return fmt.Sprintf("%s has %s without its beginning", what, a)
		case word == "end":
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Sprintf("%s opens %s and does not end it", what, open[len(open)-1])
	}
	if rest := action.ReplaceAllString(text, ""); strings.Contains(rest, "{{") {
		return what + " ends inside {{ }}"
	}
	return ""
}
