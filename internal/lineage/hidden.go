package lineage

import (
	"context"
	"slices"
	"strings"
)

// measureHidden tries the keys that moved nothing once more, under values in
// which they alone are filled: a sample may have hidden them, as the name of a
// claim that is there hides the size of one that is to be made. The objects that
// show up come with their fields' reaches.
func (e *experiment) measureHidden(ctx context.Context, base *setup, declared map[string]any, findings []Finding) ([]Finding, *snapshot) {
	var still []int
	var fills, restores []change
	for i, f := range findings {
		was, _ := at(declared, f.Path)
		now, _ := at(base.values, f.Path)
		switch {
		case len(f.Reaches) == 0 && e.mayRead(f.Path):
			still = append(still, i)
			if isEmpty(now) {
				if text, isText := now.(string); isText && text == "" || now == nil {
					fills = append(fills, change{f.Path, []any{sampleText}})
				}
			}
		case now == sampleText && isEmpty(was) && !inList(f.Path):
			restores = append(restores, change{f.Path, []any{was}})
		}
	}
	if len(still) == 0 || ctx.Err() != nil || e.spent() {
		return findings, nil
	}
	values := base.values
	for _, changes := range [][]change{restores, fills, e.switchesBeside(findings, still, base.values)} {
		values = e.apply(ctx, values, changes)
	}
	shot, err := e.render(ctx, values)
	if err != nil {
		return findings, nil
	}
	m := &measurement{experiment: e, base: e.setup(ctx, values, shot), found: map[string][]Reach{}, filled: map[string]Filling{}}
	var marked []trial
	for _, i := range still {
		now, _ := at(values, findings[i].Path)
		if b, isBool := now.(bool); isBool {
			m.test(ctx, []trial{{way: findings[i].Path, values: []any{!b}}})
			continue
		}
		marked = append(marked, e.trial(m.base, findings[i].Path, now))
	}
	m.test(ctx, marked)
	out := slices.Clone(findings)
	for _, i := range still {
		out[i].Reaches = m.found[strings.Join(out[i].Path, "\x00")]
		out[i].Filled = m.filled[strings.Join(out[i].Path, "\x00")]
	}
	return out, shot
}

// switchesBeside turns on what is off in the blocks of keys that moved nothing:
// it was left off as it takes something away, as an autoscaler does with the
// number of replicas.
func (e *experiment) switchesBeside(findings []Finding, still []int, values map[string]any) []change {
	blocks := map[string]bool{}
	for _, i := range still {
		if way := findings[i].Path; len(way) > 1 {
			blocks[way[0]] = true
		}
	}
	return slices.DeleteFunc(e.switches(values), func(c change) bool { return !blocks[c.way[0]] })
}

// apply makes as many of the changes as leave the chart rendering.
func (e *experiment) apply(ctx context.Context, values map[string]any, changes []change) map[string]any {
	if len(changes) == 0 || ctx.Err() != nil || e.spent() {
		return values
	}
	changed := putAll(values, changes)
	if _, err := e.render(ctx, changed); err == nil {
		return changed
	}
	if len(changes) == 1 {
		return values
	}
	half := len(changes) / 2
	return e.apply(ctx, e.apply(ctx, values, changes[:half]), changes[half:])
}

// add takes over the objects that are not in the snapshot.
func (r *Result) add(shot *snapshot) {
	if shot == nil {
		return
	}
	for i, ref := range shot.refs {
		if !slices.Contains(r.Refs, ref) {
			r.Refs = append(r.Refs, ref)
			r.Objects = append(r.Objects, shot.objects[i])
		}
	}
}
