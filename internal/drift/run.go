package drift

import (
	"cmp"
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
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/settings"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
)

// Input is what is compared.
type Input struct {
	// Sheet is what is known of the chart and of upstream's; nil is the server's.
	Sheet *factsheet.Sheet
	// Chart is the chart here; Dir is where it was read, as the user named it.
	Chart *helmchart.Chart
	Dir   string
	// Lock is what the chart was scaffolded from, nil for a chart of other making.
	Lock *chartdir.Lock
	// Convention is what was read of the chart's own habits where there is no lock.
	Convention *convention.Convention

	Upstream       *helmchart.Chart
	UpstreamSource string
	UpstreamDigest string
	// Since is the version of upstream's chart that the chart came from: by the
	// lock, or as the user says. Its zero value is that nobody knows.
	Since chartdir.Version
	// SinceChart is that version itself where it is at hand, for what upstream
	// changed in its values; nil otherwise.
	SinceChart *helmchart.Chart

	// Scenarios are the user's own, over those that are built in.
	Scenarios []factsheet.Scenario
	// Only are the names of the scenarios to compare, all where it is empty.
	Only []string
	// Prober renders charts of other making to find out what their values mean.
	Prober sibling.Prober
	// Accepted are differences that the settings accept.
	Accepted []settings.Accepted
}

// Load reads a chart directory with its lock.
func Load(ctx context.Context, dir string, sources helmchart.Sources) (*helmchart.Chart, *chartdir.Lock, error) {
	chart, _, err := helmchart.LoadComplete(ctx, dir, sources)
	if err != nil {
		return nil, nil, err
	}
	lock, err := openLock(dir)
	return chart, lock, err
}

// Run compares a chart with upstream's. The error is that of a comparison that
// cannot be made; a chart that does not render in a scenario is a finding.
func Run(ctx context.Context, in Input) (*Report, error) {
	s, err := newSubject(ctx, in)
	if err != nil {
		return nil, err
	}
	wishes, err := choose(s.sheet, in)
	if err != nil {
		return nil, err
	}
	trials, err := s.trials(ctx, wishes)
	if err != nil {
		return nil, err
	}
	if err := neverRenders(trials); err != nil {
		return nil, err
	}
	r := &Report{Chart: s.sides.chart, Upstream: s.sides.upstream}
	if in.Since != (chartdir.Version{}) {
		r.Since = &Side{Name: in.Since.Name, Version: in.Since.Version, AppVersion: in.Since.AppVersion}
	}
	r.Findings = s.versions(in)
	since, err := s.changedSince(ctx, in, trials)
	if err != nil {
		return nil, err
	}
	r.Findings = append(r.Findings, since...)
	values, err := s.values(in)
	if err != nil {
		return nil, err
	}
	r.Findings = append(r.Findings, values...)
	if err := s.addObjects(ctx, r, trials); err != nil {
		return nil, err
	}
	r.Notes = append(r.Notes, s.notes...)
	accept(r, in.Accepted)
	r.finish()
	return r, nil
}

// neverRenders is the error of a chart that renders in no scenario, nil otherwise.
func neverRenders(trials []*trial) error {
	upstream, chart := 0, 0
	for _, t := range trials {
		if t.upstreamErr != nil {
			upstream++
		}
		if t.chartErr != nil {
			chart++
		}
	}
	switch len(trials) {
	case upstream:
		return remedy.Errorf("compare with another one: --upstream, --upstream-version", "upstream's chart renders in no scenario: %w", trials[0].upstreamErr)
	case chart:
		return remedy.Errorf("look at it with `helm livekit verify`", "the chart renders in no scenario: %w", trials[0].chartErr)
	}
	return nil
}

// newSubject prepares the charts.
func newSubject(ctx context.Context, in Input) (*subject, error) {
	s := &subject{chart: in.Chart, upstream: in.Upstream, random: map[string]bool{}}
	var err error
	if s.sheet, err = factsheet.OrServer(in.Sheet); err != nil {
		return nil, err
	}
	if s.rules, err = newRules(s.sheet); err != nil {
		return nil, err
	}
	s.sides.chart = sideOf(in.Chart, in.Dir)
	s.sides.upstream = sideOf(in.Upstream, in.UpstreamSource)
	s.sides.upstream.Digest = in.UpstreamDigest
	if in.Lock != nil {
		err = s.openLocked(in.Lock)
	} else {
		err = s.openForeign(ctx, in)
	}
	if err != nil {
		return nil, err
	}
	return s, s.lookAtDefaults(ctx)
}

func sideOf(c *helmchart.Chart, source string) Side {
	return Side{Name: c.Name(), Version: c.Version(), AppVersion: c.AppVersion(), Source: source}
}

// lookAtDefaults renders the charts as they are: for the server's image, for the
// labels of the pods, and twice for what differs each time.
func (s *subject) lookAtDefaults(ctx context.Context) error {
	first, chartErr := render(ctx, s.chart, nil)
	if chartErr != nil && s.foreign != nil {
		if first, _ = renderWith(ctx, s.chart, nil, true); first != nil {
			s.lenient = true
			s.notes = append(s.notes, "the chart renders only with values that it requires, and is compared without them: "+firstLine(chartErr))
		}
	}
	second, _ := s.render(ctx, s.chart, nil)
	up, upErr := render(ctx, s.upstream, nil)
	if chartErr != nil && upErr != nil {
		return fmt.Errorf("neither chart renders: %w", errors.Join(chartErr, upErr))
	}
	s.random = randomFields(first, second)
	s.labels = podLabels(first)
	s.sides.chart.Image = imageOf(first)
	s.sides.upstream.Image = imageOf(up)
	if s.pristine == nil || s.pristine == s.chart {
		return nil
	}
	// The pristine chart's labels are what an affinity is to select.
	first, err := render(ctx, s.pristine, nil)
	if err != nil {
		return fmt.Errorf("the chart as it was scaffolded: %w", err)
	}
	second, _ = render(ctx, s.pristine, nil)
	// What was random and is not any more, or the other way round, is a change; a chart
	// that does not render with its own values says nothing of that.
	was := randomFields(first, second)
	if chartErr != nil {
		s.random = was
	}
	maps.DeleteFunc(s.random, func(key string, _ bool) bool { return !was[key] })
	s.labels = podLabels(first)
	return nil
}

// randomFields gives the fields that two renders of the same values have
// differently, by role and path.
func randomFields(first, second *rendered) map[string]bool {
	out := map[string]bool{}
	if first == nil || second == nil {
		return out
	}
	for role, a := range first.byRole {
		b := second.byRole[role]
		if b == nil {
			continue
		}
		for key, leaf := range a.leaves {
			if other, ok := b.leaves[key]; ok && !same(leaf.Value, other.Value, leaf.Path) {
				out[role+" "+key] = true
			}
		}
	}
	return out
}

func podLabels(r *rendered) map[string]string {
	if r == nil || r.byRole[roleServer] == nil {
		return nil
	}
	return r.byRole[roleServer].TextMap("spec", "template", "metadata", "labels")
}

const imagePath = "spec.template.spec.containers[server].image"

func imageOf(r *rendered) string {
	if r == nil || r.byRole[roleServer] == nil {
		return ""
	}
	image, _ := r.byRole[roleServer].leaves[imagePath].Value.(string)
	return image
}

// choose gives the scenarios to compare.
func choose(sheet *factsheet.Sheet, in Input) ([]factsheet.Scenario, error) {
	all := slices.Clone(sheet.Upstream.Scenarios)
	for _, w := range in.Scenarios {
		if i := slices.IndexFunc(all, func(x factsheet.Scenario) bool { return x.Name == w.Name }); i >= 0 {
			all[i] = w
		} else {
			all = append(all, w)
		}
	}
	if len(in.Only) == 0 {
		return all, nil
	}
	var out []factsheet.Scenario
	for _, name := range in.Only {
		i := slices.IndexFunc(all, func(w factsheet.Scenario) bool { return w.Name == name })
		if i < 0 {
			var names []string
			for _, w := range all {
				names = append(names, w.Name)
			}
			return nil, remedy.Errorf("choose among "+strings.Join(names, ", "), "there is no scenario %q", name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// addObjects judges every scenario and adds findings and what they are about.
func (s *subject) addObjects(ctx context.Context, r *Report, trials []*trial) error {
	judged, err := s.judgeAll(ctx, trials)
	if err != nil {
		return err
	}
	merged := map[string]int{}
	for n, t := range trials {
		scenario := Scenario{Name: t.Name, About: t.About, UpstreamValues: writeYAML(hideValues(t.Values)), ChartValues: writeYAML(hideValues(t.values))}
		if err := t.failure(); err != nil {
			scenario.Error = err.Error()
		}
		at := map[string][]int{}
		for _, f := range judged[n] {
			f = hide(f)
			key := fmt.Sprintf("%s|%s|%s|%v|%v|%s", f.Class, f.Object, f.Path, f.Upstream, f.Chart, f.Why)
			i, seen := merged[key]
			if !seen {
				i = len(r.Findings)
				merged[key] = i
				r.Findings = append(r.Findings, f)
			}
			r.Findings[i].Scenarios = append(r.Findings[i].Scenarios, t.Name)
			at[f.Object] = append(at[f.Object], i)
		}
		scenario.Pairs = t.pairs(at)
		r.Scenarios = append(r.Scenarios, scenario)
	}
	return nil
}

// judgeAll gives the findings of each scenario.
func (s *subject) judgeAll(ctx context.Context, trials []*trial) ([][]Finding, error) {
	out := make([][]Finding, len(trials))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range trials {
		g.Go(func() (err error) {
			if t.failure() != nil {
				out[i] = []Finding{t.failed()}
				return nil
			}
			out[i], err = s.objects(ctx, t)
			return err
		})
	}
	return out, g.Wait()
}

// failure is why the charts cannot be compared in a scenario, nil where they can.
func (t *trial) failure() error {
	return errors.Join(t.upstreamErr, t.chartErr)
}

// failed is the finding of a scenario in which one chart, or both, do not render.
func (t *trial) failed() Finding {
	f := Finding{Layer: LayerObjects, Class: Drift, Scenario: t.Name, Why: "the chart does not render with values that upstream's takes"}
	switch {
	case t.upstreamErr != nil && t.chartErr != nil:
		f.Why = "neither chart renders"
		f.Upstream, f.Chart = firstLine(t.upstreamErr), firstLine(t.chartErr)
	case t.upstreamErr != nil:
		f.Why = "upstream's chart does not render with values that this one takes"
		f.Upstream, f.Chart = firstLine(t.upstreamErr), "renders"
	default:
		f.Upstream, f.Chart = "renders", firstLine(t.chartErr)
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

// pairs gives the objects of a scenario side by side, with the findings about
// each.
func (t *trial) pairs(findings map[string][]int) []Pair {
	var out []Pair
	for _, role := range t.roles() {
		u, c := t.upstream.get(role), t.chart.get(role)
		if u == nil && c == nil {
			continue
		}
		p := Pair{Upstream: objectYAML(u), Chart: objectYAML(c)}
		for _, o := range []*object{u, c} {
			if o != nil && p.Object == "" {
				p.Object = o.label()
			}
		}
		p.Findings = findings[p.Object]
		if p.Findings == nil {
			p.Findings = []int{}
		}
		out = append(out, p)
	}
	return out
}

// finish sorts the findings and counts them. The pairs follow.
func (r *Report) finish() {
	order := make([]int, len(r.Findings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := r.Findings[a], r.Findings[b]
		return cmp.Or(
			cmp.Compare(layerOrder(x.Layer), layerOrder(y.Layer)),
			cmp.Compare(slices.Index(Classes, x.Class), slices.Index(Classes, y.Class)),
			cmp.Compare(x.Object, y.Object), cmp.Compare(x.Path, y.Path),
		)
	})
	sorted := make([]Finding, len(order))
	moved := make([]int, len(order))
	for to, from := range order {
		sorted[to] = r.Findings[from]
		moved[from] = to
	}
	r.Findings = sorted
	for i := range r.Scenarios {
		for k := range r.Scenarios[i].Pairs {
			for n, f := range r.Scenarios[i].Pairs[k].Findings {
				r.Scenarios[i].Pairs[k].Findings[n] = moved[f]
			}
			slices.Sort(r.Scenarios[i].Pairs[k].Findings)
		}
	}
	r.Summary = map[Class]int{}
	for _, c := range Classes {
		r.Summary[c] = 0
	}
	for _, f := range r.Findings {
		r.Summary[f.Class]++
	}
}

func layerOrder(l Layer) int {
	return slices.Index([]Layer{LayerVersion, LayerValues, LayerObjects}, l)
}
