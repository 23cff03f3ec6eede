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

// texts are files by path, as a test writes and reads them.
type texts map[string]string

func (t texts) bytes() map[string][]byte {
	out := map[string][]byte{}
	for name, text := range t {
		out[name] = []byte(text)
	}
	return out
}

func put(t *testing.T, dir string, files texts) {
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

// list gives all files below dir, the lock and links left out.
func list(t *testing.T, dir string) texts {
	t.Helper()
	out := texts{}
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == LockName {
			return err
		}
		data, err := os.ReadFile(file)
		name, _ := filepath.Rel(dir, file)
		out[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

func apply(t *testing.T, dir string, files texts, isUpdate bool) *Plan {
	t.Helper()
	var update *Update
	if isUpdate {
		update = &Update{}
	}
	p, err := NewPlan(dir, files.bytes(), &Lock{Tool: "test"}, update)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(context.Background()); err != nil {
		t.Fatal(err)
	}
	return p
}

func actions(p *Plan) texts {
	out := texts{}
	for _, c := range p.Changes {
		out[c.Path] = string(c.Action)
	}
	return out
}

var (
	first = texts{"Chart.yaml": "version: 1\n", "values.yaml": "a: 1\n", "templates/old.yaml": "old\n",
		"templates/deployment.yaml": "one\n"}
	second = texts{"Chart.yaml": "version: 2\n", "values.yaml": "a: 2\n", "templates/new.yaml": "new\n",
		"templates/deployment.yaml": "two\n"}
)

func TestFreshChart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "apps", "livekit")
	p := apply(t, dir, first, false)
	if diff := cmp.Diff(first, list(t, dir)); diff != "" {
		t.Error(diff)
	}
	for path, action := range actions(p) {
		if action != string(Created) {
			t.Errorf("%s is %s", path, action)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), ownPrefix+"*")); left != nil {
		t.Error("left behind:", left)
	}
}

func TestSecondRunChangesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	lock, err := os.ReadFile(filepath.Join(dir, LockName))
	if err != nil {
		t.Fatal(err)
	}
	p := apply(t, dir, first, true)
	for path, action := range actions(p) {
		if action != string(Unchanged) {
			t.Errorf("%s is %s", path, action)
		}
	}
	again, err := os.ReadFile(filepath.Join(dir, LockName))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(lock), string(again)); diff != "" {
		t.Error("the lock changed:", diff)
	}
}

func TestAnExistingChartIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	put(t, dir, texts{"Chart.yaml": "mine\n"})
	_, err := NewPlan(dir, first.bytes(), &Lock{}, nil)
	if err == nil || !strings.Contains(remedy.Step(err), "helm livekit update") {
		t.Errorf("got %v, want an error that points to update", err)
	}
	if diff := cmp.Diff(texts{"Chart.yaml": "mine\n"}, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestUpdate(t *testing.T) {
	for name, c := range map[string]struct {
		edit    texts // after the first run
		want    texts // actions of the second
		content texts
	}{
		"unedited files": {
			nil,
			texts{"Chart.yaml": "updated", "values.yaml": "updated", "templates/old.yaml": "removed",
				"templates/new.yaml": "created", "templates/deployment.yaml": "updated"},
			second,
		},
		"edited files stay": {
			texts{"values.yaml": "a: mine\n", "templates/old.yaml": "mine\n", "templates/new.yaml": "mine\n"},
			texts{"Chart.yaml": "updated", "values.yaml": "conflict", "templates/old.yaml": "conflict",
				"templates/new.yaml": "conflict", "templates/deployment.yaml": "updated"},
			texts{"Chart.yaml": "version: 2\n", "values.yaml": "a: mine\n", "templates/old.yaml": "mine\n",
				"templates/new.yaml": "mine\n", "templates/deployment.yaml": "two\n"},
		},
		"line endings are no edit": {
			texts{"values.yaml": "a: 1\r\n"},
			texts{"Chart.yaml": "updated", "values.yaml": "updated", "templates/old.yaml": "removed",
				"templates/new.yaml": "created", "templates/deployment.yaml": "updated"},
			second,
		},
		"an edit to the new text": {
			texts{"values.yaml": "a: 2\n"},
			texts{"Chart.yaml": "updated", "values.yaml": "unchanged", "templates/old.yaml": "removed",
				"templates/new.yaml": "created", "templates/deployment.yaml": "updated"},
			second,
		},
		"a file of one's own": {
			texts{"templates/mine.yaml": "mine\n"},
			texts{"Chart.yaml": "updated", "values.yaml": "updated", "templates/old.yaml": "removed",
				"templates/new.yaml": "created", "templates/deployment.yaml": "updated"},
			texts{"Chart.yaml": "version: 2\n", "values.yaml": "a: 2\n", "templates/new.yaml": "new\n",
				"templates/deployment.yaml": "two\n", "templates/mine.yaml": "mine\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "livekit")
			apply(t, dir, first, false)
			put(t, dir, c.edit)
			p := apply(t, dir, second, true)
			if diff := cmp.Diff(c.want, actions(p)); diff != "" {
				t.Error("actions:", diff)
			}
			if diff := cmp.Diff(c.content, list(t, dir)); diff != "" {
				t.Error("files:", diff)
			}
		})
	}
}

// An edited file is still an edited one for the run after the next.
func TestAnEditIsRemembered(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	put(t, dir, texts{"values.yaml": "a: mine\n"})
	for range 2 {
		p := apply(t, dir, second, true)
		if got := actions(p)["values.yaml"]; got != string(Conflict) {
			t.Errorf("values.yaml is %s, want a conflict", got)
		}
	}
}

func TestWithoutALockEverythingIsAnEdit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	mine := texts{"Chart.yaml": "mine\n", "values.yaml": "mine\n"}
	put(t, dir, mine)
	p := apply(t, dir, first, true)
	if got := actions(p); got["Chart.yaml"] != "conflict" || got["values.yaml"] != "conflict" ||
		got["templates/deployment.yaml"] != "created" {
		t.Error(got)
	}
	if got := list(t, dir); got["Chart.yaml"] != "mine\n" || got["values.yaml"] != "mine\n" {
		t.Error(got)
	}
}

func TestAFolderWithoutAChartIsUsed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	put(t, dir, texts{"README.md": "mine\n", "notes.txt": "mine\n"})
	files := texts{"README.md": "ours\n"}
	for name, text := range first {
		files[name] = text
	}
	p := apply(t, dir, files, false)
	if got := actions(p)["README.md"]; got != "conflict" {
		t.Errorf("README.md is %s", got)
	}
	// README.md was never this tool's, so the lock does not know it.
	if diff := cmp.Diff(first.bytes(), pristine(t, dir)); diff != "" {
		t.Error("the lock's files:", diff)
	}
	got := list(t, dir)
	if got["README.md"] != "mine\n" || got["notes.txt"] != "mine\n" || got["Chart.yaml"] != first["Chart.yaml"] {
		t.Error(got)
	}
}

func TestCancelUndoes(t *testing.T) {
	for name, before := range map[string]texts{"fresh": nil, "existing": {"notes.txt": "mine\n"}} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "apps", "livekit")
			put(t, dir, before)
			p, err := NewPlan(dir, first.bytes(), &Lock{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			steps := 0
			p.step = func() {
				if steps++; steps == 5 {
					cancel()
				}
			}
			if err := p.Apply(ctx); !errors.Is(err, context.Canceled) {
				t.Fatal("got", err)
			}
			if before == nil {
				if left, _ := os.ReadDir(top); len(left) > 0 {
					t.Error("left behind:", left)
				}
			} else if diff := cmp.Diff(before, list(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// somethingElse are things that are no plain file of a chart, to stand where
// one is to be written.
var somethingElse = map[string]func(t *testing.T, file string){
	"folder": func(t *testing.T, file string) {
		if err := os.Mkdir(file, 0o755); err != nil {
			t.Fatal(err)
		}
	},
	"link": func(t *testing.T, file string) {
		elsewhere := filepath.Join(t.TempDir(), "elsewhere")
		put(t, filepath.Dir(elsewhere), texts{"elsewhere": ""})
		if err := os.Symlink(elsewhere, file); err != nil {
			t.Skip("this system makes no symbolic links:", err)
		}
	},
	"link to nowhere": func(t *testing.T, file string) {
		if err := os.Symlink("nowhere", file); err != nil {
			t.Skip("this system makes no symbolic links:", err)
		}
	},
	"huge file": func(t *testing.T, file string) {
		put(t, filepath.Dir(file), texts{filepath.Base(file): ""})
		if err := os.Truncate(file, maxFile+1); err != nil {
			t.Fatal(err)
		}
	},
}

// Even an empty text, whose hash that of nothing is, is not taken for them.
func TestWhatIsNoFileIsAConflict(t *testing.T) {
	for name, make := range somethingElse {
		for text, generated := range map[string]string{"a text": "a: 1\n", "an empty text": ""} {
			t.Run(name+" in place of "+text, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "livekit")
				files := with(first, texts{"values.yaml": generated})
				apply(t, dir, files, false)
				values := filepath.Join(dir, "values.yaml")
				if err := os.Remove(values); err != nil {
					t.Fatal(err)
				}
				make(t, values)
				before, err := os.Lstat(values)
				if err != nil {
					t.Fatal(err)
				}
				p := apply(t, dir, files, true)
				if got := actions(p)["values.yaml"]; got != "conflict" {
					t.Errorf("it is %s, want a conflict", got)
				}
				after, err := os.Lstat(values)
				if err != nil || !os.SameFile(before, after) {
					t.Errorf("it was touched: %v", err)
				}
			})
		}
	}
}

// What the old lock lists and is no longer generated stays as well.
func TestAConflictOfAFileThatGoes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	put(t, dir, texts{"templates/old.yaml": "mine\n"})
	apply(t, dir, second, true)
	if got := list(t, dir)["templates/old.yaml"]; got != "mine\n" {
		t.Errorf("it is %q", got)
	}
	if _, ok := actions(apply(t, dir, second, true))["templates/old.yaml"]; ok {
		t.Error("it is still listed, though the lock does not know it any more")
	}
}

func TestFoldersThatGetEmptyGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, with(first, texts{"templates/tests/deep/test.yaml": "test\n", "ci/a.yaml": "a\n"}), false)
	put(t, dir, texts{"ci/mine.yaml": "mine\n"})
	apply(t, dir, first, true)
	if _, err := os.Stat(filepath.Join(dir, "templates", "tests")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the empty folder is still there:", err)
	}
	if got := list(t, dir)["ci/mine.yaml"]; got != "mine\n" {
		t.Errorf("ci/mine.yaml is %q", got)
	}
}

func TestGeneratedNamesAreChecked(t *testing.T) {
	for _, name := range []string{"../a", "/a", "templates/../../a", ".git/config", LockName, stagedLock,
		stagingDir + "/a", ""} {
		if _, err := NewPlan(filepath.Join(t.TempDir(), "livekit"), map[string][]byte{name: nil}, &Lock{},
			nil); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

func TestIsChartFile(t *testing.T) {
	for name, want := range map[string]bool{
		"Chart.yaml": true, "templates/_helpers.tpl": true, "templates/tests/test.yaml": true, ".helmignore": true,
		LockName:      true,
		"ci/ünï.yaml": true, "a..b": true, "values.schema.json": true,
		"": false, ".": false, "..": false, "../a": false, "a/../../b": false, "a/../b": false, "a//b": false,
		"/a": false, "a/": false,
		"./a": false, ".git/hooks/pre-commit": false, ".GIT/config": false, "a/.git/config": false,
		".github/x": false, ".gitattributes": false,
		`..\a`: false, `a\b`: false, "C:/a": false, "a:b": false, "a\x00": false, "a\nb": false, "a\xff": false,
		".helm-livekit.tmp/values.yaml": false, ".helm-livekit.tmp": false, "templates./a": false, "a ": false,
		"templates/.helmignore": false,
	} {
		if got := isChartFile(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

// Somebody who edits a file between plan and commit keeps the edit, and the
// run changes nothing.
func TestAnEditBeforeTheCommit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	p, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, &Update{})
	if err != nil {
		t.Fatal(err)
	}
	edited := with(first, texts{"values.yaml": "a: mine\n"})
	p.step = sync.OnceFunc(func() { put(t, dir, edited) })
	if err := p.Apply(context.Background()); err == nil || !strings.Contains(err.Error(), "values.yaml") {
		t.Errorf("got %v, want an error that names values.yaml", err)
	}
	if diff := cmp.Diff(edited, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// One who edits it after the commit keeps the edit too, and is told.
func TestAnEditAfterTheCommit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	p, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, &Update{})
	if err != nil {
		t.Fatal(err)
	}
	edit := sync.OnceFunc(func() { put(t, dir, texts{"values.yaml": "a: mine\n"}) })
	p.step = func() {
		if isCommitted(dir) {
			edit()
		}
	}
	if err := p.Apply(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(with(second, texts{"values.yaml": "a: mine\n"}), list(t, dir)); diff != "" {
		t.Error(diff)
	}
	if got := actions(p)["values.yaml"]; got != "conflict" {
		t.Errorf("values.yaml is reported as %s", got)
	}
	if diff := cmp.Diff(with(second, texts{"values.yaml": first["values.yaml"]}).bytes(),
		pristine(t, dir)); diff != "" {
		t.Error("the lock's files:", diff)
	}
	if left := leftovers(t, dir); left != nil {
		t.Error("left behind:", left)
	}
}

// A run that another one keeps from its work says what to do.
func TestAnotherRunBeforeTheCommit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	p, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, &Update{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, texts{stagedLock: "format: 1\n"})
	if err := p.Apply(context.Background()); err == nil || !strings.Contains(remedy.Step(err), "again") {
		t.Errorf("got %v, want an error with a remedy", err)
	}
	if diff := cmp.Diff(first, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// A folder that comes into being between plan and commit is not written into.
func TestATargetThatComesIntoBeing(t *testing.T) {
	for _, late := range []string{"apps/livekit/notes.txt", "apps/other/notes.txt"} {
		top := t.TempDir()
		p, err := NewPlan(filepath.Join(top, "apps", "livekit"), first.bytes(), &Lock{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		mine := texts{late: "mine\n"}
		p.step = sync.OnceFunc(func() { put(t, top, mine) })
		if err := p.Apply(context.Background()); err == nil || remedy.Step(err) == "" {
			t.Errorf("got %v, want an error with a remedy", err)
		}
		if diff := cmp.Diff(mine, list(t, top)); diff != "" {
			t.Error(diff)
		}
	}
}

// Canceled before its commit, a run is undone; after it, it goes through.
func TestCancelAtEveryStep(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]texts{"fresh": nil, "force": first} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for at := 1; ; at++ {
				dir := filepath.Join(t.TempDir(), "livekit")
				if before != nil {
					apply(t, dir, before, false)
				}
				commit := stepsToCommit(t, dir)
				ctx, cancel := context.WithCancel(context.Background())
				n, err := applySteps(ctx, t, dir, func(n int) {
					if n == at {
						cancel()
					}
				})
				cancel()
				want := second
				if at < commit {
					if want = with(before, nil); !errors.Is(err, context.Canceled) {
						t.Fatalf("step %d: %v", at, err)
					}
				} else if err != nil {
					t.Fatalf("step %d, after the commit: %v", at, err)
				}
				if diff := cmp.Diff(want, list(t, dir)); diff != "" {
					t.Errorf("step %d: %v: %s", at, err, diff)
				}
				if left := leftovers(t, filepath.Dir(dir)); left != nil {
					t.Errorf("step %d left %v", at, left)
				}
				if n < at {
					return
				}
			}
		})
	}
}

// applySteps writes the second chart, and calls step with the number of each
// step. It gives how many there were.
func applySteps(ctx context.Context, t *testing.T, dir string, step func(n int)) (n int, err error) {
	t.Helper()
	p, err := NewPlan(dir, second.bytes(), &Lock{Tool: "test"}, &Update{})
	if err != nil {
		t.Fatal(err)
	}
	p.step = func() {
		n++
		step(n)
	}
	err = p.Apply(ctx)
	return n, err
}

// stepsToCommit gives the number of the first step after the commit of a run
// which writes the second chart over one like that in dir.
func stepsToCommit(t *testing.T, dir string) (commit int) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "livekit")
	if files := list(t, dir); len(files) > 0 {
		put(t, copied, files)
		lock, err := os.ReadFile(filepath.Join(dir, LockName))
		if err != nil {
			t.Fatal(err)
		}
		put(t, copied, texts{LockName: string(lock)})
	}
	_, err := applySteps(context.Background(), t, copied, func(n int) {
		if isCommitted(copied) && commit == 0 {
			commit = n
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return commit
}

// isCommitted reports whether the run in dir has staged all: the lock is the
// last.
func isCommitted(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, stagedLock))
	return err == nil
}

// pristine gives the files of the lock in dir.
func pristine(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	lock, err := ReadLock(dir)
	if err != nil || lock == nil {
		t.Fatalf("the lock is %v, %v", lock, err)
	}
	files, err := lock.Pristine()
	if err != nil {
		t.Fatal(err)
	}
	return files
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

// A three-way update needs the text that an edit was made on.
func TestAConflictKeepsItsBase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	put(t, dir, texts{"values.yaml": "a: mine\n", "templates/new.yaml": "mine\n"})
	for range 2 {
		apply(t, dir, second, true)
		files := pristine(t, dir)
		if got := string(files["values.yaml"]); got != first["values.yaml"] {
			t.Errorf("the base of values.yaml is %q, want %q", got, first["values.yaml"])
		}
		if got, ok := files["templates/new.yaml"]; ok {
			t.Errorf("templates/new.yaml was never written, and its base is %q", got)
		}
		if got := string(files["Chart.yaml"]); got != second["Chart.yaml"] {
			t.Errorf("the base of Chart.yaml is %q", got)
		}
	}
}
