package update

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/merge"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// target is a chart with what it was generated as, and what it would be generated as now.
type target struct {
	options Options
	dir     string // absolute, free of links
	shown   string // as the user named it
	sheet   *factsheet.Sheet

	lock, newLock *chartdir.Lock
	base          map[string][]byte // as generated
	chart         *scaffolding.Chart
	paths         *scaffolding.Paths // of the chart as it will be
	notes         []string
	isAdopted     bool // it had no lock
	moves         []merge.Move
}

// open reads a chart and its lock, and generates what is asked for.
func open(ctx context.Context, o Options) (*target, error) {
	dir, err := chartdir.ResolveTarget(o.Dir)
	if err != nil {
		return nil, err
	}
	t := &target{options: o, dir: dir, shown: filepath.ToSlash(o.Dir)}
	if err := t.needChart(); err != nil {
		return nil, err
	}
	if t.lock, err = chartdir.ReadLock(dir); err != nil {
		return nil, err
	}
	if t.lock == nil {
		if !o.Adopt {
			return nil, remedy.Errorf("take the lock back from version control, or add --adopt for a LiveKit chart",
				"%s has no %s, so it is not known what was generated", t.shown, chartdir.LockName)
		}
		t.isAdopted = true
		if err := t.adopt(ctx); err != nil {
			return nil, err
		}
	}
	if t.sheet, err = scaffolding.SheetOf(t.lock); err != nil {
		return nil, err
	}
	if t.base == nil {
		if t.base, err = t.lock.Pristine(); err != nil {
			return nil, remedy.Errorf("take it back from version control", "%s: %w", t.lockFile(), err)
		}
	}
	if t.lock.Tool != o.ToolVersion {
		t.note("The chart was written by version %s of this tool, and is brought to %s.", t.lock.Tool, o.ToolVersion)
	}
	if err := t.generate(ctx); err != nil {
		return nil, err
	}
	return t, t.findMoves()
}

func (t *target) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (t *target) lockFile() string { return t.shown + "/" + chartdir.LockName }

func (t *target) needChart() error {
	_, err := os.Stat(filepath.Join(t.dir, "Chart.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return remedy.Errorf("name the chart's folder; `helm livekit scaffold` writes a new one",
			"there is no chart at %s: it has no Chart.yaml", t.shown)
	}
	return err
}

// generate generates the chart as it is asked for now.
func (t *target) generate(ctx context.Context) error {
	asked := scaffolding.AskedOf(t.lock, t.dir)
	asked.ToolVersion, asked.Sheet, asked.Dir, asked.Renders =
		t.options.ToolVersion, t.sheet, t.options.Dir, t.options.Renders
	conv, err := t.convention(ctx, &asked)
	if err != nil {
		return err
	}
	components, err := t.components()
	if err != nil {
		return err
	}
	asked.With, asked.Without = components, []string{"all"}
	asked.Version = cmp.Or(t.options.Version, asked.Version)
	asked.AppVersion = cmp.Or(t.options.AppVersion, t.ownAppVersion(), asked.AppVersion)
	if t.chart, err = scaffolding.Compose(conv, asked.Options); err != nil {
		return err
	}
	if t.newLock, err = scaffolding.NewLock(t.chart, asked, t.dir); err != nil {
		return err
	}
	t.paths, err = scaffolding.PathsOf(t.sheet, t.newLock)
	return err
}

// convention is the lock's, unless the siblings are to be read anew.
func (t *target) convention(ctx context.Context, asked *scaffolding.RunOptions) (*convention.Convention, error) {
	o := t.options
	if !o.Follow && len(o.Like) == 0 && o.ConventionsFile == "" {
		return scaffolding.ConventionHere(t.sheet, t.lock, t.dir)
	}
	if len(o.Like) > 0 || o.ConventionsFile != "" {
		asked.Like, asked.ConventionsFile = o.Like, o.ConventionsFile
	}
	conv, notes, err := scaffolding.Conventions(ctx, *asked)
	t.notes = append(t.notes, notes...)
	if err != nil || o.ConventionsFile != "" {
		return conv, err
	}
	was, err := scaffolding.ConventionHere(t.sheet, t.lock, t.dir)
	if err == nil {
		conv.Naming.Claim = was.Naming.Claim // another name would be another claim, without the data
	}
	return conv, err
}

// components are those of the chart, with those that are to come and without those that are to go.
func (t *target) components() ([]string, error) {
	o := t.options
	var chosen []string
	for _, c := range t.lock.Components {
		isKnown := slices.ContainsFunc(t.sheet.Components, func(k factsheet.Component) bool { return k.Name == c })
		if !isKnown {
			t.note("The component %s is one no more.", c)
			continue
		}
		if !slices.Contains(o.Without, c) {
			chosen = append(chosen, c)
		}
	}
	if slices.Contains(o.Without, "all") {
		chosen = []string{factsheet.Core}
	}
	for _, c := range t.sheet.Components {
		isOfAll := slices.Contains(o.With, "all") && !slices.Contains(o.Without, c.Name)
		if isOfAll || slices.Contains(o.With, c.Name) {
			chosen = append(append(chosen, c.Name), c.Requires...)
		}
	}
	// The sheet refuses unknown names, and one that is both wanted and left out.
	if _, err := t.sheet.Select(o.With, o.Without); err != nil {
		step := cmp.Or(remedy.Step(err), "`helm livekit update --help` lists the components")
		return nil, remedy.Errorf(step, "%w", err)
	}
	chosen, err := t.sheet.Select(chosen, []string{"all"})
	if err != nil {
		return nil, remedy.Errorf("name both, with --with or with --without", "%w", err)
	}
	return chosen, nil
}

// ownAppVersion is the appVersion of the chart's own Chart.yaml, "" where it cannot be read or has none.
func (t *target) ownAppVersion() string {
	doc, err := yamldoc.ReadFile(filepath.Join(t.dir, "Chart.yaml"))
	if err != nil {
		return "" // merging the file says what is wrong with it
	}
	if field := doc.Root.Get("appVersion"); field != nil {
		return field.Str()
	}
	return ""
}

// asked are the fields of Chart.yaml, or the keys of values.yaml, that a flag has named a new value for.
func (t *target) asked(file string) []yamldoc.Path {
	var paths []yamldoc.Path
	if t.options.AppVersion != "" {
		if file == "Chart.yaml" {
			paths = append(paths, yamldoc.Path{"appVersion"})
		} else if path := t.newPath("image.tag"); path != nil {
			paths = append(paths, path)
		}
	}
	if t.options.Version != "" && file == "Chart.yaml" {
		paths = append(paths, yamldoc.Path{"version"})
	}
	return paths
}

// newPath is where the chart has a canonical key now, nil where it has it not.
func (t *target) newPath(key string) yamldoc.Path {
	path, err := t.paths.PathOf(key)
	if err != nil {
		return nil
	}
	return path
}

// findMoves finds the keys that the chart had, and has in another place or in another shape now.
func (t *target) findMoves() error {
	if t.lock.Before != nil {
		// Some files are still as they were before a run that was interrupted. In the others nothing is left to move.
		if err := t.movesFrom(t.lock.Before); err != nil {
			return err
		}
	}
	return t.movesFrom(t.lock)
}

func (t *target) movesFrom(lock *chartdir.Lock) error {
	before, err := scaffolding.PathsOf(t.sheet, lock)
	if err != nil {
		return err
	}
	for _, m := range before.MovedTo(t.paths) {
		move := merge.Move{From: m.From, To: m.To}
		if m.HasOtherShape {
			move.Convert = func(all map[string]any, value any) []merge.Part {
				var parts []merge.Part
				for path, v := range before.Reshape(t.paths, m, all, value) {
					parts = append(parts, merge.Part{To: yamldoc.SplitPath(path), Value: v})
				}
				slices.SortFunc(parts, func(a, b merge.Part) int { return slices.Compare(a.To, b.To) })
				return parts
			}
		}
		t.moves = append(t.moves, move)
	}
	return nil
}

func (t *target) moved() []Moved {
	moved := []Moved{}
	for _, m := range t.moves {
		if !slices.Equal(m.From, m.To) {
			moved = append(moved, Moved{m.From.String(), m.To.String()})
		}
	}
	return moved
}

// release is the livekit-server that a chart is for.
func release(l *chartdir.Lock) livekit.Release { return livekit.ReleaseOf(l.Chart.AppVersion).Release }
