package chartdir

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

func TestUnwritableTarget(t *testing.T) {
	top := t.TempDir()
	put(t, top, texts{"apps": "a file\n"})
	_, err := ResolveTarget(filepath.Join(top, "apps", "livekit"))
	if err == nil {
		p, perr := NewPlan(filepath.Join(top, "apps", "livekit"), first.bytes(), &Lock{}, nil)
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
	put(t, top, texts{"repo/.git/HEAD": "", "repo/file": "", "repo/apps/a": "", "elsewhere/a": "",
		"another/.git/HEAD": "", "another/apps/a": ""})
	for link, to := range map[string]string{
		"repo/out": "elsewhere", "repo/inside": "repo/apps", "repo/nowhere": "missing", "repo/another": "another",
		"repo/apps/self": "repo/apps/self",
	} {
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
		"another/apps/livekit":             "leads out",
		"apps/self/livekit":                "self",
		"file/livekit":                     "not a directory",
		"":                                 "empty",
		"nowhere/livekit":                  "link to nowhere",
		filepath.Join(top, "elsewhere/lk"): "",
	} {
		_, err := ResolveTarget(dir)
		if err != nil && remedy.Step(err) == "" {
			t.Errorf("%s: %v has no remedy", dir, err)
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", dir, err, want)
		}
	}
}

func TestTreeOf(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put(t, top, texts{"outer/.git/HEAD": "", "outer/inner/.git": "a worktree's", "plain/a": ""})
	t.Chdir(filepath.Join(top, "plain"))
	for target, want := range map[string]string{
		"outer/apps/livekit":       "outer",
		"outer/inner/apps/livekit": "outer/inner", // the nearest
		"outer/inner":              "outer",       // above it, not itself
		"plain/apps/livekit":       "plain",       // the current directory
		"elsewhere/apps/livekit":   "elsewhere/apps",
	} {
		got, err := TreeOf(filepath.Join(top, target))
		if err != nil || got != filepath.Join(top, want) {
			t.Errorf("%s: got %s, %v, want %s", target, got, err, want)
		}
	}
}

// A user whose current directory was reached through a link is where the link
// leads to.
func TestResolveTargetFromALinkedDirectory(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put(t, top, texts{"home/.git/HEAD": "", "data/repo/apps/a": ""})
	link := filepath.Join(top, "home", "work")
	if err := os.Symlink(filepath.Join(top, "data", "repo"), link); err != nil {
		t.Skip("this system makes no symbolic links:", err)
	}
	t.Chdir(link)
	t.Setenv("PWD", link)
	for _, dir := range []string{"apps/livekit", filepath.Join(link, "apps", "livekit")} {
		got, err := ResolveTarget(dir)
		if want := filepath.Join(top, "data", "repo", "apps", "livekit"); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", dir, got, err, want)
		}
	}
}

// What stands in the way inside the chart is found before anything is written,
// and a link that leads out of it is followed by nobody.
func TestWhatStandsInTheWay(t *testing.T) {
	for name, link := range map[string]string{"out": "../elsewhere", "nowhere": "nowhere", "far out": os.TempDir(),
		"file": ""} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "livekit")
			put(t, top, texts{"elsewhere/a": "a\n", "livekit/notes.txt": ""})
			if link == "" {
				put(t, dir, texts{"templates": ""})
			} else if err := os.Symlink(link, filepath.Join(dir, "templates")); err != nil {
				t.Skip("this system makes no symbolic links:", err)
			}
			_, err := NewPlan(dir, first.bytes(), &Lock{}, nil)
			if err == nil || !strings.Contains(err.Error(), "templates") || remedy.Step(err) == "" {
				t.Errorf("got %v, want an error that names templates, with a remedy", err)
			}
			if diff := cmp.Diff(texts{"a": "a\n"}, list(t, filepath.Join(top, "elsewhere"))); diff != "" {
				t.Error(diff)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 2 {
				t.Error("the chart's folder has", entries)
			}
		})
	}
}

// Put there after the plan was made, such a link changes nothing either.
func TestALinkAfterThePlan(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "livekit")
	put(t, top, texts{"elsewhere/a": "a\n", "livekit/notes.txt": ""})
	p, err := NewPlan(dir, first.bytes(), &Lock{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../elsewhere", filepath.Join(dir, "templates")); err != nil {
		t.Skip("this system makes no symbolic links:", err)
	}
	if err := p.Apply(context.Background()); err == nil {
		t.Error("it was written")
	}
	if diff := cmp.Diff(texts{"a": "a\n"}, list(t, filepath.Join(top, "elsewhere"))); diff != "" {
		t.Error(diff)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Error("the chart's folder has", entries)
	}
}

// A link that stays within the chart is somebody's way of ordering it.
func TestALinkWithinTheChart(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, texts{"tpl/mine.yaml": "mine\n"})
	if err := os.Symlink("tpl", filepath.Join(dir, "templates")); err != nil {
		t.Skip("this system makes no symbolic links:", err)
	}
	apply(t, dir, first, false)
	if got := list(t, dir)["tpl/deployment.yaml"]; got != first["templates/deployment.yaml"] {
		t.Errorf("tpl/deployment.yaml is %q", got)
	}
}
