package mutation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// rendered is what a chart gives in one scenario.
type rendered struct {
	docs []document
	err  error // why it gives nothing
}

// truth knows what one side renders unmutated in each scenario.
type truth struct {
	cases  []Case
	names  []string
	before []rendered
	// masks has, by scenario, the places of values that are others each time.
	masks []map[string]bool
}

func newTruth(ctx context.Context, files []helmchart.File, names []string, cases []Case) (*truth, error) {
	t := &truth{cases: cases, names: names}
	for range 2 {
		all, err := t.render(ctx, files)
		if err != nil {
			return nil, err
		}
		if t.before == nil {
			t.before = all
			continue
		}
		for i := range all {
			t.masks = append(t.masks, differing(t.before[i].docs, all[i].docs))
			mask(t.before[i].docs, t.masks[i])
			sortDocuments(t.before[i].docs)
		}
	}
	if !slices.ContainsFunc(t.before, func(r rendered) bool { return r.err == nil }) {
		return nil, fmt.Errorf("the chart renders in no scenario: %w", t.before[0].err)
	}
	return t, nil
}

// render renders a chart in every scenario. The error is that of a chart that
// does not load.
func (t *truth) render(ctx context.Context, files []helmchart.File) ([]rendered, error) {
	chart, err := helmchart.LoadFiles(files)
	if err != nil {
		return nil, err
	}
	var out []rendered
	for _, c := range t.cases {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		files, err := chart.Render(ctx, c.Values, c.Release)
		if err != nil {
			out = append(out, rendered{err: err})
			continue
		}
		docs, err := documents(files, chart.Name()+"-"+chart.Version())
		out = append(out, rendered{docs, err})
	}
	return out, nil
}

// effect is what a mutation does to what is rendered.
type effect struct {
	// broken tells that nothing is rendered any more, in any scenario.
	broken bool
	// changed names the scenarios in which something is different, failed those of
	// them in which the chart does not render now and did before.
	changed, failed []string
	// first says what is different in the first of them.
	first string
}

func (t *truth) effect(ctx context.Context, files []helmchart.File) (effect, error) {
	after, err := t.render(ctx, files)
	if ctx.Err() != nil {
		return effect{}, ctx.Err()
	}
	if err != nil {
		return effect{broken: true, first: err.Error()}, nil
	}
	var e effect
	worked, works := false, false
	for i, before := range t.before {
		now := after[i]
		worked, works = worked || before.err == nil, works || now.err == nil
		what := ""
		switch {
		case before.err != nil && now.err != nil:
			continue
		case now.err != nil:
			what = "does not render: " + now.err.Error()
			e.failed = append(e.failed, t.names[i])
		case before.err != nil:
			what = "renders now, and did not: " + before.err.Error()
		default:
			mask(now.docs, t.masks[i])
			what = firstDifference(before.docs, now.docs)
		}
		if what != "" {
			e.changed = append(e.changed, t.names[i])
			if e.first == "" {
				e.first = what
			}
		}
	}
	e.broken = worked && !works
	return e, nil
}

// firstDifference says what differs between two renders, "" where nothing does.
func firstDifference(before, after []document) string {
	sortDocuments(after) // the mask has changed them
	if canonicalAll(before) == canonicalAll(after) {
		return ""
	}
	a, b := byID(before), byID(after)
	for _, id := range slices.Sorted(maps.Keys(a)) {
		if _, there := b[id]; !there {
			return id + " is gone"
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b)) {
		if _, there := a[id]; !there {
			return id + " is new"
		}
		if what := difference(a[id], b[id], ""); what != "" {
			return id + what
		}
	}
	return "objects are repeated"
}

func canonicalAll(docs []document) string {
	var b strings.Builder
	for _, d := range docs {
		b.WriteString(canonical(d.fields))
		b.WriteByte('\n')
	}
	return b.String()
}

func byID(docs []document) map[string]any {
	out := map[string]any{}
	for _, d := range docs {
		out[d.id] = d.fields
	}
	return out
}

func difference(a, b any, path string) string {
	if canonical(a) == canonical(b) {
		return ""
	}
	if m, n, ok := both[map[string]any](a, b); ok {
		keys := slices.Compact(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(m)), slices.Collect(maps.Keys(n))...))))
		for _, key := range keys {
			if what := difference(m[key], n[key], path+"."+key); what != "" {
				return what
			}
		}
	}
	if m, n, ok := both[[]any](a, b); ok && len(m) == len(n) {
		for i := range m {
			if what := difference(m[i], n[i], path+"["+strconv.Itoa(i)+"]"); what != "" {
				return what
			}
		}
	}
	return fmt.Sprintf(" %s: %s became %s", strings.TrimPrefix(path, "."), short(canonical(a)), short(canonical(b)))
}

func both[T any](a, b any) (T, T, bool) {
	x, isX := a.(T)
	y, isY := b.(T)
	return x, y, isX && isY
}

func short(s string) string {
	if len(s) > 120 {
		return s[:120] + "..."
	}
	return s
}

// differing gives the places of scalars that differ between two renders of the
// same chart.
func differing(a, b []document) map[string]bool {
	out := map[string]bool{}
	other := map[string]any{}
	for _, d := range b {
		walk(d.fields, d.id, func(place string, v any) any { other[place] = v; return v })
	}
	for _, d := range a {
		walk(d.fields, d.id, func(place string, v any) any {
			if other[place] != v {
				out[place] = true
			}
			return v
		})
	}
	return out
}

// mask puts the same word for what is random.
func mask(docs []document, places map[string]bool) {
	if len(places) == 0 {
		return
	}
	for i, d := range docs {
		docs[i].fields = walk(d.fields, d.id, func(place string, v any) any {
			if places[place] {
				return "(random)"
			}
			return v
		})
	}
}

// walk puts for every scalar what visit gives for it and its place.
func walk(v any, place string, visit func(place string, v any) any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = walk(v[key], place+"\x00"+key, visit)
		}
		return v
	case []any:
		for i := range v {
			v[i] = walk(v[i], place+"\x00"+strconv.Itoa(i), visit)
		}
		return v
	}
	return visit(place, v)
}
