package scaffolding

import (
	"testing"

	"sigs.k8s.io/yaml"
)

// parse reads values as Helm does.
func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
