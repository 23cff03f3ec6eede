package mutation

import (
	"regexp"
	"strings"
	"text/template/parse"
)

// tokenKind is what a token in an action is.
type tokenKind int

const (
	tokenString   tokenKind = iota // "..." or `...`
	tokenNumber                    // 42, -1
	tokenWord                      // include, if, true
	tokenField                     // .Values.image.tag, or a lone dot
	tokenVariable                  // $x, $x.name, $.Values.image
	tokenSign                      // | ( ) := = ,
)

// token is a word of an action. from and to are offsets in the file.
type token struct {
	kind     tokenKind
	from, to int
	text     string
}

// action is one {{ }}. from and to are its offsets in the file, the braces
// included.
type action struct {
	from, to  int
	trimLeft  bool // {{-
	trimRight bool // -}}
	comment   bool
	tokens    []token
}

// word gives the action's first word ("if", "end", "include"), "" where it
// begins with something else.
func (a action) word() string {
	if len(a.tokens) > 0 && a.tokens[0].kind == tokenWord {
		return a.tokens[0].text
	}
	return ""
}

// opens reports whether an {{ end }} belongs to the action.
func (a action) opens() bool {
	switch a.word() {
	case "if", "with", "range", "define", "block":
		return true
	}
	return false
}

// condition gives the offsets of the expression of an if or else if.
func (a action) condition() (from, to int, ok bool) {
	i := 0
	if a.word() == "else" {
		i = 1
	}
	if len(a.tokens) < i+2 || a.tokens[i].text != "if" {
		return 0, 0, false
	}
	for _, t := range a.tokens[i:] {
		if t.text == ":=" {
			return 0, 0, false
		}
	}
	return a.tokens[i+1].from, a.tokens[len(a.tokens)-1].to, true
}

var tokenPattern = regexp.MustCompile("^(?:" +
	`(?P<str>"(?:[^"\\]|\\.)*"|` + "`[^`]*`)" +
	`|(?P<num>-?[0-9][0-9A-Za-z_.]*)` +
	`|(?P<var>\$[A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)` +
	`|(?P<field>(?:\.[A-Za-z_][A-Za-z0-9_]*)+|\.)` +
	`|(?P<word>[A-Za-z_][A-Za-z0-9_]*)` +
	`|(?P<sign>:=|[|()=,])` +
	")")

// actionsOf finds the actions of a template. Text that is no template gives
// none, or nonsense that the parser refuses later on.
func actionsOf(text string) []action {
	var out []action
	for at := 0; ; {
		open := strings.Index(text[at:], "{{")
		if open < 0 {
			return out
		}
		a, ok := readAction(text, at+open)
		if !ok {
			return out
		}
		out = append(out, a)
		at = a.to
	}
}

func readAction(text string, from int) (action, bool) {
	a := action{from: from}
	at := from + 2
	if strings.HasPrefix(text[at:], "- ") || strings.HasPrefix(text[at:], "-\n") {
		a.trimLeft = true
		at++
	}
	for at < len(text) {
		rest := text[at:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				return a, false
			}
			a.comment = true
			at += end + 2
		case strings.HasPrefix(rest, "}}"):
			a.to = at + 2
			return a, true
		case strings.HasPrefix(rest, "-}}"):
			a.trimRight = true
			a.to = at + 3
			return a, true
		default:
			m := tokenPattern.FindStringSubmatch(rest)
			if m == nil {
				at++
				continue
			}
			for kind, name := range map[tokenKind]string{tokenString: "str", tokenNumber: "num", tokenVariable: "var", tokenField: "field", tokenWord: "word", tokenSign: "sign"} {
				if m[tokenPattern.SubexpIndex(name)] != "" {
					a.tokens = append(a.tokens, token{kind, at, at + len(m[0]), m[0]})
				}
			}
			at += len(m[0])
		}
	}
	return a, false
}

// parses reports whether the text is a template, whatever its functions.
func parses(text string) bool {
	t := parse.New("template")
	t.Mode = parse.SkipFuncCheck
	_, err := t.Parse(text, "", "", map[string]*parse.Tree{})
	return err == nil
}
