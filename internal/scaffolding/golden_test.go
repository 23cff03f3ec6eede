package scaffolding

import (
	"context"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
		values     string
		only       []string // of a chart that another one differs from little
	}{
		{name: "canonical"},
		{name: "all", with: []string{"all"}},
		{name: "homelab", like: []string{"testdata/homelab/apps/localai"}, values: "full"},
		{name: "lean", like: []string{"testdata/homelab/apps/localai"}, only: []string{
			"values.yaml", "defaults.yaml", "README.md", "templates/_defaults.tpl", "templates/ingress.yaml",
			"templates/NOTES.txt",
		}},
	} {
		options := sibling.ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}
		conv, err := sibling.Read(context.Background(), c.like, options)
		if err != nil {
			t.Fatal(err)
		}
		chart, err := Generate(context.Background(), conv, Options{With: c.with, Values: c.values})
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
		if c.only != nil {
			maps.DeleteFunc(files, func(name, _ string) bool {
				return !slices.Contains(c.only, name) && name != schemaFile+".diff"
			})
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
