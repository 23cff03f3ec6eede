package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/drift"
)

// side is one of the two charts.
type side string

const (
	ours     side = "chart"
	upstream side = "upstream"
)

// outcome is how the comparison did on a mutation.
type outcome string

const (
	// correct is drift where something changed, and none where nothing did.
	correct outcome = "correct"
	// missed is a change without drift.
	missed outcome = "missed"
	// falseAlarm is drift where nothing changed.
	falseAlarm outcome = "false"
	// declared is drift outside of the objects where no scenario renders anything else, but values.yaml or
	// Chart.yaml say something else, or the templates read another key. It is correct, too.
	declared outcome = "declared"
)

// result is what came of one mutation.
type result struct {
	mutation
	effect
	Outcome outcome `json:"outcome"`
	// New are the findings of drift that the charts as they are do not have, Others those of other classes. Gone
	// are those of any class that are no more.
	New    []drift.Finding `json:"new,omitempty"`
	Others []drift.Finding `json:"others,omitempty"`
	Gone   []drift.Finding `json:"gone,omitempty"`
	// Error is what the comparison said instead of findings.
	Error string `json:"error,omitempty"`
	// Diff is the unified diff of the files.
	Diff string `json:"diff,omitempty"`
}

// report is the whole measurement.
type report struct {
	Results []result `json:"results"`
	// Broken counts the mutations, by kind, that were replaced as they leave a chart that renders in no scenario.
	Broken map[string]int `json:"broken"`
	// Found counts all mutations that the charts have, by kind.
	Found map[string]int `json:"found"`
	// Baseline is the number of findings of drift between the charts as they are.
	Baseline int `json:"baseline"`
	// Unrendered says, for each side and scenario in which a chart does not render as it is, why.
	Unrendered []string `json:"unrendered,omitempty"`
}

// measurement is what is known of the charts as they are.
type measurement struct {
	comparison
	options
	charts    map[side]chart
	renderers map[side]*renderer
	baseline  map[string]drift.Finding // by what keysOf gives
	report    report
}

// measure measures the comparison by mutations of the two charts. The same arguments give the same mutations in
// the same order.
func measure(ctx context.Context, c comparison, charts map[side]chart, o options) (*report, error) {
	m := &measurement{comparison: c, options: o, charts: charts, renderers: map[side]*renderer{}}
	if len(m.sides) == 0 {
		m.sides = []side{ours, upstream}
	}
	if len(m.kinds) == 0 {
		m.kinds = allKinds()
	}
	for _, s := range m.sides {
		r, err := newRenderer(ctx, charts[s], s, c.scenarios)
		if err != nil {
			return nil, err
		}
		m.renderers[s] = r
		for i, before := range r.before {
			if before.err != nil {
				m.report.Unrendered = append(m.report.Unrendered,
					fmt.Sprintf("%s in %s: %v", s, c.scenarios[i].Name, before.err))
			}
		}
	}
	if err := m.measureBaseline(ctx); err != nil {
		return nil, err
	}
	return &m.report, m.run(ctx)
}

// measureBaseline compares the charts as they are, twice: a comparison that gives other findings each time cannot
// be measured.
func (m *measurement) measureBaseline(ctx context.Context) error {
	for range 2 {
		findings, err := m.compare(ctx, m.charts)
		if err != nil {
			return fmt.Errorf("compare the charts as they are: %w", err)
		}
		keys := map[string]drift.Finding{}
		m.report.Baseline = 0
		for _, f := range findings {
			for _, key := range keysOf(f) {
				keys[key] = f
			}
			if f.Class == drift.Drift {
				m.report.Baseline++
			}
		}
		same := maps.EqualFunc(m.baseline, keys, func(_, _ drift.Finding) bool { return true })
		if m.baseline != nil && !same {
			return errors.New("compare the charts as they are: the second comparison has other findings " +
				"than the first one")
		}
		m.baseline = keys
	}
	return nil
}

func (m *measurement) compare(ctx context.Context, charts map[side]chart) ([]drift.Finding, error) {
	chart, err := charts[ours].load()
	other, otherErr := charts[upstream].load()
	if err := errors.Join(err, otherErr); err != nil {
		return nil, err
	}
	return m.findings(ctx, chart, other)
}

// keysOf gives a text for each scenario in which a finding holds; explanations do not count.
func keysOf(f drift.Finding) []string {
	scenarios := f.Scenarios
	if len(scenarios) == 0 {
		scenarios = []string{f.Scenario}
	}
	var out []string
	for _, s := range scenarios {
		out = append(out, toJSON([]any{f.Layer, f.Class, s, f.Object, f.Path, f.Upstream, f.Chart}))
	}
	return out
}

// run takes mutations until there are enough that render.
func (m *measurement) run(ctx context.Context) error {
	all, found := arrange(m.charts, m.options)
	m.report.Found, m.report.Broken = found, map[string]int{}
	if m.only != "" {
		all = slices.DeleteFunc(all, func(one mutation) bool { return one.ID != m.only })
		if len(all) == 0 {
			return fmt.Errorf("no mutation of these charts has the ID %s: they may have changed since, or --side "+
				"or --kinds leave it out", m.only)
		}
		all, m.count = all[:1], 1
	}
	for len(all) > 0 && len(m.report.Results) < m.count {
		n := min(len(all), m.count-len(m.report.Results))
		if err := m.judgeAll(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	if m.only != "" && len(m.report.Results) == 0 {
		return fmt.Errorf("the mutation %s leaves a chart that renders in no scenario", m.only)
	}
	return nil
}

// judgeAll judges mutations side by side.
func (m *measurement) judgeAll(ctx context.Context, batch []mutation) error {
	var done atomic.Int64
	results := make([]*result, len(batch))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, m.jobs))
	for i, one := range batch {
		g.Go(func() (err error) {
			if results[i], err = m.judge(ctx, one); err != nil {
				return fmt.Errorf("mutation %s (%s, %s:%d): %w", one.ID, one.Kind, one.File, one.Line, err)
			}
			if n := done.Add(1); n%50 == 0 {
				fmt.Fprintf(m.progress, "%d mutations\n", n)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, r := range results {
		if r == nil {
			m.report.Broken[batch[i].Kind]++
		} else {
			m.report.Results = append(m.report.Results, *r)
		}
	}
	return nil
}

// judge gives nil for a mutation that leaves a chart that renders in no scenario.
func (m *measurement) judge(ctx context.Context, one mutation) (*result, error) {
	charts := maps.Clone(m.charts)
	charts[one.Side] = charts[one.Side].with(one.changes)
	e, err := m.renderers[one.Side].effect(ctx, charts[one.Side])
	if err != nil || e.broken {
		return nil, err
	}
	r := &result{mutation: one, effect: e, Diff: m.charts[one.Side].diff(charts[one.Side])}
	findings, err := m.compare(ctx, charts)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		r.Error = err.Error()
	} else {
		m.sort(r, findings)
	}
	r.Outcome = outcomeOf(r, m.charts[one.Side], charts[one.Side])
	return r, nil
}

// sort keeps what is not as it is between the charts as they are.
func (m *measurement) sort(r *result, findings []drift.Finding) {
	gone := maps.Clone(m.baseline)
	for _, f := range findings {
		known := true
		for _, key := range keysOf(f) {
			_, before := m.baseline[key]
			known = known && before
			delete(gone, key)
		}
		switch {
		case known:
		case f.Class == drift.Drift:
			r.New = append(r.New, f)
		default:
			r.Others = append(r.Others, f)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(gone)) {
		r.Gone = append(r.Gone, gone[key])
	}
}

func outcomeOf(r *result, before, after chart) outcome {
	reported := len(r.New) > 0 || len(r.Failed) > 0 && names(r.Error, after)
	isObject := func(f drift.Finding) bool { return f.Layer == drift.LayerObjects }
	switch {
	case len(r.Changed) > 0 && !reported:
		return missed
	case len(r.Changed) > 0:
		return correct
	case r.Error != "":
		return falseAlarm
	case !reported:
		return correct
	case !slices.ContainsFunc(r.New, isObject) && declarations(before) != declarations(after):
		return declared
	}
	return falseAlarm
}

// names reports whether an error names the chart or one of its files.
func names(message string, c chart) bool {
	for name := range c {
		if strings.Contains(message, path.Base(name)) {
			return true
		}
	}
	loaded, err := c.load()
	return err == nil && message != "" && strings.Contains(message, loaded.Name())
}

var keyRead = regexp.MustCompile(`\.Values(\.\w+)+`)

// declarations gives a chart's default values, the keys that it reads, and what it says about itself that is not
// mere text; "" for one that does not load.
func declarations(c chart) string {
	loaded, err := c.load()
	if err != nil {
		return ""
	}
	var reads []string
	for _, t := range loaded.Templates() {
		reads = append(reads, keyRead.FindAllString(string(t.Data), -1)...)
	}
	slices.Sort(reads)
	return toJSON([]any{
		loaded.Values(), slices.Compact(reads), loaded.Name(), loaded.Version(), loaded.AppVersion(),
		loaded.KubeVersion(), loaded.Type(), loaded.Deprecated(), loaded.MissingDependencies(),
	})
}

func toJSON(v any) string {
	out, err := json.Marshal(v)
	if err != nil { // no value from YAML is like that
		return err.Error()
	}
	return string(out)
}
