package update

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// unpack writes the files of an archive into a folder.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		file := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A chart of the first stage, edited since, is brought up to date: an installed release can take it.
func TestFirstStage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	unpack(t, "testdata/first-stage.txtar", dir)
	values := filepath.Join(dir, "values.yaml")
	text, err := os.ReadFile(values)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.NewReplacer("size: 1Gi", "size: 3Gi # ours",
		"\nresources: {}", "\nresources:\n  limits: {memory: 1Gi}",
		"enabled: false\n  maxUnavailable: 1", "enabled: true\n  maxUnavailable: 1").Replace(string(text))
	if err := os.WriteFile(values, []byte(edited), 0o644); err != nil {
		t.Fatal(err)
	}
	before := objectsOf(t, dir)
	r, err := Run(context.Background(), Options{Dir: dir, ToolVersion: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Breaking) > 0 || r.IsUpToDate() {
		t.Errorf("breaking: %v, files: %v", r.Breaking, r.Files)
	}
	text, err = os.ReadFile(values)
	if err != nil {
		t.Fatal(err)
	}
	for _, mine := range []string{"size: 3Gi # ours", "limits: {memory: 1Gi}", "enabled: true\n  maxUnavailable: 1"} {
		if !strings.Contains(string(text), mine) {
			t.Errorf("%q is no longer in values.yaml", mine)
		}
	}
	after := objectsOf(t, dir)
	for id, old := range before {
		now := after[id]
		if now == nil {
			t.Errorf("%s is gone", id)
			continue
		}
		for _, path := range [][]string{{"spec", "selector"}, {"spec", "volumeName"}, {"spec", "accessModes"}} {
			if !reflect.DeepEqual(old.Get(path...), now.Get(path...)) {
				t.Errorf("%s of %s changes", strings.Join(path, "."), id)
			}
		}
	}
	report, err := verify.Run(context.Background(), dir, verify.Options{})
	if err != nil || report.Failed() {
		t.Errorf("verify: %v %+v", err, report)
	}
}

func objectsOf(t *testing.T, dir string) objects {
	t.Helper()
	chart, err := helmchart.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := (&comparison{name: "livekit"}).render(context.Background(), chart, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return rendered
}
