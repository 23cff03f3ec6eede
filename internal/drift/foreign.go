package drift

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// foreign is what is known of a chart of other making.
type foreign struct {
	// matches are its keys by those of upstream's that move the same fields.
	matches map[string]match
	// config is the key whose value is LiveKit's configuration as a whole, ""
	// where there is none.
	config string
}

// probeTime bounds the experiment on one chart.
const probeTime = 15 * time.Second

// openForeign prepares the comparison of a chart of other making: where it has
// the canonical values is what was read of it, and what its keys do is found by
// experiment.
func (s *subject) openForeign(ctx context.Context, in Input) error {
	conv := in.Convention
	if conv == nil {
		conv = convention.Canonical(s.sheet)
	}
	var err error
	if s.places, err = scaffolding.ObservedPaths(conv); err != nil {
		return err
	}
	s.defaults = s.chart.Values()
	s.foreign = &foreign{config: configBlock(s.defaults, ""), matches: map[string]match{}}
	here, err := reachUnder(ctx, s.chart, nil)
	if err != nil || len(here) == 0 {
		return err // names have to do
	}
	up, err := reachUnder(ctx, s.upstream, nil, s.muchAtOnce())
	if err != nil {
		return err
	}
	dumped(up, s.tableKeys())
	s.foreign.matches = matchByReach(up, here)
	return nil
}

// tableKeys are the keys of upstream's that the sheet of conversion knows.
func (s *subject) tableKeys() []string {
	var out []string
	for _, row := range s.sheet.Mappings() {
		out = append(out, row.Key)
	}
	return out
}

// reachUnder gives what a chart's keys reach under any of several sets of values.
// A chart that does not render reaches nothing.
func reachUnder(ctx context.Context, chart *helmchart.Chart, bases ...map[string]any) (map[string][]string, error) {
	out := map[string][]string{}
	for _, base := range bases {
		result, err := lineage.Run(ctx, chart, base, lineage.Options{Timeout: probeTime})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			continue
		}
		for key, fields := range reachOf(result) {
			for _, f := range fields {
				if !slices.Contains(out[key], f) {
					out[key] = append(out[key], f)
				}
			}
		}
	}
	return out, nil
}

// muchAtOnce are values under which upstream's chart renders most of what it can:
// what is switched off shows nothing of what it reads.
func (s *subject) muchAtOnce() map[string]any {
	return s.sheet.Upstream.Scenarios[len(s.sheet.Upstream.Scenarios)-1].Values
}

// configBlock finds the block of values that is LiveKit's configuration.
func configBlock(values map[string]any, at string) string {
	for _, k := range slices.Sorted(maps.Keys(values)) {
		below, ok := values[k].(map[string]any)
		if !ok {
			continue
		}
		if _, hasRTC := below["rtc"].(map[string]any); hasRTC && isConfig(below) && len(livekit.CheckConfig(below)) == 0 {
			return join(at, k)
		}
		if found := configBlock(below, join(at, k)); found != "" {
			return found
		}
	}
	return ""
}

// placeOf gives the key of the chart that answers a key of upstream's, and how
// that is known.
func (s *subject) placeOf(upstream, to string) (place, how string) {
	if s.foreign == nil {
		return s.places.Text(to), "by the table of conversion"
	}
	if m, ok := s.foreign.matches[upstream]; ok {
		return m.key, m.how
	}
	if rest, ok := strings.CutPrefix(upstream, "livekit."); ok && s.foreign.config != "" {
		return join(s.foreign.config, rest), "by the block that is LiveKit's configuration"
	}
	if place := s.places.Text(to); place != "" {
		return place, "by its habits"
	}
	for _, name := range []string{upstream, to} {
		if isDeclared(s.defaults, name) {
			return name, "by the name alone"
		}
	}
	return "", ""
}

func isDeclared(values map[string]any, key string) bool {
	var value any = values
	for _, part := range strings.Split(key, ".") {
		m, ok := value.(map[string]any)
		if !ok {
			return false
		}
		if value, ok = m[part]; !ok {
			return false
		}
	}
	return true
}

// componentOf names the component that has a canonical key and that the chart
// was written without.
func (s *subject) componentOf(to string) string {
	if s.pristine == nil {
		return ""
	}
	if component := s.places.Component(to); component != factsheet.Core {
		return component
	}
	return "" // every chart has the core: the convention leaves the key no place
}

// foreignOverlay gives values of the chart that mean what a scenario's mean to
// upstream's chart, as far as its keys are known.
func (s *subject) foreignOverlay(wish map[string]any, settings []scaffolding.Setting) (map[string]any, []scaffolding.Unplaced) {
	full := helmchart.Copy(s.defaults)
	unplaced := s.places.Apply(full, settings)
	known := s.known(wish)
	all := map[string]any{}
	leavesOf(known, "", all)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		place := ""
		if m, ok := s.foreign.matches[key]; ok {
			place = m.key
		} else if rest, ok := strings.CutPrefix(key, "livekit."); ok && s.foreign.config != "" && isServersOwn(rest) {
			place = join(s.foreign.config, rest)
		}
		if place == "" || !fits(full, place, all[key]) {
			continue
		}
		putAt(full, strings.Split(place, "."), all[key])
	}
	for _, key := range dropped(wish) {
		if rest, ok := strings.CutPrefix(key, "livekit."); ok && s.foreign.config != "" {
			removeAt(full, strings.Split(join(s.foreign.config, rest), "."))
		}
	}
	return helmchart.Difference(s.defaults, full), unplaced
}

// isServersOwn reports whether a key below upstream's livekit block is one of the
// server's.
func isServersOwn(key string) bool {
	return !slices.Contains([]string{"turn.secretName", "turn.serviceType", "turn.loadBalancerAnnotations"}, key) &&
		!strings.HasPrefix(key, "turn.loadBalancerAnnotations.")
}

// fits reports whether a value is of the kind that the chart has at a place: a
// switch does not take a text.
func fits(values map[string]any, place string, value any) bool {
	var old any = values
	for _, part := range strings.Split(place, ".") {
		m, _ := old.(map[string]any)
		old = m[part]
	}
	return old == nil || value == nil || kindOf(old) == kindOf(value)
}

func kindOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "map"
	case []any:
		return "list"
	case bool:
		return "bool"
	}
	return "scalar"
}

// dropped are the keys that a scenario sets to null.
func dropped(wish map[string]any) []string {
	all := map[string]any{}
	leavesOf(wish, "", all)
	var out []string
	for key, v := range all {
		if v == nil {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

func putAt(m map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		below, ok := m[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			m[key] = below
		}
		m = below
	}
	m[path[len(path)-1]] = value
}

func removeAt(m map[string]any, path []string) {
	for _, key := range path[:len(path)-1] {
		m, _ = m[key].(map[string]any)
	}
	delete(m, path[len(path)-1])
}
