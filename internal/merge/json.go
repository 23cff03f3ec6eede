package merge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// JSON merges objects by key. Lists of scalars merge by their elements. The order of keys is the user's; what is new
// stands where the generated text has it. Name stands in errors.
func JSON(name, base, ours, theirs string, labels Labels) (Result, error) {
	if base == theirs || base == ours || ours == theirs {
		return Lines(base, ours, theirs, labels), nil
	}
	docs, err := parseAll(name, base, ours, theirs)
	if err != nil {
		return Result{}, err
	}
	v := &values{listsAreSets: true}
	merged := v.merge(docs[0].Root.Decode(), docs[1].Root.Decode(), docs[2].Root.Decode(), nil)
	var result Result
	for _, path := range v.conflicts {
		result.Conflicts = append(result.Conflicts, Conflict{
			Line: docs[1].Root.LineOf(path.String()), Path: path.String(), Says: saysBoth,
		})
	}
	lines := Lines(base, ours, theirs, labels)
	if len(v.conflicts) > 0 && labels.areWanted() && len(lines.Conflicts) > 0 {
		result.Text = lines.Text
		return result, nil
	}
	// By line the text stays as it is laid out, where that comes to the same.
	if doc, err := yamldoc.Parse(name, []byte(lines.Text)); err == nil && len(lines.Conflicts) == 0 &&
		equal(doc.Root.Decode(), merged) {
		result.Text = lines.Text
		return result, nil
	}
	text, err := encode(ordered{merged, docs[1].Root, docs[2].Root})
	if err != nil {
		return Result{}, fmt.Errorf("merge %s: %w", name, err)
	}
	result.Text = string(yamldoc.LayOutJSON(text))
	return result, nil
}

func parseAll(name string, texts ...string) ([]*yamldoc.Doc, error) {
	var docs []*yamldoc.Doc
	for _, text := range texts {
		doc, err := yamldoc.Parse(name, []byte(text))
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// ordered is a value whose keys have the order of ours, and of theirs what ours lacks.
type ordered struct {
	value        any
	ours, theirs *yamldoc.Node
}

// MarshalJSON writes the value in its order.
func (o ordered) MarshalJSON() ([]byte, error) {
	switch v := o.value.(type) {
	case map[string]any:
		b := bytes.NewBufferString("{")
		for i, key := range o.keys(v) {
			if i > 0 {
				b.WriteByte(',')
			}
			name, err := encode(key)
			if err != nil {
				return nil, err
			}
			value, err := encode(ordered{v[key], child(o.ours, key), child(o.theirs, key)})
			if err != nil {
				return nil, err
			}
			b.Write(slices.Concat(name, []byte(":"), value))
		}
		b.WriteByte('}')
		return b.Bytes(), nil
	case []any:
		var list []ordered
		for i, item := range v {
			segment := yamldoc.Element(i)
			list = append(list, ordered{item, child(o.ours, segment), child(o.theirs, segment)})
		}
		if list == nil {
			return []byte("[]"), nil
		}
		return encode(list)
	}
	return encode(o.value)
}

func child(n *yamldoc.Node, segment string) *yamldoc.Node {
	if n == nil {
		return nil
	}
	return n.Child(segment)
}

// encode leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (o ordered) keys(m map[string]any) []string {
	var keys []string
	for _, key := range o.ours.Keys() {
		if _, ok := m[key]; ok {
			keys = append(keys, key)
		}
	}
	after := 0 // where a key of theirs stands that ours lacks
	for _, key := range o.theirs.Keys() {
		if i := slices.Index(keys, key); i >= 0 {
			after = i + 1
		} else if _, ok := m[key]; ok {
			keys = slices.Insert(keys, after, key)
			after++
		}
	}
	return keys
}
