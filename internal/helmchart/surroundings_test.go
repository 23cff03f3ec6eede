package helmchart

import (
	"path/filepath"
	"slices"
	"testing"
)

// Where no chart has the version that is asked for, the nearest one serves for reading, and for nothing else.
func TestCompleteWithNearVersions(t *testing.T) {
	root := tree(t, map[string]string{
		"apps/app/Chart.yaml": chartYAML("app", "1.0.0",
			`name: lib, version: ^2.3.0, repository: "https://charts.example.org"`),
		"apps/app/templates/x.yaml":     `{{ include "lib.x" . }}` + "\n",
		"old/lib/Chart.yaml":            chartYAML("lib", "2.1.0") + "type: library\n",
		"old/lib/templates/_lib.tpl":    `{{ define "lib.x" }}of: lib 2.1{{ end }}`,
		"charts/lib/Chart.yaml":         chartYAML("lib", "4.0.0") + "type: library\n",
		"apps/charts/lib/Chart.yaml":    chartYAML("lib", "1.9.0") + "type: library\n",
		"apps/elsewhere/lib/Chart.yaml": chartYAML("lib", "0.1.0") + "type: library\n",
	})
	app := filepath.Join(root, "apps/app")
	if c := complete(t, app, Sources{Root: root}); !slices.Equal(c.Lacks(), []string{"lib"}) || c.Instead() != nil {
		t.Errorf("asked for the version, it lacks %v and has %v instead", c.Lacks(), c.Instead())
	}
	c := complete(t, app, Sources{Root: root, NearVersions: true})
	if got := rendered(t, c, nil)["templates/x.yaml"]; got != "of: lib 2.1\n" {
		t.Errorf("it renders %q", got)
	}
	if want := []string{"lib 2.1.0 for ^2.3.0"}; !slices.Equal(c.Instead(), want) {
		t.Errorf("it says %q, want %q", c.Instead(), want)
	}
}

// A chart in charts/ of another has its named templates, and none of its objects.
func TestWithin(t *testing.T) {
	root := tree(t, map[string]string{
		"parent/Chart.yaml":                         chartYAML("parent", "1.0.0", `name: child, version: 1.0.0`),
		"parent/templates/object.yaml":              "{{ define \"parent.x\" }}x of {{ .Chart.Name }}{{ end }}\na: b\n",
		"parent/charts/common/Chart.yaml":           chartYAML("common", "1.0.0"),
		"parent/charts/common/templates/_y.tpl":     `{{ define "common.y" }}y{{ end }}`,
		"parent/charts/child/Chart.yaml":            chartYAML("child", "1.0.0"),
		"parent/charts/child/templates/object.yaml": `{{ include "parent.x" . }}, {{ include "common.y" . }}` + "\n",
	})
	parent := complete(t, filepath.Join(root, "parent"), Sources{})
	child := complete(t, filepath.Join(root, "parent/charts/child"), Sources{})
	got := rendered(t, child.Within(parent), nil)
	if len(got) != 1 || got["templates/object.yaml"] != "x of child, y\n" {
		t.Errorf("it renders %q", got)
	}
}
