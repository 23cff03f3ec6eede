package scaffolding

import (
	"context"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

// A lean chart renders what the full one does, under its own values and under others, and without any of its own. Null
// unsets what values.yaml does not have.
func TestLeanChartsRenderAsFullOnes(t *testing.T) {
	for _, c := range []struct {
		name       string
		like, with []string
	}{
		{name: "canonical"},
		{name: "all", with: []string{"all"}},
		{name: "homelab", like: []string{"testdata/homelab/apps/localai"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			options := sibling.ReadOptions{Sheet: serverSheet(), Prober: &lineage.Pool{}}
			conv, err := sibling.Read(ctx, c.like, options)
			if err != nil {
				t.Fatal(err)
			}
			charts := map[string]*helmchart.Chart{}
			for _, form := range []string{convention.ValuesFull, convention.ValuesLean} {
				chart, err := Generate(ctx, conv, Options{With: c.with, Values: form, PortShift: 10})
				if err != nil {
					t.Fatal(err)
				}
				if form == convention.ValuesLean {
					rendersWithoutValues(t, chart.Files)
				}
				if charts[form], err = load(chart.Files); err != nil {
					t.Fatal(err)
				}
			}
			full, lean := charts[convention.ValuesFull], charts[convention.ValuesLean]
			if diff := cmp.Diff(full.Values(), lean.Values()); diff != "" {
				t.Errorf("the values differ:\n%s", diff)
			}
			keys := map[string]any{"values": map[string]any{"key": "a-secret-of-more-than-32-characters"}}
			for _, values := range []map[string]any{
				{"keys": keys},
				{"keys": keys, "nodeSelector": map[string]any{"a": "b"}, "podSecurityContext": nil},
				{"keys": keys, "redis": map[string]any{"port": 6380, "resources": nil}, "env": nil},
				{"keys": keys, "resources": map[string]any{"limits": nil, "requests": map[string]any{"cpu": nil}}},
				{"keys": keys, "config": map[string]any{"rtc": map[string]any{
					"udp_port": nil, "port_range_start": 50000, "port_range_end": 50010,
				}}, "media": map[string]any{"type": "HostNetwork"}},
			} {
				want, got := filesOf(t, full, values), filesOf(t, lean, values)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("with %v it renders otherwise:\n%s", values, diff)
				}
				got = filesOf(t, lean.WithValues(map[string]any{"replicaCount": 1}), values)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("with other values of its own and %v it renders otherwise:\n%s", values, diff)
				}
			}
		})
	}
}

// rendersWithoutValues takes all of values.yaml away.
func rendersWithoutValues(t *testing.T, files map[string][]byte) {
	t.Helper()
	bare := maps.Clone(files)
	bare["values.yaml"] = nil
	chart, err := load(bare)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(filesOf(t, chart, nil)); n < 5 {
		t.Errorf("without values of its own it renders %d files", n)
	}
}

func filesOf(t *testing.T, c *helmchart.Chart, values map[string]any) map[string]string {
	t.Helper()
	files, err := c.Render(context.Background(), values, helmchart.Release{Name: "rel"})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range files {
		out[f.Name] = string(f.Data)
	}
	return out
}
