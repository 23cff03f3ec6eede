package helmchart

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func inMemory(t *testing.T, files map[string]string) *Chart {
	t.Helper()
	in := []File{{"Chart.yaml", []byte("apiVersion: v2\nname: a\nversion: 1.0.0\n")}}
	for name, text := range files {
		in = append(in, File{name, []byte(text)})
	}
	c, err := LoadFiles(in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRender(t *testing.T) {
	c := inMemory(t, map[string]string{
		"values.yaml": "a: {b: 1, c: 2}\n",
		"templates/x.yaml": "b: {{ .Values.a.b }}\nc: {{ .Values.a.c }}\nrelease: {{ .Release.Name }} {{ " +
			".Release.IsUpgrade }}\nkube: {{ .Capabilities.KubeVersion.Minor }}\n",
		"templates/empty.yaml":    "{{ if false }}x{{ end }}\n",
		"templates/NOTES.txt":     "notes of {{ .Release.Name }}\n",
		"templates/_helpers.tpl":  `{{ define "x" }}{{ end }}`,
		"templates/sub/deep.yaml": "deep: true\n",
	})
	values := map[string]any{"a": map[string]any{"b": nil, "c": 3}}
	files, err := c.Render(context.Background(), values, Release{Name: "rel", Upgrade: true, KubeVersion: "1.31.2"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range files {
		got[f.Name] = string(f.Data)
	}
	want := map[string]string{
		"templates/x.yaml":        "b: \nc: 3\nrelease: rel true\nkube: 31\n",
		"templates/sub/deep.yaml": "deep: true\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"a": map[string]any{"b": nil, "c": 3}}, values); diff != "" {
		t.Error("the caller's values changed:", diff)
	}
}

func TestRenderChecksTheSchema(t *testing.T) {
	c := inMemory(t, map[string]string{
		"values.schema.json": `{"properties": {"a": {"type": "integer"}}}`,
		"templates/x.yaml":   "a: {{ .Values.a }}\n",
	})
	wrong := map[string]any{"a": "text"}
	if _, err := c.Render(context.Background(), wrong, Release{}); err == nil || !strings.Contains(err.Error(), "a") {
		t.Error("got", err)
	}
	if _, err := c.Render(context.Background(), wrong, Release{SkipSchema: true}); err != nil {
		t.Error(err)
	}
}

func TestRenderNamesMissingDependencies(t *testing.T) {
	c, err := LoadFiles(
		[]File{{"Chart.yaml", []byte("apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: redis, " +
			"version: 1.x, repository: https://charts.example.org}]\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Render(context.Background(), nil, Release{}); err == nil || !strings.Contains(err.Error(), "redis") {
		t.Error("got", err)
	}
}

func TestRenderComparesKubernetes(t *testing.T) {
	c, err := LoadFiles(
		[]File{{"Chart.yaml", []byte("apiVersion: v2\nname: a\nversion: 1.0.0\nkubeVersion: \">=1.29.0-0\"\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for version, fine := range map[string]bool{"": true, "1.28.0": false, "1.29.3": true} {
		if _, err := c.Render(context.Background(), nil, Release{KubeVersion: version}); (err == nil) != fine {
			t.Errorf("version %q: %v", version, err)
		}
	}
}

func TestReadValues(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.yaml"), filepath.Join(dir, "two.yaml")
	for file, text := range map[string]string{one: "a: {b: 1, c: 2}\nd: 1\n", two: "a: {b: null}\nd: 2\n"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, _, err := ValueFlags{ValueFiles: []string{one, two}, Set: []string{"a.c=5,e=x"}}.Read()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": map[string]any{"b": nil, "c": int64(5)}, "d": 2.0, "e": "x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, _, err := (ValueFlags{ValueFiles: []string{filepath.Join(dir, "missing.yaml")}}).Read(); err == nil ||
		!strings.Contains(err.Error(), "missing.yaml") {
		t.Error("got", err)
	}
}

// Each flag reads as Helm's, and is known by name.
func TestValueFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := ValueFlags{
		Set: []string{"a=1"}, SetString: []string{"a=2"}, SetJSON: []string{`a=3,b={"c": [4]}`}, SetFile: []string{"d=" + file},
	}
	values, sources, err := flags.Read()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": "2", "b": map[string]any{"c": []any{4.}}, "d": "hello"}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Error(diff)
	}
	var names []string
	for _, s := range sources {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"--set-json", "--set", "--set-string", "--set-file"}, names); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range []ValueFlags{{SetJSON: []string{"a={"}}, {SetFile: []string{"a=" + file + "none"}}} {
		if _, _, err := wrong.Read(); err == nil || !strings.Contains(err.Error(), "--set-") {
			t.Errorf("got %v", err)
		}
	}
}

func TestLintLeavesValuesAlone(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\nicon: " +
		"https://example.org/x.svg\n", "values.yaml": "a: {b: 1}\n", "templates/x.yaml": "apiVersion: v1\nkind: " +
		"ConfigMap\nmetadata: {name: a}\n"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	values := map[string]any{"a": map[string]any{"b": nil}}
	for _, m := range Lint(dir, values, "", false) {
		t.Errorf("%s: %s", m.Severity, m.Text)
	}
	if diff := cmp.Diff(map[string]any{"a": map[string]any{"b": nil}}, values); diff != "" {
		t.Error(diff)
	}
}
