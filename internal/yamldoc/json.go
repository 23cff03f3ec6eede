package yamldoc

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
)

// LayOutJSON indents JSON by two spaces, and writes innermost lists and objects on one line, where they read better and
// fit. What is no JSON stays as it is.
func LayOutJSON(text []byte) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace(text), "", "  "); err != nil {
		return text
	}
	out.WriteByte('\n')
	return onOneLine(onOneLine(out.Bytes(), shortList), shortObject)
}

var (
	shortList   = regexp.MustCompile(`\[\n[^\[\]{}]*\]`)
	shortObject = regexp.MustCompile(`\{\n[^{}]*\}`)
	lineBreak   = regexp.MustCompile(`\n *`)
)

func onOneLine(text []byte, what *regexp.Regexp) []byte {
	return what.ReplaceAllFunc(text, func(block []byte) []byte {
		inside := bytes.TrimSpace(lineBreak.ReplaceAll(block[1:len(block)-1], []byte(" ")))
		if len(inside) > 110 {
			return block
		}
		return slices.Concat(block[:1], inside, block[len(block)-1:])
	})
}
