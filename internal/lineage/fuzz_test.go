package lineage

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzRun experiments on charts of any values and templates, in a worker as the
// command does: none brings that down by a panic, holds it for longer than its
// time, or writes a file.
func FuzzRun(f *testing.F) {
	for _, seed := range [][2]string{
		{"a: 1\n", "kind: Pod\nspec: {a: {{ .Values.a }}}\n"},
		{"a: {b: [x, {c: ''}]}\n", "{{ range .Values.a.b }}\nkind: Pod\nspec: {{ toJson . }}\n---\n{{ end }}"},
		{"on: false\n", "{{ if .Values.on }}{{ required \"x\" .Values.y.z }}{{ end }}"},
		{"a: &a {b: *a}\n", "{{ tpl .Values.a . }}"},
		{"a: zq0001x\nb: 301\n",
			"kind: Secret\ndata: {a: {{ .Values.a | b64enc }}, {{ .Values.b }}: {{ randAlpha 5 }}}\n"},
		{"metadata: {name: x}\n", "{{ toYaml .Values }}"},
		{"", "{{ include \"x\" . }}{{ define \"x\" }}{{ include \"x\" . }}{{ end }}"},
		{"a: 9223372036854775808\nb: 1e400\nc: .inf\n", "x: [{{ .Values.a }}, {{ .Values.b }}, {{ .Values.c }}]"},
		{"a: []\n", "kind: Pod\nmetadata: []\nspec: {{ index .Values.a 3 }}"},
	} {
		f.Add(seed[0], seed[1])
	}
	p := pool(f)
	f.Fuzz(func(t *testing.T, values, template string) {
		dir := writeChart(t, values, template)
		before := files(t, dir)
		started := time.Now()
		bounds := Options{Timeout: 300 * time.Millisecond, MaxRenders: 100}
		_, errs := outcomes(context.Background(), p, Job{Chart: dir, Options: bounds})
		if errs[0] != nil && strings.Contains(errs[0].Error(), "panic") {
			t.Error(errs[0])
		}
		if took := time.Since(started); took > 20*time.Second {
			t.Errorf("took %s", took)
		}
		if after := files(t, dir); !slices.Equal(before, after) {
			t.Errorf("files were %q, are %q", before, after)
		}
	})
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		out = append(out, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
