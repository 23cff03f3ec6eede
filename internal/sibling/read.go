// Package sibling reads the convention of a repository from its charts: by
// experiment, by name, and of several charts by vote.
package sibling

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/roundtrip"
	"github.com/helm-livekit/helm-livekit/internal/sibling/experiment"
	"github.com/helm-livekit/helm-livekit/internal/sibling/names"
)

// maxVoters is how many charts vote, the nearest first.
const maxVoters = 2000

// maxRendered is how many of several siblings are rendered: those nearest to what LiveKit is, the rest are read alone.
const maxRendered = 20

// RendersOfMany is how often one of several charts is rendered at most, unless ReadOptions say otherwise. What is not
// known of one is known of another; a chart with an object of each kind takes about 200 renders.
const RendersOfMany = 800

// ReadOptions say how siblings are read.
type ReadOptions struct {
	// Sheet has the keys to look for.
	Sheet *factsheet.Sheet
	// Lenient leaves out charts that cannot be read instead of failing. It is for charts that the user has not named.
	Lenient bool
	// Warn receives every chart that was left out, or could not be rendered; nil for nobody.
	Warn func(error)
	// Prober renders the siblings, which is how their values are known; nil
	// where nothing is rendered and names and shapes alone speak.
	Prober Prober
	// Sources are where dependencies come from that do not lie in charts/.
	Sources helmchart.Sources
	// HelmBin is the Helm that may fetch what of the dependencies is not at hand,
	// for the first of the charts; "" where the network is not to be asked.
	HelmBin string
	// MaxRenders is how often each chart may be rendered, 0 for as often as is usual.
	MaxRenders int
	// Around finds the values files of environments; nil where charts alone speak.
	Around *names.Surroundings
	// Target is the new chart's folder, which is none of its own neighbors.
	Target string
	// Beside is how many of the charts, the first ones, lie beside the new
	// chart; the others lie elsewhere in its repository.
	Beside int
	// Side receives what the keys of each chart that was rendered move there, those that count most first; nil for
	// nobody.
	Side func(roundtrip.Side)
}

func (o ReadOptions) warn(err error) {
	if o.Warn != nil {
		o.Warn(err)
	}
}

// NewSurroundings finds the values files of environments in the repository at root.
func NewSurroundings(root string) *names.Surroundings { return names.NewSurroundings(root) }

// Prober runs experiments on charts; *lineage.Pool is one.
type Prober interface {
	Run(ctx context.Context, jobs []lineage.Job, done func(i int, r *lineage.Result, err error))
}

// Read reads the convention of the charts in some directories, from their Chart.yaml, values and templates, and from
// what they render. One chart is followed alone; several vote, fact by fact. No chart gives the canonical convention.
// What it returns passes Validate.
func Read(ctx context.Context, charts []string, opts ReadOptions) (*convention.Convention, error) {
	dirs, remove := fetchDependencies(ctx, charts, opts)
	defer remove()
	all, err := readAll(ctx, charts, dirs, opts)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return convention.Canonical(opts.Sheet), nil
	}
	if err := renderAll(ctx, all, opts); err != nil {
		return nil, err
	}
	c := combine(opts.Sheet, all)
	if len(charts) == 1 && all[0].Labels == nil && all[0].Naming == nil {
		if err := followNeighbours(ctx, c, charts[0]); err != nil {
			return nil, err
		}
	}
	if len(charts) == 1 {
		if err := fillGaps(ctx, c, all[0], opts); err != nil {
			return nil, err
		}
	}
	switchRouteOff(c, charts, opts.Sources.Root)
	return c, c.Complete()
}

// fetchDependencies has Helm fetch the dependencies of charts that lack some, into copies of them. It gives the folder
// to read for each chart. What cannot be fetched is a warning: the chart is then read without.
func fetchDependencies(ctx context.Context, charts []string, opts ReadOptions) (dirs []string, remove func()) {
	dirs = slices.Clone(charts)
	var copies []func()
	remove = func() {
		for _, remove := range copies {
			remove()
		}
	}
	if opts.HelmBin == "" {
		return dirs, remove
	}
	for i, chart := range charts[:min(len(charts), maxRendered)] {
		exact := opts.Sources
		exact.NearVersions = false // Helm fetches what is asked for
		loaded, err := helmchart.LoadComplete(ctx, chart, exact)
		if err != nil || len(loaded.Lacks()) == 0 {
			continue // reading it tells what is wrong
		}
		dir, done, err := helmchart.BuildDependencies(ctx, opts.HelmBin, chart, opts.Sources.Root)
		if err != nil {
			opts.warn(fmt.Errorf("read without its dependencies: %s: %s", filepath.ToSlash(chart), firstLine(err)))
			continue
		}
		dirs[i], copies = dir, append(copies, done)
	}
	return dirs, remove
}

// readAll reads the charts as text, several at once, and keeps of each what it says.
func readAll(ctx context.Context, charts, dirs []string, opts ReadOptions) ([]names.Facts, error) {
	charts = charts[:min(len(charts), maxVoters)]
	said, errs := make([]names.Facts, len(charts)), make([]error, len(charts))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range charts {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			s, err := names.ReadChart(ctx, opts.Sheet, dirs[i], charts[i], opts.Sources, opts.Around)
			if errs[i] = err; err == nil {
				said[i] = s.Read()
				said[i].IsNear = i < opts.Beside
				slog.Debug("read chart", "chart", charts[i], "weight", said[i].Weight())
			}
			return nil
		})
	}
	_ = group.Wait() // each chart has an error of its own
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []names.Facts
	for i, err := range errs {
		switch {
		case err == nil:
			all = append(all, said[i])
		case opts.Lenient:
			opts.warn(fmt.Errorf("not followed: %w", err))
		default:
			return nil, err
		}
	}
	return all, nil
}

// renderAll renders the siblings, of many those that are nearest and most like
// LiveKit. One that does not render keeps what its names say.
func renderAll(ctx context.Context, all []names.Facts, opts ReadOptions) error {
	if opts.Prober == nil {
		return nil
	}
	chosen := make([]*names.Facts, len(all))
	for i := range all {
		chosen[i] = &all[i]
	}
	slices.SortStableFunc(chosen, func(a, b *names.Facts) int { return b.Weight() - a.Weight() })
	chosen = chosen[:min(len(chosen), maxRendered)]
	// What was read of a chart is not kept, as there may be many: these are read again.
	siblings := make([]*names.Chart, len(chosen))
	jobs := make([]lineage.Job, len(chosen))
	for n, f := range chosen {
		s, err := names.ReadChart(ctx, opts.Sheet, f.Dir, f.Shown, opts.Sources, opts.Around)
		if err != nil {
			return err
		}
		s.Follow(f.Component)
		siblings[n], jobs[n] = s, experiment.Job(s, f, opts.Sources)
		if jobs[n].Options.MaxRenders = opts.MaxRenders; opts.MaxRenders == 0 && len(chosen) > 1 {
			jobs[n].Options.MaxRenders = RendersOfMany
		}
	}
	sides := make([]*roundtrip.Side, len(chosen))
	opts.Prober.Run(ctx, jobs, func(n int, result *lineage.Result, err error) {
		f := chosen[n]
		slog.Debug("tried values", "chart", f.Shown, "error", err)
		switch {
		case err != nil && ctx.Err() == nil:
			opts.warn(fmt.Errorf("judged by its names alone, as it does not render: %s: %s", f.Shown, firstLine(err)))
		case err == nil:
			experiment.Apply(f, siblings[n], result)
			siblings[n].AddEnvironments(f)
			if side, ok := experiment.Side(f, siblings[n], result); ok {
				sides[n] = &side
			}
		}
	})
	for _, side := range sides {
		if side != nil && opts.Side != nil {
			opts.Side(*side)
		}
	}
	return ctx.Err()
}

// firstLine keeps Helm's long errors short.
func firstLine(err error) string {
	const most = 300
	line, _, _ := strings.Cut(err.Error(), "\n")
	if len(line) > most {
		line = line[:most] + "..."
	}
	return line
}

// followNeighbours takes labels, names and files from the charts beside one that has no templates of its own, if
// writing templates is the folder's habit: at least half of its charts do. The rendered objects of an umbrella come
// from its dependency, and a few hand-written charts beside it say nothing about that.
func followNeighbours(ctx context.Context, c *convention.Convention, chart string) error {
	dirs, err := Beside(chart)
	if err != nil || len(dirs) < 2 {
		return nil // without neighbors, the canonical way stays
	}
	beside := []names.Facts{{Sheet: c.Sheet, Shown: filepath.ToSlash(chart)}} // the chart itself abstains
	for _, dir := range dirs[:min(len(dirs), maxVoters)] {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := names.Facts{Sheet: c.Sheet, Shown: filepath.ToSlash(dir)}
		if s, err := names.ReadChart(ctx, c.Sheet, dir, dir, helmchart.Sources{}, nil); err == nil {
			f.ReadTemplates(s.Templates[0])
			f.Route = "" // the chart's own values say that
		}
		beside = append(beside, f)
	}
	route := c.Kinds
	combineTemplates(c, beside)
	c.Kinds.Route = route.Route
	if c.Kinds.Confidence == convention.Default {
		c.Kinds.Fact = route.Fact
	}
	return nil
}
