package main

import (
	"testing"

	"github.com/helm-livekit/helm-livekit/hack/mutate/mutation"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// The real comparison tells the truth, on a few mutations of either chart. The
// command does it on hundreds, and with upstream's own chart.
func TestComparisonTellsTheTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	chart, upstream := t.TempDir()+"/livekit", "../../internal/drift/testdata/upstream/livekit-server"
	o := scaffolding.RunOptions{Dir: chart, Options: scaffolding.Options{With: []string{"all"}}}
	if _, err := scaffolding.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	subject, err := newSubject(t.Context(), chart, upstream)
	if err != nil {
		t.Fatal(err)
	}
	chartFiles, err := mutation.ReadDir(chart)
	if err != nil {
		t.Fatal(err)
	}
	upstreamFiles, err := mutation.ReadDir(upstream)
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := mutation.Run(t.Context(), subject, chartFiles, upstreamFiles, mutation.Options{Seed: 7, Count: 30, Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, r := range outcome.Results {
		if len(r.Changed) > 0 {
			changed++
		}
		if r.Verdict == mutation.Missed || r.Verdict == mutation.False {
			t.Errorf("%s: %s:%d: %s (%s)", r.Verdict, r.File, r.Line, r.What, r.Difference)
		}
	}
	if changed < 10 {
		t.Errorf("%d of %d mutations change anything: too few to tell", changed, len(outcome.Results))
	}
}
