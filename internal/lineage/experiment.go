package lineage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Options bound an experiment. Zero values stand for the defaults.
type Options struct {
	// Timeout ends the experiment with what it has found, DefaultTimeout where it is 0. It is looked at between
	// renders: what never returns is the business of a worker process (see Pool).
	Timeout time.Duration `json:"timeout,omitempty"`
	// MaxRenders ends it after so many, DefaultMaxRenders where it is 0.
	MaxRenders int `json:"maxRenders,omitempty"`
	// Parallel is how many renders run at once, one a core where it is 0.
	Parallel int `json:"parallel,omitempty"`
	// Only are the keys to try, with all below them; none is all. The other findings have no reaches.
	Only []string `json:"only,omitempty"`
	// Others are further values to try, by the path of a key, where the chart does not render with what is tried first:
	// a chart may refuse all but a few words.
	Others map[string][]any `json:"others,omitempty"`
	// Nudge tries the next numbers where the chart refuses one that is far away.
	Nudge bool `json:"nudge,omitempty"`
	// AsGiven starts from the values as they are: nothing is switched on or filled in, no key is tried that they do not
	// have, and names are not looked at. It takes a tenth of the renders.
	AsGiven bool `json:"asGiven,omitempty"`
}

// Bounds of an experiment that its caller has not bounded.
const (
	DefaultTimeout    = 20 * time.Second
	DefaultMaxRenders = 3000
)

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
	// Findings are in order of path. A key without reach is one that moved nothing.
	Findings []Finding
	// Identity is how names and labels follow from the chart and the release.
	Identity []Identity
	Renders  int
	// Incomplete says why not every key was tried, "" where all were.
	Incomplete string
	// Required says that the chart renders only where what it requires is left out.
	Required bool
}

// Run renders a chart again and again and finds out which of its values reaches which field. Its own values are the
// starting point; over are laid over them. The error is that of a chart that does not render at all.
func Run(ctx context.Context, chart *helmchart.Chart, over map[string]any, o Options) (*Result, error) {
	e := newExperiment(chart, o)
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(o.Timeout, DefaultTimeout))
	defer cancel()
	values := helmchart.Merge(chart.Values(), over)
	base, err := e.start(ctx, values)
	if err != nil {
		return nil, err
	}
	if !o.AsGiven {
		base = e.grow(ctx, base)
	}
	r := &Result{Base: base.values, Objects: base.shot.objects, Refs: base.shot.refs, Required: e.lenient}
	r.Findings = e.measureAll(ctx, base, values)
	if !o.AsGiven {
		r.add(e.measureHidden(ctx, base, values, r.Findings))
		r.Identity = e.identities(ctx, base, values, r.Findings)
	}
	r.Renders = int(e.renders.Load())
	switch {
	case e.spent():
		r.Incomplete = "reached the most that is allowed"
	case ctx.Err() != nil:
		r.Incomplete = "ran out of time"
	}
	return r, nil
}

// experiment is one run with its bounds.
type experiment struct {
	chart   *helmchart.Chart
	reading *Reading
	release helmchart.Release
	// lenient is set where the chart does not render otherwise.
	lenient    bool
	max        int
	options    Options
	renders    atomic.Int64
	slots      chan struct{}
	nextText   int
	nextNumber int
}

func newExperiment(chart *helmchart.Chart, o Options) *experiment {
	e := &experiment{
		chart:   chart.Bare(),
		max:     cmp.Or(o.MaxRenders, DefaultMaxRenders),
		options: o,
		slots:   make(chan struct{}, cmp.Or(o.Parallel, runtime.GOMAXPROCS(0))),
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

var errSpent = errors.New("the number of renders is used up")

// render renders the chart with values alone.
func (e *experiment) render(ctx context.Context, values map[string]any) (*snapshot, error) {
	return e.renderAs(ctx, e.chart, values, e.release)
}

func (e *experiment) renderAs(
	ctx context.Context, chart *helmchart.Chart, values map[string]any, release helmchart.Release,
) (*snapshot, error) {
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if e.renders.Add(1) > int64(e.max) {
		e.renders.Add(-1)
		return nil, errSpent
	}
	release.Lenient = e.lenient
	files, err := chart.Render(ctx, values, release)
	if err != nil {
		return nil, err
	}
	return take(files), nil
}

// isWanted reports whether a key is among those to try.
func (e *experiment) isWanted(p yamldoc.Path) bool {
	return len(e.options.Only) == 0 || slices.ContainsFunc(e.options.Only, func(only string) bool {
		wanted := yamldoc.SplitPath(only)
		return wanted.Contains(p) || p.Contains(wanted)
	})
}

func (e *experiment) spent() bool { return e.renders.Load() >= int64(e.max) }

// isOver reports whether there is no time, or no render, left.
func (e *experiment) isOver(ctx context.Context) bool { return ctx.Err() != nil || e.spent() }

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
			return e.setup(ctx, values, shot), nil
		}
		if values = e.repair(values, err); values == nil {
			break
		}
	}
	return nil, fmt.Errorf("lineage: %w", first)
}

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
	for a, p := range shot.fields {
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
