//go:build unix

package chartdir

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The test binary is its own victim: with these in its environment it does
// something to a folder, and at a step kills itself.
const (
	childDoes = "CHARTDIR_TEST_DOES" // the chart that it writes
	childDir  = "CHARTDIR_TEST_DIR"
	childEnd  = "CHARTDIR_TEST_END" // the step, 0 for never

	// childSays marks its errors: under -cover others speak as well.
	childSays = "child: "
)

func TestMain(m *testing.M) {
	if does := os.Getenv(childDoes); does != "" {
		end, _ := strconv.Atoi(os.Getenv(childEnd))
		if err := child(does, os.Getenv(childDir), end); err != nil {
			fmt.Fprintln(os.Stderr, childSays+err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child writes a chart, up to a step.
func child(does, dir string, end int) error {
	plan := func() (*Plan, error) { return NewPlan(dir, charts[does].bytes(), &Lock{Tool: does}, &Update{}) }
	if does == doesMerge {
		plan = func() (*Plan, error) { return mergePlan(dir) }
	}
	p, err := plan()
	if err != nil {
		return err
	}
	n := 0
	p.step = func() {
		if n++; n == end {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	return p.Apply(context.Background())
}

// charts are what a child writes.
var charts = map[string]texts{
	"second": second,
	"third": {"Chart.yaml": "version: 3\n", "values.yaml": "a: 3\n", "templates/new.yaml": "newer\n",
		"templates/third.yaml": "third\n"},
}

func childCommand(does, dir string, end int) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDoes+"="+does, childDir+"="+dir, fmt.Sprintf("%s=%d", childEnd, end))
	return cmd
}

// killed lets a child run up to a step and reports whether it was killed there,
// and so had that many steps.
func killed(t *testing.T, does, dir string, end int) bool {
	t.Helper()
	cmd := childCommand(does, dir, end)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	if cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("step %d: %v\n%s", end, err, out)
	}
	return true
}

// target is a folder for a chart to be written into, with what is somebody's in
// it and stays.
type target struct {
	before func(t *testing.T, dir string)
	mine   texts
}

var targets = map[string]target{
	"fresh":         {func(*testing.T, string) {}, nil},
	"folder beside": {func(t *testing.T, dir string) { put(t, filepath.Dir(dir), texts{"other/a": ""}) }, nil},
	"empty folder": {func(t *testing.T, dir string) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}, nil},
	"folder without one": {func(t *testing.T, dir string) { put(t, dir, texts{"notes.txt": "mine\n"}) },
		texts{"notes.txt": "mine\n"}},
	"force": {func(t *testing.T, dir string) {
		apply(t, dir, first, false)
		put(t, dir, edited)
	}, edited},
}

var edited = texts{"values.yaml": "a: mine\n", "notes.txt": "mine\n"}

// afterKill checks what a killed run has left, and that the next run leaves the
// chart that it means to write, somebody's files untouched, and nothing of its
// own.
func (c target) afterKill(t *testing.T, dir, hadChart, when string) {
	t.Helper()
	now := list(t, dir)
	if chart := now["Chart.yaml"]; chart != hadChart {
		for name, text := range with(second, c.mine) {
			if now[name] != text {
				t.Errorf("%s: Chart.yaml is the new one, %s is not", when, name)
			}
		}
	}
	c.again(t, dir, "second", when)
}

// again lets the next run finish a killed one.
func (c target) again(t *testing.T, dir, next, when string) {
	t.Helper()
	wasLeft := leftovers(t, dir) != nil
	_, had := list(t, dir)["Chart.yaml"]
	_, notLocked := os.Lstat(filepath.Join(dir, LockName))
	var update *Update
	if notLocked == nil || !wasLeft && had {
		update = &Update{}
	}
	p, err := NewPlan(dir, charts[next].bytes(), &Lock{Tool: next}, update)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if p.Interrupted != wasLeft {
		t.Errorf("%s: interrupted is %v", when, p.Interrupted)
	}
	for _, change := range p.Changes {
		if c.mine[change.Path] == "" && change.Action == Conflict {
			t.Errorf("%s: %s is taken for an edit", when, change.Path)
		}
	}
	if err := p.Apply(context.Background()); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if left := leftovers(t, filepath.Dir(filepath.Dir(dir))); left != nil {
		t.Errorf("%s: left %v", when, left)
	}
	if diff := cmp.Diff(with(charts[next], c.mine), list(t, dir)); diff != "" {
		t.Errorf("%s: %s", when, diff)
	}
	want, settled := with(charts[next], nil), texts{}
	for name := range want {
		settled[name] = "unchanged"
		if c.mine[name] != "" {
			settled[name] = "conflict"
			want[name] = first[name]
		}
	}
	if diff := cmp.Diff(want.bytes(), pristine(t, dir)); diff != "" {
		t.Errorf("%s: the lock's files: %s", when, diff)
	}
	if diff := cmp.Diff(settled, actions(apply(t, dir, charts[next], true))); diff != "" {
		t.Errorf("%s: the run after it: %s", when, diff)
	}
}

func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel() // they wait for the disk
	for _, name := range []string{"fresh", "folder beside", "empty folder", "force"} {
		c := targets[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at++ {
				dir := filepath.Join(t.TempDir(), "apps", "livekit")
				c.before(t, dir)
				hadChart := list(t, dir)["Chart.yaml"]
				if !killed(t, "second", dir, at) {
					if at < 10 {
						t.Fatalf("it has %d steps only", at-1)
					}
					return
				}
				c.afterKill(t, dir, hadChart, fmt.Sprintf("step %d", at))
			}
		})
	}
}

// killSteps are steps to be killed at, of a run that writes the second chart over
// one like that in dir: before its commit, and at each step after it.
func killSteps(t *testing.T, dir string) []int {
	commit := stepsToCommit(t, dir)
	last, err := applySteps(context.Background(), t, dir, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	steps := []int{commit - 4}
	for at := commit; at <= last; at++ {
		steps = append(steps, at)
	}
	return steps
}

// The run that finishes a killed one may be killed itself, even where it writes
// another chart.
func TestKilledTwice(t *testing.T) {
	t.Parallel()
	c := targets["force"]
	model := filepath.Join(t.TempDir(), "livekit")
	c.before(t, model)
	for i, at := range killSteps(t, model) {
		for _, next := range []string{"second", "third"} {
			if i%3 != 0 {
				continue // half of them tell as much
			}
			t.Run(fmt.Sprintf("step %d, then %s", at, next), func(t *testing.T) {
				t.Parallel()
				for again := 1; ; again++ {
					dir := filepath.Join(t.TempDir(), "apps", "livekit")
					c.before(t, dir)
					if !killed(t, "second", dir, at) {
						t.Fatalf("it has less than %d steps", at)
					}
					if !killed(t, next, dir, again) {
						return
					}
					c.again(t, dir, next, fmt.Sprintf("step %d, then %d", at, again))
				}
			})
		}
	}
}

// Steps are between the changes; time knows none.
func TestKilledAtAnyTime(t *testing.T) {
	t.Parallel()
	names := []string{"fresh", "folder without one", "force"}
	whole := timeOfAChild(t)
	interrupted := 0
	for i := range 30 {
		c := targets[names[i%len(names)]]
		dir := filepath.Join(t.TempDir(), "apps", "livekit")
		c.before(t, dir)
		hadChart := list(t, dir)["Chart.yaml"]
		cmd := childCommand("second", dir, 0)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait := rand.N(whole)
		time.Sleep(wait)
		_ = cmd.Process.Kill()
		if cmd.Wait() != nil {
			interrupted++
		}
		c.afterKill(t, dir, hadChart, fmt.Sprintf("%s after %v", names[i%len(names)], wait))
	}
	t.Logf("%d of 30 were killed before their end", interrupted)
}

func timeOfAChild(t *testing.T) time.Duration {
	dir := filepath.Join(t.TempDir(), "apps", "livekit")
	targets["force"].before(t, dir)
	start := time.Now()
	if out, err := childCommand("second", dir, 0).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return time.Since(start)
}

// An edit between the killed run and the next one stays, of whichever file, and
// the lock has the text that it was made on.
func TestEditAfterAKill(t *testing.T) {
	t.Parallel()
	model := filepath.Join(t.TempDir(), "livekit")
	apply(t, model, first, false)
	bases := map[string]bool{}
	for _, at := range killSteps(t, model) {
		for _, name := range []string{"Chart.yaml", "values.yaml", "templates/new.yaml", "templates/old.yaml"} {
			dir := filepath.Join(t.TempDir(), "livekit")
			apply(t, dir, first, false)
			if !killed(t, "second", dir, at) {
				t.Fatalf("it has less than %d steps", at)
			}
			base, had := list(t, dir)[name]
			put(t, dir, texts{name: "mine\n"})
			p := apply(t, dir, second, true)
			if diff := cmp.Diff(with(second, texts{name: "mine\n"}), list(t, dir)); diff != "" {
				t.Errorf("step %d: %s", at, diff)
			}
			if _, wanted := second[name]; !wanted {
				continue // the tool's no more
			}
			if got := actions(p)[name]; got != "conflict" {
				t.Errorf("step %d: %s is %s", at, name, got)
			}
			if got, has := pristine(t, dir)[name]; string(got) != base || has != had {
				t.Errorf("step %d: the base of %s is %q, want %q", at, name, got, base)
			}
			bases[base] = true
		}
	}
	for _, base := range []string{first["values.yaml"], second["values.yaml"], ""} {
		if !bases[base] {
			t.Errorf("no edit was made on %q", base)
		}
	}
}

// Somebody who takes a chart that was left half written back from version
// control has edited nothing.
func TestTakenBackAfterAKill(t *testing.T) {
	t.Parallel()
	model := filepath.Join(t.TempDir(), "livekit")
	apply(t, model, first, false)
	for _, at := range killSteps(t, model) {
		dir := filepath.Join(t.TempDir(), "livekit")
		apply(t, dir, first, false)
		lock, err := os.ReadFile(filepath.Join(dir, LockName))
		if err != nil {
			t.Fatal(err)
		}
		if !killed(t, "second", dir, at) {
			t.Fatalf("it has less than %d steps", at)
		}
		put(t, dir, with(first, texts{LockName: string(lock)}))
		for name, action := range actions(apply(t, dir, second, true)) {
			if action == string(Conflict) {
				t.Errorf("step %d: %s is taken for an edit", at, name)
			}
		}
		if diff := cmp.Diff(second, list(t, dir)); diff != "" {
			t.Errorf("step %d: %s", at, diff)
		}
	}
}

// Folders that a killed run has emptied go as well.
func TestEmptyFoldersAfterAKill(t *testing.T) {
	t.Parallel()
	before := with(first, texts{"templates/tests/deep/test.yaml": "test\n"})
	model := filepath.Join(t.TempDir(), "livekit")
	apply(t, model, before, false)
	for _, at := range killSteps(t, model) {
		dir := filepath.Join(t.TempDir(), "livekit")
		apply(t, dir, before, false)
		if !killed(t, "second", dir, at) {
			t.Fatalf("it has less than %d steps", at)
		}
		apply(t, dir, second, true)
		if isFolderAt(filepath.Join(dir, "templates", "tests")) {
			t.Errorf("step %d: the empty folder is still there", at)
		}
	}
}
