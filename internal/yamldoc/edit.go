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

// SetValue gives the document's text with another value for a key that is there: a scalar on one line, or an empty map
// or list, becomes another one. All else stays as it is written. Who writes the text reads it first.
func (d *Doc) SetValue(path Path, value any) (string, error) {
	e := d.entry(path)
	if e == nil {
		return "", fmt.Errorf("%s does not have %s", d.Name, path)
	}
	n := e.Value
	lines := strings.SplitAfter(string(d.data), "\n")
	line := lines[n.Line-1]
	start := n.Column - 1
	isEmpty := (n.IsMap() || n.IsList()) && n.Len() == 0 && n.isFlow()
	isOnLine := isEmpty || n.Kind == Scalar && !strings.Contains(n.Value, "\n")
	length := 0 // of a null that is not written
	if isOnLine && start < len(line) {
		length = d.scalarLength(line[start:], n)
	}
	if e.Merged || n.Anchor != "" || length == 0 {
		return "", fmt.Errorf("%s:%d: %s is no value on one line", d.Name, e.Line, path)
	}
	dumped, err := Dump(value, Style{})
	if err != nil {
		return "", err
	}
	text := strings.TrimSuffix(string(dumped), "\n")
	_, isText := value.(string)
	switch root := NodeOf(value); {
	case root.Kind != Scalar && len(root.Content) > 0 || strings.Contains(text, "\n"):
		return d.setBlock(lines, e, dumped, start+length)
	case isText && text[0] != '"' && text[0] != '\'' && length > 0 && (line[start] == '"' || line[start] == '\''):
		text = line[start:start+1] + text + line[start:start+1] // quoted as before
	}
	lines[n.Line-1] = line[:start] + text + line[start+length:]
	return strings.Join(lines, ""), nil
}

// setBlock puts a value of several lines below its key.
func (d *Doc) setBlock(lines []string, e *Entry, dumped []byte, end int) (string, error) {
	line := lines[e.Value.Line-1]
	rest := strings.TrimSpace(line[end:])
	if e.Value.Line != e.Line || rest != "" && rest[0] != '#' || strings.Contains(line[:e.Column-1], "{") {
		return "", fmt.Errorf("%s:%d: a value of several lines has no room there", d.Name, e.Line)
	}
	head := strings.TrimRight(line[:e.Value.Column-1], " ")
	if rest != "" {
		head += " " + rest
	}
	lines[e.Line-1] = head + "\n" + indent(dumped, e.Column+1)
	return strings.Join(lines, ""), nil
}

// entry finds the entry of a key, nil where there is none.
func (d *Doc) entry(path Path) *Entry {
	n := d.Root
	var e *Entry
	for _, segment := range path {
		if e = n.Entry(segment); e == nil {
			return nil
		}
		n = e.Value
	}
	return e
}

// scalarLength is how much of a text, which begins with a scalar or an empty map or list, that is.
func (d *Doc) scalarLength(text string, n *Node) int {
	switch {
	case n.isFlow():
		return strings.IndexAny(text, "}]") + 1
	case text == "" || n.Value == "" && text[0] != '"' && text[0] != '\'':
		return 0 // a null that is not written
	case text[0] != '"' && text[0] != '\'':
		return len(n.Value)
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[0] == '"' && text[i] == '\\', text[0] == '\'' && strings.HasPrefix(text[i:], "''"):
			i++
		case text[i] == text[0]:
			return i + 1
		}
	}
	return len(text)
}
