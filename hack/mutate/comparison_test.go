package main

import (
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// The real comparison is correct on a few mutations of either chart. The
// command does it on hundreds, and with upstream's own chart.
func TestDiffUpstreamIsCorrect(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	chartDir, upstreamDir := t.TempDir()+"/livekit", "../../internal/drift/testdata/upstream/livekit-server"
	o := scaffolding.RunOptions{Dir: chartDir, Options: scaffolding.Options{With: []string{"all"}}}
	if _, err := scaffolding.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	c, err := diffUpstream(t.Context(), chartDir, upstreamDir)
	if err != nil {
		t.Fatal(err)
	}
	charts := map[side]chart{}
	for from, dir := range map[side]string{ours: chartDir, upstream: upstreamDir} {
		if charts[from], err = readChart(dir); err != nil {
			t.Fatal(err)
		}
	}
	r, err := measure(t.Context(), c, charts, withAll(options{seed: 7, count: 30}))
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, one := range r.Results {
		if len(one.Changed) > 0 {
			changed++
		}
		if one.isWrong() {
			t.Errorf("%s: %s:%d: %s (%s)", one.Outcome, one.File, one.Line, one.Diff, one.Difference)
		}
	}
	if changed < 10 {
		t.Errorf("%d of %d mutations change anything: too few to tell", changed, len(r.Results))
	}
}
