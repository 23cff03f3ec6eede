package drift

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/convert"
	"github.com/helm-livekit/helm-livekit/internal/drift/pairing"
	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// foreign is what is known of a chart of other making.
type foreign struct {
	// matches are its keys by those of upstream's that move the same fields.
	matches map[string]pairing.Match
	// same are the keys that it has under upstream's names.
	same *identity
	// config is the key whose value is LiveKit's configuration as a whole, "" where there is none.
	config string
}

// openForeign prepares the comparison of a chart of other making: where it has the canonical values is what was read
// of it, and what its keys do is found by experiment.
func (c *charts) openForeign(ctx context.Context, in Input) error {
	conv := in.Convention
	if conv == nil {
		conv = convention.Canonical(c.sheet)
	}
	var err error
	if c.places, err = scaffolding.ObservedPaths(conv); err != nil {
		return err
	}
	c.defaults = c.chart.Values()
	c.foreign = &foreign{config: c.findConfig(), matches: map[string]pairing.Match{}}
	if c.foreign.same, err = identityOf(c.upstream, c.chart); err != nil || c.foreign.same.isWhole() {
		return err
	}
	// A port of its own for each one of a long range would make every experiment a large one.
	here, err := affectedUnder(ctx, c.chart, shortRange(c.defaults, c.foreign.config))
	if err != nil || len(here) == 0 {
		return err // names have to do
	}
	scenarios := c.sheet.Upstream.Scenarios
	// What is switched off shows nothing of what it reads: the last scenario switches most of it on.
	up, err := affectedUnder(ctx, c.upstream, nil, scenarios[len(scenarios)-1].Values)
	if err != nil {
		return err
	}
	c.foreign.same.compareFields(up, here)
	c.addConfiguration(up)
	c.foreign.matches = pairing.Keys(up, here, c.foreign.same.has)
	return nil
}

// findConfig finds the block of the chart's values that is LiveKit's configuration, also where it has the keys beside
// those of the server that upstream's has.
func (c *charts) findConfig() string {
	values := helmchart.Copy(c.defaults)
	rendered.EachMap(values, func(m map[string]any) {
		for _, row := range c.sheet.Mappings() {
			if rest, isBelow := strings.CutPrefix(row.Key, "livekit."); isBelow && !c.isServersOwn(rest) {
				yamldoc.Delete(m, strings.Split(rest, "."))
			}
		}
	})
	return livekit.FindConfig(values)
}

// affectedUnder gives the fields that a chart's keys affect under any of several sets of values. In a chart that does
// not render they affect nothing.
func affectedUnder(ctx context.Context, chart *helmchart.Chart, bases ...map[string]any) (map[string][]string, error) {
	out := map[string][]string{}
	for _, base := range bases {
		result, err := lineage.Run(ctx, chart, base, lineage.Options{})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			addAffected(out, result)
		}
	}
	return out, nil
}

// placeOf gives the key of the chart that answers a key of upstream's, and how that is known.
func (c *charts) placeOf(upstream, to string) (place, how string) {
	if c.foreign == nil {
		return c.places.Text(to), "by the table of conversion"
	}
	if c.foreign.same.has(upstream) {
		return upstream, "by its name"
	}
	if m, ok := c.foreign.matches[upstream]; ok {
		return m.Key, m.How
	}
	if rest, ok := c.ownConfiguration(upstream); ok {
		return join(c.foreign.config, rest), "by the block that is LiveKit's configuration"
	}
	if place := c.places.Text(to); place != "" {
		return place, "by its habits"
	}
	for _, name := range []string{upstream, to} {
		if _, declared := yamldoc.Lookup(c.defaults, strings.Split(name, ".")); declared {
			return name, "by the name alone"
		}
	}
	return "", ""
}

// placeOf gives the chart's path for one of upstream's, nil where experiment has found none. What lies in a map that is
// empty by default goes where that map does.
func (f *foreign) placeOf(path []string) []string {
	for n := len(path); n > 0; n-- {
		key := strings.Join(path[:n], ".")
		_, isLeaf := f.same.up.declared[key]
		if m, ok := f.matches[key]; ok && (n == len(path) || isLeaf) {
			return slices.Concat(strings.Split(m.Key, "."), path[n:])
		}
	}
	return nil
}

// foreignOverlay gives values of the chart that mean what a scenario's mean to upstream's chart, as far as its keys
// are known.
func (c *charts) foreignOverlay(
	scenario map[string]any, settings []scaffolding.Setting,
) (map[string]any, []scaffolding.Unplaced) {
	full := helmchart.Copy(c.defaults)
	given := helmchart.Merge(c.upstream.Values(), scenario)
	unplaced := c.places.Apply(full, c.foreign.same.without(settings))
	for key, leaf := range inOrder(leavesOf(given)) {
		rest, isConfig := c.ownConfiguration(key)
		switch place := c.foreign.placeOf(leaf.Path); {
		case c.foreign.same.has(key):
		case place != nil:
			putFitting(full, place, leaf.Value)
		case isConfig && c.isServersOwn(rest):
			putFitting(full, strings.Split(join(c.foreign.config, rest), "."), leaf.Value)
		}
	}
	for key, leaf := range leavesOf(scenario) {
		if rest, isConfig := c.ownConfiguration(key); isConfig && leaf.Value == nil {
			yamldoc.Delete(full, strings.Split(join(c.foreign.config, rest), "."))
		}
	}
	c.foreign.same.apply(full, given, scenario)
	return helmchart.Difference(c.defaults, full), unplaced
}

// ownConfiguration gives a key of LiveKit's configuration in upstream's values where the chart has a block for that.
func (c *charts) ownConfiguration(key string) (string, bool) {
	rest, ok := strings.CutPrefix(key, "livekit.")
	return rest, ok && c.foreign.config != ""
}

// knownValues gives a scenario's values over the defaults that upstream is known to have. A block that a scenario
// unsets is empty: rules look into it.
func (c *charts) knownValues(values map[string]any) map[string]any {
	defaults := convert.UpstreamDefaults(c.sheet)
	out := helmchart.Merge(defaults, values)
	keepBlocks(out, defaults)
	return out
}

// keepBlocks gives values, in place, an empty block for each one that defaults have and that they lack.
func keepBlocks(values, defaults map[string]any) {
	for key, value := range defaults {
		block, isBlock := value.(map[string]any)
		if !isBlock {
			continue
		}
		own, isThere := values[key].(map[string]any)
		if !isThere && values[key] == nil {
			own = map[string]any{}
			values[key] = own
		}
		if own != nil {
			keepBlocks(own, block)
		}
	}
}

// isServersOwn reports whether a key below upstream's livekit block is one of the server's.
func (c *charts) isServersOwn(key string) bool {
	m, _ := c.sheet.Mapping("livekit." + key)
	return m.How != "turn"
}

// putFitting sets a value if it is of the kind that the chart has there: a switch does not take a text.
func putFitting(values map[string]any, path []string, value any) {
	old, _ := yamldoc.Lookup(values, path)
	is, was := reflect.ValueOf(value).Kind(), reflect.ValueOf(old).Kind()
	shaped := []reflect.Kind{reflect.Map, reflect.Slice, reflect.Bool}
	if old == nil || value == nil || is == was || !slices.Contains(shaped, is) && !slices.Contains(shaped, was) {
		yamldoc.Set(values, path, value)
	}
}
