package scaffolding

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

// Prometheus' own tool finds no fault with the rules, each fires by what it is for, and none by what is fine.
// PROMTOOL_BIN names it; docs/monitoring.md says how to build it.
func TestAlertsFire(t *testing.T) {
	promtool := os.Getenv("PROMTOOL_BIN")
	if promtool == "" {
		t.Skip("PROMTOOL_BIN names no promtool")
	}
	objects := rendered(t, canonicalChart(t, "all"), allAlerts)
	rules, err := yaml.Marshal(objects["PrometheusRule/rel-livekit"].Get("spec"))
	if err != nil {
		t.Fatal(err)
	}
	series, err := os.ReadFile("testdata/alerts_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"rules.yaml": rules, "test.yaml": series} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"check", "rules", "--lint=all", "--lint-fatal", "rules.yaml"}, {"test", "rules", "test.yaml"},
	} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %q: %v\n%s", args, err, out)
		}
	}
}
