package drift

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// What upstream's own chart 1.9.0 renders, against what a fresh chart renders
// with the converted values. The data lie beside the repository; without them
// the stand-in's test speaks.
func TestParityWithUpstreamsObjects(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join(shared, "upstream-parity", "*", "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(examples) == 0 {
		t.Skip("../shared/examples/upstream-parity is not beside the repository")
	}
	for name, like := range map[string]string{"canonical": "", "homelab": homelab} {
		t.Run(name, func(t *testing.T) {
			c, err := openCharts(t.Context(), input(t, newChart(t, like, "all")))
			if err != nil {
				t.Fatal(err)
			}
			c.sides.upstream = Side{Name: "livekit-server", Version: "1.9.0", AppVersion: "v1.9.0"}
			for _, file := range examples {
				dir := filepath.Dir(file)
				t.Run(filepath.Base(dir), func(t *testing.T) { holdsFor(t, c, dir) })
			}
		})
	}
}

// holdsFor compares with the objects in a folder.
func holdsFor(t *testing.T, c *charts, dir string) {
	data, err := os.ReadFile(filepath.Join(dir, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w := factsheet.Scenario{Name: filepath.Base(dir)}
	if err := yaml.Unmarshal(data, &w.Values); err != nil {
		t.Fatal(err)
	}
	run, err := c.runScenario(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if run.chartErr != nil {
		t.Fatal(run.chartErr)
	}
	for _, u := range run.unplaced {
		t.Errorf("%s has no place: %s", u.Key, u.Reason)
	}
	if run.upstream, err = readObjects(filepath.Join(dir, "objects.yaml")); err != nil {
		t.Fatal(err)
	}
	byRole, err := c.compareObjects(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range slices.Concat(slices.Collect(maps.Values(byRole))...) {
		if f.Class != Ours && f.Class != Convention {
			t.Errorf("%s: %s %s: %v, %v (%s)", f.Class, f.Object, f.Path, f.Upstream, f.Chart, f.Why)
		}
		if f.Class == Ours && f.Why == "" {
			t.Errorf("%s %s: no fault is named", f.Object, f.Path)
		}
	}
}

func readObjects(file string) (*rendered.Chart, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	parsed, err := manifest.Parse(file, data)
	if err != nil {
		return nil, err
	}
	return rendered.NewOld("livekit-server-1.9.0", parsed), nil
}
