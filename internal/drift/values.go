package drift

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift/changes"
	"github.com/helm-livekit/helm-livekit/internal/drift/redact"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// keys are the values of one chart: what it declares, and what its templates read.
type keys struct {
	values   map[string]any
	declared map[string]manifest.Leaf // by dotted key
	unread   []string                 // keys that are declared and that no template reads
	// undeclared are the keys that templates read and values.yaml lacks.
	undeclared []string
	// open are further ones, which lie where keys are free to be added.
	open    []string
	file    *yamldoc.Doc // values.yaml, nil where it is not known as a file
	reading *lineage.Reading
}

func keysOf(c *helmchart.Chart) (*keys, error) {
	reading, err := lineage.Reads(c.Templates(), c.LibraryTemplates()...)
	if err != nil {
		return nil, err
	}
	k := &keys{
		values: c.Values(), declared: leavesOf(c.Values()), unread: reading.Unread(c.Values()), reading: reading,
	}
	k.file = valuesDoc(c) // without it no line is known
	for _, read := range reading.Undeclared(k.values) {
		if read.IsOpen {
			k.open = append(k.open, read.Path)
		} else {
			k.undeclared = append(k.undeclared, read.Path)
		}
	}
	slices.Sort(k.undeclared)
	k.undeclared = slices.Compact(k.undeclared)
	return k, nil
}

// position is where values.yaml has a key.
func (k *keys) position(path manifest.Path) Position {
	if k.file == nil {
		return Position{}
	}
	at, n := Position{File: "values.yaml"}, k.file.Root
	for _, segment := range path {
		e := n.Entry(segment)
		if e == nil {
			return Position{}
		}
		n, at.Line, at.Column = e.Value, e.Line, e.Column
	}
	return at
}

// leavesOf gives everything that is no map with entries, by dotted key.
func leavesOf(values map[string]any) map[string]manifest.Leaf {
	out := map[string]manifest.Leaf{}
	for _, path := range yamldoc.Leaves(values) {
		if value, _ := yamldoc.Lookup(values, path); len(path) > 0 {
			out[strings.Join(path, ".")] = manifest.Leaf{Path: manifest.Path(path), Value: value}
		}
	}
	return out
}

func join(at, key string) string { return strings.TrimPrefix(at+"."+key, ".") }

// isRead reports whether templates read a declared key. Where they cannot be followed it counts as read.
func (k *keys) isRead(key string) bool { return !slices.Contains(k.unread, key) }

// compareValues compares the keys of both charts.
func (c *charts) compareValues() ([]Finding, error) {
	up, err := keysOf(c.upstream)
	if err != nil {
		return nil, fmt.Errorf("upstream's chart: %w", err)
	}
	here, err := keysOf(c.chart)
	if err != nil {
		return nil, err
	}
	d := &valuesDiff{charts: c, up: up, here: here}
	d.userSet()
	for _, row := range c.sheet.Mappings() {
		switch {
		case c.foreign == nil:
			d.row(row)
		case c.foreign.same.has(row.Key):
			d.sameName(row.Key)
		case up.knows(row.Key):
			d.row(row)
		}
	}
	d.unknown()
	d.own()
	return d.out, nil
}

// valuesDiff is the comparison of keys.
type valuesDiff struct {
	charts   *charts
	up, here *keys
	used     []string // keys of the chart that answer one of upstream's
	set      []string // keys of the chart that the user has set
	out      []Finding
}

// add takes a finding about a key of upstream's, and about one of the chart's that answers it, "" for none.
func (d *valuesDiff) add(class Class, key, place string, upstream, chart any, why string) *Finding {
	path, at := d.pathOf(key), d.pathOf(place)
	d.out = append(d.out, Finding{
		Layer: LayerValues, Class: class, Path: path, Why: why, cause: cause{kind: changes.NewKey, is: upstream},
		Upstream: redact.Value(path, upstream), Chart: redact.Value(path, redact.Value(at, chart)),
		UpstreamAt: d.up.position(path), ChartAt: d.here.position(at),
	})
	return &d.out[len(d.out)-1]
}

// pathOf gives the path of a dotted key: keys of maps may have dots of their own.
func (d *valuesDiff) pathOf(key string) manifest.Path {
	for _, k := range []*keys{d.up, d.here} {
		if leaf, ok := k.declared[key]; ok {
			return leaf.Path
		}
	}
	if key == "" {
		return nil
	}
	return strings.Split(key, ".")
}

// row compares a key that the table of conversion knows.
func (d *valuesDiff) row(row factsheet.Mapping) {
	upstream, declared := d.up.at(row.Key)
	d.changedDefault(row, upstream, declared)
	if row.How == factsheet.None {
		d.add(Ours, row.Key, "", upstream, nil, "dropped on purpose: "+row.Why)
		return
	}
	_, isBlock := row.Default.(map[string]any)
	isCopy := slices.Contains([]string{factsheet.Copy, factsheet.Replace, factsheet.Config}, row.How) &&
		row.Default != nil && !isBlock
	for i, to := range row.To {
		place, how := d.charts.placeOf(row.Key, to)
		if place == "" {
			d.missing(row, to, upstream)
			continue
		}
		d.used = append(d.used, place)
		chart, declared := d.here.at(place)
		add := func(class Class, format string, args ...any) {
			d.add(class, row.Key, place, upstream, chart, fmt.Sprintf(format, args...))
		}
		switch isForeign := d.charts.foreign != nil; {
		case isForeign && declared && !d.here.isRead(place):
			add(Drift, "the chart has %s, and no template reads it", place)
			return
		case isForeign && place != row.Key:
			add(Convention, "%s here (%s)", place, how)
			return
		case i == 0 && isCopy && !d.isSet(place) && !sameValue(row.Default, chart):
			add(Convention, "%s here (%s), with another default", place, how)
		}
	}
}

// sameName reports another default of a key that both charts have under one name.
func (d *valuesDiff) sameName(key string) {
	d.used = append(d.used, key)
	upstream, _ := d.up.at(key)
	chart, _ := d.here.at(key)
	if _, isBlock := upstream.(map[string]any); !isBlock && !sameValue(upstream, chart) {
		d.add(Convention, key, key, upstream, chart, key+" here (by its name), with another default")
	}
}

// changedDefault reports that upstream's chart has another default than it is known to have, or no such key any more.
func (d *valuesDiff) changedDefault(row factsheet.Mapping, upstream any, declared bool) {
	switch {
	case row.Default == nil:
	case d.charts.hasAdopted(row.Key):
	case declared && !sameValue(row.Default, upstream):
		was := redact.Value(d.pathOf(row.Key), row.Default)
		if text, isText := was.(string); isText {
			was = strconv.Quote(text)
		}
		f := d.add(Drift, row.Key, "", upstream, row.Default, fmt.Sprintf("upstream's default was %v", was))
		f.cause = cause{kind: changes.Default, was: row.Default, is: upstream}
		d.follow(f, row)
	case !declared && !yamldoc.IsEmpty(row.Default) && !slices.Contains(d.up.undeclared, row.Key):
		why := "upstream's chart no longer has this key"
		if isOlder(d.charts.sides.upstream.Version, d.charts.sheet.Upstream.Version) {
			why = "upstream's chart does not have this key before " + d.charts.sheet.Upstream.Version
		}
		d.add(Drift, row.Key, "", nil, row.Default, why).cause.kind = changes.GoneKey
	}
}

// follow says how the chart takes over a new default of upstream's.
func (d *valuesDiff) follow(f *Finding, row factsheet.Mapping) {
	place := d.charts.copyOf(row)
	if place == "" {
		return
	}
	if has, _ := d.here.at(place); !sameValue(has, row.Default) {
		f.Remedy = "accept it: " + place + " has a default of its own in this chart"
		return
	}
	f.cause.place = d.pathOf(place)
	f.Remedy = "set " + place + " in values.yaml (-o patch), or accept it"
}

// missing reports a key that the chart has no answer to.
func (d *valuesDiff) missing(row factsheet.Mapping, to string, upstream any) {
	if component := d.charts.places.Component(to); component != "" && d.charts.pristine != nil {
		why := leftOutWhy(component)
		if last := len(d.out) - 1; last >= 0 && d.out[last].Class == LeftOut && d.out[last].Why == why &&
			strings.Join(d.out[last].Path, ".") == row.Key {
			return // another of the values that answer the key
		}
		d.add(LeftOut, row.Key, "", upstream, nil, why).Remedy = d.charts.addWith(component)
		return
	}
	switch {
	case len(row.To) > 1 && row.To[0] != to: // one answer of several
	case d.charts.foreign == nil:
		d.add(Convention, row.Key, "", upstream, nil, "has no place of its own in the repository's convention")
	default:
		f := d.add(Drift, row.Key, "", upstream, nil, "no value of the chart does this")
		if block, _, isBelow := strings.Cut(row.Key, "."); isBelow && block != "livekit" {
			f.cause.block = block
		}
	}
}

// unknown reports keys of upstream's chart that the table does not know.
func (d *valuesDiff) unknown() {
	isKnown := func(key string) bool {
		_, ok := d.charts.sheet.Mapping(key)
		return ok || d.charts.sheet.IsAboveMapping(key)
	}
	for key, leaf := range inOrder(d.up.declared) {
		switch {
		case isKnown(key):
		case d.charts.foreign != nil && d.charts.foreign.same.has(key):
			d.sameName(key)
		case d.up.isRead(key):
			d.newKey(key, leaf.Value)
		default:
			d.add(Extra, key, "", leaf.Value, nil, "upstream declares it and reads it nowhere")
		}
	}
	for _, key := range d.up.undeclared {
		if !isKnown(key) && !(d.charts.foreign != nil && d.charts.foreign.same.has(key)) {
			d.newKey(key, nil)
		}
	}
}

// newKey reports a key of upstream's that is new. The chart may have one of the same name.
func (d *valuesDiff) newKey(key string, upstream any) {
	if _, declared := d.here.at(key); declared {
		d.used = append(d.used, key)
		d.add(Convention, key, key, upstream, nil, "the chart has a key of the same name (a guess, by the name alone)")
		return
	}
	f := d.add(Drift, key, "", upstream, nil, "a key of upstream's that is not known here")
	f.Remedy = "see what it does upstream; take it over, or accept it"
	if n := strings.LastIndexByte(key, '.'); n > 0 && !d.charts.sheet.IsAboveMapping(key[:n]) {
		f.cause.block = key[:n]
	}
}

// own reports the keys that only the chart has.
func (d *valuesDiff) own() {
	for key, leaf := range inOrder(d.here.declared) {
		isUsed := slices.ContainsFunc(d.used, func(used string) bool {
			return strings.HasPrefix(key+".", used+".") || strings.HasPrefix(used, key+".")
		})
		if !isUsed && !d.isSet(key) {
			d.add(Extra, key, key, nil, leaf.Value, "only this chart has it")
		}
	}
	if d.charts.foreign == nil {
		return
	}
	for _, key := range slices.Concat(d.here.undeclared, d.here.open) {
		if !slices.Contains(d.used, key) && !d.up.reads(key) {
			d.add(Extra, key, key, nil, nil, "only this chart reads it, and values.yaml does not have it")
		}
	}
}

// reads reports whether templates read a key by its own name.
func (k *keys) reads(key string) bool { return k.reading.IsReadAlone(strings.Split(key, ".")) }

// at gives the value at a dotted path.
func (k *keys) at(key string) (value any, declared bool) {
	if leaf, ok := k.declared[key]; ok {
		return leaf.Value, true
	}
	return yamldoc.Lookup(k.values, strings.Split(key, "."))
}

// sameValue compares defaults: what says nothing is the same.
func sameValue(a, b any) bool {
	return yamldoc.IsEmpty(a) && yamldoc.IsEmpty(b) || helmchart.Equal(a, b)
}
