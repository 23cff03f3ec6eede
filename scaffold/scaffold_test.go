package scaffold

import (
	"strings"
	"testing"
)

func TestFilesLaysTheServiceOverCommon(t *testing.T) {
	files, err := Files("server")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		".helmignore", "README.md", "templates/_helpers.tpl", "templates/deployment.yaml",
		"templates/tests/test-connection.yaml", "blocks/probes.yaml", "blocks/networkpolicy-ingress.yaml",
	} {
		if len(files[name]) == 0 {
			t.Errorf("there is no %s", name)
		}
	}
	if _, ok := files["values.yaml"]; ok {
		t.Error("the fact sheet is among the chart's files")
	}
}

func TestUnknownService(t *testing.T) {
	if _, err := Files("sfu"); err == nil || !strings.Contains(err.Error(), `"sfu"`) {
		t.Errorf("the error is %v", err)
	}
}
