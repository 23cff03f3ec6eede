package testinstall

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// set lays a value over the chart's and the user's.
func (t *installTest) set(target *cluster.Value, value any) error {
	m := t.overlay
	last := len(target.Keys) - 1
	for _, key := range target.Keys[:last] {
		below, ok := m[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			m[key] = below
		}
		m = below
	}
	m[target.Keys[last]] = value
	data, err := json.Marshal(t.overlay) // Helm's YAML reads JSON
	if err == nil {
		err = os.WriteFile(t.overlayFile(), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("values of the trial: %w", err)
	}
	return nil
}

// takeValueFiles copies the user's values files: Helm splits the names that --values
// takes at commas, and the user may go on editing.
func (t *installTest) takeValueFiles() error {
	for i, file := range t.ValueFiles {
		data, err := os.ReadFile(file)
		if err != nil {
			return remedy.Errorf("name a values file that can be read", "--values: %w", err)
		}
		t.ValueFiles[i] = filepath.Join(t.dir, fmt.Sprintf("values-%d.yaml", i+1))
		if err := os.WriteFile(t.ValueFiles[i], data, 0o600); err != nil {
			return fmt.Errorf("values of the trial: %w", err)
		}
	}
	return nil
}

func (t *installTest) overlayFile() string { return filepath.Join(t.dir, "trial-values.yaml") }

// values are the flags that give Helm the values. The test's own are the
// last file; what --set says wins over it.
func (t *installTest) values() []string {
	var args []string
	for _, file := range t.ValueFiles {
		args = append(args, "--values", file)
	}
	if len(t.overlay) > 0 {
		args = append(args, "--values", t.overlayFile())
	}
	for _, set := range t.Set {
		args = append(args, "--set", set)
	}
	return append(args, t.SetFlags...)
}
