package main

import (
	"context"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// comparison is what is measured.
type comparison struct {
	// scenarios are those in which the charts are rendered, with the values for the charts as they are.
	scenarios []drift.Case
	// findings gives every finding about two charts, whatever its class. An error about a chart that does not
	// render names that chart, or one of its files. It is called from several goroutines.
	findings func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error)
}

// diffUpstream is the comparison that `helm livekit diff-upstream` makes of the charts in two folders.
func diffUpstream(ctx context.Context, chartDir, upstreamDir string) (comparison, error) {
	chart, lock, err := drift.Load(ctx, chartDir, helmchart.Sources{})
	if err != nil {
		return comparison{}, err
	}
	upstream, err := helmchart.Load(upstreamDir)
	if err != nil {
		return comparison{}, err
	}
	in := drift.Input{Chart: chart, Lock: lock, Upstream: upstream}
	if lock != nil {
		in.Since = lock.Upstream
	}
	scenarios, err := drift.Cases(ctx, in)
	if err != nil {
		return comparison{}, err
	}
	findings := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
		in := in
		in.Chart, in.Upstream = chart, upstream
		r, err := drift.Run(ctx, in)
		if err != nil {
			return nil, err
		}
		return r.Findings, nil
	}
	return comparison{scenarios, findings}, nil
}
