package manifest

import (
	"encoding/json"
	"fmt"
	"strconv"

	sigsjson "sigs.k8s.io/json"
)

// Object is one rendered Kubernetes object.
type Object struct {
	File   string         // the rendered file, as it was given to Parse
	Line   int            // where the object starts in that file, from 1
	Fields map[string]any // whole numbers are int64, others float64
}

// String is how messages name the object: "Service livekit (templates/service.yaml)".
func (o Object) String() string {
	return fmt.Sprintf("%s %s (%s)", o.Kind(), o.Name(), o.File)
}

// APIVersion is the object's apiVersion, "" where it has none.
func (o Object) APIVersion() string { return o.Text("apiVersion") }

// Kind is the object's kind, "" where it has none.
func (o Object) Kind() string { return o.Text("kind") }

// Name is metadata.name, "" where there is none.
func (o Object) Name() string { return o.Text("metadata", "name") }

// Namespace is metadata.namespace, "" where there is none.
func (o Object) Namespace() string { return o.Text("metadata", "namespace") }

// Labels are metadata.labels, those with text values.
func (o Object) Labels() map[string]string { return o.TextMap("metadata", "labels") }

// Annotations are metadata.annotations, those with text values.
func (o Object) Annotations() map[string]string { return o.TextMap("metadata", "annotations") }

// IsHook reports whether Helm runs the object as a hook, a test among them.
func (o Object) IsHook() bool { return o.Annotations()["helm.sh/hook"] != "" }

// Get follows path through maps and, where a segment is a number, lists. It gives nil where the path leads nowhere.
func (o Object) Get(path ...string) any {
	var value any = o.Fields
	for _, segment := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[segment]
		case []any:
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// Text gives the string at path, "" where there is none.
func (o Object) Text(path ...string) string {
	s, _ := o.Get(path...).(string)
	return s
}

// Map gives the map at path, nil where there is none.
func (o Object) Map(path ...string) map[string]any {
	m, _ := o.Get(path...).(map[string]any)
	return m
}

// List gives the list at path, nil where there is none.
func (o Object) List(path ...string) []any {
	l, _ := o.Get(path...).([]any)
	return l
}

// TextMap gives those entries of the map at path that are strings.
func (o Object) TextMap(path ...string) map[string]string {
	out := map[string]string{}
	for k, v := range o.Map(path...) {
		if s, ok := v.(string); ok {
			out[k] = s
		}
	}
	return out
}

// Decode fills into, a pointer to a Kubernetes type, as far as the fields have the right types, and gives the first
// that has not. Unknown fields are passed over.
func (o Object) Decode(into any) error {
	data, err := json.Marshal(o.Fields)
	if err == nil {
		err = sigsjson.UnmarshalCaseSensitivePreserveInts(data, into)
	}
	if err != nil {
		return fmt.Errorf("decode %s: %w", o, err)
	}
	return nil
}
