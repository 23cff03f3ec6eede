package drift

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/convert"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// subject is the two charts with all that their comparison needs.
type subject struct {
	sheet    *factsheet.Sheet
	rules    []*rule
	chart    *helmchart.Chart
	upstream *helmchart.Chart
	sides    struct{ chart, upstream Side }

	// places say where the chart has the canonical values. defaults are the
	// values to which settings are laid: the chart's own as it was scaffolded.
	places   *scaffolding.Paths
	defaults map[string]any
	labels   map[string]string // of the chart's pods

	// lenient says that the chart renders only where what it requires may be
	// missing.
	lenient bool
	notes   []string
	// kinds are those of the chart's convention.
	kinds convention.Kinds
	// asked are the components that scaffold was given by name.
	asked []string
	// foreign is what is known of a chart without a lock, nil with one.
	foreign *foreign

	// pristine is the chart as it was scaffolded, nil without a lock; whole is
	// that with all components, nil where it is no other.
	pristine *helmchart.Chart
	whole    *wholeChart
	// added are charts with one more component each, by its name.
	added map[string]*wholeChart
	// random are fields that differ from render to render, by role and path.
	random map[string]bool
}

// wholeChart is a chart with components that the one before us lacks.
type wholeChart struct {
	chart    *helmchart.Chart
	places   *scaffolding.Paths
	defaults map[string]any
}

// trial is both charts under one scenario.
type trial struct {
	factsheet.Scenario
	settings []scaffolding.Setting
	unplaced []scaffolding.Unplaced
	values   map[string]any // the chart's

	upstream, chart, pristine, whole *rendered
	added                            map[string]*rendered

	upstreamErr, chartErr error
}

// try renders both charts, and those that explain the difference.
func (s *subject) try(ctx context.Context, w factsheet.Scenario) (*trial, error) {
	converted := convert.Values(w.Values, convert.Options{Sheet: s.sheet, PodLabels: s.labels})
	t := &trial{Scenario: w, settings: converted.Settings}
	if s.foreign != nil {
		t.values, t.unplaced = s.foreignOverlay(w.Values, t.settings)
	} else {
		t.values, t.unplaced = overlay(s.places, s.defaults, t.settings)
	}
	if t.upstream, t.upstreamErr = s.render(ctx, s.upstream, w.Values); errors.Is(t.upstreamErr, context.Canceled) {
		return nil, t.upstreamErr
	}
	t.chart, t.chartErr = s.render(ctx, s.chart, t.values)
	if t.chartErr != nil && s.foreign != nil {
		s.tryConverted(ctx, t)
	}
	// A wish that the chart refuses is a finding. What only explains differences is
	// left out where it refuses as well.
	if s.pristine != nil && s.pristine != s.chart {
		t.pristine, _ = s.render(ctx, s.pristine, t.values)
	} else if s.pristine != nil {
		t.pristine = t.chart
	}
	if s.whole != nil {
		t.whole, _ = s.renderWhole(ctx, s.whole, t.settings)
	}
	return t, ctx.Err()
}

// tryConverted gives a chart without a lock converted values alone: one that was
// scaffolded refuses some of upstream's own keys beside them.
func (s *subject) tryConverted(ctx context.Context, t *trial) {
	full := helmchart.Copy(s.defaults)
	unplaced := s.places.Apply(full, t.settings)
	values := helmchart.Difference(s.defaults, full)
	if chart, err := s.render(ctx, s.chart, values); err == nil {
		t.chart, t.chartErr, t.values, t.unplaced = chart, nil, values, unplaced
	}
}

// render renders a chart. One of other making may require values that upstream's
// does not: they are left out then.
func (s *subject) render(ctx context.Context, chart *helmchart.Chart, values map[string]any) (*rendered, error) {
	return renderWith(ctx, chart, values, s.lenient && chart == s.chart)
}

func (s *subject) renderWhole(ctx context.Context, w *wholeChart, settings []scaffolding.Setting) (*rendered, error) {
	values, _ := overlay(w.places, w.defaults, settings)
	return render(ctx, w.chart, values)
}

// overlay gives the values that, laid over a chart's defaults, make the settings
// true, and the settings that the chart has no place for.
func overlay(places *scaffolding.Paths, defaults map[string]any, settings []scaffolding.Setting) (map[string]any, []scaffolding.Unplaced) {
	full := helmchart.Copy(defaults)
	unplaced := places.Apply(full, settings)
	return helmchart.Difference(defaults, full), unplaced
}

// trials renders every scenario, some at a time.
func (s *subject) trials(ctx context.Context, wishes []factsheet.Scenario) ([]*trial, error) {
	out := make([]*trial, len(wishes))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, w := range wishes {
		g.Go(func() (err error) {
			out[i], err = s.try(ctx, w)
			return err
		})
	}
	return out, g.Wait()
}

// objects compares the objects of one scenario.
func (s *subject) objects(ctx context.Context, t *trial) ([]Finding, error) {
	e := newExplainer(s, s.known(t.Values))
	var out []Finding
	for _, role := range t.roles() {
		found, err := s.object(ctx, e, t, role)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %s: %w", t.Name, role, err)
		}
		out = append(out, found...)
	}
	return out, nil
}

// known gives a scenario's values over the defaults that upstream is known to
// have.
func (s *subject) known(values map[string]any) map[string]any {
	return helmchart.Merge(convert.UpstreamDefaults(s.sheet), values)
}

// roles are those of all the objects of a scenario, in order.
func (t *trial) roles() []string {
	all := map[string]bool{}
	for _, r := range []*rendered{t.upstream, t.chart, t.pristine} {
		if r != nil {
			for role := range r.byRole {
				all[role] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func (r *rendered) get(role string) *object {
	if r == nil {
		return nil
	}
	return r.byRole[role]
}

// object compares one object of both charts.
func (s *subject) object(ctx context.Context, e *explainer, t *trial, role string) ([]Finding, error) {
	u, c, p, w := t.upstream.get(role), t.chart.get(role), t.pristine.get(role), t.whole.get(role)
	nodes := nodesOf(u, c, p)
	known, err := e.explain(role, nodes)
	if err != nil {
		return nil, err
	}
	j := judge{ctx: ctx, s: s, t: t, role: role, u: u, c: c, p: p, w: w, known: known}
	if u == nil || c == nil {
		return j.presence(), nil
	}
	return j.fields(), nil
}

// nodesOf gives every path of the objects, and those that lead to them.
func nodesOf(objects ...*object) map[string]manifest.Path {
	out := map[string]manifest.Path{}
	for _, o := range objects {
		if o == nil {
			continue
		}
		for _, leaf := range o.leaves {
			for n := len(leaf.Path); n > 0; n-- {
				key := leaf.Path[:n].String()
				if _, ok := out[key]; ok {
					break
				}
				out[key] = leaf.Path[:n]
			}
		}
	}
	return out
}

// openLock reads what the lock of a chart says, nil where it has none.
func openLock(dir string) (*chartdir.Lock, error) {
	if strings.HasSuffix(dir, ".tgz") {
		return nil, nil
	}
	return chartdir.ReadLock(dir)
}
