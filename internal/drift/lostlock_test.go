package drift

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

// wholeToo are the styles of which whole charts are tried as well, which takes much longer. Of a whole chart in the
// styles folders, library and umbrella the reading does not tell all, as several of its blocks look alike.
var wholeToo = []string{"appblock", "bare", "stateful"}

// lost are the styles of internal/sibling/testdata that are tried. In library, subdomain and umbrella a chart does not
// tell all of its conventions: one of its blocks counts as another one.
var lost = []string{
	"appblock", "bare", "bitnami", "flat", "folders", "gateway", "helmdocs", "named", "onestring", "routes", "snake",
	"stateful", "suffixes",
}

// A chart that has lost its lock is known by what it is, in the conventions of each style.
func TestLostLock(t *testing.T) {
	for _, name := range lost {
		archive := filepath.Join("../sibling/testdata", name+".txtar")
		for kind, with := range map[string][]string{"lean": nil, "whole": {"all"}} {
			if kind == "whole" && !slices.Contains(wholeToo, name) {
				continue
			}
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				dir := newChart(t, likeOf(t, archive), with...)
				if err := os.Remove(filepath.Join(dir, chartdir.LockName)); err != nil {
					t.Fatal(err)
				}
				for _, f := range run(t, lostInput(t, dir)).Findings {
					if f.Class == Drift {
						t.Errorf("%s %s: %v, %v (%s) in %v", f.Object, f.Path, f.Upstream, f.Chart, f.Why, f.Scenarios)
					}
				}
			})
		}
	}
}

// An edit of such a chart is told where it differs from what upstream's has.
func TestEditOfChartWithoutLock(t *testing.T) {
	dir := newChart(t, "")
	if err := os.Remove(filepath.Join(dir, chartdir.LockName)); err != nil {
		t.Fatal(err)
	}
	in := lostInput(t, dir)
	in.Chart = edited(t, in.Chart, "deployment.yaml", "enableServiceLinks: false", "enableServiceLinks: true")
	if got := drifted(run(t, in), Drift); !slices.Equal(got, []string{
		"Deployment/server spec.template.spec.enableServiceLinks",
	}) {
		t.Errorf("drift of %q", got)
	}
}

// likeOf unpacks the charts of an archive and gives the one that it is about.
func likeOf(t *testing.T, archive string) string {
	t.Helper()
	parsed, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	root, like := t.TempDir(), ""
	for i := range parsed.Files {
		f := &parsed.Files[i]
		if m := regexp.MustCompile(`(?m)^like: (\S+)$`).FindSubmatch(f.Data); f.Name == "expected.yaml" && m != nil {
			like = string(m[1])
			continue
		}
		f.Name = filepath.Join("apps", filepath.FromSlash(f.Name))
	}
	if err := txtar.Write(parsed, root); err != nil || like == "" {
		t.Fatal("the archive names no chart", err)
	}
	return filepath.Join(root, like)
}

// lostInput gives the comparison of a chart without a lock, whose conventions are read from it.
func lostInput(t *testing.T, dir string) Input {
	t.Helper()
	conv, err := sibling.Read(t.Context(), []string{dir}, sibling.ReadOptions{
		Sheet: sheet(t), Prober: &lineage.Pool{}, Lenient: true, Warn: func(error) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := input(t, dir)
	if in.Lock != nil {
		t.Fatal("the chart has a lock")
	}
	in.Convention, in.Since = conv, scaffolding.UpstreamVersion(sheet(t))
	return in
}
