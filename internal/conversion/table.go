package conversion

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

//go:embed table.yaml
var source []byte

// Row says what becomes of one key of upstream's chart.
type Row struct {
	// Key is upstream's, dotted.
	Key string `yaml:"key"`
	// Default is upstream's, nil where its templates alone read the key.
	Default any `yaml:"default"`
	// To are the canonical keys that answer it.
	To []string `yaml:"to"`
	// How is "same", "exact", "config", "none" or the name of a rule.
	How string `yaml:"how"`
	// About is a line for people.
	About string `yaml:"about"`
	// Why says of a row without To why that is so.
	Why string `yaml:"why"`
}

// Table is table.yaml as data, in its order.
type Table []Row

// Load reads the table.
func Load() (Table, error) {
	var t Table
	if err := yaml.Unmarshal(source, &t); err != nil {
		return nil, fmt.Errorf("table of conversion: %w", err)
	}
	return t, nil
}

// Row finds the row of a key, or the nearest one above it.
func (t Table) Row(key string) (Row, bool) {
	for k := key; k != ""; k = above(k) {
		if i := slices.IndexFunc(t, func(r Row) bool { return r.Key == k }); i >= 0 {
			return t[i], true
		}
	}
	return Row{}, false
}

func above(key string) string {
	return key[:max(strings.LastIndexByte(key, '.'), 0)]
}

// Defaults gives upstream's defaults as one map of values: those of its chart
// canonical.UpstreamVersion, whatever chart lies before us.
func (t Table) Defaults() map[string]any {
	out := map[string]any{}
	for _, r := range t {
		if r.Default != nil {
			put(out, strings.Split(r.Key, "."), r.Default)
		}
	}
	return helmchart.Merge(out, nil) // a copy: the table stays as it is
}
