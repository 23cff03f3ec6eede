package convention

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/lineage"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// maxVoters is how many charts vote, the nearest first.
const maxVoters = 2000

// maxProbed is how many of several siblings are rendered: those nearest to what
// LiveKit is, the rest are read alone.
const maxProbed = 20

// Time to render siblings, in all and for each.
const (
	probeTime       = 30 * time.Second
	probeTimeAlone  = 15 * time.Second // of a chart that is followed alone
	probeTimeOfMany = 4 * time.Second  // of one of several
)

// ReadOptions say how siblings are read.
type ReadOptions struct {
	// Lenient leaves out charts that cannot be read instead of failing. It is
	// for charts that the user has not named.
	Lenient bool
	// Warn is told of every chart that was left out, or could not be rendered;
	// nil for nobody.
	Warn func(error)
	// Prober renders the siblings, which is how their values are known; nil
	// where nothing is rendered and names and shapes alone speak.
	Prober Prober
	// Sources are where dependencies come from that do not lie in charts/.
	Sources helmchart.Sources
	// HelmBin is the Helm that may fetch what of the dependencies is not at hand,
	// for the first of the charts; "" where the network is not to be asked.
	HelmBin string
	// Beside is how many of the charts, the first ones, lie beside the new
	// chart; the others lie elsewhere in its repository.
	Beside int
}

func (o ReadOptions) warn(err error) {
	if o.Warn != nil {
		o.Warn(err)
	}
}

// Prober runs experiments on charts; *lineage.Pool is one.
type Prober interface {
	Run(ctx context.Context, jobs []lineage.Job, done func(i int, r *lineage.Result, err error))
}

// Read reads the convention of the charts in some directories, from their
// Chart.yaml, values and templates, and from what they render. One chart is
// followed alone; several vote, fact by fact. No chart gives the canonical
// convention. What it returns passes Validate.
func Read(ctx context.Context, charts []string, opts ReadOptions) (*Convention, error) {
	dirs, remove := fetchDependencies(ctx, charts, opts)
	defer remove()
	all, err := readAll(ctx, charts, dirs, opts)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return Canonical(), nil
	}
	if err := probeAll(ctx, all, opts); err != nil {
		return nil, err
	}
	c := combine(all)
	if len(charts) == 1 && all[0].labels == nil && all[0].naming == nil {
		if err := followNeighbours(ctx, c, charts[0]); err != nil {
			return nil, err
		}
	}
	if err := c.settle(); err != nil {
		return nil, err
	}
	return c, c.Validate()
}

// fetchDependencies has Helm fetch the dependencies of charts that lack some,
// into copies of them. It gives the folder to read for each chart. What cannot
// be fetched is a warning: the chart is then read without.
func fetchDependencies(ctx context.Context, charts []string, opts ReadOptions) (dirs []string, remove func()) {
	dirs = slices.Clone(charts)
	var removes []func()
	remove = func() {
		for _, r := range removes {
			r()
		}
	}
	if opts.HelmBin == "" {
		return dirs, remove
	}
	for i, chart := range charts[:min(len(charts), maxProbed)] {
		_, found, err := helmchart.LoadComplete(ctx, chart, opts.Sources)
		missing := slices.ContainsFunc(found, func(d helmchart.Dependency) bool { return d.Missing() && !d.Off })
		if err != nil || !missing {
			continue // reading it tells what is wrong
		}
		dir, done, err := helmchart.BuildDependencies(ctx, opts.HelmBin, chart, opts.Sources.Root)
		if err != nil {
			opts.warn(fmt.Errorf("read without its dependencies: %s: %s", filepath.ToSlash(chart), firstLine(err)))
			continue
		}
		dirs[i], removes = dir, append(removes, done)
	}
	return dirs, remove
}

// readAll reads the charts as text, several at once, and keeps of each what it
// says.
func readAll(ctx context.Context, charts, dirs []string, opts ReadOptions) ([]facts, error) {
	charts = charts[:min(len(charts), maxVoters)]
	said, errs := make([]facts, len(charts)), make([]error, len(charts))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(charts)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range next {
				s, err := readSibling(ctx, dirs[i], charts[i], opts.Sources)
				if errs[i] = err; err == nil {
					said[i] = s.read()
					said[i].isNear = i < opts.Beside
				}
			}
		}()
	}
	for i := range charts {
		if ctx.Err() == nil {
			next <- i
		}
	}
	close(next)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []facts
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

// probeAll renders the siblings, of many those that are nearest and most like
// LiveKit. One that does not render keeps what its names say.
func probeAll(ctx context.Context, all []facts, opts ReadOptions) error {
	if opts.Prober == nil {
		return nil
	}
	chosen := make([]int, 0, len(all))
	for i := range all {
		chosen = append(chosen, i)
	}
	slices.SortStableFunc(chosen, func(i, j int) int { return all[j].weight() - all[i].weight() })
	chosen = chosen[:min(len(chosen), maxProbed)]
	// What was read of a chart is not kept, as there may be many: these are
	// read again.
	siblings := make([]*sibling, len(chosen))
	jobs := make([]lineage.Job, len(chosen))
	for n, i := range chosen {
		s, err := readSibling(ctx, all[i].dir, all[i].shown, opts.Sources)
		if err != nil {
			return err
		}
		s.component = all[i].component
		siblings[n], jobs[n] = s, s.job(opts.Sources)
		if jobs[n].Options.Timeout = probeTimeAlone; len(chosen) > 1 {
			jobs[n].Options.Timeout = probeTimeOfMany
		}
	}
	limited, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	opts.Prober.Run(limited, jobs, func(n int, result *lineage.Result, err error) {
		f := &all[chosen[n]]
		switch {
		case err != nil && limited.Err() == nil:
			opts.warn(fmt.Errorf("judged by its names alone, as it does not render: %s: %s", f.shown, firstLine(err)))
		case err == nil:
			f.observed(siblings[n], result)
		}
	})
	return ctx.Err()
}

// firstLine keeps Helm's long errors short.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	if len(line) > maxErrorLength {
		line = line[:maxErrorLength] + "..."
	}
	return line
}

const maxErrorLength = 300

// job says how the sibling is rendered: the chart that it wraps in its stead,
// with the values that it gives to that.
func (s *sibling) job(sources helmchart.Sources) lineage.Job {
	j := lineage.Job{Chart: s.dir, Sources: sources}
	if s.wrapped != nil {
		j.Dependency = s.wrapped.name
	}
	if s.wrapped != nil || s.standIn {
		j.Values, _ = s.own.Decode().(map[string]any)
	}
	return j
}

// observed adds what renders have shown.
func (f *facts) observed(s *sibling, result *lineage.Result) {
	if result.Incomplete != "" {
		f.notes = append(f.notes, fmt.Sprintf("Not every value of %s was tried: it %s after %d renders.", f.shown, result.Incomplete, result.Renders))
	}
	if result.Required {
		f.notes = append(f.notes, fmt.Sprintf("%s renders only with values that it requires; it was rendered with others made up.", f.shown))
	}
	o, ok := observe(s, result, f.values["image.repository"])
	if !ok {
		return
	}
	o.raise(f)
	o.raiseDomain(f)
	o.raiseIdentity(f)
	o.raiseDefaults(f)
	f.notes = append(f.notes, o.notes(f)...)
}

// followNeighbours takes labels, names and files from the charts beside one that
// has no templates of its own, if writing templates is the folder's habit: at
// least half of its charts do. The rendered objects of an umbrella come from its
// dependency, and a few hand-written charts beside it say nothing about that.
func followNeighbours(ctx context.Context, c *Convention, chart string) error {
	dirs, err := Siblings(chart)
	if err != nil || len(dirs) < 2 {
		return nil // without neighbours, the canonical way stays
	}
	beside := []facts{{shown: filepath.ToSlash(chart)}} // the chart itself abstains
	for _, dir := range dirs[:min(len(dirs), maxVoters)] {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := facts{shown: filepath.ToSlash(dir)}
		if s, err := readSibling(ctx, dir, dir, helmchart.Sources{}); err == nil {
			f.readTemplates(s.templates[0])
			f.route = "" // the chart's own values say that
		}
		beside = append(beside, f)
	}
	route := c.Kinds
	combineTemplates(c, beside)
	c.Kinds.Route = route.Route
	if c.Kinds.Confidence == Default {
		c.Kinds.Fact = route.Fact
	}
	return nil
}

// Siblings gives the charts beside a target: the folders in its parent folder
// that hold a Chart.yaml, without the target itself and without LiveKit's own
// charts, in the order of their names.
func Siblings(target string) ([]string, error) {
	target = filepath.Clean(target)
	parent := filepath.Dir(target)
	if target == "." || strings.HasSuffix(target, "..") {
		abs, err := filepath.Abs(target)
		if err != nil {
			return nil, fmt.Errorf("looking for charts beside %s: %w", target, err)
		}
		target, parent = abs, filepath.Dir(abs)
	}
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, remedy.Errorf("name the charts to follow with --like", "looking for charts beside %s: %w", target, err)
	}
	var out []string
	for _, e := range entries[:min(len(entries), maxDirEntries)] {
		dir := filepath.Join(parent, e.Name())
		if e.Name() == filepath.Base(target) || strings.Contains(norm(e.Name()), "livekit") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, "Chart.yaml")); err == nil && info.Mode().IsRegular() {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return out, nil
}

// maxElsewhere bounds the search for charts in a repository, in folders.
const maxElsewhere = 5000

// Elsewhere gives the charts of a repository that do not lie beside the target:
// the nearer ones first, without LiveKit's own and without those inside charts.
func Elsewhere(root, target string) []string {
	target = filepath.Clean(target)
	var out []string
	seen := 0
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		if seen++; seen > maxElsewhere {
			return fs.SkipAll
		}
		name := norm(d.Name())
		switch {
		case path == root:
			return nil
		case path == target, strings.HasPrefix(d.Name(), "."), slices.Contains(notOurs, name), strings.Contains(name, "livekit"):
			return fs.SkipDir
		}
		if info, err := os.Stat(filepath.Join(path, "Chart.yaml")); err == nil && info.Mode().IsRegular() {
			if filepath.Dir(path) != filepath.Dir(target) {
				out = append(out, path)
			}
			return fs.SkipDir
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b string) int { return distance(target, a) - distance(target, b) })
	return out
}

// notOurs are folders whose charts are no example of how the repository writes
// its own, as norm gives their names.
var notOurs = []string{"nodemodules", "vendor", "vendored", "testdata", "test", "tests", "examples", "thirdparty", "archive", "deprecated"}

// distance is how many folders lie between two, by the way over the one that
// both are in.
func distance(a, b string) int {
	rel, err := filepath.Rel(filepath.Dir(a), b)
	if err != nil {
		return maxDirEntries
	}
	return strings.Count(rel, string(filepath.Separator))
}
