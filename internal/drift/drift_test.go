package drift

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// standIn is a chart that renders what upstream's is known to render.
const standIn = "testdata/upstream/livekit-server"

// shared are the data beside the repository.
const shared = "../../../shared/examples"

// newChart scaffolds a chart in a repository of its own and gives its folder.
func newChart(t *testing.T, like string, with ...string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "apps", "livekit")
	o := scaffolding.RunOptions{Dir: dir, Options: scaffolding.Options{With: with}}
	if like != "" {
		o.Like = []string{like}
	}
	if _, err := scaffolding.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return dir
}

// homelab is a chart in whose conventions charts are tried: its values lie under
// the name of a dependency.
const homelab = "../scaffolding/testdata/homelab/apps/localai"

func load(t *testing.T, dir string) *helmchart.Chart {
	t.Helper()
	chart, err := helmchart.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// input gives the comparison of a chart with the stand-in.
func input(t *testing.T, dir string) Input {
	t.Helper()
	chart, lock, err := Load(t.Context(), dir, helmchart.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return Input{Chart: chart, Dir: dir, Lock: lock, Upstream: load(t, standIn), UpstreamSource: standIn, Since: knownUpstream}
}

func run(t *testing.T, in Input) *Report {
	t.Helper()
	r, err := Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFreshChartHasNoDrift(t *testing.T) {
	for _, c := range []struct {
		name, like string
		with       []string
		leftOut    bool
	}{
		{"canonical, whole", "", []string{"all"}, false},
		{"homelab, whole", homelab, []string{"all"}, false},
		{"canonical, lean", "", nil, true},
		{"homelab, lean", homelab, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, input(t, newChart(t, c.like, c.with...)))
			for _, f := range r.Findings {
				if f.Class == Drift {
					t.Errorf("%s %s: %v, %v (%s) in %v", f.Object, f.Path, f.Upstream, f.Chart, f.Why, f.Scenarios)
				}
			}
			if (r.Summary[LeftOut] > 0) != c.leftOut {
				t.Errorf("%d findings of what was left out", r.Summary[LeftOut])
			}
			if r.Summary[Ours] == 0 || r.Summary[Convention] == 0 {
				t.Errorf("nothing is explained: %v", r.Summary)
			}
		})
	}
}
