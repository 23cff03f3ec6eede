package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// rendering is what a chart gives in one scenario.
type rendering struct {
	fields map[string]string // see fieldsOf
	err    error             // why it gives nothing
}

// random stands for what is different in each rendering of the same chart.
const random = "(random)"

// renderer renders one of the charts in every scenario, and knows what it gives unmutated.
type renderer struct {
	side      side
	scenarios []drift.Case
	before    []rendering
}

func newRenderer(ctx context.Context, c chart, s side, scenarios []drift.Case) (*renderer, error) {
	r := &renderer{side: s, scenarios: scenarios}
	for range 2 {
		all, err := r.render(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
		for i, before := range r.before {
			for key, value := range all[i].fields {
				if old, there := before.fields[key]; there && old != value {
					all[i].fields[key] = random
				}
			}
		}
		r.before = all
	}
	if !slices.ContainsFunc(r.before, func(r rendering) bool { return r.err == nil }) {
		return nil, fmt.Errorf("%s: the chart renders in no scenario: %w", s, r.before[0].err)
	}
	return r, nil
}

// render renders a chart in every scenario. The error is that of a chart that does not load.
func (r *renderer) render(ctx context.Context, c chart) ([]rendering, error) {
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	var out []rendering
	for _, s := range r.scenarios {
		values := map[side]map[string]any{ours: s.Chart, upstream: s.Upstream}[r.side]
		files, err := loaded.Render(ctx, values, drift.Release())
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var fields map[string]string
		if err == nil {
			fields, err = fieldsOf(files, loaded.Name()+"-"+loaded.Version())
		}
		out = append(out, rendering{fields, err})
	}
	return out, nil
}

// effect is what a mutation does to what is rendered.
type effect struct {
	Changed    []string // the scenarios that render something else
	Failed     []string // those of them that render nothing any more
	Difference string   // the first thing that is rendered differently
	broken     bool     // nothing is rendered any more, in any scenario
}

func (r *renderer) effect(ctx context.Context, c chart) (effect, error) {
	after, err := r.render(ctx, c)
	if err != nil {
		return effect{broken: true, Difference: err.Error()}, ctx.Err()
	}
	e := effect{broken: true}
	for i, before := range r.before {
		name, now := r.scenarios[i].Name, after[i]
		e.broken = e.broken && now.err != nil
		what := ""
		switch {
		case before.err != nil && now.err != nil:
		case before.err != nil:
			what = "renders now, and did not: " + before.err.Error()
		case now.err != nil:
			what = "does not render: " + now.err.Error()
			e.Failed = append(e.Failed, name)
		default:
			what = firstDifference(before.fields, now.fields)
		}
		if what != "" {
			e.Changed = append(e.Changed, name)
			e.Difference = cmp.Or(e.Difference, what)
		}
	}
	return e, nil
}

// firstDifference says what differs between the fields of two renderings, "" where nothing does.
func firstDifference(before, after map[string]string) string {
	for _, key := range unionKeys(before, after) {
		old, was := before[key]
		now, is := after[key]
		if was != is || old != now && old != random {
			return fmt.Sprintf("%s: %s became %s", key, short(old), short(now))
		}
	}
	return ""
}

func short(s string) string {
	if len(s) > 120 {
		return s[:120] + "..."
	}
	return cmp.Or(s, "nothing")
}
