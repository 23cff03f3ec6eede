package sibling

import (
	"context"
	"path"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
)

// LeftOut is one chart, by what it says itself and by what its neighbors tell of it.
type LeftOut struct {
	Chart     string
	Own       *convention.Convention
	Predicted *convention.Convention // what scaffold would follow without the chart
}

// fewBeside is how many charts in a folder tell of another one by themselves, as those beside a new chart do.
const fewBeside = 3

// LeaveOut reads charts, and of each what the others tell. Those in its folder count as they do beside a new chart;
// where they are few, all others count as well, with less weight.
func LeaveOut(ctx context.Context, charts []string, opts ReadOptions) ([]LeftOut, error) {
	dirs, remove := fetchDependencies(ctx, charts, opts)
	defer remove()
	all, err := readAll(ctx, charts, dirs, opts)
	if err != nil {
		return nil, err
	}
	if err := renderAll(ctx, all, opts); err != nil {
		return nil, err
	}
	var out []LeftOut
	for i, f := range all {
		others := neighborsOf(all, i)
		if len(others) == 0 {
			continue
		}
		predicted := combine(opts.Sheet, others)
		if err := predicted.Complete(); err != nil {
			return nil, err
		}
		out = append(out, LeftOut{Chart: f.Shown, Own: combine(opts.Sheet, []names.Facts{f}), Predicted: predicted})
	}
	return out, nil
}

// neighborsOf gives the charts that tell of one, without it.
func neighborsOf(all []names.Facts, left int) []names.Facts {
	others := slices.Clone(all)
	for i := range others {
		others[i].IsNear = path.Dir(others[i].Shown) == path.Dir(all[left].Shown)
	}
	others = slices.Delete(others, left, left+1)
	if near := only(others, func(f names.Facts) bool { return f.IsNear }); len(near) >= fewBeside {
		return near
	}
	return others
}
