package update

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// texts are all files below a folder but what a run keeps there.
func texts(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// An update to another convention, in which keys move, is finished by the next run wherever it was interrupted, with
// the same flags and without any.
func TestInterruptedMoves(t *testing.T) {
	root := t.TempDir()
	unpack(t, "../sibling/testdata/onestring.txtar", root)
	siblings, err := filepath.Glob(filepath.Join(root, "*", "Chart.yaml"))
	if err != nil || len(siblings) == 0 {
		siblings, _ = filepath.Glob(filepath.Join(root, "*", "*", "Chart.yaml"))
	}
	like := []string{filepath.Dir(siblings[0])}
	old := filepath.Join(root, "old", "livekit")
	if _, err := scaffolding.Run(context.Background(), scaffolding.RunOptions{
		Dir: old, ConventionsFile: emptyConventions(t),
	}); err != nil {
		t.Fatal(err)
	}
	before := texts(t, old)
	before["values.yaml"] = strings.NewReplacer("tag: \"\"", "tag: v1.12.0 # mine",
		"terminationGracePeriodSeconds: 18000", "terminationGracePeriodSeconds: 3600 # mine").
		Replace(before["values.yaml"])
	write(t, old, before)
	done := filepath.Join(root, "done", "livekit")
	write(t, done, before)
	if _, err := Run(context.Background(), Options{Dir: done, Like: like, AllowBreaking: true}); err != nil {
		t.Fatal(err)
	}
	after := texts(t, done)
	for _, mine := range []string{":v1.12.0 # mine", "3600 # mine"} {
		if !strings.Contains(after["values.yaml"], mine) {
			t.Fatalf("%q has not moved along:\n%s", mine, after["values.yaml"])
		}
	}
	var changed []string
	for name := range after {
		if before[name] != after[name] && name != chartdir.LockName {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	for n := range changed {
		for _, o := range []Options{{}, {Like: like}} {
			t.Run(fmt.Sprintf("%d of %d files, flags %v", n, len(changed), o.Like != nil), func(t *testing.T) {
				again := fmt.Sprintf("%d-%v", n, o.Like != nil)
				o.Dir, o.AllowBreaking = filepath.Join(root, "again", again, "livekit"), true
				write(t, o.Dir, before)
				for i, name := range changed {
					if i < n {
						write(t, o.Dir, map[string]string{name: after[name]})
					} else {
						write(t, o.Dir, map[string]string{".helm-livekit.tmp/" + name: after[name]})
					}
				}
				write(t, o.Dir, map[string]string{
					".helm-livekit.tmp/" + chartdir.LockName: after[chartdir.LockName],
				})
				if _, err := Run(context.Background(), o); err != nil {
					t.Fatal(err)
				}
				now := texts(t, o.Dir)
				delete(now, chartdir.LockName) // it names the sibling from elsewhere
				want := texts(t, done)
				delete(want, chartdir.LockName)
				if diff := cmp.Diff(want, now); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// emptyConventions is a file of conventions that says nothing, so that the canonical ones are followed.
func emptyConventions(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "conventions.yaml")
	if err := os.WriteFile(file, []byte("values: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
