//go:build unix

package chartdir

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The test binary kills itself in these: at a step, in a folder.
const (
	killAt = "CHARTDIR_KILL_AT"
	killIn = "CHARTDIR_KILL_IN"
)

func TestMain(m *testing.M) {
	if at, err := strconv.Atoi(os.Getenv(killAt)); err == nil {
		os.Exit(applyUntil(os.Getenv(killIn), at))
	}
	os.Exit(m.Run())
}

// applyUntil writes the second chart and kills the process before a step.
func applyUntil(dir string, at int) int {
	p, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, true)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	step := 0
	p.step = func() {
		if step++; step == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if err := p.Apply(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// killed runs applyUntil in a process of its own and reports whether it was
// killed, and so had that many steps.
func killed(t *testing.T, dir string, at int) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", killAt, at), killIn+"="+dir)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	if cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("step %d: %v\n%s", at, err, out)
	}
	return true
}

// At whatever step a run is killed: there is no Chart.yaml or a whole chart,
// and the next run leaves the chart that it means to write, somebody's files
// untouched, and nothing of its own.
func TestKilledAtEveryStep(t *testing.T) {
	edited := texts{"values.yaml": "a: mine\n", "notes.txt": "mine\n"}
	for name, c := range map[string]struct {
		before func(t *testing.T, dir string)
		want   texts
	}{
		"fresh":              {func(*testing.T, string) {}, second},
		"folder without one": {func(t *testing.T, dir string) { put(t, dir, texts{"notes.txt": "mine\n"}) }, with(second, texts{"notes.txt": "mine\n"})},
		"force": {func(t *testing.T, dir string) {
			apply(t, dir, first, false)
			put(t, dir, edited)
		}, with(second, edited)},
	} {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at++ {
				top := t.TempDir()
				dir := filepath.Join(top, "apps", "livekit")
				c.before(t, dir)
				hadChart := list(t, dir)["Chart.yaml"]
				if !killed(t, dir, at) {
					if at < 10 {
						t.Fatalf("it has %d steps only", at-1)
					}
					return
				}
				now := list(t, dir)
				if chart := now["Chart.yaml"]; chart != hadChart {
					whole(t, at, now, c.want)
				}
				recovery, err := Recover(dir)
				if err != nil {
					t.Fatalf("step %d: %v", at, err)
				}
				if len(recovery.Kept) > 0 {
					t.Errorf("step %d: kept %v", at, recovery.Kept)
				}
				apply(t, dir, second, true)
				if diff := cmp.Diff(c.want, list(t, dir)); diff != "" {
					t.Errorf("step %d: %s", at, diff)
				}
				if left := leftovers(t, top); left != nil {
					t.Errorf("step %d left %v", at, left)
				}
			}
		})
	}
}

// An edit between the killed run and the next one stays.
func TestEditAfterAKill(t *testing.T) {
	found := false
	for at := 1; ; at++ {
		dir := filepath.Join(t.TempDir(), "livekit")
		apply(t, dir, first, false)
		if !killed(t, dir, at) {
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

func with(a, b texts) texts {
	out := texts{}
	for _, m := range []texts{a, b} {
		for name, text := range m {
			out[name] = text
		}
	}
	return out
}

// whole checks that files has every file of want.
func whole(t *testing.T, at int, files, want texts) {
	t.Helper()
	for name, text := range want {
		if files[name] != text {
			t.Errorf("step %d: Chart.yaml is the new one, %s is not", at, name)
		}
	}
}

func leftovers(t *testing.T, top string) (out []string) {
	t.Helper()
	for name := range list(t, top) {
		if strings.Contains(name, prefix) {
			out = append(out, name)
		}
	}
	return out
}
