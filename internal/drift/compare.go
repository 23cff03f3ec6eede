package drift

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// objectDiff compares one object of both charts in one scenario. Beside upstream's object and the chart's there are
// two that explain: the chart's as it was scaffolded, and as it would be with all components.
type objectDiff struct {
	ctx                              context.Context // of the one comparison that this is made for
	charts                           *charts
	run                              *scenarioRun
	role                             string
	upstream, chart, pristine, whole *rendered.Object
	// fresh is pristine without the user's values.
	fresh *rendered.Object
	// known is what explains differences, by the text of the path.
	known map[string]*explanation
}

const (
	whyEdited         = "changed here since the chart was scaffolded"
	whyNoObject       = "the chart has no such object"
	whyOnlyChart      = "the chart alone has this"
	whyOtherThanWhole = "upstream's chart is not as the components that were not scaffolded have it"
)

// compareObjects gives the differences of all objects of a scenario, by role.
func (c *charts) compareObjects(ctx context.Context, run *scenarioRun) (map[string][]Finding, error) {
	s := newSetting(c, c.knownValues(run.Values))
	out := map[string][]Finding{}
	for _, role := range run.roles() {
		d := objectDiff{
			ctx: ctx, charts: c, run: run, role: role,
			upstream: run.upstream.Get(role), chart: run.chart.Get(role),
			pristine: run.pristine.Get(role), whole: run.whole.Get(role), fresh: run.fresh.Get(role),
		}
		var err error
		if d.known, err = s.explain(role, pathsTo(d.upstream, d.chart, d.pristine, d.fresh, d.whole)); err != nil {
			return nil, fmt.Errorf("scenario %s: %s: %w", run.Name, role, err)
		}
		switch {
		case run.isOwn && (d.upstream == nil) != (d.chart == nil):
			edited := Finding{Class: Drift, Why: whyEdited}
			out[role] = []Finding{d.finding(nil, edited, kindOrNil(d.upstream), kindOrNil(d.chart))}
		case run.isOwn:
			out[role] = d.edits()
		case d.upstream == nil || d.chart == nil:
			out[role] = d.presence()
		default:
			out[role] = d.fields()
		}
	}
	return out, nil
}

// pathsOf gives the paths of the fields of several objects by their text.
func pathsOf(objects ...*rendered.Object) map[string]manifest.Path {
	out := map[string]manifest.Path{}
	for _, o := range objects {
		if o != nil {
			for key, leaf := range o.Leaves {
				out[key] = leaf.Path
			}
		}
	}
	return out
}

// pathsTo gives every path of the objects, and those that lead to them.
func pathsTo(objects ...*rendered.Object) map[string]manifest.Path {
	out := map[string]manifest.Path{}
	for _, path := range pathsOf(objects...) {
		for n := range path {
			out[path[:n+1].String()] = path[:n+1]
		}
	}
	return out
}

// inOrder gives the entries of a map in order of key.
func inOrder[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// presence classes an object that is not on both sides.
func (d *objectDiff) presence() []Finding {
	isUpstream, isHere, wasHere := d.upstream != nil, d.chart != nil, d.pristine != nil
	isForeign, isInWhole := d.charts.pristine == nil, isHere || d.whole != nil
	isByUser := !isForeign && isHere != (d.fresh != nil)
	x := d.known[""]
	explains := func(here bool) bool {
		return x != nil && x.upstream.isAbsent() != isUpstream && x.chart.isAbsent() != here
	}
	only := func(r Finding) []Finding {
		return []Finding{d.finding(nil, r, kindOrNil(d.upstream), kindOrNil(d.chart))}
	}
	switch {
	case !isForeign && isHere != wasHere:
		return only(Finding{Class: Drift, Why: whyEdited})
	case isByUser:
		return append(only(Finding{Class: Values, Why: d.charts.whySet(nil)}), d.edits()...)
	case explains(isHere):
		return append(only(Finding{Class: x.class, Why: x.why}), d.edits()...)
	case isForeign && !isUpstream:
		return only(Finding{Class: Extra, Why: "the chart alone has this object"})
	case isUpstream && !isForeign && d.whole != nil:
		leftOut := d.leftOut("", nil, func(o *rendered.Object) bool { return o != nil })
		return append(only(leftOut), d.each(pathsOf(d.upstream, d.whole), d.inWhole)...)
	case !isUpstream && !isHere && (!isInWhole || explains(isInWhole)):
		return nil
	case !isUpstream:
		return only(Finding{Class: Drift, Why: "upstream's chart has no such object"})
	}
	return only(Finding{Class: Drift, Why: whyNoObject})
}

// inWhole classes a field of the chart with all components, which is as upstream's or explained in the chart that has
// them: otherwise upstream's is another.
func (d *objectDiff) inWhole(key string, path manifest.Path) Finding {
	r := compare(d.known[key], d.upstream.Value(key), d.whole.Value(key), path)
	if r.Class != Drift {
		return Finding{}
	}
	r.Why = cmp.Or(r.Why, whyOtherThanWhole)
	return r
}

func kindOrNil(o *rendered.Object) any {
	if o == nil {
		return nil
	}
	return o.Kind()
}

// edits are differences to what was scaffolded in an object that the chart alone has.
func (d *objectDiff) edits() []Finding {
	if d.chart == nil || d.pristine == nil {
		return nil
	}
	return d.each(pathsOf(d.chart, d.pristine), func(key string, path manifest.Path) Finding {
		own := d.chart.Value(key)
		if same(own, d.pristine.Value(key), path) || isOwnVersion(d.charts.chart, path, own) {
			return Finding{}
		}
		return Finding{Class: Drift, Why: whyEdited}
	})
}

// fields classes every field of an object that both sides have.
func (d *objectDiff) fields() []Finding {
	paths := pathsOf(d.upstream, d.chart, d.pristine, d.fresh, d.whole)
	for key, x := range d.known {
		if key != "" {
			paths[key] = x.path
		}
	}
	return d.each(paths, d.field)
}

// each gives those of several fields that have a class, but for what differs from render to render.
func (d *objectDiff) each(
	paths map[string]manifest.Path, classify func(key string, path manifest.Path) Finding,
) []Finding {
	var out []Finding
	for key, path := range inOrder(paths) {
		if d.charts.random[field{d.role, key}] {
			continue
		}
		if f := classify(key, path); f.Class != "" {
			out = append(out, d.finding(path, f, d.upstream.Value(key), d.chart.Value(key)))
		}
	}
	return out
}

// field classes one field.
func (d *objectDiff) field(key string, path manifest.Path) Finding {
	upstream, chart, x := d.upstream.Value(key), d.chart.Value(key), d.known[key]
	if d.charts.pristine == nil {
		return foreignField(compare(x, upstream, chart, path), x, upstream, chart, path)
	}
	if !same(chart, d.pristine.Value(key), path) {
		return d.editedField(compare(x, upstream, chart, path), x, key, chart, path)
	}
	generated := d.fresh.Value(key)
	found := d.scaffoldedField(x, key, upstream, generated, path)
	if !same(chart, generated, path) {
		return d.userField(found, upstream, chart, path)
	}
	return found
}

// scaffoldedField classes a field that is as it was scaffolded.
func (d *objectDiff) scaffoldedField(x *explanation, key string, upstream, chart any, path manifest.Path) Finding {
	fresh := compare(x, upstream, chart, path)
	whole := fresh
	if d.whole != nil {
		whole = d.inWhole(key, path)
	}
	switch reason := d.run.shapeReason(d.role, path); {
	case fresh.Class == Drift && whole.Class != Drift && d.isEdit(x, key, upstream, path):
		return fresh
	case fresh.Class == Drift && whole.Class != Drift:
		return d.leftOut(key, upstream, func(o *rendered.Object) bool {
			return compare(x, upstream, o.Value(key), path).Class != Drift
		})
	case fresh.Class == Drift && reason != "":
		return Finding{Class: Convention, Why: reason}
	case whole.Class == Drift && fresh.Class != Drift && reason == "":
		return whole
	}
	return fresh
}

// isEdit reports whether a chart without a lock would have no drift in a field if it were generated anew, with the
// components that it has: then no component is missing.
func (d *objectDiff) isEdit(x *explanation, key string, upstream any, path manifest.Path) bool {
	anew := d.run.anew.Get(d.role)
	return anew != nil && compare(x, upstream, anew.Value(key), path).Class != Drift
}

// compare classes two values by what is known of them: Class is "" where nothing differs.
func compare(x *explanation, upstream, chart any, path manifest.Path) Finding {
	differ := !same(upstream, chart, path)
	switch {
	case x == nil && differ:
		return Finding{Class: Drift}
	case x == nil:
		return Finding{}
	case !x.upstream.holds(upstream, path):
		return Finding{Class: Drift, Why: "upstream's chart is not as it is known here: " + x.why}
	case !x.chart.holds(chart, path):
		return Finding{Class: Drift, Why: "the chart has not what it should have here: " + x.why}
	case differ:
		return Finding{Class: x.class, Why: x.why}
	}
	return Finding{}
}

// editedField classes a field that is not as it was scaffolded. It may have become what upstream has, or what the
// chart would have with all components; done by hand, what a component is for is drift all the same.
func (d *objectDiff) editedField(fresh Finding, x *explanation, key string, chart any, path manifest.Path) Finding {
	was := compare(x, d.upstream.Value(key), d.pristine.Value(key), path)
	wasLeftOut := d.whole != nil && was.Class == Drift && d.inWhole(key, path).Class != Drift
	switch {
	case fresh.Class == "" && wasLeftOut:
	case fresh.Class == "" && x == nil, isOwnVersion(d.charts.chart, path, chart):
		return fresh
	case chart != nil && same(d.whole.Value(key), chart, path):
		return fresh
	}
	why := whyEdited
	if x != nil && x.class == Ours {
		why += "; what was there " + x.why
	}
	return Finding{Class: Drift, Why: why}
}

// foreignField classes a field of a chart of other making, of which nobody knows how it was meant.
func foreignField(fresh Finding, x *explanation, upstream, chart any, path manifest.Path) Finding {
	switch {
	case same(upstream, chart, path):
		return Finding{}
	case fresh.Class == Ours && x.chart.isAnything, fresh.Class == Drift && upstream == nil:
		return Finding{Class: Extra, Why: whyOnlyChart}
	case fresh.Class == Drift:
		return Finding{Class: Drift}
	}
	return fresh
}

// finding completes what was found at a path.
func (d *objectDiff) finding(path manifest.Path, f Finding, upstream, chart any) Finding {
	f.Layer, f.Object, f.Path, f.Upstream, f.Chart = LayerObjects, d.role, path, upstream, chart
	f.cause.isEdit = strings.HasPrefix(f.Why, whyEdited)
	if o := cmp.Or(d.upstream, d.chart, d.pristine, d.whole); o != nil {
		f.Object = o.Label()
	}
	return f
}

// imagePath is the server's image.
var imagePath = manifest.Path{"spec", "template", "spec", "containers", rendered.ServerSegment, "image"}

// isOwnVersion reports whether a field is the chart's own version of the server, as its Chart.yaml has it: that moves
// on without a word.
func isOwnVersion(chart *helmchart.Chart, path manifest.Path, value any) bool {
	text, _ := value.(string)
	own := chart.AppVersion()
	isImage := slices.Equal(path, imagePath) && strings.HasSuffix(text, ":"+own)
	isLabel := len(path) > 0 && path[len(path)-1] == "app.kubernetes.io/version" && text == own
	return own != "" && (isImage || isLabel)
}

// same reports whether two scalars say the same, nil being none. A number is a number, whatever its Go type; a text
// is not, but where Kubernetes reads quantities.
func same(a, b any, path manifest.Path) bool {
	if helmchart.Equal(a, b) {
		return true
	}
	if i := slices.Index(path, "resources"); i < 0 || i+1 == len(path) {
		return false
	}
	text, isText := a.(string)
	number := b
	if !isText {
		text, _ = b.(string)
		number = a
	}
	parsed, err := strconv.ParseFloat(text, 64)
	n, isNumber := helmchart.Number(number)
	return err == nil && isNumber && parsed == n
}
