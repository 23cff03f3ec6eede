package mutation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// subject is a comparison by a function.
type subject func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error)

func (s subject) Scenarios() []Scenario {
	names, cases := sampleCases()
	var out []Scenario
	for i, name := range names {
		out = append(out, Scenario{name, cases[i], cases[i]})
	}
	return out
}

func (s subject) Drift(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
	return s(ctx, chart, upstream)
}

// renders gives the error of a chart that does not render in a scenario.
func renders(ctx context.Context, chart *helmchart.Chart) error {
	_, cases := sampleCases()
	for _, c := range cases {
		files, err := chart.Render(ctx, c.Values, c.Release)
		if err != nil {
			return err
		}
		if _, err := documents(files, ""); err != nil {
			return err
		}
	}
	return nil
}

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

func mustChart(files []helmchart.File) *helmchart.Chart {
	c, err := helmchart.LoadFiles(files)
	if err != nil {
		panic(err)
	}
	return c
}

func same(a, b *helmchart.Chart) bool {
	return fmt.Sprint(a.Templates(), string(a.ValuesFile()), a.Name(), a.Version(), a.AppVersion()) ==
		fmt.Sprint(b.Templates(), string(b.ValuesFile()), b.Name(), b.Version(), b.AppVersion())
}

func kinds(t *testing.T, names ...string) []Kind {
	t.Helper()
	var out []Kind
	for _, name := range names {
		out = append(out, kindNamed(t, name))
	}
	return out
}

func mustRun(t *testing.T, s Subject, o Options) *Outcome {
	t.Helper()
	o.Jobs = 2
	out, err := Run(t.Context(), s, sample(), sample(), o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func verdicts(out *Outcome) map[Verdict]int {
	n := map[Verdict]int{}
	for _, r := range out.Results {
		n[r.Verdict]++
	}
	return n
}

func TestRunJudgesComparisons(t *testing.T) {
	changing := kinds(t, "env-removed", "scalar-changed")
	neutral := kinds(t, "comment-added", "keys-reordered")
	for name, c := range map[string]struct {
		subject subject
		kinds   []Kind
		want    Verdict
	}{
		"all seen":             {nervous, changing, Right},
		"nothing seen":         {blind, changing, Missed},
		"seen without a cause": {nervous, neutral, False},
		"rightly not seen":     {blind, neutral, Right},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustRun(t, c.subject, Options{Count: 12, Kinds: c.kinds})
			if n := verdicts(out); len(out.Results) != 12 || n[c.want] != 12 {
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
func TestRunKnowsScenariosOfFindings(t *testing.T) {
	more := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
		f := drift.Finding{Layer: drift.LayerObjects, Class: drift.Drift, Path: []string{"replicas"}, Scenario: "defaults", Scenarios: []string{"defaults"}}
		if !same(chart, mustChart(sample())) {
			f.Scenarios = []string{"everything", "defaults"}
		}
		return []drift.Finding{f}, nil
	}
	out := mustRun(t, subject(more), Options{Count: 4, Sides: []Side{Chart}, Kinds: kinds(t, "env-removed", "scalar-changed")})
	if n := verdicts(out); n[Right] != 4 {
		t.Errorf("%v", n)
	}
}

// Findings of other classes are no report, and are kept to look at.
func TestRunWantsDrift(t *testing.T) {
	mild := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
		findings, err := nervous(ctx, chart, upstream)
		for i := range findings {
			findings[i].Class = drift.Convention
		}
		return findings, err
	}
	out := mustRun(t, subject(mild), Options{Count: 3, Kinds: kinds(t, "env-removed")})
	if n := verdicts(out); n[Missed] != 3 || len(out.Results[0].Others) != 1 {
		t.Errorf("%v, %+v", n, out.Results[0])
	}
}

// An error is a report where the chart does not render, as long as it names it.
func TestRunTakesErrors(t *testing.T) {
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
		subject subject
		want    Verdict
	}{"named": {refuse, Right}, "not named": {mute, Missed}} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			for _, r := range mustRun(t, c.subject, Options{Count: 200, Kinds: kinds(t, "function-removed")}).Results {
				if len(r.Failed) == 0 {
					continue
				}
				failed++
				if r.Verdict != c.want {
					t.Errorf("%s: %s, want %s: %s", r.What, r.Verdict, c.want, r.Error)
				}
			}
			if failed == 0 {
				t.Error("no mutation stops a render")
			}
		})
	}
}

// The charts as they are may have drift; other classes are not counted.
func TestRunCountsTheBaseline(t *testing.T) {
	two := func(context.Context, *helmchart.Chart, *helmchart.Chart) ([]drift.Finding, error) {
		return []drift.Finding{{Class: drift.Drift, Path: []string{"a"}}, {Class: drift.Ours, Path: []string{"b"}}}, nil
	}
	out := mustRun(t, subject(two), Options{Count: 2, Kinds: kinds(t, "comment-added")})
	if n := verdicts(out); out.Baseline != 1 || n[Right] != 2 {
		t.Errorf("%d, %v", out.Baseline, n)
	}
}

// Other defaults are worth a finding about values, even where no scenario shows
// them; a finding about objects would be false.
func TestRunLetsValuesBeReported(t *testing.T) {
	for layer, want := range map[drift.Layer]Verdict{drift.LayerValues: Declared, drift.LayerObjects: False} {
		report := func(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error) {
			findings, err := nervous(ctx, chart, upstream)
			for i := range findings {
				findings[i].Layer = layer
			}
			return findings, err
		}
		for _, r := range mustRun(t, subject(report), Options{Count: 500, Kinds: kinds(t, "default-changed")}).Results {
			if len(r.Changed) == 0 && r.Verdict != want {
				t.Errorf("%s: %s, want %s", r.What, r.Verdict, want)
			}
			if len(r.Changed) > 0 && r.Verdict != Right {
				t.Errorf("%s: %s", r.What, r.Verdict)
			}
		}
		for _, r := range mustRun(t, subject(report), Options{Count: 20, Kinds: kinds(t, "comment-added")}).Results {
			if r.Verdict != False {
				t.Errorf("%s: %s, want %s", r.What, r.Verdict, False)
			}
		}
	}
}

// Chart.yaml says more than a chart's name and versions.
func TestDeclaresOther(t *testing.T) {
	for line, want := range map[string]bool{
		"kubeVersion: \">=1.20\"\n": true, "deprecated: true\n": true, "description: x\n": false, "# x\n": false, "home: https://example.com\n": false,
	} {
		head := "apiVersion: v2\nname: a\nversion: 1.0.0\n"
		before, after := files(map[string]string{"Chart.yaml": head}), files(map[string]string{"Chart.yaml": head + line})
		if got := declaresOther(before, after); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestRunRefusesAnUnsteadyComparison(t *testing.T) {
	var calls atomic.Int64
	unsteady := func(context.Context, *helmchart.Chart, *helmchart.Chart) ([]drift.Finding, error) {
		return []drift.Finding{{Class: drift.Drift, Path: []string{fmt.Sprint(calls.Add(1))}}}, nil
	}
	_, err := Run(t.Context(), subject(unsteady), sample(), sample(), Options{Count: 1, Jobs: 1})
	if err == nil || !strings.Contains(err.Error(), "other findings") {
		t.Errorf("error %v", err)
	}
}

func ids(out *Outcome) []string {
	var ids []string
	for _, r := range out.Results {
		ids = append(ids, string(r.Side)+r.ID)
	}
	return ids
}

func TestRunIsDeterministic(t *testing.T) {
	o := Options{Seed: 7, Count: 120, RenderOnly: true}
	first := ids(mustRun(t, subject(blind), o))
	if again := ids(mustRun(t, subject(blind), o)); !slices.Equal(first, again) {
		t.Error("the same seed gives other mutations")
	}
	o.Seed = 8
	if other := ids(mustRun(t, subject(blind), o)); slices.Equal(first, other) {
		t.Error("another seed gives the same mutations")
	}
}

// No two mutations of a side do the same, of whatever kind they are.
func TestRunDrawsNothingTwice(t *testing.T) {
	all := mustRun(t, subject(blind), Options{Count: 5000, Sides: []Side{Chart}, Kinds: kinds(t, "label-added", "helper-text-changed", "port-removed", "branch-removed", "block-removed"), RenderOnly: true})
	seen := map[string]string{}
	for _, r := range all.Results {
		if other, twice := seen[r.Diff]; twice {
			t.Errorf("%s and %s do the same:\n%s", other, r.What, r.Diff)
		}
		seen[r.Diff] = r.What
	}
	if found := all.Found["label-added"] + all.Found["port-removed"]; len(all.Results) < found {
		t.Errorf("%d mutations only", len(all.Results))
	}
}

// The mutations are spread over the kinds and the sides.
func TestRunSpreads(t *testing.T) {
	out := mustRun(t, subject(blind), Options{Count: 2 * len(Kinds()), RenderOnly: true})
	perKind, perSide := map[string]int{}, map[Side]int{}
	for _, r := range out.Results {
		perKind[r.Kind]++
		perSide[r.Side]++
	}
	if few := len(Kinds()) - len(perKind); few > 2 {
		t.Errorf("%d kinds are missing: %v", few, slices.Sorted(maps.Keys(perKind)))
	}
	if perSide[Chart] < len(Kinds())-5 || perSide[Upstream] < len(Kinds())-5 {
		t.Errorf("%v", perSide)
	}
}

func TestRunOnly(t *testing.T) {
	all := mustRun(t, subject(nervous), Options{Count: 60}).Results
	want := all[len(all)-1]
	out := mustRun(t, subject(nervous), Options{Only: want.ID})
	if len(out.Results) != 1 || out.Results[0].ID != want.ID || out.Results[0].What != want.What {
		t.Errorf("%+v, want %+v", out.Results, want)
	}
	if _, err := Run(t.Context(), subject(nervous), sample(), sample(), Options{Only: "none"}); err == nil {
		t.Error("an unknown ID is fine")
	}
}

// A chart that a mutation breaks altogether is replaced, and counted.
func TestRunReplacesWhatIsBroken(t *testing.T) {
	out := mustRun(t, subject(blind), Options{Count: 5, Sides: []Side{Chart}, Kinds: kinds(t, "chart-yaml-changed"), RenderOnly: true})
	if out.Broken["chart-yaml-changed"] == 0 || len(out.Results)+out.Broken["chart-yaml-changed"] != out.Found["chart-yaml-changed"] {
		t.Errorf("%d results, %v broken of %v", len(out.Results), out.Broken, out.Found)
	}
}

func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, subject(blind), sample(), sample(), Options{Count: 10}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Either blank line gone is the same file.
func TestDeckDrawsOneOfTwoThatDoTheSame(t *testing.T) {
	values := files(map[string]string{"values.yaml": "a: 1\n\n\nb: 2\n"})
	d := newDeck(map[Side][]helmchart.File{Chart: values}, []Side{Chart}, kinds(t, "blank-line-changed"), 1)
	removals := 0
	for m, ok := d.draw(nil); ok; m, ok = d.draw(nil) {
		if m.What == "remove the blank line" {
			removals++
		}
	}
	if removals != 1 {
		t.Errorf("%d mutations remove a blank line", removals)
	}
}
