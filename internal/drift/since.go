package drift

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// changedSince says what upstream changed between the version that the chart came
// from and the one before us: in its values, and in what it renders in each
// scenario. Upstream stands for now, Chart for then.
func (s *subject) changedSince(ctx context.Context, in Input, trials []*trial) ([]Finding, error) {
	if in.SinceChart == nil {
		return nil, nil
	}
	why := fmt.Sprintf("upstream changed this since %s", in.Since.Version)
	out := changedValues(in.SinceChart, in.Upstream, why)
	merged := map[string]int{}
	for _, t := range trials {
		then, err := render(ctx, in.SinceChart, t.Values)
		if err != nil || t.upstream == nil {
			continue // one that does not render is told by its own comparison
		}
		for _, f := range changedObjects(then, t.upstream) {
			f.Why = why
			f = hide(f)
			key := fmt.Sprint(f.Object, f.Path, f.Upstream, f.Chart)
			i, seen := merged[key]
			if !seen {
				i = len(out)
				merged[key] = i
				f.Scenario = t.Name
				out = append(out, f)
			}
			out[i].Scenarios = append(out[i].Scenarios, t.Name)
		}
	}
	return out, ctx.Err()
}

func changedValues(then, now *helmchart.Chart, why string) []Finding {
	old, current := map[string]any{}, map[string]any{}
	leavesOf(then.Values(), "", old)
	leavesOf(now.Values(), "", current)
	all := maps.Clone(old)
	maps.Copy(all, current)
	var out []Finding
	for _, key := range slices.Sorted(maps.Keys(all)) {
		was, wasThere := old[key]
		is, isThere := current[key]
		if wasThere != isThere || !sameValue(was, is) {
			out = append(out, Finding{Layer: LayerVersion, Class: Extra, Path: "values " + key, Upstream: hideAt(key, is), Chart: hideAt(key, was), Why: why})
		}
	}
	return out
}

// changedObjects compares what two versions of one chart render. Their own
// versions are no change.
func changedObjects(then, now *rendered) []Finding {
	var out []Finding
	roles := maps.Clone(then.byRole)
	maps.Copy(roles, now.byRole)
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		a, b := then.byRole[role], now.byRole[role]
		if a == nil || b == nil {
			out = append(out, Finding{Layer: LayerVersion, Class: Extra, Object: roles[role].label(), Upstream: kindOrNil(b), Chart: kindOrNil(a)})
			continue
		}
		for _, key := range union(a, b) {
			x, inA := a.leaves[key]
			y, inB := b.leaves[key]
			if inA == inB && same(x.Value, y.Value, x.Path) || isVersion(key, x, y) {
				continue
			}
			out = append(out, Finding{Layer: LayerVersion, Class: Extra, Object: b.label(), Path: key, Upstream: valueOf(y, inB), Chart: valueOf(x, inA)})
		}
	}
	return out
}

func isVersion(key string, a, b manifest.Leaf) bool {
	return key == imagePath || strings.Contains(key, "app.kubernetes.io/version") && a.Value != nil && b.Value != nil
}
