package scaffolding

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// clonesVariable names a folder with clones of the repositories that
// testdata/repositories has expectations of, each called OWNER+NAME.
const clonesVariable = "HELM_LIVEKIT_REPOSITORIES"

// A chart that follows a repository agrees with what someone at home there
// expects. The expectations were written before this tool was run on the
// repositories; docs/conventions.md says how each comes out.
func TestRepositories(t *testing.T) {
	clones := os.Getenv(clonesVariable)
	if clones == "" {
		t.Skipf("%s names no folder with clones of the repositories", clonesVariable)
	}
	cases := os.Getenv("HELM_LIVEKIT_CASES")
	if cases == "" {
		cases = "testdata/repositories"
	}
	files, err := filepath.Glob(filepath.Join(cases, "*", "expected.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no expectations", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			e, err := readExpectation(file)
			if err != nil {
				t.Fatal(err)
			}
			repository := checkOut(t, filepath.Join(clones, strings.ReplaceAll(e.Repo, "/", "+")), e.Commit)
			judged := judgeRepository(t, e, repository)
			agree := 0
			for _, j := range judged {
				if j.agrees {
					agree++
				} else {
					t.Logf("%s: %s", j.fact, j.detail)
				}
			}
			t.Logf("%s, %s: %d of %d", e.Repo, e.Like, agree, len(judged))
			if 100*agree < 95*len(judged) {
				t.Errorf("%d of %d facts agree, want 95 of 100", agree, len(judged))
			}
		})
	}
}

// checkOut gives a copy of the repository at a commit.
func checkOut(t *testing.T, clone, commit string) string {
	t.Helper()
	dir := t.TempDir()
	archive := exec.Command("git", "-C", clone, "archive", "--format=tar", commit)
	unpack := exec.Command("tar", "-x", "-C", dir)
	pipe, err := archive.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	unpack.Stdin = pipe
	if err := unpack.Start(); err != nil {
		t.Fatal(err)
	}
	if err := archive.Run(); err != nil {
		t.Skipf("%s at %s cannot be read: %v", clone, commit, err)
	}
	if err := unpack.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// judgeRepository scaffolds beside the sibling and judges what came out, which
// has to be sound as well.
func judgeRepository(t *testing.T, e *expectation, repository string) []judgement {
	t.Helper()
	like := filepath.Join(repository, filepath.FromSlash(e.Like))
	target := filepath.Join(filepath.Dir(like), judgedName)
	if err := os.RemoveAll(target); err != nil {
		t.Fatal(err)
	}
	_, err := Run(context.Background(), RunOptions{
		Dir: target, Like: []string{like}, ToolVersion: "test", Renders: Renders{Prober: &lineage.Pool{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range helmchart.Lint(target, nil, "", false) {
		if m.Severity != helmchart.Info {
			t.Errorf("lint: %s: %s", m.Path, m.Text)
		}
	}
	result, err := verify.Run(context.Background(), target, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range result.Checks {
		if c.Status == verify.Fail {
			t.Errorf("verify: %s: %s", c.Name, c.Detail)
		}
	}
	judged, err := judgeChart(e, target)
	if err != nil {
		t.Fatal(err)
	}
	return judged
}
