package sibling

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/convention"
)

// A named template says what it is by what it holds; its name is a guess. Of
// several files with named templates _helpers.tpl is the one.
func TestNamedTemplatesByWhatTheyHold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "notes")
	for name, text := range map[string]string{
		"Chart.yaml":  "apiVersion: v2\nname: notes\nversion: 0.1.0\n",
		"values.yaml": "image: {repository: notes, tag: v1}\n",
		"templates/_extra.tpl": "{{- define \"base.name.chart\" -}}\n{{- default .Chart.Name " +
			".Values.chartName | trunc 63 -}}\n{{- end -}}\n",
		"templates/_helpers.tpl": "{{- define \"base.id\" -}}\n{{ .Chart.Name }}-{{ .Chart.Version }}\n{{- " +
			"end -}}\n",
		"templates/deployment.yaml": deploymentWith("app: {{ template \"base.name.chart\" . }}",
			"release: {{ .Release.Name }}"),
		"templates/zz/more-things.tpl": "{{- define \"more\" -}}x{{- end -}}\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Read(context.Background(), []string{dir}, ReadOptions{Sheet: serverSheet()})
	if err != nil {
		t.Fatal(err)
	}
	want := []convention.Label{{Name: "app", Value: "{name}"}, {Name: "release", Value: "{release}"}}
	if diff := cmp.Diff(want, c.Labels.Selector); diff != "" {
		t.Error("selector:", diff)
	}
	if got := c.Files.Templates["helpers"]; got != "_helpers.tpl" {
		t.Errorf("the helpers are in %s", got)
	}
}

func deploymentWith(labels ...string) string {
	text := "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  selector:\n    " +
		"matchLabels:\n"
	for _, l := range labels {
		text += "      " + l + "\n"
	}
	text += "  template:\n    metadata:\n      labels:\n"
	for _, l := range labels {
		text += "        " + l + "\n"
	}
	return text + "    spec:\n      containers:\n        - name: notes\n          image: \"{{ " +
		".Values.image.repository }}:{{ .Values.image.tag }}\"\n"
}
