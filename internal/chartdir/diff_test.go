package chartdir

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	p, err := NewPlan(dir, second.bytes(), &Lock{}, &Update{})
	if err != nil {
		t.Fatal(err)
	}
	want := `--- a/Chart.yaml
+++ b/Chart.yaml
@@ -1 +1 @@
-version: 1
+version: 2
`
	if !strings.HasPrefix(p.Diff(), want) {
		t.Errorf("got\n%s\nwant it to begin with\n%s", p.Diff(), want)
	}
	if !strings.Contains(p.Diff(), "--- /dev/null\n+++ b/templates/new.yaml\n") {
		t.Errorf("a new file is missing:\n%s", p.Diff())
	}
}

func TestDiffShowsWhatChangesOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, texts{"Chart.yaml": "a\nb\nc\n", "values.yaml": "a\n", "icon.png": "\x00\x01", "README.md": "a\n"},
		false)
	put(t, dir, texts{"Chart.yaml": "a\r\nb\r\nc\r\n", "values.yaml": "mine\n"})
	p, err := NewPlan(dir, texts{"Chart.yaml": "a\nB\nc\n", "values.yaml": "b\n", "icon.png": "\x00\x02"}.bytes(),
		&Lock{}, &Update{})
	if err != nil {
		t.Fatal(err)
	}
	want := `--- a/Chart.yaml
+++ b/Chart.yaml
@@ -1,3 +1,3 @@
 a
-b
+B
 c
--- a/README.md
+++ /dev/null
@@ -1 +0,0 @@
-a
Binary files a/icon.png and b/icon.png differ
`
	if diff := cmp.Diff(want, p.Diff()); diff != "" {
		t.Error(diff)
	}
}
