package convert

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// comment is a run of comment lines that stand by themselves, all indented alike.
type comment struct {
	indent int
	lines  []string // without their indentation; "" for an empty line between two paragraphs
}

func (c comment) text() string { return strings.Trim(strings.Join(c.lines, "\n"), "\n") }

// attach gives each entry the comments that stand with it in the text: those right above it, indented as it is, and
// those below its block, indented as it is or deeper. The parser gives some of them to neighbors. What stands apart at
// the top of the file, and what ends it, is the file's own.
func attach(data []byte, source map[string]*entry) (head, foot string) {
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	var before []*entry
	previous := 0 // last line that an entry begins in
	for _, e := range slices.SortedFunc(maps.Values(source), byPosition) {
		removeComments(e)
		if e.key.Line == previous || e.key.Line > len(lines) {
			continue // in one line with another one
		}
		above := commentsAbove(lines[previous:e.key.Line-1], before)
		if len(before) == 0 && len(above) > 0 {
			head, above = splitHead(above)
		}
		if last := len(above) - 1; last >= 0 && above[last].indent == e.key.Column-1 {
			e.key.HeadComment = above[last].text()
			above = above[:last]
		}
		giveBelow(above, before)
		before, previous = append(before, e), e.key.Line
	}
	below := commentsAbove(lines[previous:], before)
	if last := len(below) - 1; last >= 0 && below[last].indent == 0 {
		foot, below = below[last].text(), below[:last]
	}
	giveBelow(below, before)
	return head, foot
}

func byPosition(a, b *entry) int {
	if a.key.Line != b.key.Line {
		return a.key.Line - b.key.Line
	}
	return a.key.Column - b.key.Column
}

// removeComments takes away those of whole lines that the parser gave to an entry. Lists keep theirs.
func removeComments(e *entry) {
	e.key.HeadComment, e.key.FootComment = "", ""
	if e.value.Kind != yaml.SequenceNode {
		e.value.HeadComment, e.value.FootComment = "", ""
	}
}

// commentsAbove gives the comments at the end of lines, of which the last entry begins above them.
func commentsAbove(lines []string, before []*entry) []comment {
	deepest := len(strings.Join(lines, "")) // deeper ones are lines of a text
	if len(before) > 0 {
		if e := before[len(before)-1]; e.value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			deepest = e.key.Column - 1
		}
	}
	first := len(lines)
	for ; first > 0; first-- {
		line := strings.TrimSpace(lines[first-1])
		if line != "" && (line[0] != '#' || indentOf(lines[first-1]) > deepest) {
			break
		}
	}
	var out []comment
	for _, line := range lines[first:] {
		text := strings.TrimSpace(line)
		last := len(out) - 1
		switch {
		case text == "" && last >= 0:
			out[last].lines = append(out[last].lines, "")
		case text == "":
		case last >= 0 && out[last].indent == indentOf(line):
			out[last].lines = append(out[last].lines, text)
		default:
			out = append(out, comment{indentOf(line), []string{text}})
		}
	}
	return out
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// splitHead takes from the first comments of a file those that an empty line parts from its first key.
func splitHead(comments []comment) (head string, rest []comment) {
	first := comments[0].lines
	for i, line := range slices.Backward(first) {
		if line != "" {
			continue
		}
		head = comment{lines: first[:i]}.text()
		if kept := first[i+1:]; len(kept) > 0 {
			return head, append([]comment{{comments[0].indent, kept}}, comments[1:]...)
		}
		return head, comments[1:]
	}
	return "", comments
}

// giveBelow gives comments to the entries whose blocks they end.
func giveBelow(comments []comment, before []*entry) {
	for _, c := range comments {
		for _, e := range slices.Backward(before) {
			if e.key.Column-1 > c.indent {
				continue
			}
			if e.value.Kind != yaml.SequenceNode || e.key.Column-1 == c.indent {
				e.key.FootComment = strings.Trim(e.key.FootComment+"\n"+c.text(), "\n")
			}
			break
		}
	}
}

// allComments gives those of a node and of all below it.
func allComments(n *yaml.Node) []string {
	out := []string{n.HeadComment, n.LineComment, n.FootComment}
	for _, c := range n.Content {
		out = append(out, allComments(c)...)
	}
	return slices.DeleteFunc(out, func(text string) bool { return text == "" })
}
