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
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The test binary is its own victim: with these in its environment it does
// something to a folder, and at a step kills itself.
const (
	childDoes = "CHARTDIR_TEST_DOES" // apply or recover
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

// child does what a run does, or the half of it, up to a step.
func child(does, dir string, end int) error {
	n := 0
	step := func() {
		if n++; n == end {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if does == "recover" {
		_, err := recoverSteps(dir, step)
		return err
	}
	p, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, true)
	if err != nil {
		return err
	}
	p.step = step
	return p.Apply(context.Background())
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

// target is a folder for the second chart to be written into, with what has
// to be in it when all is done.
type target struct {
	before func(t *testing.T, dir string)
	want   texts
}

var targets = map[string]target{
	"fresh":         {func(*testing.T, string) {}, second},
	"folder beside": {func(t *testing.T, dir string) { put(t, filepath.Dir(dir), texts{"other/a": ""}) }, second},
	"empty folder": {func(t *testing.T, dir string) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}, second},
	"folder without one": {func(t *testing.T, dir string) { put(t, dir, texts{"notes.txt": "mine\n"}) }, with(second, texts{"notes.txt": "mine\n"})},
	"force": {func(t *testing.T, dir string) {
		apply(t, dir, first, false)
		put(t, dir, edited)
	}, with(second, edited)},
}

var edited = texts{"values.yaml": "a: mine\n", "notes.txt": "mine\n"}

// afterKill checks what a killed run has left, and that the next run leaves the
// chart that it means to write, somebody's files untouched, and nothing of its
// own.
func (c target) afterKill(t *testing.T, dir, hadChart, when string) {
	t.Helper()
	now := list(t, dir)
	if chart := now["Chart.yaml"]; chart != hadChart {
		for name, text := range c.want {
			if now[name] != text {
				t.Errorf("%s: Chart.yaml is the new one, %s is not", when, name)
			}
		}
	}
	recovery, err := Recover(dir)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if len(recovery.Kept) > 0 {
		t.Errorf("%s: kept %v", when, recovery.Kept)
	}
	if left := leftovers(t, filepath.Dir(filepath.Dir(dir))); left != nil {
		t.Errorf("%s: left %v", when, left)
	}
	if recovered := list(t, dir); !recovery.Finished && !cmp.Equal(recovered, now) && !leftIn(now) {
		t.Errorf("%s: nothing was finished, and yet: %s", when, cmp.Diff(now, recovered))
	} else if recovery.Finished && !cmp.Equal(recovered, c.want) {
		t.Errorf("%s: finished, and yet: %s", when, cmp.Diff(c.want, recovered))
	}
	apply(t, dir, second, true)
	if diff := cmp.Diff(c.want, list(t, dir)); diff != "" {
		t.Errorf("%s: %s", when, diff)
	}
}

// leftIn reports whether files has some of a run's own.
func leftIn(files texts) bool {
	for name := range files {
		if strings.HasPrefix(name, ownPrefix) {
			return true
		}
	}
	return false
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
				if !killed(t, "apply", dir, at) {
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

// The run that finishes a killed one may be killed itself.
func TestRecoverKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	c := targets["force"]
	model := filepath.Join(t.TempDir(), "livekit")
	c.before(t, model)
	committed := stepsToCommit(t, model)
	for _, at := range []int{committed, committed + 4} {
		for again := 1; ; again++ {
			dir := filepath.Join(t.TempDir(), "apps", "livekit")
			c.before(t, dir)
			hadChart := list(t, dir)["Chart.yaml"]
			if !killed(t, "apply", dir, at) {
				t.Fatalf("it has less than %d steps", at)
			}
			if !killed(t, "recover", dir, again) {
				break
			}
			c.afterKill(t, dir, hadChart, fmt.Sprintf("step %d, then %d", at, again))
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
		cmd := childCommand("apply", dir, 0)
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
	if out, err := childCommand("apply", dir, 0).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return time.Since(start)
}

// An edit between the killed run and the next one stays.
func TestEditAfterAKill(t *testing.T) {
	t.Parallel()
	found := false
	model := filepath.Join(t.TempDir(), "livekit")
	apply(t, model, first, false)
	for at := stepsToCommit(t, model); ; at++ {
		dir := filepath.Join(t.TempDir(), "livekit")
		apply(t, dir, first, false)
		if !killed(t, "apply", dir, at) {
			break
		}
		put(t, dir, texts{"values.yaml": "a: mine\n"})
		recovery, err := Recover(dir)
		if err != nil {
			t.Fatalf("step %d: %v", at, err)
		}
		if got := list(t, dir)["values.yaml"]; got != "a: mine\n" {
			t.Errorf("step %d: the edit is lost: %q", at, got)
		}
		found = found || strings.Join(recovery.Kept, " ") == "values.yaml"
	}
	if !found {
		t.Error("no run was interrupted after its commit")
	}
}
