package drift

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/drift/branches"
	"github.com/helm-livekit/helm-livekit/internal/drift/changes"
	"github.com/helm-livekit/helm-livekit/internal/drift/redact"
	"github.com/helm-livekit/helm-livekit/internal/drift/rendered"
	"github.com/helm-livekit/helm-livekit/internal/drift/source"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/settings"
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
	// Regenerated says that the chart is what the lock makes, in no folder.
	Regenerated bool
	// Convention is what was read of the chart's own habits where there is no lock.
	Convention *convention.Convention

	Upstream       *helmchart.Chart
	UpstreamSource string
	UpstreamDigest string
	// Since is the version of upstream's chart that the chart came from: by the lock, or as the user says. Its zero
	// value is that nobody knows.
	Since chartdir.Version
	// SinceChart is that version itself where it is at hand, for what upstream changed in its values; nil otherwise.
	SinceChart *helmchart.Chart

	// Scenarios are the user's own, over those that are built in.
	Scenarios []factsheet.Scenario
	// Only are the names of the scenarios to compare, all where it is empty.
	Only []string
	// KubeVersion is the version of Kubernetes that both charts are rendered for, one that this tool's charts are made
	// for where it is empty; APIVersions are further ones that templates find.
	KubeVersion string
	APIVersions []string
	// Coverage counts the branches of the chart's templates as well where they are as they were scaffolded.
	Coverage bool
	// Accepted are differences that the settings accept.
	Accepted []settings.Accepted
}

// Load reads a chart directory with its lock.
func Load(ctx context.Context, dir string, sources helmchart.Sources) (*helmchart.Chart, *chartdir.Lock, error) {
	chart, err := helmchart.LoadComplete(ctx, dir, sources)
	if err != nil || strings.HasSuffix(dir, ".tgz") {
		return chart, nil, err
	}
	lock, err := chartdir.ReadLock(dir)
	return chart, lock, err
}

// Run compares a chart with upstream's: both are rendered in each scenario, their objects paired by role, compared
// and explained. The error is that of a comparison that cannot be made; a chart that does not render in a scenario is
// a finding.
func Run(ctx context.Context, in Input) (*Report, error) {
	c, runs, err := renderScenarios(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := neverRenders(runs); err != nil {
		return nil, err
	}
	if runs, err = c.takeBranches(ctx, in, runs); err != nil {
		return nil, err
	}
	r := &Report{Chart: c.sides.chart, Upstream: c.sides.upstream, Notes: c.notes, Input: in}
	if in.Since != (chartdir.Version{}) {
		r.Since = &Side{Name: in.Since.Name, Version: in.Since.Version, AppVersion: in.Since.AppVersion}
	}
	all := &collection{known: map[string]*Finding{}, kept: map[*Finding]*Finding{}}
	all.addOnce(c.versions(in)...)
	if err := c.changedSince(ctx, in, runs, all); err != nil {
		return nil, err
	}
	values, err := c.compareValues()
	if err != nil {
		return nil, err
	}
	all.addOnce(values...)
	r.Scenarios = make([]Scenario, len(runs))
	err = inParallel(ctx, len(runs), func(ctx context.Context, i int) (err error) {
		r.Scenarios[i], err = c.scenario(ctx, runs[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.nameComponents(ctx, r.Scenarios); err != nil {
		return nil, err
	}
	r.Coverage = c.coverage(runs)
	c.markExtra(runs, r.Scenarios)
	if n := countShortened(runs); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("in %d of %d scenarios both charts are compared with a range of four "+
			"ports for media, since this chart lists each port of it", n, len(runs)))
	}
	for i, s := range r.Scenarios {
		if note := runs[i].notCompared(c); note != "" {
			r.Notes = append(r.Notes, note)
		}
		for _, f := range s.found {
			all.add(f, s.Name)
		}
	}
	if err := c.findCauses(ctx, runs, all.findings); err != nil {
		return nil, err
	}
	accept(r, all.findings, in.Accepted)
	r.Moved = countMoves(all.findings, in.SinceChart != nil)
	all.finish(r)
	r.Group()
	c.locateChanges(r)
	return r, nil
}

// Group fills in the changes that the findings are made by.
func (r *Report) Group() {
	r.Changes = []Change{}
	for _, classes := range [][]Class{{Drift, Accepted}, {LeftOut}} {
		var at []int
		var list []changes.Finding
		for i, f := range r.Findings {
			if slices.Contains(classes, f.Class) {
				at, list = append(at, i), append(list, r.forGrouping(f))
			}
		}
		for _, g := range changes.Group(list) {
			c := Change{ID: len(r.Changes) + 1, Title: g.Title, Why: g.Why, lead: at[g.Lead]}
			for _, i := range g.Findings {
				c.Findings = append(c.Findings, at[i])
			}
			r.complete(&c)
			r.Changes = append(r.Changes, c)
		}
	}
}

// complete gives a change what its findings say.
func (r *Report) complete(c *Change) {
	lead := r.Findings[c.lead]
	c.Class, c.Remedy, c.IsEdit = lead.Class, lead.Remedy, lead.cause.isEdit
	c.Key, c.Value = lead.cause.place, lead.cause.is
	shows := map[string]bool{}
	for _, i := range c.Findings {
		f := &r.Findings[i]
		f.Change = c.ID
		c.Remedy = cmp.Or(c.Remedy, f.Remedy)
		if f.Class == Drift {
			c.Class = Drift
		}
		for _, name := range f.Scenarios {
			shows[name] = true
		}
	}
	for _, s := range r.Scenarios {
		if shows[s.Name] {
			c.Scenarios = append(c.Scenarios, s.Name)
		}
	}
}

// forGrouping gives what grouping needs to know of a finding.
func (r *Report) forGrouping(f Finding) changes.Finding {
	out := changes.Finding{
		Kind: f.cause.kind, Object: f.Object, Path: f.Path, Upstream: f.Upstream, Chart: f.Chart, Why: f.Why,
		Causes: f.cause.keys, Block: f.cause.block, IsEdit: f.cause.isEdit,
	}
	if f.Class == LeftOut {
		_, out.Component, _ = strings.Cut(f.Remedy, "--with ")
	}
	switch {
	case f.Layer == LayerVersion && slices.Contains([]string{"kubeVersion", "deprecated"}, f.Path.String()):
		out.Kind, out.Object = changes.Field, "Chart.yaml"
	case f.Layer == LayerVersion, r.isVersion(f):
		out.Kind = changes.Version
	case f.Layer == LayerValues:
		out.Causes = []string{strings.Join(f.Path, ".")}
	case f.Object == "":
		out.Kind = changes.Failure
	case len(f.Path) == 0:
		out.Kind = changes.Object
	default:
		out.Kind = changes.Field
	}
	return out
}

// isVersion reports whether a field of an object is the version of upstream's server.
func (r *Report) isVersion(f Finding) bool {
	text, _ := f.Upstream.(string)
	if f.Layer != LayerObjects || f.cause.isEdit || text == "" || len(f.Path) == 0 || r.Upstream.AppVersion == "" {
		return false
	}
	switch f.Path[len(f.Path)-1] {
	case "app.kubernetes.io/version":
		return text == r.Upstream.AppVersion
	case "image":
		own, _ := f.Chart.(string)
		repository, isTagged := strings.CutSuffix(text, ":"+r.Upstream.AppVersion)
		return isTagged && strings.HasPrefix(own, repository+":")
	}
	return false
}

// coverage counts the branches of both charts that were taken, nil where nobody knows.
func (c *charts) coverage(runs []*scenarioRun) *Coverage {
	count := func(chart *helmchart.Chart) (out branches.Coverage) {
		of := c.branches[chart]
		if of == nil {
			return branches.Coverage{Missed: []branches.Missed{}}
		}
		seen := make(branches.Seen, len(of.Branches))
		for _, run := range runs {
			seen.Add(run.seen[chart])
		}
		return of.Coverage(seen, c.sheet.Upstream)
	}
	if c.branches == nil {
		return nil
	}
	return &Coverage{Upstream: count(c.upstream), Chart: count(c.chart), AsScaffolded: c.isAsScaffolded}
}

// markExtra classes what shows with keys alone that upstream's chart lacks: the chart here has it alone.
func (c *charts) markExtra(runs []*scenarioRun, scenarios []Scenario) {
	known := map[string]bool{}
	for i, s := range scenarios {
		isExtra := len(runs[i].extra) > 0
		for _, f := range s.found {
			if key := f.key(); !isExtra {
				known[key] = true
			} else if f.Class == Drift && !known[key] {
				f.Class, f.Why = Extra, "with "+strings.Join(runs[i].extra, ", ")+", which the chart alone has"
			}
		}
	}
}

// scenario compares the objects of one scenario.
func (c *charts) scenario(ctx context.Context, run *scenarioRun) (Scenario, error) {
	c = c.under(run.Scenario)
	out := Scenario{
		Name: run.Name, About: run.About,
		UpstreamValues: yamlText(redact.Values(run.Values)), ChartValues: yamlText(redact.Values(run.values)),
	}
	byRole := map[string][]Finding{}
	if err := errors.Join(run.upstreamErr, run.chartErr); err != nil && run.isLeftOut(c) {
		if run.base == nil {
			out.Error = err.Error()
		}
	} else if err != nil {
		out.Error = err.Error()
		f := run.failed()
		f.redact()
		out.found = []*Finding{&f}
	} else if byRole, err = c.compareObjects(ctx, run); err != nil && run.base != nil && ctx.Err() == nil {
		out.Error = err.Error() // values that were made up can be too odd for what is known
	} else if err != nil {
		return out, err
	}
	for _, role := range run.roles() {
		u, here := run.upstream.Get(role), run.chart.Get(role)
		p := Pair{Upstream: objectText(u), Chart: objectText(here), Findings: []Mark{}}
		var upstreamText, chartText *source.Text
		if len(byRole[role]) > 0 {
			upstreamText, chartText = source.NewText(p.Upstream), source.NewText(p.Chart)
		}
		for _, f := range byRole[role] {
			f.redact()
			f.locate(u, here, upstreamText, chartText)
			p.Findings = append(p.Findings, Mark{Upstream: f.UpstreamAt.Line, Chart: f.ChartAt.Line, found: &f})
			out.found = append(out.found, &f)
		}
		if either := cmp.Or(u, here); either != nil {
			p.Object = either.Label()
			out.Pairs = append(out.Pairs, p)
		}
	}
	return out, nil
}

// redact hides secrets in the values of a finding about an object.
func (f *Finding) redact() {
	isSecret := strings.HasPrefix(f.Object, "Secret/")
	f.Upstream, f.Chart = redact.Field(isSecret, f.Path, f.Upstream), redact.Field(isSecret, f.Path, f.Chart)
}

// collection gathers the findings of all layers. One that several scenarios show alike is kept once.
type collection struct {
	findings []*Finding
	known    map[string]*Finding   // by their keys
	kept     map[*Finding]*Finding // what is kept of a scenario's finding
}

// key tells findings apart whatever their remedies: by their JSON, in which a number is no text, of whatever Go type.
func (f Finding) key() string {
	f.Remedy = ""
	data, _ := json.Marshal(f) // of decoded YAML, which always works
	return string(data)
}

// addOnce takes findings that no scenario shows.
func (c *collection) addOnce(findings ...Finding) {
	for i := range findings {
		c.findings = append(c.findings, &findings[i])
	}
}

// add takes a finding of a scenario.
func (c *collection) add(f *Finding, scenario string) {
	key := f.key()
	known := c.known[key]
	if known == nil {
		known = f
		known.Scenario = scenario
		c.known[key] = known
		c.findings = append(c.findings, known)
	}
	known.Scenarios = append(known.Scenarios, scenario)
	c.kept[f] = known
}

// finish sorts the findings into the report and counts them. The marks follow.
func (c *collection) finish(r *Report) {
	layers := []Layer{LayerVersion, LayerValues, LayerObjects}
	slices.SortStableFunc(c.findings, func(a, b *Finding) int {
		return cmp.Or(
			cmp.Compare(slices.Index(layers, a.Layer), slices.Index(layers, b.Layer)),
			cmp.Compare(slices.Index(Classes, a.Class), slices.Index(Classes, b.Class)),
			cmp.Compare(a.Object, b.Object), cmp.Compare(a.Path.String(), b.Path.String()),
		)
	})
	r.Summary, r.Findings = map[Class]int{}, []Finding{}
	for _, class := range Classes {
		r.Summary[class] = 0
	}
	position := map[*Finding]int{}
	for i, f := range c.findings {
		position[f] = i
		r.Findings = append(r.Findings, *f)
		r.Summary[f.Class]++
	}
	for _, s := range r.Scenarios {
		for _, p := range s.Pairs {
			for i, m := range p.Findings {
				p.Findings[i].Finding = position[c.kept[m.found]]
			}
			slices.SortFunc(p.Findings, func(a, b Mark) int { return a.Finding - b.Finding })
		}
	}
}

// objectText writes an object as it was rendered, secrets hidden, "" for none.
func objectText(o *rendered.Object) string {
	if o == nil {
		return ""
	}
	return yamlText(redact.Object(o.Fields))
}

// yamlText writes a map as YAML, "" for an empty one.
func yamlText(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	data, _ := yaml.Marshal(m) // of decoded YAML, which always works
	return string(data)
}
