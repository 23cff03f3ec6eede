package lineage

import (
	"context"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// measureHidden tries the keys that moved nothing once more, under values in which they alone are filled: a sample may
// have hidden them, as the name of a claim that is there hides the size of one that is to be made. What they reach is
// noted in findings; the snapshot has the objects that show up.
func (e *experiment) measureHidden(
	ctx context.Context, base *setup, declared map[string]any, findings []Finding,
) *snapshot {
	var still []yamldoc.Path
	var fills, restores []change
	for _, f := range findings {
		was, _ := yamldoc.Lookup(declared, f.Path)
		now, _ := yamldoc.Lookup(base.values, f.Path)
		switch {
		case len(f.Reaches) == 0 && e.isWanted(f.Path) && e.mayRead(f.Path):
			still = append(still, f.Path)
			if now == nil || now == "" {
				fills = append(fills, change{path: f.Path, values: []any{sampleText}})
			}
		case now == sampleText && yamldoc.IsEmpty(was) && !inList(f.Path):
			restores = append(restores, change{path: f.Path, values: []any{was}})
		}
	}
	if len(still) == 0 || e.isOver(ctx) {
		return nil
	}
	values := base.values
	for _, changes := range [][]change{restores, fills, e.switchesBeside(still, base.values)} {
		values, _ = e.adopt(ctx, values, nil, changes, true)
	}
	shot, err := e.render(ctx, values)
	if err != nil {
		return nil
	}
	m := e.measure(ctx, e.setup(ctx, values, shot), still)
	for i := range findings {
		if len(findings[i].Reaches) == 0 {
			m.note(&findings[i])
		}
	}
	return shot
}

// switchesBeside turns on what is off in the blocks of keys that moved nothing: it was left off as it takes something
// away, as an autoscaler does with the number of replicas.
func (e *experiment) switchesBeside(still []yamldoc.Path, values map[string]any) []change {
	blocks := map[string]bool{}
	for _, p := range still {
		blocks[p[0]] = blocks[p[0]] || len(p) > 1
	}
	return slices.DeleteFunc(e.switches(values), func(c change) bool { return !blocks[c.path[0]] })
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
