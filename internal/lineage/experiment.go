package lineage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Options bound an experiment. Zero values stand for the defaults.
type Options struct {
	// MaxRenders ends the experiment with what it has found, DefaultMaxRenders where it is 0.
	MaxRenders int `json:"maxRenders,omitempty"`
	// MaxCPU is the processor time after which a worker process (see Pool) gives up, in proportion to MaxRenders where
	// it is 0: a guard against templates that are very slow, or loop.
	MaxCPU time.Duration `json:"maxCPU,omitempty"`
	// Timeout is when the experiment counts as hanging, some minutes where it is 0.
	Timeout time.Duration `json:"timeout,omitempty"`
	// First are keys to try before the others, with all below them: [0] is any element or key.
	First []yamldoc.Path `json:"first,omitempty"`
	// Parallel is how many renders run at once, one a core where it is 0.
	Parallel int `json:"parallel,omitempty"`
	// Only are the keys to try, with all below them; none is all. The other findings have no reaches.
	Only []string `json:"only,omitempty"`
	// Others are further values to try, by the path of a key, where the chart does not render with what is tried first:
	// a chart may refuse all but a few words.
	Others map[string][]any `json:"others,omitempty"`
	// Called is what the templates call the application, where that is a word in them and not the chart's name.
	Called string `json:"called,omitempty"`
	// Nudge tries the next numbers where the chart refuses one that is far away.
	Nudge bool `json:"nudge,omitempty"`
	// ownProcess says that the process does nothing else, so that its processor time is that of the experiment.
	ownProcess bool
	// AsGiven starts from the values as they are: nothing is switched on or filled in, no key is tried that they do not
	// have, and names are not looked at. It takes a tenth of the renders.
	AsGiven bool `json:"asGiven,omitempty"`
}

// Effect says how a value reaches a field.
type Effect string

// The effects, from the clearest to the least clear.
const (
	Direct Effect = "direct" // the field's value is the value
	Inside Effect = "inside" // the value is a part of the field's text
	Key    Effect = "key"    // the value is the name of a field
	Switch Effect = "switch" // fields or objects come, go or change otherwise
)

// Reach is one field that a value reaches.
type Reach struct {
	Object Ref
	// Field is the path in the object; empty where the whole object comes or goes.
	Field  yamldoc.Path
	Effect Effect
	// Before and After are the text around a value that is Inside, up to 60 characters of each.
	Before, After string `json:",omitempty"`
	// Gone says of a Switch that what is in the base goes; otherwise it comes or changes.
	Gone bool `json:",omitempty"`
	// Value is what the field has in the base.
	Value any `json:",omitempty"`
}

// Finding is one key of the values with what it reaches.
type Finding struct {
	// Path is where the value is; the first element of a list stands for all.
	Path yamldoc.Path
	// IsDeclared says that the chart's values have it; otherwise only its
	// templates read it, or it is a sample entry of an empty list or map.
	IsDeclared bool
	// Filled is what was put there when the value reached something.
	Filled  Filling
	Reaches []Reach
}

// Filling is a kind of value.
type Filling string

// The kinds of values that experiments put where there is none.
const (
	FilledText  Filling = "text"
	FilledMap   Filling = "map"   // one entry
	FilledList  Filling = "list"  // one text
	FilledItems Filling = "items" // one map of name and value
)

// Result is the outcome of an experiment.
type Result struct {
	// Base are values under which as much is rendered as could be found, whole.
	Base map[string]any
	// Objects is what they render, without hooks, and then what shows up under other values; Refs stand beside them.
	Objects []manifest.Object
	Refs    []Ref
	// Tried are the keys that have another value in the base than in the chart, with the chart's: what such a key
	// reaches says nothing of the chart.
	Tried []Trial
	// Findings are in order of path. A key without reach is one that moved nothing.
	Findings []Finding
	// Identity is how names and labels follow from the chart and the release.
	Identity []Identity
	// Renders is how often the chart was rendered, MaxRenders how often it might have been.
	Renders, MaxRenders int
	// Incomplete says why not everything was tried, "" where it was. Untried are the keys that were not, in order.
	Incomplete string
	Untried    []yamldoc.Path
	// Twice are keys that stand twice in a map of what is rendered, a line each: the last one counts, as in Helm.
	Twice []string
	// Required says that the chart renders only where what it requires is left out.
	Required bool
	// Instead says which dependencies served in another version (see helmchart.Chart.Instead).
	Instead []string
}

// Trial is a key with the value that the chart has for it, nil for none.
type Trial struct {
	Path yamldoc.Path
	Was  any
}

// trials gives the keys whose values are not those of the chart.
func trials(base, declared map[string]any) []Trial {
	var out []Trial
	for _, p := range leaves(base) {
		now, _ := yamldoc.Lookup(base, p)
		if was, _ := yamldoc.Lookup(declared, p); !helmchart.Equal(now, was) {
			out = append(out, Trial{p, was})
		}
	}
	return out
}

// Run renders a chart again and again and finds out which of its values reaches which field. Its own values are the
// starting point; over are laid over them. The error is that of a chart that does not render at all.
//
// What it finds depends on the chart and the number of renders alone, unless a guard against very slow templates ends
// it: not on how fast the machine is, nor on how many renders run at once.
func Run(ctx context.Context, chart *helmchart.Chart, over map[string]any, o Options) (*Result, error) {
	e := newExperiment(chart, o)
	ctx, cancel := context.WithTimeout(ctx, o.timeout())
	defer cancel()
	defer e.watch()()
	values := helmchart.Merge(chart.Values(), over)
	e.phase(1, 8)
	e.limit = e.options.maxRenders() // to start takes a few
	declared, err := e.start(ctx, values)
	if err != nil {
		return nil, err
	}
	base := declared
	if !o.AsGiven {
		e.phase(1, 2)
		base = e.grow(ctx, declared)
	}
	r := &Result{Base: base.values, Objects: base.shot.objects, Refs: base.shot.refs, Required: e.lenient}
	r.Twice, r.Tried = declared.shot.twice(), trials(base.values, values)
	e.phase(3, 4)
	r.Findings = e.measureAll(ctx, base, values)
	if !o.AsGiven {
		e.phase(9, 10)
		r.add(e.measureHidden(ctx, base, values, r.Findings))
		e.phase(1, 1)
		r.Identity = e.identities(ctx, base, values, r.Findings)
	}
	r.Renders, r.MaxRenders = e.renders, o.maxRenders()
	r.Incomplete, r.Untried = e.reason(ctx), e.untried(values)
	return r, nil
}

// experiment is one run with its bounds.
type experiment struct {
	*budget
	chart   *helmchart.Chart
	reading *Reading
	release helmchart.Release
	// lenient is set where the chart does not render otherwise.
	lenient    bool
	parallel   int
	memo       *Memo[*rendering]
	left       map[string]yamldoc.Path // keys that were not tried to the end
	nextText   int
	nextNumber int
}

func newExperiment(chart *helmchart.Chart, o Options) *experiment {
	e := &experiment{
		budget:   newBudget(o),
		chart:    chart.Bare(),
		parallel: cmp.Or(o.Parallel, runtime.GOMAXPROCS(0)),
		left:     map[string]yamldoc.Path{},
		memo:     NewMemo(takeFile),
	}
	var err error
	if e.reading, err = Reads(chart.Templates(), chart.LibraryTemplates()...); err != nil {
		e.reading = &Reading{Everything: true} // a template that does not parse leaves nothing known
	}
	e.release = helmchart.Release{
		Name: ReleaseName, Namespace: namespaceName, KubeVersion: kubeVersion,
		SkipSchema: true, APIVersions: e.reading.apis,
	}
	return e
}

// kubeVersion is one under which today's APIs are chosen.
const kubeVersion = "1.34.0"

// errSpent is a render that is not allowed, or not waited for, any more.
var errSpent = errors.New("the renders or the time that are allowed are used up")

// render renders the chart with values alone.
func (e *experiment) render(ctx context.Context, values map[string]any) (*snapshot, error) {
	return e.renderAs(ctx, e.chart, values, e.release)
}

func (e *experiment) renderAs(
	ctx context.Context, chart *helmchart.Chart, values map[string]any, release helmchart.Release,
) (*snapshot, error) {
	if e.reserve(ctx, 1) == 0 {
		return nil, errSpent
	}
	return e.await(ctx, chart, values, release)
}

// renderEach renders each of several sets of values, several at once. It gives nil for one that does not render, and
// no more than are allowed.
func (e *experiment) renderEach(ctx context.Context, sets []map[string]any) []*snapshot {
	shots := make([]*snapshot, e.reserve(ctx, len(sets)))
	var group errgroup.Group
	group.SetLimit(e.parallel)
	for i := range shots {
		group.Go(func() error {
			shots[i], _ = e.await(ctx, e.chart, sets[i], e.release)
			return nil
		})
	}
	_ = group.Wait() // a set that does not render is known by its nil
	return shots
}

// await renders, and leaves the render alone when the time is used up: Helm's engine cannot be interrupted.
func (e *experiment) await(
	ctx context.Context, chart *helmchart.Chart, values map[string]any, release helmchart.Release,
) (*snapshot, error) {
	type outcome struct {
		shot *snapshot
		err  error
	}
	done := make(chan outcome, 1)
	release.Lenient = e.lenient
	go func() {
		files, err := e.memo.Render(ctx, chart, values, release)
		if err != nil {
			done <- outcome{nil, err}
			return
		}
		done <- outcome{join(files), nil}
	}()
	select {
	case o := <-done:
		return o.shot, o.err
	case <-e.whenHalted():
	case <-ctx.Done():
	}
	return nil, errSpent
}

// isWanted reports whether a key is among those to try.
func (e *experiment) isWanted(p yamldoc.Path) bool {
	return len(e.options.Only) == 0 || slices.ContainsFunc(e.options.Only, func(only string) bool {
		wanted := yamldoc.SplitPath(only)
		return wanted.Contains(p) || p.Contains(wanted)
	})
}

// firstFirst puts the changes of keys that are to be tried first before the others.
func (e *experiment) firstFirst(changes []change) []change {
	slices.SortStableFunc(changes, func(a, b change) int { return e.rank(a.path) - e.rank(b.path) })
	return changes
}

// rank is 0 for a key that is to be tried first, and 1 for the others.
func (e *experiment) rank(p yamldoc.Path) int {
	if slices.ContainsFunc(e.options.First, func(f yamldoc.Path) bool { return covers(f, p) || covers(p, f) }) {
		return 0
	}
	return 1
}

// untried gives the keys that were not tried to the end, those that are to be tried first before the others.
func (e *experiment) untried(declared map[string]any) []yamldoc.Path {
	var out []yamldoc.Path
	for _, key := range slices.Sorted(maps.Keys(e.left)) {
		if _, isDeclared := yamldoc.Lookup(declared, e.left[key]); isDeclared {
			out = append(out, e.left[key])
		}
	}
	slices.SortStableFunc(out, func(a, b yamldoc.Path) int { return e.rank(a) - e.rank(b) })
	return out
}

// setup is a set of values with what it renders.
type setup struct {
	values map[string]any
	shot   *snapshot
	// masked are the fields that differ between two renders of these values, or stand for other fields (checksums).
	masked map[string]bool
}

// start renders the chart as it is. Where that fails, what it requires is left
// out, and then what the failure names is filled in.
func (e *experiment) start(ctx context.Context, values map[string]any) (*setup, error) {
	shot, err := e.render(ctx, values)
	if err == nil {
		return e.setup(ctx, values, shot), nil
	}
	first := err
	e.lenient = true
	for range maxRepairs {
		if shot, err = e.render(ctx, values); err == nil {
			values, shot = e.adopt(ctx, values, shot, e.required(values), false)
			return e.setup(ctx, values, shot), nil
		}
		if values = e.repair(values, err); values == nil {
			break
		}
	}
	if errors.Is(first, errSpent) {
		return nil, &endlessError{cmp.Or(e.isSpent(ctx, e.cpuLimit), e.cut)}
	}
	return nil, fmt.Errorf("lineage: %w", first)
}

// endlessError says of a chart that not even its first render came to an end.
type endlessError struct{ reason string }

func (e *endlessError) Error() string { return "rendering does not end: it " + e.reason }

// maxRepairs is how many missing values are filled in to get a render.
const maxRepairs = 20

// setup renders the same values once more: what differs is no effect of values.
func (e *experiment) setup(ctx context.Context, values map[string]any, shot *snapshot) *setup {
	s := &setup{values: values, shot: shot, masked: map[string]bool{}}
	if again, err := e.render(ctx, values); err == nil {
		for _, a := range shot.differences(again, nil) {
			s.masked[a] = true
		}
	}
	for a, p := range shot.all() {
		if isChecksum(p) {
			s.masked[a] = true
		}
	}
	return s
}

// isChecksum reports whether a field is a hash of something else that was
// rendered: an annotation such as checksum/config.
func isChecksum(f field) bool {
	text := f.text()
	return slices.Contains([]int{32, 40, 63, 64}, len(text)) && slices.Contains(f.path, "annotations") &&
		strings.Trim(text, "0123456789abcdef") == ""
}
