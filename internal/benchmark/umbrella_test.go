package benchmark

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// workload has the templates and values of one workload, in the style of large public charts: helpers for everything,
// texts through tpl, switches and empty maps in every block. WORKLOAD stands for its name.
//
//go:embed all:testdata/workload
var workload embed.FS

// umbrella writes a chart with four workloads, each with its values below its name.
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
	var values strings.Builder
	for _, name := range []string{"backend", "frontend", "worker", "admin"} {
		err := fs.WalkDir(workload, "testdata/workload", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(workload, path)
			named := strings.ReplaceAll(string(text), "WORKLOAD", name)
			if d.Name() == "values.yaml" {
				values.WriteString(name + ":\n  " + strings.ReplaceAll(strings.TrimSpace(named), "\n", "\n  ") + "\n")
			} else {
				write("templates/"+name+"/"+d.Name(), named)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	write("Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\nappVersion: \"1.0\"\n")
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
