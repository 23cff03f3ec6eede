package report

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// absent is what stands for a value that is not there.
const absent = "(absent)"

// valueText writes a value as YAML would on one line: a string bare where that is not misleading, anything composed as
// JSON. A text of several lines keeps them.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return absent
	case string:
		if ambiguous(v) {
			return strconv.Quote(v)
		}
		return visible(v)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return visible(fmt.Sprint(v))
	}
	return visible(strings.TrimSuffix(b.String(), "\n"))
}

// ambiguous reports whether a string without quotes reads as something else: nothing, a number, a boolean, or this
// package's own word for no value.
func ambiguous(s string) bool {
	switch s {
	case "", "true", "false", "null", "~", "yes", "no", "on", "off", absent:
		return true
	}
	if strings.TrimSpace(s) != s && !strings.Contains(strings.TrimSpace(s), "\n") {
		return true
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// visible writes out characters that a terminal or a browser would obey or not show: controls, and those that turn the
// direction of writing. Lines and tabs stay.
func visible(s string) string {
	hidden := func(r rune) bool {
		return r != '\n' && r != '\t' &&
			(unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar)
	}
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !hidden(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// oneLine puts a text of several lines on one.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", `\n`, "\n", `\n`, "\t", `\t`).Replace(strings.TrimSuffix(s, "\n"))
}

// cut shortens a text to a number of characters, with its middle left out: the end of an image or a path tells as much
// as the beginning.
func cut(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	tail := most / 3
	return string(runes[:most-tail-1]) + "…" + string(runes[len(runes)-tail:])
}

// sentence gives a text its capital and its full stop, so that reasons read alike whoever wrote them.
func sentence(s string) string {
	s = strings.TrimSpace(oneLine(s))
	if s == "" {
		return ""
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?:") {
		s += "."
	}
	first, size := utf8.DecodeRuneInString(s)
	word, _, _ := strings.Cut(s, " ")
	if strings.ContainsAny(word, ".[_-/") && word != s {
		return s // a name, not a word
	}
	return strings.ToUpper(string(first)) + s[size:]
}

// wrap breaks a text at spaces into lines of at most width characters. A longer word has a line of its own. Line breaks
// of the text stay.
func wrap(s string, width int) []string {
	var out []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				out = append(out, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		out = append(out, line)
	}
	return out
}
