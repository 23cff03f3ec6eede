package chartdir

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestNothingToRecover(t *testing.T) {
	for name, before := range map[string]texts{"no folder": nil, "no chart": {"livekit/notes.txt": "mine\n"}} {
		top := t.TempDir()
		put(t, top, before)
		r, err := Recover(filepath.Join(top, "livekit"))
		if err != nil || r.Finished || r.Kept != nil {
			t.Errorf("%s: got %v, %v", name, r, err)
		}
		if got := list(t, top); len(got) != len(before) {
			t.Errorf("%s: left %v", name, got)
		}
	}
}

// Anybody can commit a journal to a repository. It can do no more than change
// a file of the chart, and only in that folder.
func TestCraftedJournals(t *testing.T) {
	evil := hash([]byte("evil\n"))
	staged := path.Join(journalDir, stagedDir)
	entryOf := func(name string) string { return `{"entries": [{"path": "` + name + `", "new": "` + evil + `"}]}` }
	for name, c := range map[string]struct {
		journal string
		staged  texts
	}{
		"a hook":            {entryOf(".git/hooks/pre-commit"), texts{".git/hooks/pre-commit": "evil\n"}},
		"a way out":         {entryOf("../out"), nil},
		"a hidden way out":  {entryOf("templates/../../out"), nil},
		"an absolute path":  {entryOf("/tmp/out"), nil},
		"itself":            {entryOf(journalDir + "/journal.json"), nil},
		"no text":           {entryOf("values.yaml"), nil},
		"another text":      {entryOf("values.yaml"), texts{"values.yaml": "worse\n"}},
		"through a link":    {entryOf("link/out"), texts{"link/out": "evil\n"}},
		"not JSON":          {"{", nil},
		"another kind":      {"[]", nil},
		"too large":         {entryOf("values.yaml") + strings.Repeat(" ", maxJournal), texts{"values.yaml": "evil\n"}},
		"in place of a dir": {entryOf("templates"), texts{"templates": "evil\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "livekit")
			mine := texts{"livekit/templates/a": "mine\n", "livekit/.git/HEAD": "mine\n", "elsewhere/a": "mine\n"}
			put(t, top, mine)
			if err := os.Symlink("../elsewhere", filepath.Join(dir, "link")); err != nil {
				t.Skip("this system makes no symbolic links:", err)
			}
			put(t, dir, texts{path.Join(journalDir, journalFile): c.journal})
			put(t, filepath.Join(dir, filepath.FromSlash(staged)), c.staged)
			r, err := Recover(dir)
			switch {
			case name == "in place of a dir":
				if err != nil || strings.Join(r.Kept, " ") != "templates" {
					t.Errorf("got %v, %v, want templates kept", r, err)
				}
			case err == nil || remedy.Step(err) == "":
				t.Errorf("got %v, want an error with a remedy", err)
			}
			got := list(t, top)
			for name := range got {
				if strings.Contains(name, journalDir) {
					delete(got, name)
				}
			}
			if diff := cmp.Diff(mine, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A text that is staged as a link out of the chart is not taken.
func TestAStagedLink(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "livekit")
	put(t, top, texts{"secret": "evil\n"})
	put(t, dir, texts{path.Join(journalDir, journalFile): `{"entries": [{"path": "values.yaml", "new": "` + hash([]byte("evil\n")) + `"}]}`})
	if err := os.MkdirAll(filepath.Join(dir, journalDir, stagedDir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../secret", filepath.Join(dir, journalDir, stagedDir, "values.yaml")); err != nil {
		t.Skip("this system makes no symbolic links:", err)
	}
	if r, err := Recover(dir); err == nil {
		t.Errorf("got %v, want an error", r)
	}
	if _, err := os.Lstat(filepath.Join(dir, "values.yaml")); err == nil {
		t.Error("the link was moved into the chart")
	}
}

// While a run is at work, another's Recover takes nothing away from it,
// whichever step it is at.
func TestRecoverLeavesALiveRunAlone(t *testing.T) {
	for name, before := range map[string]texts{"fresh": nil, "force": first} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "apps", "livekit")
			if before != nil {
				apply(t, dir, before, false)
			}
			p, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, true)
			if err != nil {
				t.Fatal(err)
			}
			var others sync.WaitGroup
			p.step = func() {
				others.Go(func() {
					if r, err := Recover(dir); err != nil || r.Finished {
						t.Errorf("the other got %v, %v", r, err)
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
		})
	}
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
				if _, err := Recover(dir); err != nil {
					t.Error(err)
				}
				if p, err := NewPlan(dir, files.bytes(), &Lock{Tool: "test"}, true); err == nil {
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
	p, err := NewPlan(dir, files, &Lock{Tool: "test"}, true)
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
	if err != nil {
		t.Fatal(err)
	}
	return out
}
