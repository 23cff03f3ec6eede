package drift

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/convert"
	"github.com/helm-livekit/helm-livekit/internal/drift/branches"
	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// scenarioRun is both charts under one scenario.
type scenarioRun struct {
	factsheet.Scenario
	settings []scaffolding.Setting
	unplaced []scaffolding.Unplaced
	values   map[string]any // the chart's

	// pristine is the chart as it was scaffolded, with the user's values, fresh with those that were generated.
	upstream, chart, pristine, fresh, whole, anew *rendered.Chart

	added map[string]*rendered.Chart // with one more component, by its name

	upstreamErr, chartErr error

	isShortened bool // the range of ports for media

	// seen are the branches that were taken, by the chart.
	seen map[*helmchart.Chart]branches.Seen
	// base is what the scenario was made of to take a branch, nil for all others. With isOwn it is about the chart here
	// alone, which is compared with the chart as it was scaffolded. extra are keys of the chart that upstream's lacks.
	base  *scenarioRun
	isOwn bool
	extra []string
}

// Case is a scenario with the values of both charts.
type Case struct {
	Name            string
	Upstream, Chart map[string]any
}

// Release is what both charts are rendered for.
func Release() helmchart.Release {
	return helmchart.Release{
		Name: rendered.ReleaseName, Namespace: releaseNamespace, KubeVersion: kubeVersion, SkipSchema: true,
		APIVersions: rendered.Facts().APIs,
	}
}

// Cases gives the scenarios of a comparison with the values of both sides, for those who render the charts themselves.
func Cases(ctx context.Context, in Input) ([]Case, error) {
	_, runs, err := renderScenarios(ctx, in)
	if err != nil {
		return nil, err
	}
	var out []Case
	for _, run := range runs {
		out = append(out, Case{run.Name, run.Values, run.values})
	}
	return out, nil
}

// renderScenarios opens the charts and renders both in every scenario, some at a time.
func renderScenarios(ctx context.Context, in Input) (*charts, []*scenarioRun, error) {
	c, err := openCharts(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	scenarios, err := choose(c.sheet, in)
	if err != nil {
		return nil, nil, err
	}
	if len(in.Only) == 0 {
		c.openBranches(in.Coverage)
	}
	runs := make([]*scenarioRun, len(scenarios))
	err = inParallel(ctx, len(scenarios), func(ctx context.Context, i int) (err error) {
		runs[i], err = c.runScenario(ctx, scenarios[i])
		return err
	})
	return c, runs, err
}

// inParallel does something n times, as many at a time as there are processors.
func inParallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error { return do(ctx, i) })
	}
	return g.Wait()
}

// choose gives the scenarios to compare: those that are built in, replaced by the user's of the same name.
func choose(sheet *factsheet.Sheet, in Input) ([]factsheet.Scenario, error) {
	var all, out []factsheet.Scenario
	var names []string
	for _, w := range slices.Concat(sheet.Upstream.Scenarios, in.Scenarios) {
		if i := slices.Index(names, w.Name); i >= 0 {
			all[i] = w
			continue
		}
		all, names = append(all, w), append(names, w.Name)
	}
	if len(in.Only) == 0 {
		return all, nil
	}
	for _, name := range in.Only {
		i := slices.Index(names, name)
		if i < 0 {
			step := cmp.Or(remedy.DidYouMean(names, name), "choose among "+strings.Join(names, ", "))
			return nil, remedy.Errorf(step, "there is no scenario %q", name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

func newRun(w factsheet.Scenario, settings []scaffolding.Setting) *scenarioRun {
	return &scenarioRun{
		Scenario: w, settings: settings, added: map[string]*rendered.Chart{},
		seen: map[*helmchart.Chart]branches.Seen{},
	}
}

// runScenario renders both charts in a scenario. A chart may have a port, or a Service, for each port of media, and
// upstream's range has 10,001 of them: if that is too much, both charts get a range of four.
func (c *charts) runScenario(ctx context.Context, w factsheet.Scenario) (*scenarioRun, error) {
	run, err := c.renderScenario(ctx, w)
	if err != nil || run.tooLarge() == nil {
		return run, err
	}
	short := w
	if short.Values = c.withShortRange(w.Values); short.Values == nil {
		return run, nil
	}
	shortened, err := c.renderScenario(ctx, short)
	if err != nil || shortened.tooLarge() != nil {
		return run, err
	}
	shortened.isShortened = true
	return shortened, nil
}

// withShortRange gives values of upstream's chart with a range of four ports, nil if it is no longer than that.
func (c *charts) withShortRange(values map[string]any) map[string]any {
	short := shortRange(helmchart.Merge(c.upstream.Values(), values), "livekit")
	if short == nil {
		return nil
	}
	return helmchart.Merge(values, short)
}

// shortRange gives values that make the range of ports for media one of four, nil if it is no longer than that. config
// is the key of LiveKit's configuration.
func shortRange(values map[string]any, config string) map[string]any {
	const ports = 4
	rtc := yamldoc.SplitPath(join(config, "rtc"))
	start, _ := yamldoc.Lookup(values, append(rtc, "port_range_start"))
	end, _ := yamldoc.Lookup(values, append(rtc, "port_range_end"))
	from, isFrom := helmchart.Number(start)
	to, isTo := helmchart.Number(end)
	if !isFrom || !isTo || to-from < ports {
		return nil
	}
	out := map[string]any{}
	yamldoc.Set(out, rtc, map[string]any{"port_range_start": start, "port_range_end": int64(from) + ports - 1})
	return out
}

func countShortened(runs []*scenarioRun) int {
	n := 0
	for _, run := range runs {
		if run.isShortened {
			n++
		}
	}
	return n
}

// tooLarge is the error of a chart that gives more than is compared, nil otherwise.
func (run *scenarioRun) tooLarge() error {
	for _, err := range []error{run.upstreamErr, run.chartErr} {
		if errors.Is(err, errTooLarge) {
			return err
		}
	}
	return nil
}

// renderScenario renders both charts, and those that explain the difference.
func (c *charts) renderScenario(ctx context.Context, w factsheet.Scenario) (*scenarioRun, error) {
	start := time.Now()
	c = c.under(w)
	if len(c.adopted) > 0 {
		w.Values = helmchart.Merge(c.adopted, w.Values)
	}
	converted, err := convert.Values(c.sheet, w.Values, c.labels, "")
	if err != nil {
		return nil, err
	}
	run := newRun(w, converted.Settings)
	run.upstream, run.upstreamErr = c.renderIn(ctx, run, c.upstream, w.Values)
	if c.foreign != nil {
		run.values, run.unplaced = c.foreignOverlay(w.Values, run.settings)
		run.chart, run.chartErr = c.renderIn(ctx, run, c.chart, run.values)
	} else {
		c.renderChart(ctx, run)
	}
	if run.chartErr != nil && c.foreign != nil {
		// One that was scaffolded refuses some of upstream's own keys beside the converted values.
		values, unplaced := c.overlay(run.settings)
		if chart, err := c.render(ctx, c.chart, values); err == nil {
			run.chart, run.chartErr, run.values, run.unplaced = chart, nil, values, unplaced
		}
	}
	if c.anew != nil {
		values, _ := c.anew.overlay(run.settings)
		run.anew, _ = c.render(ctx, c.anew.chart, values)
	}
	if c.whole != nil {
		values, _ := c.whole.overlay(run.settings)
		run.whole, _ = c.render(ctx, c.whole.chart, values)
	}
	slog.Debug("rendered both charts", "scenario", w.Name, "took", time.Since(start),
		"upstream error", run.upstreamErr, "chart error", run.chartErr)
	return run, ctx.Err()
}

// roles are those of all the objects of a scenario, in order.
func (run *scenarioRun) roles() []string {
	all := map[string]*rendered.Object{}
	for _, r := range []*rendered.Chart{run.upstream, run.chart, run.pristine, run.fresh, run.whole} {
		if r != nil {
			maps.Copy(all, r.ByRole)
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// shapeReason says why a field of the route cannot be as upstream's in a scenario: the repository writes hosts or
// certificates in a way that says less. "" where that is not so.
func (run *scenarioRun) shapeReason(role string, path manifest.Path) string {
	isShaped := len(path) > 1 && slices.Contains([]string{"rules", "tls", "(order of rules)"}, path[1])
	if role != rendered.RoleRoute || !isShaped || path[0] != "spec" {
		return ""
	}
	for _, u := range run.unplaced {
		if (u.Key == "ingress.hosts" || u.Key == "ingress.tls") && u.Component == "" {
			return "the repository's convention says less: " + u.Reason
		}
	}
	return ""
}

// isLeftOut reports whether a scenario is not compared.
func (run *scenarioRun) isLeftOut(c *charts) bool {
	return run.tooLarge() != nil || run.isRefusedAlike(c)
}

// notCompared says why a scenario is left out, "" if it is not, or if it was made to take a branch.
func (run *scenarioRun) notCompared(c *charts) string {
	err := run.tooLarge()
	switch {
	case run.base != nil:
	case err != nil:
		return fmt.Sprintf("scenario %s is not compared, as one chart is too large in it: %s; "+
			"--scenario FILE can give it values with which it is smaller", run.Name, firstLine(err))
	case run.isRefusedAlike(c):
		return fmt.Sprintf("scenario %s is not compared, as neither chart renders in it: %s",
			run.Name, firstLine(run.upstreamErr))
	}
	return ""
}

// isRefusedAlike reports whether neither upstream's chart nor one of other making renders in a scenario: nobody knows
// that the values ought to suit either.
func (run *scenarioRun) isRefusedAlike(c *charts) bool {
	return (c.foreign != nil || run.base != nil) && run.upstreamErr != nil && run.chartErr != nil
}

// failed is the finding of a scenario in which one chart, or both, do not render.
func (run *scenarioRun) failed() Finding {
	f := Finding{Layer: LayerObjects, Class: Drift, Upstream: "renders", Chart: "renders", Why: "neither chart renders"}
	if run.chartErr != nil {
		f.Chart = firstLine(run.chartErr)
	} else {
		f.Why = "upstream's chart does not render with values that this one takes"
	}
	if run.upstreamErr != nil {
		f.Upstream = firstLine(run.upstreamErr)
	} else {
		f.Why = "the chart does not render with values that upstream's takes"
	}
	return f
}

func firstLine(err error) string {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasSuffix(line, ":") {
			return line
		}
	}
	return err.Error()
}

// neverRenders is the error of a chart that renders in no scenario, nil otherwise.
func neverRenders(runs []*scenarioRun) error {
	isUpstream := slices.ContainsFunc(runs, func(run *scenarioRun) bool { return run.upstreamErr == nil })
	isHere := slices.ContainsFunc(runs, func(run *scenarioRun) bool { return run.chartErr == nil })
	switch {
	case !isUpstream:
		return remedy.Errorf("compare with another one: --upstream, --upstream-version",
			"upstream's chart renders in no scenario: %w", runs[0].upstreamErr)
	case !isHere:
		return remedy.Errorf("look at it with `helm livekit verify`",
			"the chart renders in no scenario: %w", runs[0].chartErr)
	}
	return nil
}

// openBranches prepares both charts to tell which branches of their templates are taken. One whose templates do not
// parse says so when it is rendered. What is as it was scaffolded is counted on request alone, as that takes time.
func (c *charts) openBranches(isCounted bool) {
	c.branches = map[*helmchart.Chart]*branches.Chart{}
	for _, chart := range []*helmchart.Chart{c.upstream, c.chart} {
		if chart == c.chart && c.isAsScaffolded && !isCounted {
			continue
		}
		if of, err := branches.Of(chart); err == nil {
			c.branches[chart] = of
		}
	}
}

// under gives the charts as they are rendered for a scenario's cluster.
func (c *charts) under(w factsheet.Scenario) *charts {
	out := *c
	out.release.KubeVersion = cmp.Or(w.KubeVersion, c.release.KubeVersion)
	out.release.APIVersions = slices.Concat(c.release.APIVersions, w.APIs)
	out.release.WithoutAPIs, out.release.Upgrade = w.WithoutAPIs, w.Upgrade
	return &out
}

// takeBranches adds scenarios for branches that none has taken: first those of upstream's chart, then those of the
// chart here. What is as it was scaffolded needs none.
func (c *charts) takeBranches(ctx context.Context, in Input, runs []*scenarioRun) ([]*scenarioRun, error) {
	for _, chart := range []*helmchart.Chart{c.upstream, c.chart} {
		isHere, of := chart == c.chart, c.branches[chart]
		if of == nil || isHere && c.isAsScaffolded {
			continue
		}
		o := branches.Options{Facts: c.sheet.Upstream}
		o.Release = func(w factsheet.Scenario) helmchart.Release { return c.under(w).releaseOf(chart) }
		o.Accepts = func(version string) bool {
			return in.KubeVersion == "" && c.upstream.Supports(version) && c.chart.Supports(version)
		}
		if isHere && c.pristine != nil {
			o.Known = c.pristine
		}
		for _, run := range runs {
			w := run.Scenario
			if isHere {
				w.Values = run.values
			}
			o.Scenarios, o.Seen = append(o.Scenarios, w), append(o.Seen, run.seen[chart])
		}
		made := of.Search(ctx, o)
		more := make([]*scenarioRun, len(made))
		err := inParallel(ctx, len(made), func(ctx context.Context, i int) (err error) {
			more[i], err = c.runMade(ctx, made[i], runs[made[i].Base], isHere)
			return err
		})
		if err != nil {
			return nil, err
		}
		runs = append(runs, slices.DeleteFunc(more, c.isBeyond)...)
	}
	return runs, nil
}

// isBeyond reports whether a scenario that was made is none for the chart here: as it was scaffolded, it refuses such
// values, or would do so with all components.
func (c *charts) isBeyond(run *scenarioRun) bool {
	isRefused := run.chartErr != nil && run.pristine == nil
	isUnknown := c.whole != nil && run.whole == nil && !run.isOwn
	return c.pristine != nil && run.upstreamErr == nil && (isRefused || isUnknown)
}

// runMade renders a scenario that was made of another one, by upstream's values or by those of the chart here.
func (c *charts) runMade(ctx context.Context, m branches.Made, base *scenarioRun, isHere bool) (*scenarioRun, error) {
	if !isHere {
		run, err := c.runScenario(ctx, m.Scenario)
		if err == nil {
			run.base = base
		}
		return run, err
	}
	c = c.under(m.Scenario)
	run := newRun(m.Scenario, base.settings)
	run.base, run.unplaced, run.values = base, base.unplaced, m.Values
	run.Values = base.Values
	if run.isOwn = c.pristine != nil; run.isOwn {
		c.renderWith(ctx, run, helmchart.Merge(c.chart.Values(), m.Values))
		run.upstream, run.fresh = run.pristine, run.pristine
		return run, ctx.Err()
	}
	for _, key := range m.Keys {
		value, _ := yamldoc.Lookup(m.Values, key)
		if values, ok := branches.Assign(c.upstream.Values(), run.Values, key, value); ok &&
			c.foreign.same.has(key.String()) {
			run.Values = values
		} else {
			run.extra = append(run.extra, key.String())
		}
	}
	run.upstream, run.upstreamErr = c.render(ctx, c.upstream, run.Values)
	run.chart, run.chartErr = c.renderIn(ctx, run, c.chart, run.values)
	return run, ctx.Err()
}
