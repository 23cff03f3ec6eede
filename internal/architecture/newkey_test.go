package architecture

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/convert"
	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
	"github.com/helm-livekit/helm-livekit/scaffold"
)

// A canonical key that upstream's chart and siblings have.
const (
	newKey = "shareProcessNamespace"
	newRow = `
  - key: shareProcessNamespace
    default: false
    doc: Let the containers see each other's processes
    schema: {type: boolean}
    siblings:
      names: [shareprocessnamespace]
      value: scalar
      moves: [pod shareProcessNamespace switch]
      tells: true
    upstream:
      - {key: shareProcessNamespace, default: false}
`
)

// TestOneRowIsANewKey adds a row to a copy of the fact sheet, and sees the key
// everywhere: no other place has to be told. What the key renders is a template's
// business.
func TestOneRowIsANewKey(t *testing.T) {
	sheet := sheetWith(t, newRow)
	like := likeChart(t)
	dir := filepath.Join(filepath.Dir(like), "livekit")
	if _, err := scaffolding.Run(t.Context(), scaffolding.RunOptions{
		Sheet: sheet, Dir: dir, Like: []string{like}, Renders: scaffolding.Renders{Prober: &lineage.Pool{}},
		Options: scaffolding.Options{With: []string{"all"}},
	}); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"values.yaml":        "  shareProcessNamespace: false\n",
		"values.schema.json": `"shareProcessNamespace": {`,
		"README.md":          "| `app.shareProcessNamespace` | `false` | Let the containers see each other's processes |",
	} {
		if text := read(t, filepath.Join(dir, file)); !strings.Contains(text, want) {
			t.Errorf("%s has no %q:\n%s", file, want, text)
		}
	}

	conv, err := sibling.Read(t.Context(), []string{like}, sibling.ReadOptions{
		Sheet: sheet, Prober: &lineage.Pool{}, Warn: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if v := conv.Values[newKey]; v.Path != "app."+newKey || v.Confidence != convention.Probed {
		t.Errorf("read from the sibling: %+v", v)
	}

	converted, err := convert.Values(sheet, map[string]any{newKey: true}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(converted.Lost) > 0 || !slices.ContainsFunc(converted.Settings, func(s scaffolding.Setting) bool {
		return s.Key == newKey && s.Value == true
	}) {
		t.Errorf("converted: %+v", converted)
	}

	upstream := upstreamWith(t, newKey)
	plain := filepath.Join(filepath.Dir(like), "plain")
	if _, err := scaffolding.Run(t.Context(), scaffolding.RunOptions{Dir: plain, Like: []string{like}}); err != nil {
		t.Fatal(err)
	}
	if got := driftOf(t, nil, plain, upstream); !strings.Contains(got, newKey) {
		t.Errorf("without the row, the key of upstream's is no drift: %s", got)
	}
	if got := driftOf(t, sheet, dir, upstream); got != "" {
		t.Errorf("with the row, there is drift: %s", got)
	}
}

// sheetWith is the server's sheet with another row.
func sheetWith(t *testing.T, row string) *factsheet.Sheet {
	t.Helper()
	facts, upstream, err := scaffold.Facts(factsheet.Server)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := factsheet.Parse(factsheet.Server, append(facts, row...), upstream)
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

// likeChart writes a chart that has the key in a block of its own.
func likeChart(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "apps", "web")
	write(t, filepath.Join(root, ".git", "HEAD"), "ref: refs/heads/main\n")
	write(t, filepath.Join(dir, "Chart.yaml"), "apiVersion: v2\nname: web\nversion: 0.1.0\n")
	write(t, filepath.Join(dir, "values.yaml"), `app:
  image:
    repository: registry.example.net/web
    tag: "1.0"
  shareProcessNamespace: false
`)
	write(t, filepath.Join(dir, "templates", "deployment.yaml"), `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      shareProcessNamespace: {{ .Values.app.shareProcessNamespace }}
      containers:
        - name: web
          image: "{{ .Values.app.image.repository }}:{{ .Values.app.image.tag }}"
`)
	return dir
}

// upstreamWith is the stand-in for upstream's chart with another value that its
// templates read.
func upstreamWith(t *testing.T, key string) *helmchart.Chart {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "livekit-server")
	standIn := filepath.Join(root, "internal", "drift", "testdata", "upstream", "livekit-server")
	if err := os.CopyFS(dir, os.DirFS(standIn)); err != nil {
		t.Fatal(err)
	}
	values := filepath.Join(dir, "values.yaml")
	write(t, values, read(t, values)+"\n"+key+": false\n")
	write(t, filepath.Join(dir, "templates", "more.yaml"),
		"{{- if .Values."+key+" }}\n# the pod's containers share their processes\n{{- end }}\n")
	chart, err := helmchart.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// driftOf gives the paths of drift in the values.
func driftOf(t *testing.T, sheet *factsheet.Sheet, dir string, upstream *helmchart.Chart) string {
	t.Helper()
	chart, lock, err := drift.Load(t.Context(), dir, helmchart.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := drift.Run(t.Context(), drift.Input{
		Sheet: sheet, Chart: chart, Dir: dir, Lock: lock, Upstream: upstream, Only: []string{"defaults"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range r.Findings {
		if f.Class == drift.Drift && f.Layer == drift.LayerValues {
			paths = append(paths, f.Path.String())
		}
	}
	return strings.Join(paths, " ")
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
