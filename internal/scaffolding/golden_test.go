package scaffolding

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

var update = flag.Bool("update", false, "write the golden charts anew")

// The golden charts are to be read in review: what scaffold writes is the
// product.
func TestGoldenCharts(t *testing.T) {
	for name, c := range map[string]struct {
		like []string
		with []string
	}{
		"canonical": {},
		"all":       {with: []string{"all"}},
		"homelab":   {like: []string{"testdata/homelab/apps/localai"}},
	} {
		t.Run(name, func(t *testing.T) {
			conv, err := sibling.Read(context.Background(), c.like, sibling.ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}})
			if err != nil {
				t.Fatal(err)
			}
			chart, err := Generate(context.Background(), conv, Options{With: c.with})
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join("testdata", "golden", name)
			if *update {
				writeGolden(t, dir, chart.Files)
			}
			if diff := cmp.Diff(readGolden(t, dir), text(chart.Files)); diff != "" {
				t.Errorf("%s differs (-update writes it anew):\n%s", dir, diff)
			}
		})
	}
}

func text(files map[string][]byte) map[string]string {
	out := map[string]string{}
	for name, data := range files {
		out[name] = string(data)
	}
	return out
}

func writeGolden(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readGolden(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		name, _ := filepath.Rel(dir, file)
		out[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
