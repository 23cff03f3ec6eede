//go:build unix

package chartdir

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/merge"
)

// doesMerge has a child merge a chart, as update does.
const doesMerge = "merge"

// What was generated, what a user made of it, what is generated now, and what comes of both.
var (
	mergeBase = texts{
		"Chart.yaml": "version: 1\n", "values.yaml": "a: 1\nb: 1\nc: 1\n", "templates/a.yaml": "one\ntwo\nthree\n",
		"templates/old.yaml": "old\n", "templates/gone.yaml": "gone\n",
	}
	mergeOurs = texts{
		"Chart.yaml":         "version: 1\n",
		"values.yaml":        "a: mine\nb: 1\nc: 1\n",
		"templates/a.yaml":   "one\ntwo\nthree\nmine\n",
		"templates/old.yaml": "old\n",
		"own.yaml":           "own\n",
	}
	mergeTheirs = texts{
		"Chart.yaml": "version: 2\n", "values.yaml": "a: 1\nb: 1\nc: 2\n", "templates/a.yaml": "ONE\ntwo\nthree\n",
		"templates/new.yaml": "new\n", "templates/gone.yaml": "gone, otherwise\n",
	}
	mergeWant = texts{
		"Chart.yaml":         "version: 2\n",
		"values.yaml":        "a: mine\nb: 1\nc: 2\n",
		"templates/a.yaml":   "ONE\ntwo\nthree\nmine\n",
		"templates/new.yaml": "new\n",
		"own.yaml":           "own\n",
	}
)

// mergePlan plans what update does with the chart in dir: by line is enough here.
func mergePlan(dir string) (*Plan, error) {
	lock, err := ReadLock(dir)
	if err != nil {
		return nil, err
	}
	base, err := lock.Pristine()
	if err != nil {
		return nil, err
	}
	theirs := mergeTheirs.bytes()
	read, err := ReadFiles(dir, union(base, theirs))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range union(base, theirs) {
		was, wasThere := base[name]
		is, isThere := read[name]
		will, stays := theirs[name]
		switch {
		case !wasThere && stays:
			files[name] = will
		case !isThere || !stays:
		default:
			r := merge.Lines(string(was), string(is), string(will), merge.Labels{})
			if len(r.Conflicts) > 0 {
				return nil, fmt.Errorf("%s is in conflict: %q, %q, %q", name, was, is, will)
			}
			files[name] = []byte(r.Text)
		}
	}
	return NewPlan(dir, files, &Lock{Tool: "new"}, &Update{Generated: theirs, Read: read})
}

// A merge that is killed at any step is finished by the next one: nothing of the user's is lost, nothing is merged
// twice, and no place becomes a conflict.
func TestMergeKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		dir := filepath.Join(t.TempDir(), "livekit")
		apply(t, dir, mergeBase, false)
		put(t, dir, mergeOurs)
		if err := os.Remove(filepath.Join(dir, "templates", "gone.yaml")); err != nil {
			t.Fatal(err)
		}
		if !killed(t, doesMerge, dir, at) {
			if at < 10 {
				t.Fatalf("it has %d steps only", at-1)
			}
			return
		}
		now := list(t, dir)
		for name, text := range now {
			isStaged := strings.HasPrefix(name, stagingDir)
			if !isStaged && text != mergeOurs[name] && text != mergeWant[name] {
				t.Errorf("step %d: %s is %q", at, name, text)
			}
		}
		plan, err := mergePlan(dir)
		if err != nil {
			t.Fatalf("step %d: %v", at, err)
		}
		if err := plan.Apply(context.Background()); err != nil {
			t.Fatalf("step %d: %v", at, err)
		}
		if diff := cmp.Diff(mergeWant, list(t, dir)); diff != "" {
			t.Errorf("step %d: %s", at, diff)
		}
		if diff := cmp.Diff(mergeTheirs.bytes(), pristine(t, dir)); diff != "" {
			t.Errorf("step %d: the lock's files: %s", at, diff)
		}
		if left := leftovers(t, dir); left != nil {
			t.Errorf("step %d: left %v", at, left)
		}
	}
}
