package scaffolding

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	"github.com/helm-livekit/helm-livekit/internal/settings"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
	"github.com/helm-livekit/helm-livekit/scaffold"
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
	Force, DryRun   bool
	ToolVersion     string
	Renders         Renders
}

// Renders says how siblings are rendered to find out what their values mean.
type Renders struct {
	// Prober does it; nil leaves it at names and shapes.
	Prober sibling.Prober
	// Getenv is os.Getenv, by which Helm's caches are found; nil leaves them out.
	Getenv func(string) string
	// HelmBin is the Helm that fetches dependencies, "" where none may.
	HelmBin string
}

// Result is what `scaffold` did, or would do.
type Result struct {
	Chart       ChartResult            `json:"chart"`
	Files       []chartdir.Change      `json:"files"`
	Conventions *convention.Convention `json:"conventions"`
	DryRun      bool                   `json:"dryRun,omitempty"`
	// Notes are what the user should know beside the files.
	Notes []string `json:"notes,omitempty"`
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

// Run writes a chart, or with DryRun says what it would write.
func Run(ctx context.Context, o RunOptions) (*Result, error) {
	target, err := chartdir.ResolveTarget(o.Dir)
	if err != nil {
		return nil, err
	}
	old, err := chartdir.ReadLock(target)
	if err != nil {
		return nil, err
	}
	if old != nil {
		o.repeat(old.Options)
	}
	options := o.requested()
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
	lock, err := newLock(chart, o, options)
	if err != nil {
		return nil, err
	}
	// A dry run writes nothing, so it can always say what --force would do.
	plan, err := chartdir.NewPlan(target, chart.Files, lock, o.Force || o.DryRun)
	if err != nil {
		return nil, err
	}
	result := &Result{
		Chart: ChartResult{
			Dir: filepath.ToSlash(o.Dir), Name: chart.Name, Version: chart.Version,
			AppVersion: chart.AppVersion, Components: chart.Components,
		},
		Files: plan.Changes, Conventions: conv, DryRun: o.DryRun,
		Notes: append(notes, aboutRelease(chart.AppVersion)...),
	}
	return result, result.carryOut(ctx, target, plan, chart)
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

// carryOut writes the chart, or with DryRun shows the difference to the one that is there.
func (r *Result) carryOut(ctx context.Context, target string, plan *chartdir.Plan, chart *Chart) error {
	switch {
	case plan.Interrupted && r.DryRun:
		r.Notes = append(r.Notes, "An interrupted run waits to be finished, so this compares with half of what it "+
			"wrote.")
	case plan.Interrupted:
		r.Notes = append(r.Notes, "An interrupted run was finished.")
	}
	if r.DryRun {
		r.Diff = plan.Diff()
		return nil
	}
	if err := r.checkMixture(ctx, target, *chart); err != nil {
		return err
	}
	return plan.Apply(ctx)
}

// checkMixture notes what is wrong with the chart as it will be where files stay that are not the generated ones: those
// may not fit the new ones beside them.
func (r *Result) checkMixture(ctx context.Context, target string, chart Chart) error {
	if !r.HasConflicts() {
		return nil
	}
	chart.Files = maps.Clone(chart.Files)
	var kept []string
	for _, f := range r.Files {
		if _, generated := chart.Files[f.Path]; f.Action != chartdir.Conflict || !generated {
			continue
		}
		data, err := os.ReadFile(filepath.Join(target, filepath.FromSlash(f.Path)))
		if err != nil {
			return fmt.Errorf("target: %w", err)
		}
		chart.Files[f.Path] = data
		kept = append(kept, f.Path)
	}
	if err := check(ctx, &chart); err != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("The chart is not sound with the files that were left alone (%s): %s\n"+
			"Take the changes over by hand: remove such a file (it is in version control), run this again, "+
			"and merge the two.", strings.Join(kept, ", "), strings.TrimSpace(err.Error())))
	}
	return nil
}

// Conventions reads the conventions that a chart would follow: those of its siblings, with the user's settings over
// them, and a file of conventions over all. It gives what the user should know of siblings that could not be read or
// rendered as well.
func Conventions(ctx context.Context, o RunOptions) (*convention.Convention, []string, error) {
	target, err := chartdir.ResolveTarget(o.Dir)
	if err != nil {
		return nil, nil, err
	}
	if o.Sheet, err = factsheet.OrServer(o.Sheet); err != nil {
		return nil, nil, err
	}
	tree, err := chartdir.TreeOf(target)
	if err != nil {
		return nil, nil, err
	}
	conv, warnings, err := readSiblings(ctx, o, tree, target)
	if err != nil {
		return nil, nil, err
	}
	own, err := settings.Load(o.Sheet, tree, target)
	if err != nil {
		return nil, nil, err
	}
	overrides := own.Conventions
	if o.ConventionsFile != "" {
		own, err := convention.LoadFile(o.Sheet, o.ConventionsFile)
		if err != nil {
			return nil, nil, err
		}
		overrides = overrides.Merge(own)
	}
	conv, err = overrides.Apply(conv)
	if err != nil {
		return nil, nil, err
	}
	return conv, append(warnings, conv.Notes...), nil
}

// fewSiblings is how many charts beside the new one are enough to go by them alone.
const fewSiblings = 3

// readSiblings reads the charts that are named, or without any and without a file those beside the chart. Of the
// latter, which nobody has named, one that cannot be read is a warning.
func readSiblings(ctx context.Context, o RunOptions, tree, target string) (*convention.Convention, []string, error) {
	sources := helmchart.Sources{Root: tree}
	if o.Renders.Getenv != nil {
		sources = helmchart.HelmSources(tree, o.Renders.Getenv)
	}
	var warnings []string
	options := sibling.ReadOptions{
		Sheet:   o.Sheet,
		Lenient: len(o.Like) == 0,
		Warn: func(err error) {
			text := err.Error()
			warnings = append(warnings, strings.ToUpper(text[:1])+text[1:]+".")
		},
		Prober:  o.Renders.Prober,
		Sources: sources,
		HelmBin: o.Renders.HelmBin,
	}
	like := distinct(o.Like)
	if len(like) == 0 && o.ConventionsFile == "" {
		charts, err := sibling.Beside(o.Dir)
		if err != nil {
			return nil, nil, err
		}
		options.Beside = len(charts)
		if len(charts) < fewSiblings {
			charts = append(charts, sibling.Elsewhere(tree, target)...)
		}
		like = nearer(charts)
	}
	conv, err := sibling.Read(ctx, like, options)
	return conv, warnings, err
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

func newLock(c *Chart, o RunOptions, options map[string]any) (*chartdir.Lock, error) {
	template, err := templateHash(c.Convention.Sheet.Service)
	if err != nil {
		return nil, err
	}
	return &chartdir.Lock{
		Tool: o.ToolVersion, Template: template,
		Chart:      chartdir.Version{Name: c.Name, Version: c.Version, AppVersion: c.AppVersion},
		Upstream:   UpstreamVersion(c.Convention.Sheet),
		Components: c.Components, Options: options, Convention: c.Convention,
	}, nil
}

// UpstreamVersion is the version of upstream's chart that a sheet is about.
func UpstreamVersion(s *factsheet.Sheet) chartdir.Version {
	return chartdir.Version{Name: s.Upstream.Name, Version: s.Upstream.Version, AppVersion: s.Upstream.AppVersion}
}

// templateHash is the hash of a service's embedded chart, its names and texts, the facts that values.yaml is made from
// among them.
func templateHash(service string) (string, error) {
	files, err := scaffold.Files(service)
	if err != nil {
		return "", err
	}
	if files["facts.yaml"], _, err = scaffold.Facts(service); err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(files[name]), files[name])
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
