package convention

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// AddAccepted adds accepted differences to a settings file, which is made where
// it is not there. What is in it stays as it is, comments and all. A difference
// that is there gets the new reason.
func AddAccepted(path string, list []Accepted) error {
	data, err := yamldoc.ReadBytes(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := readSettings(path); err != nil {
		return err
	}
	text, err := withAccepted(string(data), list)
	if err != nil {
		return remedy.Errorf("add them by hand, below accepted", "%s: %w", path, err)
	}
	return replaceFile(path, []byte(text))
}

// withAccepted gives the text of a settings file with further entries.
func withAccepted(text string, list []Accepted) (string, error) {
	root := &yaml.Node{}
	if err := yaml.Unmarshal([]byte(text), root); err != nil {
		return "", err
	}
	entries, err := yaml.Dump(list, yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return "", err
	}
	var items *yaml.Node
	if len(root.Content) > 0 {
		body := root.Content[0]
		for i := 0; i+1 < len(body.Content); i += 2 {
			if body.Content[i].Value == "accepted" {
				items = body.Content[i+1]
			}
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if items == nil {
		if text != "" {
			text += "\n"
		}
		return text + "accepted:\n" + indented(entries, 2), nil
	}
	return insert(text, items, list, entries)
}

// insert puts entries behind the last one of a list.
func insert(text string, items *yaml.Node, list []Accepted, entries []byte) (string, error) {
	if items.Kind != yaml.SequenceNode || items.Style&yaml.FlowStyle != 0 || len(items.Content) == 0 {
		return "", errors.New("accepted is not written as a list with a line for each entry")
	}
	for _, item := range items.Content {
		for i := 0; i+1 < len(item.Content); i += 2 {
			for _, a := range list {
				if item.Content[i].Value == "finding" && item.Content[i+1].Value == a.Finding {
					return "", fmt.Errorf("%q is accepted already, in line %d", a.Finding, item.Line)
				}
			}
		}
	}
	lines := strings.SplitAfter(text, "\n")
	last := items.Content[len(items.Content)-1]
	end := last.Line // from 1; the line behind the entry
	column := items.Content[0].Column - 2 - 1
	for end < len(lines) && isWithin(lines[end], column) {
		end++
	}
	head, tail := strings.Join(lines[:end], ""), strings.Join(lines[end:], "")
	return head + indented(entries, max(items.Column-1, 0)) + tail, nil
}

// isWithin reports whether a line belongs to an entry whose dash is in the column.
func isWithin(line string, column int) bool {
	trimmed := strings.TrimLeft(line, " ")
	if strings.TrimSpace(trimmed) == "" || strings.HasPrefix(trimmed, "#") {
		return false
	}
	return len(line)-len(trimmed) > max(column, 0)
}

func indented(text []byte, by int) string {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		b.WriteString(strings.Repeat(" ", by))
		b.Write(line)
	}
	return b.String()
}

// replaceFile writes a file in one step.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".helm-livekit-*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
