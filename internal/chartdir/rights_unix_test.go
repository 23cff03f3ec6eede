//go:build unix

package chartdir

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "apps", "livekit")
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	apply(t, dir, first, false)
	if err := os.Chmod(filepath.Join(dir, "values.yaml"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "Chart.yaml"), 0o444); err != nil {
		t.Fatal(err)
	}
	apply(t, dir, second, true)
	for name, want := range map[string]fs.FileMode{
		"..": 0o750, ".": 0o750, "templates": 0o750, "templates/new.yaml": 0o640, "templates/deployment.yaml": 0o640,
		"values.yaml": 0o666, "Chart.yaml": 0o444, LockName: 0o640,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
}

// asNobody lets a child write the second chart without root's rights, and
// gives what it says.
func asNobody(t *testing.T, dir string) string {
	t.Helper()
	cmd := childCommand("second", dir, 0)
	if os.Getuid() == 0 {
		binary := filepath.Join(openFolder(t), "test")
		data, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(binary, data, 0o755); err != nil {
			t.Fatal(err)
		}
		cmd.Path, cmd.Dir = binary, "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("it was written")
	} else if cmd.ProcessState == nil {
		t.Skip("no process without root's rights can be started here:", err)
	}
	return string(out)
}

// openFolder is a temporary folder that everybody can reach.
func openFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Where there is no right to write, there is one error that says where, and
// nothing is changed: not even where only a folder of the chart is barred.
func TestNoRightToWrite(t *testing.T) {
	for name, c := range map[string]struct {
		before texts
		barred string // the folder that is not writable; all others are
	}{
		"above the target":      {texts{"other/a": ""}, "."},
		"above a missing one":   {texts{"apps/other/a": ""}, "apps"},
		"the target":            {texts{"apps/livekit/notes.txt": "mine\n"}, "apps/livekit"},
		"a folder of the chart": {texts{"apps/livekit/templates/mine.yaml": "mine\n"}, "apps/livekit/templates"},
	} {
		t.Run(name, func(t *testing.T) {
			top := openFolder(t)
			put(t, top, c.before)
			for _, dir := range []string{"apps", "apps/livekit", "apps/livekit/templates"} {
				_ = os.Chmod(filepath.Join(top, dir), 0o777) // those that are there
			}
			barred := filepath.Join(top, c.barred)
			if err := os.Chmod(barred, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(barred, 0o755) })
			out := asNobody(t, filepath.Join(top, "apps", "livekit"))
			if !strings.HasPrefix(out, childSays) || strings.Count(out, childSays) != 1 ||
				!strings.Contains(out, "permission denied") {
				t.Errorf("it says %q", out)
			}
			if diff := cmp.Diff(c.before, list(t, top)); diff != "" {
				t.Error(diff)
			}
			if left := leftovers(t, top); left != nil {
				t.Error("left behind:", left)
			}
		})
	}
}

// Where nobody can make a file, root neither, it is an error as well.
func TestAPlaceWithoutFiles(t *testing.T) {
	dir := "/proc/helm-livekit-test/livekit"
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("there is no /proc here:", err)
	}
	resolved, err := ResolveTarget(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlan(resolved, first.bytes(), &Lock{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(context.Background()); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want an error that names the folder", err)
	}
}

func TestAFileInPlaceOfAFolder(t *testing.T) {
	top := t.TempDir()
	put(t, top, texts{"apps": "a file\n"})
	_, err := ResolveTarget(filepath.Join(top, "apps", "livekit"))
	if err == nil || !strings.Contains(err.Error(), "apps") || remedy.Step(err) == "" {
		t.Errorf("got %v, want an error that names the path, with a remedy", err)
	}
	if diff := cmp.Diff(texts{"apps": "a file\n"}, list(t, top)); diff != "" {
		t.Error(diff)
	}
}

// Nobody waits for a pipe to say something.
func TestPipes(t *testing.T) {
	pipe := func(file string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(file, 0o644); err != nil {
			t.Skip("this system makes no pipes:", err)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		dir := t.TempDir()
		pipe(filepath.Join(dir, LockName))
		if _, err := ReadLock(dir); err == nil {
			t.Error("a pipe was read as a lock")
		}
		dir = t.TempDir()
		pipe(filepath.Join(dir, stagedLock))
		if _, err := ReadLock(dir); err == nil {
			t.Error("a pipe was read as a staged lock")
		}
		dir = t.TempDir()
		pipe(filepath.Join(dir, "values.yaml"))
		put(t, dir, texts{path.Join("templates", "mine.yaml"): "mine\n"})
		p, err := NewPlan(dir, first.bytes(), &Lock{}, nil)
		if err != nil {
			t.Error(err)
		} else if got := actions(p)["values.yaml"]; got != "conflict" {
			t.Errorf("a pipe is %s", got)
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits")
	}
}

// A run waits for another one, but not when it is canceled meanwhile.
func TestWaitingIsCancelled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	p, err := NewPlan(dir, second.bytes(), &Lock{}, &Update{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	release, err := tryLock(root)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := tryLock(root); err == nil {
		t.Skip("this file system has no locks")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := p.Apply(ctx); err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(first, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}
