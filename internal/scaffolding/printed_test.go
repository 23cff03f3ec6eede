package scaffolding

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/settings"
)

// What `conventions -o yaml` prints of a chart is a settings file as it is: without the chart it gives the same new one,
// in each style.
func TestPrintedConventionsGiveTheSameChart(t *testing.T) {
	archives, err := filepath.Glob("../sibling/testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no examples", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			root, alone := t.TempDir(), t.TempDir()
			unpackExample(t, archive, root)
			e, err := readExpectation(filepath.Join(root, "expected.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			conv, _, err := Conventions(t.Context(), RunOptions{
				Dir: filepath.Join(root, "new", "livekit"), Like: []string{filepath.Join(root, e.Like)},
				Renders: Renders{Prober: &lineage.Pool{}},
			})
			if err != nil {
				t.Fatal(err)
			}
			text, err := conv.YAML()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(alone, ".git"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(alone, settings.File), text, 0o600); err != nil {
				t.Fatal(err)
			}
			saved, _, err := Conventions(t.Context(), RunOptions{Dir: filepath.Join(alone, "new", "livekit")})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			want, err := Generate(t.Context(), conv, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := Generate(t.Context(), saved, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range slices.Sorted(maps.Keys(want.Files)) {
				if string(got.Files[name]) != string(want.Files[name]) {
					t.Errorf("%s differs:\n%s\n\ninstead of\n%s", name, got.Files[name], want.Files[name])
				}
			}
			if len(got.Files) != len(want.Files) {
				t.Errorf("%d files, want %d", len(got.Files), len(want.Files))
			}
		})
	}
}
