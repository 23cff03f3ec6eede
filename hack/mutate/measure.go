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
	Outcome outcome
	New     []drift.Finding // of any class, that the charts as they are do not have
	Error   string          // what the comparison said instead of findings
	Diff    string          // of the files
}

// report is the whole measurement.
type report struct {
	Results []result
	// Broken counts the mutations, by kind, that were replaced as they leave a chart that renders in no scenario.
	Broken map[string]int
	// Found counts all mutations that the charts have, by kind.
	Found map[string]int
	// Baseline is the number of findings of drift between the charts as they are.
	Baseline int
}

// measurement is what is known of the charts as they are.
type measurement struct {
	comparison
	charts    map[side]chart
	renderers map[side]*renderer
	baseline  map[string]bool // by what keysOf gives
}

// measure measures the comparison by mutations of the two charts. The same arguments give the same mutations in
// the same order.
func measure(ctx context.Context, c comparison, charts map[side]chart, o options) (*report, error) {
	m := &measurement{comparison: c, charts: charts, renderers: map[side]*renderer{}}
	var err error
	for _, s := range o.sides {
		if m.renderers[s], err = newRenderer(ctx, charts[s], s, c.scenarios); err != nil {
			return nil, err
		}
		for i, before := range m.renderers[s].before {
			if before.err != nil {
				fmt.Fprintf(o.progress, "%s does not render in %s: %v\n", s, c.scenarios[i].Name, before.err)
			}
		}
	}
	r := &report{Broken: map[string]int{}}
	if r.Baseline, err = m.measureBaseline(ctx); err != nil {
		return nil, err
	}
	var all []mutation
	all, r.Found = arrange(charts, o)
	if o.only != "" {
		all = slices.DeleteFunc(all, func(one mutation) bool { return one.ID != o.only })
		all = all[:min(1, len(all))]
	}
	for len(all) > 0 && len(r.Results) < o.count {
		n := min(len(all), o.count-len(r.Results))
		results, err := m.judgeAll(ctx, all[:n], o)
		if err != nil {
			return nil, err
		}
		for i, result := range results {
			if result == nil {
				r.Broken[all[i].Kind]++
			} else {
				r.Results = append(r.Results, *result)
			}
		}
		all = all[n:]
	}
	if o.only != "" && len(r.Results) == 0 {
		return nil, fmt.Errorf("no mutation of these charts that leaves one that renders has the ID %s: they may have "+
			"changed since, or --side or --kinds leave it out", o.only)
	}
	return r, nil
}

// measureBaseline compares the charts as they are, twice: a comparison that gives other findings each time cannot
// be measured. It gives the number of findings of drift.
func (m *measurement) measureBaseline(ctx context.Context) (drifted int, err error) {
	for range 2 {
		findings, err := m.compare(ctx, m.charts)
		if err != nil {
			return 0, fmt.Errorf("compare the charts as they are: %w", err)
		}
		drifted = 0
		keys := map[string]bool{}
		for _, f := range findings {
			for _, key := range keysOf(f) {
				keys[key] = true
			}
			if f.Class == drift.Drift {
				drifted++
			}
		}
		if m.baseline != nil && !maps.Equal(m.baseline, keys) {
			return 0, errors.New("compare the charts as they are: the second comparison has other findings " +
				"than the first one")
		}
		m.baseline = keys
	}
	return drifted, nil
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

// judgeAll judges mutations side by side.
func (m *measurement) judgeAll(ctx context.Context, batch []mutation, o options) ([]*result, error) {
	var done atomic.Int64
	results := make([]*result, len(batch))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(o.jobs)
	for i, one := range batch {
		g.Go(func() (err error) {
			if results[i], err = m.judge(ctx, one); err != nil {
				return fmt.Errorf("mutation %s (%s, %s:%d): %w", one.ID, one.Kind, one.File, one.Line, err)
			}
			if n := done.Add(1); n%50 == 0 {
				fmt.Fprintf(o.progress, "%d mutations\n", n)
			}
			return nil
		})
	}
	return results, g.Wait()
}

// judge gives nil for a mutation that leaves a chart that renders in no scenario.
func (m *measurement) judge(ctx context.Context, one mutation) (*result, error) {
	before, charts := m.charts[one.Side], maps.Clone(m.charts)
	after := before.with(one.changes)
	charts[one.Side] = after
	e, err := m.renderers[one.Side].effect(ctx, after)
	if err != nil || e.broken {
		return nil, err
	}
	r := &result{mutation: one, effect: e, Diff: before.diff(after)}
	findings, err := m.compare(ctx, charts)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		r.Error = err.Error()
	}
	for _, f := range findings {
		isNew := func(key string) bool { return !m.baseline[key] }
		if slices.ContainsFunc(keysOf(f), isNew) {
			r.New = append(r.New, f)
		}
	}
	r.Outcome = outcomeOf(r, before, after)
	return r, nil
}

func outcomeOf(r *result, before, after chart) outcome {
	isDrift := func(f drift.Finding) bool { return f.Class == drift.Drift }
	isOfObjects := func(f drift.Finding) bool { return isDrift(f) && f.Layer == drift.LayerObjects }
	// Another default of the chart's own is told as the user's value.
	isTold := func(f drift.Finding) bool { return isDrift(f) || r.Side == ours && f.Class == drift.Values }
	reported := slices.ContainsFunc(r.New, isDrift) || len(r.Failed) > 0 && names(r.Error, after) ||
		len(r.Changed) > 0 && slices.ContainsFunc(r.New, isTold)
	switch {
	case len(r.Changed) > 0 && !reported:
		return missed
	case len(r.Changed) > 0:
		return correct
	case r.Error != "":
		return falseAlarm
	case !reported:
		return correct
	case !slices.ContainsFunc(r.New, isOfObjects) && declarations(before) != declarations(after):
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
