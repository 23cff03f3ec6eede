package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// Line is a line of a template that writes a field, or what would hold it.
type Line struct {
	// Number counts from 1, and is 0 where no line is known to write anything of the field.
	Number int
	// Depth is how many segments of the path, elements of lists aside, lead to the line; IsField says that it is the
	// field's own.
	Depth   int
	IsField bool
}

// LineOf finds the line of a template that writes a field of an object of some kind: the one whose keys, by their
// indentation, lead furthest along the path. Of several, one that has the value is taken, or one below the element's
// name.
func LineOf(template, kind string, path manifest.Path, value any) Line {
	var keys []string
	element := ""
	for _, segment := range path {
		if name, isElement := strings.CutPrefix(segment, "["); isElement {
			element = strings.TrimSuffix(name, "]")
		} else {
			keys = append(keys, segment)
		}
	}
	best, bestScore := Line{}, 0
	w := walker{}
	near := "" // the name of the element that the line is in
	for i, text := range strings.Split(template, "\n") {
		at := w.next(text)
		if name, isName := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(text), "- "), "name: "); isName {
			near = name
		}
		if len(at) == 0 || len(at) > len(keys) || !slices.Equal(at, keys[:len(at)]) {
			continue
		}
		if w.kind != "" && kind != "" && w.kind != kind {
			continue
		}
		score := len(at) * 8
		if value != nil && strings.Contains(text, fmt.Sprint(value)) {
			score += 2
		}
		if element != "" && strings.Contains(near, element) {
			score++
		}
		if score > bestScore {
			best, bestScore = Line{Number: i + 1, Depth: len(at), IsField: len(at) == len(keys)}, score
		}
	}
	return best
}

// walker follows the keys of a template by their indentation.
type walker struct {
	stack []level
	kind  string // of the document, "" until it is known
}

type level struct {
	indent int
	key    string
}

// next gives the keys that lead to a line, nil for one without a key.
func (w *walker) next(line string) []string {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	if strings.HasPrefix(text, "---") {
		w.stack, w.kind = nil, ""
		return nil
	}
	for strings.HasPrefix(text, "- ") {
		rest := strings.TrimLeft(text[2:], " ")
		indent += len(text) - len(rest)
		text = rest
	}
	key, value, isKey := strings.Cut(text, ":")
	if !isKey || strings.ContainsAny(key, "{}#\" ") && !isQuoted(key) || value != "" && value[0] != ' ' {
		return nil
	}
	for len(w.stack) > 0 && w.stack[len(w.stack)-1].indent >= indent {
		w.stack = w.stack[:len(w.stack)-1]
	}
	key = strings.Trim(key, `"'`)
	w.stack = append(w.stack, level{indent, key})
	if indent == 0 && key == "kind" {
		if w.kind = strings.TrimSpace(value); strings.Contains(w.kind, "{{") {
			w.kind = "" // it may be any
		}
	}
	var out []string
	for _, l := range w.stack {
		out = append(out, l.key)
	}
	return out
}

func isQuoted(key string) bool {
	return len(key) > 1 && (key[0] == '"' || key[0] == '\'') && key[len(key)-1] == key[0]
}
