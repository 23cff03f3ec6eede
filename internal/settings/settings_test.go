package settings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSettingsNearerFileWins(t *testing.T) {
	root := t.TempDir()
	chart := filepath.Join(root, "apps", "livekit")
	writeFile(t, filepath.Join(root, File), `
conventions:
  kinds: {workload: StatefulSet}
  defaults: {domain: far.io, storageClass: fast}
accepted:
  - {finding: values/service.type, reason: far}
  - {finding: objects/Service/media, reason: our gateway does it}
`)
	writeFile(t, filepath.Join(chart, File),
		"conventions:\n  defaults: {domain: near.io}\naccepted:\n  - {path: values/service.type, reason: near}\n")
	s, err := Load(serverSheet(), root, chart)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Conventions.Apply(canonical())
	if err != nil {
		t.Fatal(err)
	}
	if c.Defaults.Domain != "near.io" || c.Defaults.StorageClass != "fast" || c.Kinds.Workload != "StatefulSet" {
		t.Errorf("got %+v %+v", c.Defaults, c.Kinds)
	}
	want := []Accepted{{"objects/Service/media", "our gateway does it"}, {"values/service.type", "near"}}
	if !reflect.DeepEqual(s.Accepted, want) {
		t.Errorf("accepted %+v, want %+v", s.Accepted, want)
	}
	if s, err := Load(serverSheet(), t.TempDir(), t.TempDir()); err != nil || !s.Conventions.IsEmpty() ||
		s.Accepted != nil {
		t.Errorf("without files: %+v, %v", s, err)
	}
}

func TestBadSettings(t *testing.T) {
	for text, want := range map[string]string{
		"convention: {}\n":                ":1: unknown key \"convention\"",
		"accepted:\n  - {finding: x}\n":   ":2: an accepted difference needs both",
		"accepted: all\n":                 ":1: accepted is a list",
		"conventions: [a]\n":              ":1: conventions are a map",
		"conventions:\n  kind: {}\n":      "unknown field",
		"valuesFiles: prod.yaml\n":        ":1: valuesFiles is a list",
		"valuesFiles:\n  - {file: a}\n":   ":2: a values file is a path",
		"- a\n":                           ":1: settings are a map",
		"conventions: &a\n  values: *a\n": "inside its own anchor",
	} {
		dir := t.TempDir()
		path := writeFile(t, filepath.Join(dir, File), text)
		_, err := Load(serverSheet(), dir, dir)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// Paths are relative to the file that names them, and the nearest list holds.
func TestValuesFiles(t *testing.T) {
	root := t.TempDir()
	chart := filepath.Join(root, "apps", "livekit")
	writeFile(t, filepath.Join(root, File), "valuesFiles: [envs/prod.yaml, ../other/values.yaml, /etc/values.yaml]\n")
	for own, want := range map[string][]string{
		"accepted: []\n": {
			filepath.Join(root, "envs", "prod.yaml"), filepath.Join(filepath.Dir(root), "other", "values.yaml"),
			filepath.FromSlash("/etc/values.yaml"),
		},
		"valuesFiles: [ci/values.yaml]\n": {filepath.Join(chart, "ci", "values.yaml")},
		"valuesFiles: []\n":               {},
	} {
		writeFile(t, filepath.Join(chart, File), own)
		s, err := Load(serverSheet(), root, chart)
		if err != nil || !reflect.DeepEqual(s.ValuesFiles, want) {
			t.Errorf("%q: %q, %v, want %q", own, s.ValuesFiles, err, want)
		}
	}
}
