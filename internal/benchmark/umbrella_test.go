package benchmark

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// workloadChart is a chart of one workload, in the style of large public ones: a library's helpers, texts through tpl,
// switches and empty maps in every block.
//
//go:embed all:testdata/workload
var workloadChart embed.FS

// umbrella writes a chart over four workloads, each a chart in charts/ that has its values below its name.
func umbrella(b *testing.B, dir string) {
	b.Helper()
	write := func(file, text string) {
		path := filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	parent := "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n"
	var values strings.Builder
	for _, name := range []string{"backend", "frontend", "worker", "admin"} {
		parent += "  - {name: " + name + ", version: 0.1.0, condition: " + name + ".enabled}\n"
		values.WriteString(name + ":\n  enabled: true\n")
		err := fs.WalkDir(workloadChart, "testdata/workload", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(workloadChart, path)
			named := strings.ReplaceAll(string(text), "WORKLOAD", name)
			file := strings.TrimPrefix(path, "testdata/workload/")
			write("charts/"+name+"/"+file, named)
			if file == "values.yaml" {
				values.WriteString("  " + strings.ReplaceAll(strings.TrimSpace(named), "\n", "\n  ") + "\n")
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	write("Chart.yaml", parent)
	write("values.yaml", values.String())
}

// BenchmarkUmbrella reads the conventions of a chart with four workloads.
func BenchmarkUmbrella(b *testing.B) {
	bin, dir := binary(b), b.TempDir()
	umbrella(b, filepath.Join(dir, "shop"))
	for b.Loop() {
		command(b, dir, bin, "conventions", "shop")
	}
}
