package main

import (
	"context"

	"github.com/helm-livekit/helm-livekit/hack/mutate/mutation"
	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// newSubject gives what is measured: the comparison that `helm livekit
// diff-upstream` makes of the charts in two folders.
func newSubject(ctx context.Context, chartDir, upstreamDir string) (mutation.Subject, error) {
	chart, lock, err := drift.Load(ctx, chartDir, helmchart.Sources{})
	if err != nil {
		return nil, err
	}
	upstream, err := helmchart.Load(upstreamDir)
	if err != nil {
		return nil, err
	}
	c := &comparison{lock: lock}
	cases, err := drift.Cases(ctx, c.input(chart, upstream))
	if err != nil {
		return nil, err
	}
	for _, one := range cases {
		c.scenarios = append(c.scenarios, mutation.Scenario{
			Name:     one.Name,
			Chart:    mutation.Case{Values: one.Chart, Release: drift.Release()},
			Upstream: mutation.Case{Values: one.Upstream, Release: drift.Release()},
		})
	}
	return c, nil
}

// comparison is the one that is measured.
type comparison struct {
	lock      *chartdir.Lock
	scenarios []mutation.Scenario
}

func (c *comparison) Scenarios() []mutation.Scenario { return c.scenarios }

func (c *comparison) Drift(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
	r, err := drift.Run(ctx, c.input(chart, upstream))
	if err != nil {
		return nil, err
	}
	return r.Findings, nil
}

func (c *comparison) input(chart, upstream *helmchart.Chart) drift.Input {
	in := drift.Input{Chart: chart, Lock: c.lock, Upstream: upstream}
	if c.lock != nil {
		in.Since = c.lock.Upstream
	}
	return in
}
