package yamldoc

import (
	"fmt"
	"slices"
	"strings"
)

// AppendItems gives the document's text with items at the end of the list below a key of its root, which is made where
// it is not there. All else stays as it is written, comments and line endings too; who writes the text reads it first,
// as odd documents (of several, of a map on one line) may come out wrong.
func (d *Doc) AppendItems(key string, items any) (string, error) {
	dumped, err := Dump(items, Style{})
	if err != nil {
		return "", err
	}
	text := string(d.data)
	ending := "\n"
	if strings.Contains(text, "\r\n") {
		ending = "\r\n"
	}
	text = strings.ReplaceAll(text, ending, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	lines := strings.SplitAfter(text, "\n")
	i := slices.Index(d.Root.Keys(), key)
	if d.Root.isFlow() && d.Root.Len() == 0 { // {} and nothing else
		lines = slices.Delete(lines, d.Root.Line-1, d.Root.Line)
	}
	if i < 0 {
		if len(lines) > 1 {
			lines = append(lines, "\n")
		}
		lines = append(lines, key+":\n", indent(dumped, 2))
	} else if lines, err = d.insert(lines, i, dumped); err != nil {
		return "", err
	}
	return strings.ReplaceAll(strings.Join(lines, ""), "\n", ending), nil
}

// insert adds items to the list that is the root's i-th value.
func (d *Doc) insert(lines []string, i int, items []byte) ([]string, error) {
	e := d.Root.Entries[i]
	list := e.Value
	if list.IsNull() || list.IsList() && list.Len() == 0 {
		lines[e.Line-1] = e.Key + ":\n" + indent(items, 2)
		return lines, nil
	}
	if !list.IsList() || list.isFlow() {
		return nil, fmt.Errorf("%s is not written as a list with a line for each entry", e.Key)
	}
	end := len(lines) - 1 // SplitAfter leaves an empty last one
	if i+1 < len(d.Root.Entries) {
		end = d.Root.Entries[i+1].Line - 1
	}
	// Comments and empty lines above what follows are its own.
	for last := list.Items[list.Len()-1].Line; end > last && isBetween(lines[end-1]); {
		end--
	}
	dash := strings.Index(lines[list.Items[0].Line-1], "-")
	return slices.Insert(lines, end, indent(items, max(dash, 0))), nil
}

// isBetween reports whether a line is empty, a comment or the end of the document.
func isBetween(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#") || line == "..." || line == "---"
}

func indent(text []byte, by int) string {
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		b.WriteString(strings.Repeat(" ", by) + line)
	}
	return b.String()
}
