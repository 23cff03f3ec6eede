package publish

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// plainChart is a chart with one of everything that Helm packs in a way of its
// own.
func plainChart() map[string]string {
	return map[string]string{
		"Chart.yaml": `# a comment, which Helm drops
apiVersion: v2
name: demo
version: 1.2.3+build.4
appVersion: "9"
description: A chart <for> tests & more
home: https://example.com
sources: [https://example.com/source, https://example.com/other]
maintainers:
  - name: Ada
    email: ada@example.com
  - name: Bob
annotations:
  org.opencontainers.image.title: not this
  org.opencontainers.image.licenses: Apache-2.0
  example.com/key: value
dependencies:
  - {name: below, version: 0.1.0, repository: ""}
unknown: dropped
`,
		"Chart.lock": `dependencies:
- name: below
  repository: ""
  version: 0.1.0
digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
generated: "2026-01-02T03:04:05.678+09:00"
`,
		"values.yaml":        "a: 1 # kept\n",
		"values.schema.json": `{"type": "object"}` + "\n",
		"templates/x.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: " +
			"[{name: a, image: 'example.com/a/b:1'}], initContainers: [{name: b, image: " +
			"busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000}]}\n",
		"templates/_helpers.tpl":             `{{ define "x" }}{{ end }}`,
		"templates/.hidden":                  "Helm leaves it out\n",
		"charts/below/Chart.yaml":            "apiVersion: v2\nname: below\nversion: 0.1.0\n",
		"charts/below/values.yaml":           "b: 1\n",
		"files/with space.txt":               "\xef\xbb\xbfwith a mark at the beginning\n",
		"files/a/deep/ümlaut.txt":            "text\n",
		".helmignore":                        "# comment\n*.bak\n/top.txt\nsecret/\n.helmignore\n",
		"x.bak":                              "ignored\n",
		"top.txt":                            "ignored\n",
		"secret/key":                         "ignored\n",
		"docs/" + longName(120) + "/note.md": "long\n",
	}
}

func longName(n int) string { return string(bytes.Repeat([]byte("n"), n)) }

func write(t testing.TB, dir string, files map[string]string) {
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

func newChart(t testing.TB, change map[string]string) string {
	t.Helper()
	files := map[string]string{
		"Chart.yaml":       "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
		"values.yaml":      "a: 1\n",
		"templates/x.yaml": "a: {{ .Values.a }}\n",
	}
	for name, text := range change {
		files[name] = text
	}
	dir := t.TempDir()
	write(t, dir, files)
	return dir
}

func defaultTime(t testing.TB) time.Time {
	t.Helper()
	at, err := Time("")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func pack(t testing.TB, dir, version string) *Package {
	t.Helper()
	p, err := Pack(context.Background(), PackOptions{Dir: dir, Version: version, Time: defaultTime(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// unpack gives the headers and the contents of an archive, in its order.
func unpack(t testing.TB, file string) ([]*tar.Header, map[string]string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var headers []*tar.Header
	contents := map[string]string{}
	for archive := tar.NewReader(zipped); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return headers, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, h)
		contents[h.Name] = string(data)
	}
}
