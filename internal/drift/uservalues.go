package drift

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/drift/redact"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// What the user sets in values.yaml is no drift: each scenario renders the chart as it was scaffolded with the user's
// values, too, which tells edits of templates from them, and with the generated ones, which are compared with upstream.

// notePristine takes what the chart was scaffolded as, and how it differs from that.
func (c *charts) notePristine(pristine *helmchart.Chart) {
	c.pristine = pristine
	c.userValues = helmchart.Difference(pristine.Values(), c.chart.Values())
	if rendersAlike(pristine, c.chart) {
		c.isAsScaffolded = true
	}
}

// renderChart renders the chart in a scenario, and as it was scaffolded, with the user's values and with the generated
// ones.
func (c *charts) renderChart(ctx context.Context, run *scenarioRun) {
	generated := c.applied(c.defaults, run)
	own := generated
	if len(c.userValues) > 0 {
		own = c.applied(c.chart.Values(), run)
	}
	c.renderWith(ctx, run, own)
	if run.chartErr != nil && len(c.userValues) > 0 {
		// Values of the user's can exclude those of a scenario: it is compared without them.
		without := *run
		if c.renderWith(ctx, &without, generated); without.chartErr == nil {
			*run, own = without, generated
		}
	}
	run.fresh = run.pristine
	if len(c.userValues) > 0 && !helmchart.Equal(own, generated) {
		run.fresh, _ = c.render(ctx, c.pristine, helmchart.Difference(c.pristine.Values(), generated))
	}
}

// applied gives values with which a scenario's settings are true, and notes which settings have no place.
func (c *charts) applied(values map[string]any, run *scenarioRun) map[string]any {
	out := helmchart.Copy(values)
	run.unplaced = c.places.Apply(out, run.settings)
	return out
}

// renderWith renders the chart, and as it was scaffolded, with all of their values.
func (c *charts) renderWith(ctx context.Context, run *scenarioRun, values map[string]any) {
	run.values = helmchart.Difference(c.chart.Values(), values)
	run.chart, run.chartErr = c.renderIn(ctx, run, c.chart, run.values)
	run.pristine = run.chart
	if !c.isAsScaffolded {
		// What only explains differences is left out where it does not render.
		run.pristine, _ = c.render(ctx, c.pristine, helmchart.Difference(c.pristine.Values(), values))
	}
}

// userField classes a field that has no edit in a template, and that the user's values have made another one: what
// there is without them is compared with upstream's.
func (d *objectDiff) userField(generated Finding, upstream, chart any, path manifest.Path) Finding {
	switch {
	case generated.Class == Drift && d.fresh != nil:
		return generated
	case same(upstream, chart, path):
		return Finding{}
	}
	return Finding{Class: Values, Why: d.charts.whySet(chart)}
}

// whySet names the keys of values.yaml that made a field what it is: those whose value it has, or all.
func (c *charts) whySet(value any) string {
	var all, fitting []string
	for key, leaf := range inOrder(leavesOf(c.userValues)) {
		all = append(all, key)
		text := fmt.Sprint(leaf.Value)
		if value != nil && leaf.Value != nil && text != "" && strings.Contains(fmt.Sprint(value), text) {
			fitting = append(fitting, key)
		}
	}
	keys := all
	if len(fitting) > 0 {
		keys = fitting
	}
	const few = 3
	if n := len(keys); n > few {
		keys = append(slices.Clone(keys[:few]), fmt.Sprintf("%d more", n-few))
	}
	return "set in values.yaml: " + strings.Join(keys, ", ")
}

// userSet reports the keys whose values are not those that were generated.
func (d *valuesDiff) userSet() {
	if d.charts.pristine == nil {
		return
	}
	was := leavesOf(d.charts.pristine.Values())
	for key, leaf := range inOrder(leavesOf(d.charts.userValues)) {
		old, wasThere := was[key]
		why := "set in values.yaml, not generated"
		if wasThere {
			generated := redact.Value(leaf.Path, old.Value)
			why = fmt.Sprintf("set in values.yaml; %v was generated", cmp.Or(fmt.Sprint(generated), `""`))
		}
		d.set = append(d.set, key)
		d.add(Values, d.upstreamKey(key), key, nil, leaf.Value, why)
	}
}

// upstreamKey gives the key of upstream's that one of the chart answers, or the key itself.
func (d *valuesDiff) upstreamKey(key string) string {
	for _, row := range d.charts.sheet.Mappings() {
		for _, to := range row.To {
			if d.charts.places.Text(to) == key {
				return row.Key
			}
		}
	}
	return key
}

// isSet reports whether the user has set a key, or something in it.
func (d *valuesDiff) isSet(key string) bool {
	return slices.ContainsFunc(d.set, func(set string) bool {
		return strings.HasPrefix(set+".", key+".") || strings.HasPrefix(key, set+".")
	})
}

// adoptDefaults notes which new defaults of upstream's the chart's own values have, too: where a scenario says nothing
// else, both charts have them then.
func (c *charts) adoptDefaults() {
	c.adopted = map[string]any{}
	if c.foreign != nil {
		return
	}
	up, own := c.upstream.Values(), c.chart.Values()
	for _, row := range c.sheet.Mappings() {
		key := strings.Split(row.Key, ".")
		value, declared := yamldoc.Lookup(up, key)
		if place := c.copyOf(row); declared && place != "" && !sameValue(row.Default, value) {
			if has, _ := yamldoc.Lookup(own, strings.Split(place, ".")); sameValue(has, value) {
				yamldoc.Set(c.adopted, key, value)
			}
		}
	}
}

// hasAdopted reports whether the chart has a new default of upstream's.
func (c *charts) hasAdopted(key string) bool {
	_, ok := yamldoc.Lookup(c.adopted, strings.Split(key, "."))
	return ok
}

// copyOf gives the chart's key for one of upstream's that has the same value, "" where there is none.
func (c *charts) copyOf(row factsheet.Mapping) string {
	isCopy := slices.Contains([]string{factsheet.Copy, factsheet.Replace, factsheet.Config}, row.How)
	if c.foreign != nil || !isCopy || row.Default == nil || len(row.To) == 0 {
		return ""
	}
	return c.places.Text(row.To[0])
}
