package chartdir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestNothingIsInterrupted(t *testing.T) {
	for name, before := range map[string]texts{"no folder": nil, "no chart": {"livekit/notes.txt": "mine\n"}} {
		top := t.TempDir()
		put(t, top, before)
		p, err := NewPlan(filepath.Join(top, "livekit"), first.bytes(), &Lock{}, nil)
		if err != nil || p.Interrupted {
			t.Errorf("%s: got %v, %v", name, p, err)
		}
		if got := list(t, top); len(got) != len(before) {
			t.Errorf("%s: left %v", name, got)
		}
	}
}

// lockText is a lock for files, or for one that only says that it is.
func lockText(t *testing.T, files texts) string {
	t.Helper()
	l := &Lock{Tool: "test"}
	if err := l.record(files.bytes()); err != nil {
		t.Fatal(err)
	}
	text, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Anybody can commit a staged lock to a repository. By it no more than a file of
// the chart changes, only in that folder, and only to what is generated.
func TestCraftedStagedLocks(t *testing.T) {
	evil := texts{"values.yaml": "evil\n"}
	for name, c := range map[string]struct {
		lock   string
		staged texts
	}{
		"a hook": {lockText(t, texts{".git/hooks/pre-commit": "evil\n"}),
			texts{".git/hooks/pre-commit": "evil\n"}},
		"a way out":        {lockText(t, texts{"../out": "evil\n"}), nil},
		"a hidden way out": {lockText(t, texts{"templates/../../out": "evil\n"}), nil},
		"an absolute path": {lockText(t, texts{"/tmp/out": "evil\n"}), nil},
		"itself":           {lockText(t, texts{stagedLock: "evil\n"}), nil},
		"no text":          {"format: 1\nfiles: {values.yaml: " + hash([]byte("evil\n")) + "}\n", evil},
		"another text": {strings.Replace(lockText(t, evil), hash([]byte("evil\n")), hash([]byte("worse\n")), 1),
			evil},
		"through a link":    {lockText(t, texts{"link/out": "evil\n"}), texts{"link/out": "evil\n"}},
		"not YAML":          {"{", nil},
		"another kind":      {"[]", nil},
		"too large":         {lockText(t, evil) + strings.Repeat(" ", maxLock), evil},
		"in place of a dir": {lockText(t, texts{"templates": "evil\n"}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "livekit")
			mine := texts{"livekit/templates/a": "mine\n", "livekit/.git/HEAD": "mine\n", "elsewhere/a": "mine\n"}
			put(t, top, mine)
			if err := os.Symlink("../elsewhere", filepath.Join(dir, "link")); err != nil {
				t.Skip("this system makes no symbolic links:", err)
			}
			put(t, dir, texts{stagedLock: c.lock})
			put(t, filepath.Join(dir, stagingDir), c.staged)
			p, err := NewPlan(dir, texts{}.bytes(), &Lock{}, &Update{})
			switch {
			case name == "in place of a dir":
				if err != nil || actions(p)["templates"] != "conflict" {
					t.Errorf("got %v, want templates kept", err)
				} else if err := p.Apply(context.Background()); err != nil {
					t.Error(err)
				}
			case err == nil || remedy.Step(err) == "":
				t.Errorf("got %v, want an error with a remedy", err)
			}
			got := list(t, top)
			for name := range got {
				if strings.Contains(name, stagingDir) {
					delete(got, name)
				}
			}
			if diff := cmp.Diff(mine, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Nothing of what lies in a staging folder is taken: no text, no link out of the
// chart, and nothing is written through a link there.
func TestCraftedStagedFiles(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "livekit")
	put(t, top, texts{"secret": "mine\n"})
	put(t, dir, texts{stagedLock: lockText(t, texts{"values.yaml": "evil\n"}), stagingDir + "/Chart.yaml": "evil\n",
		"notes.txt": "mine\n"})
	for name, to := range map[string]string{"values.yaml": "../../secret", ".lock": "../notes.txt",
		"templates": "../../"} {
		if err := os.Symlink(to, filepath.Join(dir, stagingDir, name)); err != nil {
			t.Skip("this system makes no symbolic links:", err)
		}
	}
	apply(t, dir, first, true)
	if diff := cmp.Diff(with(first, texts{"notes.txt": "mine\n"}), list(t, dir)); diff != "" {
		t.Error(diff)
	}
	if got := list(t, top)["secret"]; got != "mine\n" {
		t.Errorf("the secret is %q", got)
	}
	if left := leftovers(t, top); left != nil {
		t.Error("left behind:", left)
	}
}

// What a run has left that was killed before it had staged all goes, even where
// there is nothing else to do.
func TestStaleStagedFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	put(t, dir, texts{stagingDir + "/values.yaml": "a:"})
	p := apply(t, dir, first, true)
	if left := leftovers(t, dir); left != nil || !p.Interrupted {
		t.Error("left behind:", left)
	}
	if diff := cmp.Diff(first, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// While a run is at work, another takes nothing away from it, whichever step it
// is at.
func TestALiveRunIsLeftAlone(t *testing.T) {
	for name, before := range map[string]texts{"fresh": nil, "force": first} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "apps", "livekit")
			if before != nil {
				apply(t, dir, before, false)
			}
			p, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, &Update{})
			if err != nil {
				t.Fatal(err)
			}
			var others sync.WaitGroup
			p.step = func() {
				if !isFolderAt(filepath.Join(dir, stagingDir)) {
					return // it has not begun: another may be faster
				}
				others.Go(func() {
					other, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, &Update{})
					if err == nil {
						err = other.Apply(context.Background())
					}
					if err != nil && !strings.Contains(remedy.Step(err), "again") {
						t.Errorf("the other got %v", err)
					}
				})
			}
			if err := p.Apply(context.Background()); err != nil {
				t.Error(err)
			}
			others.Wait()
			if diff := cmp.Diff(second, list(t, dir)); diff != "" {
				t.Error(diff)
			}
			if left := leftovers(t, dir); left != nil {
				t.Error("left behind:", left)
			}
		})
	}
}

func isFolderAt(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}

// Many runs at once: each goes through or fails, and what is there in the end
// is the chart of one of them.
func TestRunsAtOnce(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "apps", "livekit")
	var all sync.WaitGroup
	for i := range 6 {
		files := second
		if i%2 == 0 {
			files = first
		}
		all.Go(func() {
			for range 5 {
				if p, err := NewPlan(dir, files.bytes(), &Lock{Tool: "test"}, &Update{}); err == nil {
					_ = p.Apply(context.Background()) // another was faster, perhaps
				}
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff(first, list(t, dir)); diff != "" && !cmp.Equal(second, list(t, dir)) {
		t.Error("the chart is mixed:", diff)
	}
	if left := leftovers(t, top); left != nil {
		t.Error("left behind:", left)
	}
	if err := lockFits(dir); err != nil {
		t.Error(err)
	}
}

// lockFits reports whether the lock shows no file as edited.
func lockFits(dir string) error {
	l, err := ReadLock(dir)
	if err != nil {
		return err
	}
	files, err := l.Pristine()
	if err != nil {
		return err
	}
	p, err := NewPlan(dir, files, &Lock{Tool: "test"}, &Update{})
	if err != nil {
		return err
	}
	for _, c := range p.Changes {
		if c.Action != Unchanged {
			return &os.PathError{Op: string(c.Action), Path: c.Path, Err: os.ErrInvalid}
		}
	}
	return nil
}

// leftovers gives all that a run has for itself below top, the locks aside.
func leftovers(t *testing.T, top string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(top, func(file string, e os.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(e.Name(), ownPrefix) && e.Name() != LockName {
			out = append(out, file)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}
