package scaffolding

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/registration"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/roundtrip"
	"github.com/helm-livekit/helm-livekit/internal/settings"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// RunOptions are the flags of `scaffold`.
type RunOptions struct {
	// Sheet has the keys of the chart; nil is the server's.
	Sheet *factsheet.Sheet
	Options
	Dir string // the chart's folder; its name is the chart's where Name is empty
	// Like names the siblings to follow. Without any, the charts beside Dir are looked at.
	Like            []string
	ConventionsFile string // a file of conventions to obey instead
	DryRun          bool
	Register        bool // writes the chart's entry where those beside it are registered; otherwise it is proposed
	ToolVersion     string
	Renders         Renders
	// RoundTrip says how what was learned is tried in the new chart.
	RoundTrip RoundTrip
}

// Renders says how siblings are rendered to find out what their values mean.
type Renders struct {
	// Prober does it; nil leaves it at names and shapes.
	Prober sibling.Prober
	// Getenv is os.Getenv, by which Helm's caches are found; nil leaves them out.
	Getenv func(string) string
	// HelmBin is the Helm that fetches dependencies, "" where none may.
	HelmBin string
	// Max is how often each chart may be rendered, 0 for as often as is usual.
	Max int
}

// Result is what `scaffold` did, or would do.
type Result struct {
	Chart       ChartResult            `json:"chart"`
	Files       []chartdir.Change      `json:"files"`
	Conventions *convention.Convention `json:"conventions"`
	DryRun      bool                   `json:"dryRun,omitempty"`
	// Notes are what the user should know beside the files.
	Notes []string `json:"notes,omitempty"`
	// Registration has the chart's entry in each file where those beside it are registered.
	Registration []registration.Edit `json:"registration,omitempty"`
	// Diff is the unified diff of a dry run.
	Diff string `json:"-"`
}

// ChartResult names the chart.
type ChartResult struct {
	Dir        string   `json:"path"` // as the user named it
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	AppVersion string   `json:"appVersion"`
	Components []string `json:"components"`
}

// HasConflicts reports whether files were left alone.
func (r *Result) HasConflicts() bool {
	return slices.ContainsFunc(r.Files, func(f chartdir.Change) bool { return f.Action == chartdir.Conflict })
}

// Unregistered are the entries that are proposed.
func (r *Result) Unregistered() []registration.Edit {
	return slices.DeleteFunc(slices.Clone(r.Registration), func(e registration.Edit) bool { return e.Written })
}

// Run writes a chart, or with DryRun says what it would write.
func Run(ctx context.Context, o RunOptions) (*Result, error) {
	target, err := chartdir.ResolveTarget(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := o.goOn(target); err != nil {
		return nil, err
	}
	conv, notes, err := Conventions(ctx, o)
	if err != nil {
		return nil, err
	}
	o.Name = cmp.Or(o.Name, filepath.Base(target))
	shift, more := portShift(conv.Sheet, target)
	o.PortShift, notes = shift, append(notes, more...)
	chart, err := Generate(ctx, conv, o.Options)
	if err != nil {
		return nil, err
	}
	lock, err := NewLock(chart, o, target)
	if err != nil {
		return nil, err
	}
	plan, err := chartdir.NewPlan(target, chart.Files, lock, nil)
	if err != nil {
		return nil, err
	}
	if err := refuseOthers(plan, o.Dir); err != nil {
		return nil, err
	}
	result := &Result{
		Chart: ChartResult{
			Dir: filepath.ToSlash(o.Dir), Name: chart.Name, Version: chart.Version,
			AppVersion: chart.AppVersion, Components: chart.Components,
		},
		Files: plan.Changes, Conventions: conv, DryRun: o.DryRun,
		Notes: slices.Concat(notes, aboutRelease(chart.AppVersion), aboutCloud(conv, o.Cloud),
			aboutStages(chart)),
	}
	tree, err := chartdir.TreeOf(target)
	if err != nil {
		return nil, err
	}
	result.Registration = registrationOf(o, chart, tree, target)
	undo := func() {}
	if o.Register && !o.DryRun { // before the chart: where it fails, the command can be run again
		if undo, err = registration.Apply(tree, result.Registration); err != nil {
			return nil, err
		}
	}
	if err = result.carryOut(ctx, plan); err != nil {
		undo()
	}
	return result, err
}

// registrationOf makes the chart's entry wherever the repository has one for the charts beside it, or those that are
// followed.
func registrationOf(o RunOptions, chart *Chart, tree, target string) []registration.Edit {
	inTree := func(dir string) string {
		rel, err := filepath.Rel(tree, dir)
		if err != nil {
			return ""
		}
		return filepath.ToSlash(rel)
	}
	beside, _ := sibling.Beside(target) // a folder that cannot be read registers nothing
	followed := map[string]bool{}
	for _, like := range o.Like {
		if dir, err := chartdir.ResolveTarget(like); err == nil {
			followed[dir] = true
		}
	}
	var siblings []registration.Chart
	for _, dir := range distinct(append(beside, slices.Sorted(maps.Keys(followed))...)) {
		name := filepath.Base(dir)
		if doc, err := yamldoc.ReadFile(filepath.Join(dir, "Chart.yaml")); err == nil {
			name = cmp.Or(doc.Root.Child("name").Str(), name)
		}
		siblings = append(siblings, registration.Chart{Dir: inTree(dir), Name: name, IsFollowed: followed[dir]})
	}
	return registration.Find(tree, registration.Chart{Dir: inTree(target), Name: chart.Name, Version: chart.Version},
		siblings)
}

// goOn takes over what an interrupted run in the folder target was asked for, where this one is asked nothing about it.
// Components are one question, and so are the conventions.
func (o *RunOptions) goOn(target string) error {
	lock, err := chartdir.ReadLock(target)
	if lock == nil {
		return err
	}
	was := AskedOf(lock, target)
	o.Name, o.Version = cmp.Or(o.Name, was.Name), cmp.Or(o.Version, was.Version)
	o.AppVersion, o.Host = cmp.Or(o.AppVersion, was.AppVersion), cmp.Or(o.Host, was.Host)
	o.Cloud, o.Values = cmp.Or(o.Cloud, was.Cloud), cmp.Or(o.Values, was.Values)
	if len(o.With)+len(o.Without) == 0 {
		o.With, o.Without = lock.Components, []string{"all"}
	}
	if len(o.Like) == 0 && o.ConventionsFile == "" {
		o.Like, o.ConventionsFile = was.Like, was.ConventionsFile
	}
	return nil
}

// refuseOthers refuses a folder with files of somebody else's where the chart's have to go. What was edited in a chart
// that an interrupted run has left is no such file.
func refuseOthers(plan *chartdir.Plan, dir string) error {
	for _, c := range plan.Changes {
		if c.Action == chartdir.Conflict && !plan.Interrupted {
			return remedy.Errorf("move it away, or name another folder", "%s is there already, and not this tool's",
				filepath.ToSlash(filepath.Join(dir, c.Path)))
		}
	}
	return nil
}

// aboutRelease notes what is not sure of a chart for this server.
func aboutRelease(appVersion string) []string {
	var notes []string
	match := livekit.ReleaseOf(appVersion)
	if match.Why != "" {
		notes = append(notes, fmt.Sprintf("values.schema.json has the configuration of livekit-server %s: %s.",
			match.Release, match.Why))
	}
	if match.Release.IsNewer(livekit.ServerVersion) {
		notes = append(notes, fmt.Sprintf("The chart was run with livekit-server %s, and not yet with %s.",
			livekit.ServerVersion, appVersion))
	}
	return notes
}

// carryOut writes the chart, or with DryRun shows what would be written.
func (r *Result) carryOut(ctx context.Context, plan *chartdir.Plan) error {
	switch {
	case plan.Interrupted && r.DryRun:
		r.Notes = append(r.Notes, "An interrupted run waits to be finished.")
	case plan.Interrupted:
		r.Notes = append(r.Notes, "An interrupted run was finished.")
	}
	if r.DryRun {
		r.Diff = plan.Diff()
		return nil
	}
	return plan.Apply(ctx)
}

// Learned is what was read of a repository.
type Learned struct {
	*convention.Convention
	// RoundTrip has the learned keys that were tried in the new chart.
	RoundTrip []roundtrip.Key `json:"roundTrip,omitempty"`
	// Warnings are about siblings that could not be read or rendered.
	Warnings []string `json:"-"`
}

// Conventions gives the convention of Learn, and its notes.
func Conventions(ctx context.Context, o RunOptions) (*convention.Convention, []string, error) {
	learned, err := Learn(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	return learned.Convention, append(learned.Warnings, learned.Notes...), nil
}

// Learn reads the conventions that a chart would follow: those of its siblings, corrected by a round trip, with the
// user's settings over them, and a file of conventions over all.
func Learn(ctx context.Context, o RunOptions) (*Learned, error) {
	target, err := chartdir.ResolveTarget(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.Sheet, err = factsheet.OrServer(o.Sheet); err != nil {
		return nil, err
	}
	tree, err := chartdir.TreeOf(target)
	if err != nil {
		return nil, err
	}
	overrides, err := overridesOf(o, tree, target)
	if err != nil {
		return nil, err
	}
	conv, sides, warnings, err := readSiblings(ctx, o, tree, target)
	if err != nil {
		return nil, err
	}
	o.Name = cmp.Or(o.Name, filepath.Base(target))
	trip, err := o.roundTrip(ctx, conv, sides)
	if err != nil {
		return nil, err
	}
	if conv, err = overrides.Apply(conv); err != nil {
		return nil, err
	}
	trip = slices.DeleteFunc(trip, func(k roundtrip.Key) bool { return isOverridden(conv, k) })
	for i := range trip {
		k := &trip[i]
		k.Path, k.Note = strings.ReplaceAll(k.Path, "{name}", o.Name), strings.ReplaceAll(k.Note, "{name}", o.Name)
	}
	conv.Notes = append(conv.Notes, roundtrip.Notes(trip)...)
	return &Learned{Convention: conv, RoundTrip: trip, Warnings: warnings}, nil
}

// overridesOf are the user's own conventions.
func overridesOf(o RunOptions, tree, target string) (convention.Overrides, error) {
	own, err := settings.Load(o.Sheet, tree, target)
	if err != nil {
		return convention.Overrides{}, err
	}
	if o.ConventionsFile == "" {
		return own.Conventions, nil
	}
	file, err := convention.LoadFile(o.Sheet, o.ConventionsFile)
	if err != nil {
		return convention.Overrides{}, err
	}
	return own.Conventions.Merge(file), nil
}

// fewSiblings is how many charts beside the new one are enough to go by them alone.
const fewSiblings = 3

// readSiblings reads the charts that are named, or without any and without a file those beside the chart. Of the
// latter, which nobody has named, one that cannot be read is a warning.
func readSiblings(
	ctx context.Context, o RunOptions, tree, target string,
) (conv *convention.Convention, sides []roundtrip.Side, warnings []string, err error) {
	sources := helmchart.Sources{Root: tree}
	if o.Renders.Getenv != nil {
		sources = helmchart.HelmSources(tree, o.Renders.Getenv)
	}
	sources.NearVersions = true
	options := sibling.ReadOptions{
		Sheet:   o.Sheet,
		Lenient: len(o.Like) == 0,
		Warn: func(err error) {
			text := err.Error()
			warnings = append(warnings, strings.ToUpper(text[:1])+text[1:]+".")
		},
		Prober:     o.Renders.Prober,
		MaxRenders: o.Renders.Max,
		Sources:    sources,
		Around:     sibling.NewSurroundings(tree),
		Target:     target,
		HelmBin:    o.Renders.HelmBin,
		Side:       func(s roundtrip.Side) { sides = append(sides, s) },
	}
	like := distinct(o.Like)
	if len(like) == 0 && o.ConventionsFile == "" {
		charts, err := sibling.Beside(o.Dir)
		if err != nil {
			return nil, nil, nil, err
		}
		options.Beside = len(charts)
		if len(charts) < fewSiblings {
			charts = append(charts, sibling.Elsewhere(tree, target)...)
		}
		like = nearer(charts)
	}
	conv, err = sibling.Read(ctx, like, options)
	return conv, sides, warnings, err
}

// distinct leaves out charts that are named twice: each has one vote.
func distinct(charts []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(charts), func(c string) bool {
		isTwice := seen[filepath.Clean(c)]
		seen[filepath.Clean(c)] = true
		return isTwice
	})
}

// nearer names the charts from the current directory where they lie in or near it: what the lock and the reports say
// then holds on any machine.
func nearer(charts []string) []string {
	current, err := os.Getwd()
	if err != nil {
		return charts
	}
	var out []string
	for _, c := range charts {
		if rel, err := filepath.Rel(current, c); err == nil && filepath.IsAbs(c) {
			c = filepath.ToSlash(rel)
		}
		out = append(out, c)
	}
	return out
}
