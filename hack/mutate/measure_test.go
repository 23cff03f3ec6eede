package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// renders gives the error of a chart that does not render in a scenario.
func renders(ctx context.Context, chart *helmchart.Chart) error {
	for _, c := range sampleScenarios() {
		files, err := chart.Render(ctx, c.Chart, drift.Release())
		if err != nil {
			return err
		}
		if _, err := fieldsOf(files, ""); err != nil {
			return err
		}
	}
	return nil
}

// findings is a comparison.
type findings func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error)

func blind(context.Context, *helmchart.Chart, *helmchart.Chart) ([]drift.Finding, error) {
	return []drift.Finding{{Layer: drift.LayerObjects, Class: drift.Drift, Path: []string{"always"}}}, nil
}

// nervous sees drift in all but the sample itself.
func nervous(_ context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
	want := mustChart(sample())
	if same(chart, want) && same(upstream, want) {
		return nil, nil
	}
	return []drift.Finding{{Layer: drift.LayerObjects, Class: drift.Drift, Path: []string{"something"}}}, nil
}

func samples() map[side]chart { return map[side]chart{ours: sample(), upstream: sample()} }

func mustChart(c chart) *helmchart.Chart {
	loaded, err := c.load()
	if err != nil {
		panic(err)
	}
	return loaded
}

func same(a, b *helmchart.Chart) bool {
	return fmt.Sprint(a.Templates(), string(a.ValuesFile()), a.Name(), a.Version(), a.AppVersion()) ==
		fmt.Sprint(b.Templates(), string(b.ValuesFile()), b.Name(), b.Version(), b.AppVersion())
}

func kinds(t *testing.T, names ...string) []kind {
	t.Helper()
	var out []kind
	for _, name := range names {
		out = append(out, kindNamed(t, name))
	}
	return out
}

// withAll is options with all sides and kinds where they name none.
func withAll(o options) options {
	o.jobs, o.progress = 2, io.Discard
	if o.sides == nil {
		o.sides = []side{ours, upstream}
	}
	if o.kinds == nil {
		o.kinds = allKinds()
	}
	return o
}

func mustMeasure(t *testing.T, f findings, o options) *report {
	t.Helper()
	out, err := measure(t.Context(), comparison{sampleScenarios(), f}, samples(), withAll(o))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func outcomes(out *report) map[outcome]int {
	n := map[outcome]int{}
	for _, r := range out.Results {
		n[r.Outcome]++
	}
	return n
}

func TestMeasureJudgesComparisons(t *testing.T) {
	changing := kinds(t, "env-removed", "scalar-changed")
	neutral := kinds(t, "comment-added", "keys-reordered")
	for name, c := range map[string]struct {
		findings findings
		kinds    []kind
		want     outcome
	}{
		"all seen":             {nervous, changing, correct},
		"nothing seen":         {blind, changing, missed},
		"seen without a cause": {nervous, neutral, falseAlarm},
		"rightly not seen":     {blind, neutral, correct},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustMeasure(t, c.findings, options{count: 12, kinds: c.kinds})
			if n := outcomes(out); len(out.Results) != 12 || n[c.want] != 12 {
				t.Errorf("%v of %d, want %s", n, len(out.Results), c.want)
			}
			for _, r := range out.Results {
				if !strings.Contains(r.Diff, "--- a/"+r.File) {
					t.Errorf("the diff of %s is %q", r.ID, r.Diff)
				}
			}
		})
	}
}

// A finding that was there before counts as new in a scenario that it was not in.
func TestMeasureKnowsScenariosOfFindings(t *testing.T) {
	more := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
		f := drift.Finding{
			Layer: drift.LayerObjects, Class: drift.Drift, Path: []string{"replicas"},
			Scenario: "defaults", Scenarios: []string{"defaults"},
		}
		if !same(chart, mustChart(sample())) {
			f.Scenarios = []string{"everything", "defaults"}
		}
		return []drift.Finding{f}, nil
	}
	changing := kinds(t, "env-removed", "scalar-changed")
	out := mustMeasure(t, more, options{count: 4, sides: []side{ours}, kinds: changing})
	if n := outcomes(out); n[correct] != 4 {
		t.Errorf("%v", n)
	}
}

// Findings of other classes are no report, and are kept to look at.
func TestMeasureWantsDrift(t *testing.T) {
	mild := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
		findings, err := nervous(ctx, chart, upstream)
		for i := range findings {
			findings[i].Class = drift.Convention
		}
		return findings, err
	}
	out := mustMeasure(t, mild, options{count: 3, kinds: kinds(t, "env-removed")})
	if n := outcomes(out); n[missed] != 3 || len(out.Results[0].New) != 1 {
		t.Errorf("%v, %+v", n, out.Results[0])
	}
}

// An error is a report where the chart does not render, as long as it names it.
func TestMeasureTakesErrors(t *testing.T) {
	refuse := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
		return nil, errors.Join(renders(ctx, chart), renders(ctx, upstream))
	}
	mute := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
		if renders(ctx, chart) != nil || renders(ctx, upstream) != nil {
			return nil, errors.New("something is wrong")
		}
		return nil, nil
	}
	for name, c := range map[string]struct {
		findings findings
		want     outcome
	}{"named": {refuse, correct}, "not named": {mute, missed}} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			out := mustMeasure(t, c.findings, options{count: 200, kinds: kinds(t, "function-removed")})
			for _, r := range out.Results {
				if len(r.Failed) == 0 {
					continue
				}
				failed++
				if r.Outcome != c.want {
					t.Errorf("%s: %s, want %s: %s", r.Diff, r.Outcome, c.want, r.Error)
				}
			}
			if failed == 0 {
				t.Error("no mutation stops a render")
			}
		})
	}
}

// The charts as they are may have drift; other classes are not counted.
func TestMeasureCountsTheBaseline(t *testing.T) {
	two := func(context.Context, *helmchart.Chart, *helmchart.Chart) ([]drift.Finding, error) {
		return []drift.Finding{{Class: drift.Drift, Path: []string{"a"}}, {Class: drift.Ours, Path: []string{"b"}}}, nil
	}
	out := mustMeasure(t, two, options{count: 2, kinds: kinds(t, "comment-added")})
	if n := outcomes(out); out.Baseline != 1 || n[correct] != 2 {
		t.Errorf("%d, %v", out.Baseline, n)
	}
}

// Other defaults are worth a finding about values, even where no scenario shows
// them; a finding about objects would be false.
func TestMeasureLetsValuesBeReported(t *testing.T) {
	for layer, want := range map[drift.Layer]outcome{drift.LayerValues: declared, drift.LayerObjects: falseAlarm} {
		report := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
			findings, err := nervous(ctx, chart, upstream)
			for i := range findings {
				findings[i].Layer = layer
			}
			return findings, err
		}
		for _, r := range mustMeasure(t, report, options{count: 500, kinds: kinds(t, "default-changed")}).Results {
			if len(r.Changed) == 0 && r.Outcome != want {
				t.Errorf("%s: %s, want %s", r.Diff, r.Outcome, want)
			}
			if len(r.Changed) > 0 && r.Outcome != correct {
				t.Errorf("%s: %s", r.Diff, r.Outcome)
			}
		}
		for _, r := range mustMeasure(t, report, options{count: 20, kinds: kinds(t, "comment-added")}).Results {
			if r.Outcome != falseAlarm {
				t.Errorf("%s: %s, want %s", r.Diff, r.Outcome, falseAlarm)
			}
		}
	}
}

// Chart.yaml says more than a chart's name and versions.
func TestDeclarations(t *testing.T) {
	for line, want := range map[string]bool{
		"kubeVersion: \">=1.20\"\n": true, "deprecated: true\n": true, "description: x\n": false, "# x\n": false,
		"home: https://example.com\n": false,
	} {
		head := "apiVersion: v2\nname: a\nversion: 1.0.0\n"
		before, after := chart{"Chart.yaml": head}, chart{"Chart.yaml": head + line}
		if got := declarations(before) != declarations(after); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestMeasureRefusesAnUnsteadyComparison(t *testing.T) {
	var calls atomic.Int64
	unsteady := func(context.Context, *helmchart.Chart, *helmchart.Chart) ([]drift.Finding, error) {
		return []drift.Finding{{Class: drift.Drift, Path: []string{fmt.Sprint(calls.Add(1))}}}, nil
	}
	_, err := measure(t.Context(), comparison{sampleScenarios(), unsteady}, samples(), withAll(options{count: 1}))
	if err == nil || !strings.Contains(err.Error(), "other findings") {
		t.Errorf("error %v", err)
	}
}

func ids(out *report) []string {
	var ids []string
	for _, r := range out.Results {
		ids = append(ids, string(r.Side)+r.ID)
	}
	return ids
}

func TestMeasureIsDeterministic(t *testing.T) {
	o := options{seed: 7, count: 120}
	first := ids(mustMeasure(t, blind, o))
	if again := ids(mustMeasure(t, blind, o)); !slices.Equal(first, again) {
		t.Error("the same seed gives other mutations")
	}
	o.seed = 8
	if other := ids(mustMeasure(t, blind, o)); slices.Equal(first, other) {
		t.Error("another seed gives the same mutations")
	}
}

// No two mutations of a side do the same, of whatever kind they are.
func TestMeasureDrawsNothingTwice(t *testing.T) {
	several := kinds(t, "label-added", "scalar-changed", "argument-changed", "port-removed", "branch-removed",
		"field-removed")
	all := mustMeasure(t, blind, options{count: 5000, sides: []side{ours}, kinds: several})
	seen := map[string]string{}
	for _, r := range all.Results {
		if other, twice := seen[r.Diff]; twice {
			t.Errorf("%s and line %d do the same:\n%s", other, r.Line, r.Diff)
		}
		seen[r.Diff] = r.File
	}
	if found := all.Found["label-added"] + all.Found["port-removed"]; len(all.Results) < found {
		t.Errorf("%d mutations only", len(all.Results))
	}
}

// The mutations are spread over the kinds and the sides.
func TestMeasureSpreads(t *testing.T) {
	out := mustMeasure(t, blind, options{count: 2 * len(allKinds())})
	perKind, perSide := map[string]int{}, map[side]int{}
	for _, r := range out.Results {
		perKind[r.Kind]++
		perSide[r.Side]++
	}
	if few := len(allKinds()) - len(perKind); few > 2 {
		t.Errorf("%d kinds are missing: %v", few, slices.Sorted(maps.Keys(perKind)))
	}
	if perSide[ours] < len(allKinds())-5 || perSide[upstream] < len(allKinds())-5 {
		t.Errorf("%v", perSide)
	}
}

func TestMeasureOnly(t *testing.T) {
	all := mustMeasure(t, nervous, options{count: 60}).Results
	want := all[len(all)-1]
	out := mustMeasure(t, nervous, options{only: want.ID, count: 1})
	if len(out.Results) != 1 || out.Results[0].ID != want.ID || out.Results[0].Diff != want.Diff {
		t.Errorf("%+v, want %+v", out.Results, want)
	}
	c := comparison{sampleScenarios(), nervous}
	if _, err := measure(t.Context(), c, samples(), withAll(options{only: "none", count: 1})); err == nil {
		t.Error("an unknown ID is fine")
	}
}

// A chart that a mutation breaks altogether is replaced, and counted.
func TestMeasureReplacesWhatIsBroken(t *testing.T) {
	out := mustMeasure(t, blind, options{count: 5, sides: []side{ours}, kinds: kinds(t, "chart-yaml-changed")})
	broken := out.Broken["chart-yaml-changed"]
	if broken == 0 || len(out.Results)+broken != out.Found["chart-yaml-changed"] {
		t.Errorf("%d results, %v broken of %v", len(out.Results), broken, out.Found)
	}
}

func TestMeasureStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := comparison{sampleScenarios(), blind}
	if _, err := measure(ctx, c, samples(), withAll(options{count: 10})); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Either blank line gone is the same file.
func TestArrangeKeepsOneOfTwoThatDoTheSame(t *testing.T) {
	values := chart{"values.yaml": "a: 1\n\n\nb: 2\n"}
	all, _ := arrange(map[side]chart{ours: values}, options{sides: []side{ours}, kinds: kinds(t, "blank-line-changed")})
	removals := 0
	for _, m := range all {
		if m.changes["values.yaml"] == "a: 1\n\nb: 2\n" {
			removals++
		}
	}
	if removals != 1 {
		t.Errorf("%d mutations remove a blank line", removals)
	}
}
