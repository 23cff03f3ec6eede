package convention

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// YAML gives the convention as `conventions -o yaml` prints it.
func (c *Convention) YAML() ([]byte, error) { return yamldoc.Dump(c, yamldoc.Style{}) }

// Overrides are parts of a convention that a user has written down. They go over what siblings say, key by key.
type Overrides struct {
	parts   map[string]any
	from    string
	origins []origin
}

// IsEmpty tells whether there is nothing to override.
func (o Overrides) IsEmpty() bool { return len(o.parts) == 0 }

// LoadFile reads overrides from a file in the form that `conventions -o yaml` and
// `-o json` print; any part may be missing. A value may be its path alone:
//
//	values:
//	  image.repository: deployment.image.repository
func LoadFile(sheet *factsheet.Sheet, path string) (Overrides, error) {
	const step = "write the file with `helm livekit conventions -o yaml`, then change it"
	doc, err := yamldoc.ReadFile(path)
	if err != nil {
		return Overrides{}, remedy.Errorf(step, "reading the convention: %w", err)
	}
	if !doc.Root.IsMap() {
		return Overrides{}, remedy.Errorf(step, "%s:%d: conventions are a map of keys, and this is none", path,
			doc.Root.Line)
	}
	// -o json adds the outcome of the round trip, which is evidence and no habit.
	doc.Root.Entries = slices.DeleteFunc(doc.Root.Entries, func(e yamldoc.Entry) bool { return e.Key == "roundTrip" })
	return NewOverrides(sheet, doc.Root, path)
}

// NewOverrides takes overrides from a part of a file, which messages call from.
// What a convention does not know is an error.
func NewOverrides(sheet *factsheet.Sheet, n *yamldoc.Node, from string) (Overrides, error) {
	if err := checkShape(n, reflect.TypeFor[Convention](), "", from); err != nil {
		return Overrides{}, err
	}
	parts, _ := n.Decode().(map[string]any)
	values, _ := parts["values"].(map[string]any)
	for key, v := range values {
		if path, short := v.(string); short {
			v = map[string]any{"path": path}
		}
		if m, ok := v.(map[string]any); ok && m["confidence"] == nil {
			m["confidence"], m["evidence"], m["declared"] = string(Name), from, true
		}
		values[key] = v
	}
	o := Overrides{parts, from, []origin{{n, from}}}
	_, err := o.Apply(Canonical(sheet))
	return o, err
}

// Merge lays other overrides over these, key by key.
func (o Overrides) Merge(over Overrides) Overrides {
	if o.IsEmpty() {
		return over
	}
	if over.IsEmpty() {
		return o
	}
	from := o.from
	if over.from != from {
		from += ", " + over.from
	}
	return Overrides{mergeMaps(o.parts, over.parts), from, slices.Concat(o.origins, over.origins)}
}

// Apply gives a convention with the overrides in it; c itself stays. A key that a convention does not know, and a
// result that does not pass Validate, are errors that name the file.
func (o Overrides) Apply(c *Convention) (*Convention, error) {
	if o.IsEmpty() {
		return c, nil
	}
	var whole map[string]any
	text, _ := json.Marshal(c) // of texts and numbers, which always works
	_ = json.Unmarshal(text, &whole)
	text, err := json.Marshal(mergeMaps(whole, o.parts))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.from, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	out := &Convention{Sheet: c.Sheet}
	if err := d.Decode(out); err != nil {
		return nil, remedy.Errorf("compare with `helm livekit conventions -o yaml`", "%s: %w", o.from, err)
	}
	labels, _ := o.parts["labels"].(map[string]any)
	if labels["scheme"] != nil && labels["set"] == nil && out.Labels.Scheme != c.Labels.Scheme {
		return nil, remedy.Errorf("write down labels.set and labels.selector as well",
			"%s: labels.scheme: %q names a set of labels, and does not choose it", o.from, out.Labels.Scheme)
	}
	o.makeWay(out)
	if err := out.Fit(); err != nil {
		return nil, o.locate(c.Sheet, err)
	}
	return out, nil
}

// makeWay takes back what siblings say of keys where an override has their place: those get one beside it.
func (o Overrides) makeWay(c *Convention) {
	values, _ := o.parts["values"].(map[string]any)
	var taken []keyPath
	for key := range values {
		if path := yamldoc.SplitPath(c.PathOf(key)); len(path) > 0 {
			taken = append(taken, keyPath{key, path})
		}
	}
	maps.DeleteFunc(c.Values, func(key string, v Value) bool {
		_, isOwn := values[key]
		path := yamldoc.SplitPath(v.Path)
		_, found := conflict(taken, keyPath{key, path})
		return found && !isOwn && len(path) > 0
	})
}

// mergeMaps lays one map over another; maps in both are merged, all else is replaced. Neither is changed. What has a
// path (a value) is replaced whole: a shape belongs to its path.
func mergeMaps(base, over map[string]any) map[string]any {
	if _, value := over["path"]; value {
		return over
	}
	out := maps.Clone(base)
	for key, v := range over {
		below, isMap := v.(map[string]any)
		if under, ok := out[key].(map[string]any); ok && isMap {
			v = mergeMaps(under, below)
		}
		out[key] = v
	}
	return out
}
