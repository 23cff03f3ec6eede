package scaffolding

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

var update = flag.Bool("update", false, "write the golden charts anew")

const schemaFile = "values.schema.json"

// The golden charts are to be read in review: what scaffold writes is the product.
// Of the long schemas the first is there as a whole, and of the others what is
// different in them.
func TestGoldenCharts(t *testing.T) {
	firstSchema := ""
	for _, c := range []struct {
		name       string
		like, with []string
	}{
		{name: "canonical"},
		{name: "all", with: []string{"all"}},
		{name: "homelab", like: []string{"testdata/homelab/apps/localai"}},
	} {
		options := sibling.ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}
		conv, err := sibling.Read(context.Background(), c.like, options)
		if err != nil {
			t.Fatal(err)
		}
		chart, err := Generate(context.Background(), conv, Options{With: c.with})
		if err != nil {
			t.Fatal(err)
		}
		files := text(chart.Files)
		if schema := files[schemaFile]; firstSchema == "" {
			firstSchema = schema
		} else {
			files[schemaFile+".diff"] = udiff.Unified("canonical", c.name, firstSchema, schema)
			delete(files, schemaFile)
		}
		dir := filepath.Join("testdata", "golden", c.name)
		if *update {
			writeGolden(t, dir, files)
		}
		if diff := cmp.Diff(readGolden(t, dir), files); diff != "" {
			t.Errorf("%s differs (-update writes it anew):\n%s", dir, diff)
		}
	}
}

func text(files map[string][]byte) map[string]string {
	out := map[string]string{}
	for name, data := range files {
		out[name] = string(data)
	}
	return out
}

func writeGolden(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
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
