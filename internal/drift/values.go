package drift

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
)

// keys are the values of one chart: what it declares, and what its templates read.
type keys struct {
	values   map[string]any
	declared map[string]any // leaves by dotted path
	reading  *lineage.Reading
	unread   map[string]bool
}

func keysOf(c *helmchart.Chart) (*keys, error) {
	k := &keys{values: c.Values(), declared: map[string]any{}, unread: map[string]bool{}}
	leavesOf(k.values, "", k.declared)
	var libraries []helmchart.File
	for _, d := range c.Dependencies() {
		libraries = append(libraries, d.Templates()...)
	}
	var err error
	if k.reading, err = lineage.Reads(c.Templates(), libraries...); err != nil {
		return nil, err
	}
	for _, key := range k.reading.Unread(k.values) {
		k.unread[key] = true
	}
	return k, nil
}

// leavesOf collects everything that is no map with entries.
func leavesOf(m map[string]any, at string, out map[string]any) {
	for k, v := range m {
		key := join(at, k)
		if below, ok := v.(map[string]any); ok && len(below) > 0 {
			leavesOf(below, key, out)
			continue
		}
		out[key] = v
	}
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

// undeclared are the keys that templates read and values.yaml lacks.
func (k *keys) undeclared() []string {
	var out []string
	for _, read := range k.reading.Undeclared(k.values) {
		if !read.IsOpen {
			out = append(out, read.Path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// isRead reports whether templates read a declared key. Where they cannot be
// followed it counts as read.
func (k *keys) isRead(key string) bool { return !k.unread[key] }

// values compares the keys of both charts.
func (s *subject) values(in Input) ([]Finding, error) {
	up, err := keysOf(s.upstream)
	if err != nil {
		return nil, fmt.Errorf("upstream's chart: %w", err)
	}
	here, err := keysOf(s.chart)
	if err != nil {
		return nil, err
	}
	v := &valuesLayer{s: s, sheet: s.sheet, up: up, here: here, used: map[string]bool{}}
	for _, row := range s.sheet.Mappings() {
		v.row(row)
	}
	v.unknown(in)
	v.own()
	return v.out, nil
}

// valuesLayer is the comparison of keys.
type valuesLayer struct {
	s        *subject
	sheet    *factsheet.Sheet
	up, here *keys
	used     map[string]bool // keys of the chart that answer one of upstream's
	out      []Finding
}

func (v *valuesLayer) add(f Finding) {
	f.Layer = LayerValues
	f.Upstream, f.Chart = hideAt(f.Path, f.Upstream), hideAt(f.Path, f.Chart)
	v.out = append(v.out, f)
}

// row compares a key that the sheet of conversion knows.
func (v *valuesLayer) row(row factsheet.Mapping) {
	upstream, declared := v.up.at(row.Key)
	v.changedDefault(row, upstream, declared)
	if row.How == factsheet.None {
		v.add(Finding{Class: Ours, Path: row.Key, Upstream: upstream, Why: "dropped on purpose: " + row.Why})
		return
	}
	for i, to := range row.To {
		place, how := v.s.placeOf(row.Key, to)
		if place == "" {
			v.missing(row, to, upstream)
			continue
		}
		v.used[place] = true
		chart, declared := v.here.at(place)
		if v.s.foreign != nil && declared && !v.here.isRead(place) {
			v.add(Finding{Class: Drift, Path: row.Key, Upstream: upstream, Chart: hideAt(place, chart), Why: fmt.Sprintf("the chart has %s, and no template reads it", place)})
			return
		}
		if v.s.foreign != nil && place != row.Key {
			v.add(Finding{Class: Convention, Path: row.Key, Upstream: upstream, Chart: hideAt(place, chart), Why: fmt.Sprintf("%s here (%s)", place, how)})
			return
		}
		copied := i == 0 && slices.Contains([]string{factsheet.Copy, factsheet.Replace, factsheet.Config}, row.How) && row.Default != nil
		if _, isBlock := row.Default.(map[string]any); copied && !isBlock && !sameValue(row.Default, chart) {
			v.add(Finding{Class: Convention, Path: row.Key, Upstream: upstream, Chart: chart,
				Why: fmt.Sprintf("%s here (%s), with another default", place, how)})
		}
	}
}

// changedDefault reports that upstream's chart has another default than it is
// known to have, or no such key any more.
func (v *valuesLayer) changedDefault(row factsheet.Mapping, upstream any, declared bool) {
	if row.Default == nil {
		return
	}
	switch {
	case declared && !sameValue(row.Default, upstream):
		v.add(Finding{Class: Drift, Path: row.Key, Upstream: upstream, Chart: row.Default,
			Why: fmt.Sprintf("upstream's default was %v", show(hideAt(row.Key, row.Default)))})
	case !declared && !isEmpty(row.Default) && !v.up.reads(row.Key):
		v.add(Finding{Class: Drift, Path: row.Key, Chart: row.Default, Why: "upstream's chart no longer has this key"})
	}
}

// missing reports a key that the chart has no answer to.
func (v *valuesLayer) missing(row factsheet.Mapping, to string, upstream any) {
	if component := v.s.componentOf(to); component != "" {
		last := len(v.out) - 1
		if last >= 0 && v.out[last].Class == LeftOut && v.out[last].Path == row.Key && v.out[last].Why == leftOutWhy(component) {
			return // another of the values that answer the key
		}
		v.add(Finding{Class: LeftOut, Path: row.Key, Upstream: upstream,
			Why: leftOutWhy(component), Remedy: v.s.addWith(component)})
		return
	}
	if len(row.To) > 1 && row.To[0] != to { // one answer of several
		return
	}
	if v.s.foreign == nil {
		v.add(Finding{Class: Convention, Path: row.Key, Upstream: upstream, Why: "has no place of its own in the repository's convention"})
		return
	}
	v.add(Finding{Class: Drift, Path: row.Key, Upstream: upstream, Why: "no value of the chart does this"})
}

// unknown reports keys of upstream's chart that the sheet does not know.
func (v *valuesLayer) unknown(Input) {
	known := func(key string) bool {
		if _, ok := v.sheet.Mapping(key); ok {
			return true
		}
		return slices.ContainsFunc(v.sheet.Mappings(), func(r factsheet.Mapping) bool { return strings.HasPrefix(r.Key, key+".") })
	}
	for _, key := range slices.Sorted(maps.Keys(v.up.declared)) {
		if known(key) {
			continue
		}
		if !v.up.isRead(key) {
			v.add(Finding{Class: Extra, Path: key, Upstream: v.up.declared[key], Why: "upstream declares it and reads it nowhere"})
			continue
		}
		v.newKey(key, v.up.declared[key])
	}
	for _, key := range v.up.undeclared() {
		if !known(key) {
			v.newKey(key, nil)
		}
	}
}

// newKey reports a key of upstream's that is new. The chart may have one of the
// same name.
func (v *valuesLayer) newKey(key string, upstream any) {
	if _, declared := v.here.at(key); declared {
		v.used[key] = true
		v.add(Finding{Class: Convention, Path: key, Upstream: upstream, Why: "the chart has a key of the same name (a guess, by the name alone)"})
		return
	}
	v.add(Finding{Class: Drift, Path: key, Upstream: upstream, Why: "a key of upstream's that is not known here",
		Remedy: "see what it does upstream; take it over, or accept it"})
}

// own reports the keys that only the chart has.
func (v *valuesLayer) own() {
	for _, key := range slices.Sorted(maps.Keys(v.here.declared)) {
		if !v.isUsed(key) {
			v.add(Finding{Class: Extra, Path: key, Chart: v.here.declared[key], Why: "only this chart has it"})
		}
	}
}

func (v *valuesLayer) isUsed(key string) bool {
	for used := range v.used {
		if key == used || strings.HasPrefix(key, used+".") || strings.HasPrefix(used, key+".") {
			return true
		}
	}
	return false
}

// at gives the value at a dotted path.
func (k *keys) at(key string) (value any, declared bool) {
	if value, ok := k.declared[key]; ok {
		return value, true
	}
	value = k.values
	for _, part := range strings.Split(key, ".") {
		m, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, declared = m[part]; !declared {
			return nil, false
		}
	}
	return value, true
}

// reads reports whether templates read a key that is not declared.
func (k *keys) reads(key string) bool { return slices.Contains(k.undeclared(), key) }

// sameValue compares defaults: what says nothing is the same.
func sameValue(a, b any) bool {
	if isEmpty(a) && isEmpty(b) {
		return true
	}
	return helmchart.Equal(a, b)
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == ""
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}
