//go:build unix

package plugintest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testChart writes a chart where none is, and lets Helm and the plugin judge it.
func testChart(t *testing.T, h *helm) {
	chart := filepath.Join(t.TempDir(), "apps/livekit")
	h.must(t, "livekit", "scaffold", chart)
	h.must(t, "lint", "--strict", chart)
	rendered := h.must(t, "template", chart)
	for _, kind := range []string{"Deployment", "Service", "ConfigMap", "Secret", "Ingress", "PersistentVolumeClaim"} {
		if !strings.Contains(rendered, "\nkind: "+kind+"\n") {
			t.Errorf("Helm renders no %s", kind)
		}
	}

	h.must(t, "livekit", "verify", chart)
	write(t, filepath.Join(chart, "templates/broken.yaml"), 0o644, "{{ if }}\n")
	a := h.run(t, "livekit", "verify", chart)
	if a.code != 2 || !strings.Contains(a.stdout, "broken.yaml") {
		t.Errorf("a template that does not parse: exit code %d, expected 2 and the file's name\n%s%s", a.code,
			a.stdout, a.stderr)
	}
}

// testHelmFlags gives Helm's own flags where its users put them.
func testHelmFlags(t *testing.T, h *helm) {
	for _, flags := range [][]string{
		{"--debug"}, {"--namespace", "calls"}, {"--namespace=calls"}, {"-n", "calls"}, {"--kube-context", "nowhere"},
		{"--kubeconfig", "/nowhere"}, {"--registry-config", "/nowhere"}, {"--repository-cache", "/nowhere"},
	} {
		for _, at := range []int{0, 2} { // before the plugin's name, and after the command
			h.must(t, slices.Insert([]string{"livekit", "version"}, at, flags...)...)
		}
	}
}
