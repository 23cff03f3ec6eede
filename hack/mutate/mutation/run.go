package mutation

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/aymanbagabas/go-udiff"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Side is one of the two charts.
type Side string

// The sides.
const (
	Chart    Side = "chart"
	Upstream Side = "upstream"
)

// Case is how one side is rendered in a scenario.
type Case struct {
	Values  map[string]any
	Release helmchart.Release
}

// Scenario is one set of wishes, in the words of each side.
type Scenario struct {
	Name            string
	Chart, Upstream Case
}

// Subject is the comparison that is measured. Both methods are called from
// several goroutines.
type Subject interface {
	// Scenarios are those in which the charts are rendered to see whether a
	// mutation changes anything, with the values for the charts as they are.
	Scenarios() []Scenario
	// Drift gives every finding about the two charts, whatever its class. An error
	// about a chart that does not render names that chart, or one of its files.
	Drift(ctx context.Context, chart, upstream *helmchart.Chart) ([]drift.Finding, error)
}

// Verdict is how the comparison did on a mutation.
type Verdict string

// The verdicts.
const (
	// Right is drift where something changed, and none where nothing did.
	Right Verdict = "right"
	// Missed is a change without drift.
	Missed Verdict = "missed"
	// False is drift where nothing changed.
	False Verdict = "false"
	// Declared is drift outside of the objects where no scenario renders anything
	// else, but values.yaml or Chart.yaml say something else, or the templates read
	// another key. It is right, too.
	Declared Verdict = "declared"
	// Unasked is a mutation that was rendered only.
	Unasked Verdict = "unasked"
)

// Result is what came of one mutation.
type Result struct {
	Mutation
	Side    Side    `json:"side"`
	Verdict Verdict `json:"verdict"`
	// Changed names the scenarios that render something else, Failed those of them
	// that render nothing any more.
	Changed []string `json:"changed"`
	Failed  []string `json:"failed,omitempty"`
	// Difference is the first thing that is rendered differently.
	Difference string `json:"difference,omitempty"`
	// New are the findings of drift that the charts as they are do not have, Others
	// those of other classes. Gone are those of any class that are no more.
	New    []drift.Finding `json:"new,omitempty"`
	Others []drift.Finding `json:"others,omitempty"`
	Gone   []drift.Finding `json:"gone,omitempty"`
	// Error is what the comparison said instead of findings.
	Error string `json:"error,omitempty"`
	// Diff is the unified diff of the files.
	Diff string `json:"diff,omitempty"`
}

// Options say what is measured.
type Options struct {
	Seed  uint64
	Count int
	Jobs  int    // at least 1
	Sides []Side // both where empty
	Kinds []Kind // all where empty
	Only  string // the ID of a mutation; Seed and Count do not matter then
	// RenderOnly leaves the comparison out.
	RenderOnly bool
	// Progress hears of each mutation that is done, from several goroutines. It may
	// be nil.
	Progress func()
}

// Outcome is the whole measurement.
type Outcome struct {
	Results []Result `json:"results"`
	// Broken counts the mutations, by kind, that were replaced as they leave a
	// chart that renders in no scenario.
	Broken map[string]int `json:"broken"`
	// Found counts all mutations that the charts have, by kind.
	Found map[string]int `json:"found"`
	// Baseline is the number of findings of drift between the charts as they are.
	Baseline int `json:"baseline"`
	// Unrendered says, for each side and scenario in which a chart does not render
	// as it is, why.
	Unrendered []string `json:"unrendered,omitempty"`
}

// Run measures the subject by mutations of the two charts. The same arguments give
// the same mutations in the same order.
func Run(ctx context.Context, s Subject, chart, upstream []helmchart.File, o Options) (*Outcome, error) {
	r := runner{subject: s, options: o, files: map[Side][]helmchart.File{Chart: chart, Upstream: upstream}, truths: map[Side]*truth{}}
	if len(r.options.Sides) == 0 {
		r.options.Sides = []Side{Chart, Upstream}
	}
	if len(r.options.Kinds) == 0 {
		r.options.Kinds = Kinds()
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	return r.run(ctx)
}

type runner struct {
	subject  Subject
	options  Options
	files    map[Side][]helmchart.File
	truths   map[Side]*truth
	baseline map[string]drift.Finding // by what keysOf gives
	drifts   int
}

func (r *runner) prepare(ctx context.Context) error {
	for _, side := range r.options.Sides {
		var names []string
		var cases []Case
		for _, s := range r.subject.Scenarios() {
			names = append(names, s.Name)
			cases = append(cases, map[Side]Case{Chart: s.Chart, Upstream: s.Upstream}[side])
		}
		if len(names) == 0 {
			return fmt.Errorf("there is no scenario to render the charts in")
		}
		t, err := newTruth(ctx, r.files[side], names, cases)
		if err != nil {
			return fmt.Errorf("%s: %w", side, err)
		}
		r.truths[side] = t
	}
	if r.options.RenderOnly {
		return nil
	}
	return r.measureBaseline(ctx)
}

// measureBaseline asks about the charts as they are, twice: a comparison that
// gives other findings each time cannot be measured.
func (r *runner) measureBaseline(ctx context.Context) error {
	for range 2 {
		findings, err := r.ask(ctx, r.files)
		if err != nil {
			return fmt.Errorf("compare the charts as they are: %w", err)
		}
		keys := map[string]drift.Finding{}
		r.drifts = 0
		for _, f := range findings {
			for _, key := range keysOf(f) {
				keys[key] = f
			}
			if f.Class == drift.Drift {
				r.drifts++
			}
		}
		same := maps.EqualFunc(r.baseline, keys, func(_, _ drift.Finding) bool { return true })
		if r.baseline != nil && !same {
			return fmt.Errorf("compare the charts as they are: the second comparison has other findings than the first one")
		}
		r.baseline = keys
	}
	return nil
}

func (r *runner) ask(ctx context.Context, files map[Side][]helmchart.File) ([]drift.Finding, error) {
	chart, err := helmchart.LoadFiles(files[Chart])
	if err != nil {
		return nil, err
	}
	upstream, err := helmchart.LoadFiles(files[Upstream])
	if err != nil {
		return nil, err
	}
	return r.subject.Drift(ctx, chart, upstream)
}

// keysOf gives a text for each scenario in which a finding holds; explanations do
// not count.
func keysOf(f drift.Finding) []string {
	scenarios := f.Scenarios
	if len(scenarios) == 0 {
		scenarios = []string{f.Scenario}
	}
	var out []string
	for _, s := range scenarios {
		out = append(out, strings.Join([]string{string(f.Layer), string(f.Class), s, f.Object, f.Path.String(), canonical(f.Upstream), canonical(f.Chart)}, "\x00"))
	}
	return out
}

// run takes mutations until there are enough that render, and replaces the
// others by more of their kind.
func (r *runner) run(ctx context.Context) (*Outcome, error) {
	d := newDeck(r.files, r.options.Sides, r.options.Kinds, r.options.Seed)
	out := &Outcome{Broken: map[string]int{}, Found: map[string]int{}, Baseline: r.drifts}
	for _, side := range r.options.Sides {
		for i, before := range r.truths[side].before {
			if before.err != nil {
				out.Unrendered = append(out.Unrendered, fmt.Sprintf("%s in %s: %v", side, r.truths[side].names[i], before.err))
			}
		}
	}
	for _, s := range d.sources {
		out.Found[s.queue[0].Kind] += len(s.queue)
	}
	batch, err := r.first(d)
	if err != nil {
		return nil, err
	}
	for len(batch) > 0 {
		results, err := r.judgeAll(ctx, batch)
		if err != nil {
			return nil, err
		}
		var next []drawn
		for i, result := range results {
			if result != nil {
				out.Results = append(out.Results, *result)
				continue
			}
			out.Broken[batch[i].Kind]++
			if r.options.Only != "" {
				return nil, fmt.Errorf("the mutation %s leaves a chart that renders in no scenario", r.options.Only)
			}
			if m, ok := d.draw(batch[i].from); ok {
				next = append(next, m)
			}
		}
		batch = next
	}
	return out, nil
}

func (r *runner) first(d *deck) ([]drawn, error) {
	if r.options.Only != "" {
		m, err := d.find(r.options.Only)
		return []drawn{m}, err
	}
	var out []drawn
	for len(out) < r.options.Count {
		m, ok := d.draw(nil)
		if !ok {
			break
		}
		out = append(out, m)
	}
	return out, nil
}

// judgeAll judges mutations side by side; those that break the chart have nil.
func (r *runner) judgeAll(ctx context.Context, batch []drawn) ([]*Result, error) {
	out := make([]*Result, len(batch))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, r.options.Jobs))
	for i, m := range batch {
		g.Go(func() error {
			result, err := r.judge(ctx, m)
			if err != nil {
				return fmt.Errorf("mutation %s (%s, %s:%d): %w", m.ID, m.Kind, m.File, m.Line, err)
			}
			out[i] = result
			if result != nil && r.options.Progress != nil {
				r.options.Progress()
			}
			return nil
		})
	}
	return out, g.Wait()
}

func (r *runner) judge(ctx context.Context, m drawn) (*Result, error) {
	mutated := m.Apply(r.files[m.side])
	e, err := r.truths[m.side].effect(ctx, mutated)
	if err != nil || e.broken {
		return nil, err
	}
	result := &Result{
		Mutation: m.Mutation, Side: m.side, Verdict: Unasked,
		Changed: e.changed, Failed: e.failed, Difference: e.first,
	}
	result.Diff = unified(r.files[m.side], mutated)
	if r.options.RenderOnly {
		return result, nil
	}
	files := maps.Clone(r.files)
	files[m.side] = mutated
	findings, err := r.ask(ctx, files)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		result.Error = err.Error()
	}
	r.sort(result, findings)
	result.Verdict = r.verdict(result, mutated)
	return result, nil
}

// sort keeps what is not as it is between the charts as they are.
func (r *runner) sort(result *Result, findings []drift.Finding) {
	here := map[string]bool{}
	for _, f := range findings {
		known := true
		for _, key := range keysOf(f) {
			_, before := r.baseline[key]
			known, here[key] = known && before, true
		}
		switch {
		case known:
		case f.Class == drift.Drift:
			result.New = append(result.New, f)
		default:
			result.Others = append(result.Others, f)
		}
	}
	if result.Error != "" {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(r.baseline)) {
		if !here[key] {
			result.Gone = append(result.Gone, r.baseline[key])
		}
	}
}

func (r *runner) verdict(result *Result, mutated []helmchart.File) Verdict {
	reported := len(result.New) > 0 || result.Error != "" && len(result.Failed) > 0 && names(result.Error, mutated)
	changed := len(result.Changed) > 0
	switch {
	case changed && reported:
		return Right
	case changed:
		return Missed
	case result.Error != "":
		return False
	case !reported:
		return Right
	case outsideObjects(result.New) && declaresOther(r.files[result.Side], mutated):
		return Declared
	}
	return False
}

// names reports whether an error names the chart or one of its files.
func names(message string, files []helmchart.File) bool {
	for _, f := range files {
		if strings.Contains(message, path.Base(f.Name)) {
			return true
		}
	}
	c, err := helmchart.LoadFiles(files)
	return err == nil && strings.Contains(message, c.Name())
}

func outsideObjects(findings []drift.Finding) bool {
	return !slices.ContainsFunc(findings, func(f drift.Finding) bool { return f.Layer == drift.LayerObjects })
}

// declaresOther reports whether a chart has other default values, reads another key,
// or says something else about itself that is not mere text.
func declaresOther(before, after []helmchart.File) bool {
	a, errA := declared(before)
	b, errB := declared(after)
	return errA == nil && errB == nil && canonical(a) != canonical(b)
}

var keyRead = regexp.MustCompile(`\.Values(\.\w+)+`)

func declared(files []helmchart.File) (any, error) {
	var out struct {
		Values any
		Reads  map[string]bool
		Chart  struct {
			Name, Version, AppVersion, KubeVersion, Type string
			Deprecated                                   bool
			Dependencies                                 []any
		}
	}
	out.Reads = map[string]bool{}
	for _, f := range files {
		for _, key := range keyRead.FindAllString(string(f.Data), -1) {
			out.Reads[key] = true
		}
		into := map[string]any{"values.yaml": &out.Values, "Chart.yaml": &out.Chart}[f.Name]
		if into == nil {
			continue
		}
		if err := yaml.Unmarshal(f.Data, into); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// unified gives the differences between two sets of files.
func unified(before, after []helmchart.File) string {
	texts := map[string][2]string{}
	for _, f := range before {
		texts[f.Name] = [2]string{string(f.Data), ""}
	}
	for _, f := range after {
		texts[f.Name] = [2]string{texts[f.Name][0], string(f.Data)}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		b.WriteString(udiff.Unified("a/"+name, "b/"+name, texts[name][0], texts[name][1]))
	}
	return b.String()
}
