package registration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var (
	livekit = Chart{Dir: "apps/livekit", Name: "livekit", Version: "0.1.0"}
	besides = []Chart{{Dir: "apps/notes", Name: "notes"}, {Dir: "apps/web", Name: "web"}}
)

// find writes one file and gives what becomes of it, "" where nothing does.
func find(t *testing.T, name, text string) string {
	t.Helper()
	root := t.TempDir()
	file := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	edits := Find(root, livekit, besides)
	if len(edits) == 0 {
		return ""
	}
	return edits[0].after
}

func TestEntries(t *testing.T) {
	for _, tt := range []struct{ name, file, before, after string }{
		{
			"one more document", "apps.yaml",
			"kind: Application\nmetadata: {name: notes}\nspec: {source: {path: apps/notes}}\n---\nkind: Other\n",
			"kind: Application\nmetadata: {name: notes}\nspec: {source: {path: apps/notes}}\n---\nkind: Other\n---\n" +
				"kind: Application\nmetadata: {name: livekit}\nspec: {source: {path: apps/livekit}}\n",
		},
		{
			"a list that is not in order, and words that only begin like the name", "helmfile.yaml",
			"releases:\n  - name: web\n    chart: ./apps/web\n    url: https://webdav.corp.io\n  - name: notes\n" +
				"    chart: ./apps/notes\n    values: [webhook.yaml]\n    wait: true\n    timeout: 600\n",
			"releases:\n  - name: web\n    chart: ./apps/web\n    url: https://webdav.corp.io\n  - name: notes\n" +
				"    chart: ./apps/notes\n    values: [webhook.yaml]\n    wait: true\n    timeout: 600\n" +
				"  - name: livekit\n    chart: ./apps/livekit\n    url: https://webdav.corp.io\n",
		},
		{
			"the last package", ".release-please-manifest.json",
			"{\n  \"apps/a\": \"2.0.0\",\n  \"apps/notes\": \"1.0.0\"\n}\n",
			"{\n  \"apps/a\": \"2.0.0\",\n  \"apps/livekit\": \"0.1.0\",\n  \"apps/notes\": \"1.0.0\"\n}\n",
		},
		{
			"behind the last package", ".release-please-manifest.json",
			"{\n  \"apps/b\": \"2.0.0\",\n  \"apps/notes\": \"1.0.0\",\n  \"apps/a\": \"2.0.0\"\n}\n",
			"{\n  \"apps/b\": \"2.0.0\",\n  \"apps/notes\": \"1.0.0\",\n  \"apps/a\": \"2.0.0\",\n" +
				"  \"apps/livekit\": \"0.1.0\"\n}\n",
		},
		{"a list in brackets", "kustomization.yaml", "resources: [../apps/notes]\n", ""},
		{"what is there", "kustomization.yaml", "resources:\n  - apps/livekit\n  - apps/notes\n", ""},
		{"Windows' line endings", "kustomization.yaml", "resources:\r\n  - apps/notes\r\n", ""},
		{"a values file that has the name", "other.yaml", "resources:\n  - apps/notes\n", ""},
		{"what does not parse", "kustomization.yaml", "resources:\n  - apps/notes\n  {\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := find(t, tt.file, tt.before); got != tt.after {
				t.Errorf("it becomes\n%s\nwant\n%s", got, tt.after)
			}
		})
	}
}

// A file that somebody has changed meanwhile is not written over.
func TestApplyLeavesChangedFiles(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "CODEOWNERS")
	if err := os.WriteFile(file, []byte("/apps/notes/ @a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	edits := Find(root, livekit, besides)
	if len(edits) != 1 || !strings.Contains(edits[0].Diff, "+/apps/livekit/ @a\n") {
		t.Fatalf("the edits are %+v", edits)
	}
	if err := os.WriteFile(file, []byte("* @b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Apply(root, edits); err == nil || !strings.Contains(err.Error(), "CODEOWNERS has changed") {
		t.Errorf("the error is %v", err)
	}
}
