package drift

import (
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// BenchmarkRun is the whole comparison of a chart with the stand-in, in every
// scenario.
func BenchmarkRun(b *testing.B) {
	dir := b.TempDir() + "/livekit"
	if _, err := scaffolding.Run(b.Context(),
		scaffolding.RunOptions{Dir: dir, Options: scaffolding.Options{With: []string{"all"}}}); err != nil {
		b.Fatal(err)
	}
	chart, lock, err := Load(b.Context(), dir, helmchart.Sources{})
	if err != nil {
		b.Fatal(err)
	}
	upstream, err := helmchart.Load(standIn)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Run(b.Context(), Input{Chart: chart, Lock: lock, Upstream: upstream,
			Since: lock.Upstream}); err != nil {
			b.Fatal(err)
		}
	}
}
