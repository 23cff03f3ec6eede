package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// AddAccepted adds accepted differences to a settings file, which is made where
// it is not there. What is in it stays as it is, comments and all. A difference
// that is there is an error. Before the file is replaced, the new text is read: it must
// say what the old one said, and the new differences, and no more.
func AddAccepted(sheet *factsheet.Sheet, path string, list []Accepted) error {
	const step = "add them by hand, below accepted"
	data, err := yamldoc.ReadBytes(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	before, err := readFile(sheet, path)
	if err != nil {
		return err
	}
	for i, a := range list {
		if isAccepted(a.Finding, slices.Concat(before.Accepted, list[:i])) {
			return remedy.Errorf("change its reason in the file", "%s: %q is accepted already", path, a.Finding)
		}
	}
	text, err := withAccepted(string(data), list)
	if err != nil {
		return remedy.Errorf(step, "%s: %w", path, err)
	}
	if !saysTheSame(path, string(data), text, slices.Concat(before.Accepted, list)) {
		return remedy.Errorf(step, "%s is written in a way in which nothing can be added safely", path)
	}
	return replaceFile(path, []byte(text))
}

// saysTheSame holds the new text of a settings file against the old one and the list of
// accepted differences that it is to have.
func saysTheSame(path, before, after string, list []Accepted) bool {
	doc, err := yamldoc.Parse(path, []byte(after))
	if err != nil || !doc.Root.IsMap() {
		return false
	}
	items := doc.Root.Get("accepted")
	if items == nil {
		return false
	}
	got, err := readAccepted(path, items)
	if err != nil || !slices.Equal(got, list) {
		return false
	}
	var was, is map[string]any
	if yaml.Unmarshal([]byte(before), &was) != nil || yaml.Unmarshal([]byte(after), &is) != nil {
		return false
	}
	delete(was, "accepted")
	delete(is, "accepted")
	return len(was) == 0 && len(is) == 0 || reflect.DeepEqual(was, is)
}

func isAccepted(finding string, list []Accepted) bool {
	return slices.ContainsFunc(list, func(a Accepted) bool { return a.Finding == finding })
}

// withAccepted gives the text of a settings file with further entries at the end of its
// list.
func withAccepted(text string, list []Accepted) (string, error) {
	ending := "\n"
	if strings.Contains(text, "\r\n") {
		ending = "\r\n"
		text = strings.ReplaceAll(text, ending, "\n")
	}
	out, err := withEntries(text, list)
	return strings.ReplaceAll(out, "\n", ending), err
}

func withEntries(text string, list []Accepted) (string, error) {
	root := &yaml.Node{}
	if err := yaml.Unmarshal([]byte(text), root); err != nil {
		return "", err
	}
	entries, err := yaml.Dump(list, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return "", err
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	var body *yaml.Node
	if len(root.Content) > 0 {
		body = root.Content[0]
	}
	key, items, next := acceptedIn(body)
	lines := strings.SplitAfter(text, "\n")
	switch {
	case body != nil && body.Kind == yaml.MappingNode && body.Style&yaml.FlowStyle != 0 && len(body.Content) == 0:
		lines = slices.Delete(lines, body.Line-1, body.Line) // {} and nothing else
		text = strings.Join(lines, "")
		fallthrough
	case key == nil:
		if text != "" {
			text += "\n"
		}
		return text + "accepted:\n" + indented(entries, 2), nil
	case len(items.Content) == 0 && (items.Tag == "!!null" || items.Kind == yaml.SequenceNode):
		lines[key.Line-1] = "accepted:\n" + indented(entries, 2)
		return strings.Join(lines, ""), nil
	case items.Kind != yaml.SequenceNode || items.Style&yaml.FlowStyle != 0:
		return "", errors.New("accepted is not written as a list with a line for each entry")
	}
	end := len(lines) - 1 // SplitAfter leaves an empty last one
	if next != nil {
		end = next.Line - 1
	}
	// Comments and empty lines above what follows are its own.
	first := items.Content[len(items.Content)-1].Line
	for end > first && isAside(lines[end-1]) {
		end--
	}
	dash := strings.Index(lines[items.Content[0].Line-1], "-")
	return strings.Join(lines[:end], "") + indented(entries, max(dash, 0)) + strings.Join(lines[end:], ""), nil
}

// acceptedIn finds the key with its list, and the key that follows, nil for none.
func acceptedIn(body *yaml.Node) (key, items, next *yaml.Node) {
	if body == nil || body.Kind != yaml.MappingNode {
		return nil, nil, nil
	}
	for i := 0; i+1 < len(body.Content); i += 2 {
		if key != nil {
			return key, items, body.Content[i]
		}
		if body.Content[i].Value == "accepted" {
			key, items = body.Content[i], body.Content[i+1]
		}
	}
	return key, items, nil
}

// isAside reports whether a line is empty, a comment or the end of the document.
func isAside(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#") || line == "..." || line == "---"
}

func indented(text []byte, by int) string {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		b.WriteString(strings.Repeat(" ", by))
		b.Write(line)
	}
	return b.String()
}

// replaceFile writes a file in one step, with the mode that it had. A link stays one: what
// it leads to is replaced.
func replaceFile(path string, data []byte) error {
	mode := fs.FileMode(0o644)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if info, err := os.Stat(path); err == nil {
		if mode = info.Mode().Perm(); mode&0o200 == 0 {
			return remedy.Errorf("let yourself write it: chmod u+w "+path, "%s is read-only", path)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".helm-livekit-*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(mode), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
