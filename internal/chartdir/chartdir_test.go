package chartdir

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// list gives all files below dir, the lock left out.
func list(t *testing.T, dir string) texts {
	t.Helper()
	out := texts{}
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == LockName {
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

func apply(t *testing.T, dir string, files texts, force bool) *Plan {
	t.Helper()
	p, err := NewPlan(dir, files.bytes(), &Lock{Tool: "test"}, force)
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
	first  = texts{"Chart.yaml": "version: 1\n", "values.yaml": "a: 1\n", "templates/old.yaml": "old\n", "templates/deployment.yaml": "one\n"}
	second = texts{"Chart.yaml": "version: 2\n", "values.yaml": "a: 2\n", "templates/new.yaml": "new\n", "templates/deployment.yaml": "two\n"}
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
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), prefix+"*")); left != nil {
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

func TestAnExistingChartNeedsForce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	put(t, dir, texts{"Chart.yaml": "mine\n"})
	_, err := NewPlan(dir, first.bytes(), &Lock{}, false)
	if err == nil || !strings.Contains(remedy.Step(err), "--force") {
		t.Errorf("got %v, want an error that points to --force", err)
	}
	if diff := cmp.Diff(texts{"Chart.yaml": "mine\n"}, list(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestForce(t *testing.T) {
	for name, c := range map[string]struct {
		edit    texts // after the first run
		want    texts // actions of the second
		content texts
	}{
		"unedited files": {
			nil,
			texts{"Chart.yaml": "updated", "values.yaml": "updated", "templates/old.yaml": "removed", "templates/new.yaml": "created", "templates/deployment.yaml": "updated"},
			second,
		},
		"edited files stay": {
			texts{"values.yaml": "a: mine\n", "templates/old.yaml": "mine\n", "templates/new.yaml": "mine\n"},
			texts{"Chart.yaml": "updated", "values.yaml": "conflict", "templates/old.yaml": "conflict", "templates/new.yaml": "conflict", "templates/deployment.yaml": "updated"},
			texts{"Chart.yaml": "version: 2\n", "values.yaml": "a: mine\n", "templates/old.yaml": "mine\n", "templates/new.yaml": "mine\n", "templates/deployment.yaml": "two\n"},
		},
		"line endings are no edit": {
			texts{"values.yaml": "a: 1\r\n"},
			texts{"Chart.yaml": "updated", "values.yaml": "updated", "templates/old.yaml": "removed", "templates/new.yaml": "created", "templates/deployment.yaml": "updated"},
			second,
		},
		"an edit to the new text": {
			texts{"values.yaml": "a: 2\n"},
			texts{"Chart.yaml": "updated", "values.yaml": "unchanged", "templates/old.yaml": "removed", "templates/new.yaml": "created", "templates/deployment.yaml": "updated"},
			second,
		},
		"a file of one's own": {
			texts{"templates/mine.yaml": "mine\n"},
			texts{"Chart.yaml": "updated", "values.yaml": "updated", "templates/old.yaml": "removed", "templates/new.yaml": "created", "templates/deployment.yaml": "updated"},
			texts{"Chart.yaml": "version: 2\n", "values.yaml": "a: 2\n", "templates/new.yaml": "new\n", "templates/deployment.yaml": "two\n", "templates/mine.yaml": "mine\n"},
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
	if got := actions(p); got["Chart.yaml"] != "conflict" || got["values.yaml"] != "conflict" || got["templates/deployment.yaml"] != "created" {
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
			p, err := NewPlan(dir, first.bytes(), &Lock{}, false)
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

func TestUnwritableTarget(t *testing.T) {
	top := t.TempDir()
	put(t, top, texts{"apps": "a file\n"})
	_, err := ResolveTarget(filepath.Join(top, "apps", "livekit"))
	if err == nil {
		p, perr := NewPlan(filepath.Join(top, "apps", "livekit"), first.bytes(), &Lock{}, false)
		if perr == nil {
			perr = p.Apply(context.Background())
		}
		err = perr
	}
	if err == nil || !strings.Contains(err.Error(), "apps") {
		t.Errorf("got %v, want an error that names the path", err)
	}
	if diff := cmp.Diff(texts{"apps": "a file\n"}, list(t, top)); diff != "" {
		t.Error(diff)
	}
}

func TestResolveTarget(t *testing.T) {
	top := t.TempDir()
	repo := filepath.Join(top, "repo")
	put(t, top, texts{"repo/.git/HEAD": "", "repo/file": "", "repo/apps/a": "", "elsewhere/a": ""})
	for link, to := range map[string]string{"repo/out": "elsewhere", "repo/inside": "repo/apps", "repo/nowhere": "missing"} {
		if err := os.Symlink(filepath.Join(top, to), filepath.Join(top, link)); err != nil {
			t.Skip("this system makes no symbolic links:", err)
		}
	}
	t.Chdir(repo)
	for dir, want := range map[string]string{
		"apps/livekit":                     "",
		"apps/new/livekit":                 "",
		"inside/livekit":                   "",
		"file":                             "is a file",
		"out":                              "leads out",
		"out/livekit":                      "leads out",
		"nowhere/livekit":                  "nowhere",
		filepath.Join(top, "elsewhere/lk"): "",
	} {
		_, err := ResolveTarget(dir)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", dir, err, want)
		}
	}
}

// A link inside the chart is followed by nobody.
func TestLinksOutOfTheChart(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "livekit")
	put(t, top, texts{"elsewhere/a": "a\n", "livekit/notes.txt": ""})
	if err := os.Symlink(filepath.Join(top, "elsewhere"), filepath.Join(dir, "templates")); err != nil {
		t.Skip("this system makes no symbolic links:", err)
	}
	_, err := NewPlan(dir, first.bytes(), &Lock{}, false)
	if err == nil || !strings.Contains(err.Error(), "templates") {
		t.Errorf("got %v, want an error that names templates", err)
	}
	if diff := cmp.Diff(texts{"a": "a\n"}, list(t, filepath.Join(top, "elsewhere"))); diff != "" {
		t.Error(diff)
	}
}

func TestPristine(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	put(t, dir, texts{"values.yaml": "a: mine\n"})
	lock, err := ReadLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := lock.Pristine()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.bytes(), files); diff != "" {
		t.Error(diff)
	}
}

func TestDamagedLocks(t *testing.T) {
	for name, text := range map[string]string{
		"not YAML":     "a: b: c",
		"a newer one":  "format: 99\n",
		"a way out":    "format: 1\nfiles: {../../etc/passwd: x}\n",
		"an absolute":  "format: 1\nfiles: {/etc/passwd: x}\n",
		"a backslash":  "format: 1\nfiles: {'..\\x': x}\n",
		"another kind": "- a\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, texts{LockName: text})
			if l, err := ReadLock(dir); err == nil {
				t.Errorf("read as %v", l)
			}
		})
	}
}

func TestAPackedBombIsRefused(t *testing.T) {
	big := make([]byte, maxPristine+1)
	packed, err := pack(map[string][]byte{"a": big})
	if err != nil {
		t.Fatal(err)
	}
	l := &Lock{Format: 1, Files: map[string]string{"a": hash(big)}, Packed: packed}
	if _, err := l.Pristine(); err == nil {
		t.Error("it was unpacked whole")
	}
}

func TestDiff(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "livekit")
	apply(t, dir, first, false)
	p, err := NewPlan(dir, second.bytes(), &Lock{}, true)
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

func FuzzLock(f *testing.F) {
	f.Add([]byte("format: 1\nfiles: {a: b}\npristine: |\n  H4sI\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := decodeLock(data)
		if err != nil {
			return
		}
		for name := range l.Files {
			if !filepath.IsLocal(filepath.FromSlash(name)) {
				t.Errorf("%q leads out", name)
			}
		}
		_, _ = l.Pristine()
	})
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"entries": [{"path": "a", "new": "b"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := decodeJournal(data)
		if err != nil {
			return
		}
		for _, e := range j.Entries {
			if !filepath.IsLocal(filepath.FromSlash(e.Path)) {
				t.Errorf("%q leads out", e.Path)
			}
		}
	})
}
