package scaffolding

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/canonical"
	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/scaffold"
)

// RunOptions are the flags of `scaffold`.
type RunOptions struct {
	Options
	Dir string // the chart's folder; its name is the chart's where Name is empty
	// Like names the siblings to follow. Without any, the charts beside Dir are
	// looked at.
	Like            []string
	ConventionsFile string // a file of conventions to obey instead
	Force, DryRun   bool
	ToolVersion     string
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

// Conflicts counts the files that were left alone.
func (r *Result) Conflicts() int {
	n := 0
	for _, f := range r.Files {
		if f.Action == chartdir.Conflict {
			n++
		}
	}
	return n
}

// Run writes a chart, or with DryRun says what it would write.
func Run(ctx context.Context, o RunOptions) (*Result, error) {
	target, err := chartdir.ResolveTarget(o.Dir)
	if err != nil {
		return nil, err
	}
	notes, finished, err := recoverTarget(target, o.DryRun)
	if err != nil {
		return nil, err
	}
	// What an interrupted run has written is nobody's yet: it was to be this.
	o.Force = o.Force || finished
	old, err := chartdir.ReadLock(target)
	if err != nil {
		return nil, err
	}
	if old != nil {
		o.repeat(old.Options)
	}
	options := o.remembered()
	conv, warnings, err := conventions(ctx, o.Dir, target, o.Like, o.ConventionsFile)
	if err != nil {
		return nil, err
	}
	o.Name = or(o.Name, filepath.Base(target))
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
		Files: plan.Changes, Conventions: conv, DryRun: o.DryRun, Notes: append(notes, warnings...),
	}
	if o.DryRun {
		result.Diff = plan.Diff()
		return result, nil
	}
	note, err := checkMixture(ctx, target, chart, result)
	if err != nil {
		return nil, err
	}
	if note != "" {
		result.Notes = append(result.Notes, note)
	}
	return result, plan.Apply(ctx)
}

// checkMixture says what is wrong with the chart as it will be where files stay
// that are not the generated ones: those may not fit the new ones beside them.
func checkMixture(ctx context.Context, target string, chart *Chart, r *Result) (string, error) {
	if r.Conflicts() == 0 {
		return "", nil
	}
	mixed := *chart
	mixed.Files = maps.Clone(chart.Files)
	var kept []string
	for _, f := range r.Files {
		if _, generated := chart.Files[f.Path]; f.Action != chartdir.Conflict || !generated {
			continue
		}
		data, err := os.ReadFile(filepath.Join(target, filepath.FromSlash(f.Path)))
		if err != nil {
			return "", fmt.Errorf("target: %w", err)
		}
		mixed.Files[f.Path] = data
		kept = append(kept, f.Path)
	}
	if err := check(ctx, &mixed); err != nil {
		return fmt.Sprintf("The chart is not sound with the files that were left alone (%s): %s\n"+
			"Take the changes over by hand: remove such a file (it is in version control), run this again, and merge the two.",
			strings.Join(kept, ", "), strings.TrimSpace(err.Error())), nil
	}
	return "", nil
}

// recoverTarget finishes or undoes what an interrupted run has left, unless
// nothing is to be written. It reports whether there was one to finish.
func recoverTarget(target string, dryRun bool) (notes []string, finished bool, err error) {
	if dryRun {
		if chartdir.IsPending(target) {
			notes = append(notes, "An interrupted run waits to be finished, so this compares with half of what it wrote.")
		}
		return notes, false, nil
	}
	r, err := chartdir.Recover(target)
	if err != nil {
		return nil, false, err
	}
	if r.Finished {
		notes = append(notes, "An interrupted run was finished first.")
	}
	if len(r.Kept) > 0 {
		notes = append(notes, "Edited since then, and left alone: "+strings.Join(r.Kept, ", ")+".")
	}
	return notes, r.Finished, nil
}

// Conventions reads the conventions that a chart in dir would follow: those of
// the siblings that like names, else of the charts beside dir, with the user's
// settings over them, and a file of conventions over all. With a file and no
// siblings named, the file alone speaks.
func Conventions(ctx context.Context, dir string, like []string, file string) (*convention.Convention, error) {
	target, err := chartdir.ResolveTarget(dir)
	if err != nil {
		return nil, err
	}
	conv, _, err := conventions(ctx, dir, target, like, file)
	return conv, err
}

func conventions(ctx context.Context, dir, target string, like []string, file string) (*convention.Convention, []string, error) {
	conv, warnings, err := readSiblings(ctx, dir, like, file == "")
	if err != nil {
		return nil, nil, err
	}
	tree, err := chartdir.TreeOf(target)
	if err != nil {
		return nil, nil, err
	}
	settings, err := convention.LoadSettings(tree, target)
	if err != nil {
		return nil, nil, err
	}
	overrides := settings.Conventions
	if file != "" {
		own, err := convention.LoadFile(file)
		if err != nil {
			return nil, nil, err
		}
		overrides = overrides.Merge(own)
	}
	conv, err = overrides.Apply(conv)
	return conv, warnings, err
}

// readSiblings reads the charts of like, or, where it is empty and beside is
// set, those beside dir. Of the latter, which nobody has named, one that cannot
// be read is a warning.
func readSiblings(ctx context.Context, dir string, like []string, beside bool) (*convention.Convention, []string, error) {
	var warnings []string
	options := convention.ReadOptions{Lenient: len(like) == 0, Warn: func(err error) {
		warnings = append(warnings, "Not followed: "+err.Error()+".")
	}}
	if len(like) == 0 && beside {
		charts, err := convention.Siblings(dir)
		if err != nil {
			return nil, nil, err
		}
		like = nearer(charts)
	}
	conv, err := convention.Read(ctx, like, options)
	return conv, warnings, err
}

// nearer names the charts from the current directory where they lie in or near
// it: what the lock and the reports say then holds on any machine.
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
	template, err := templateHash()
	if err != nil {
		return nil, err
	}
	return &chartdir.Lock{
		Tool: o.ToolVersion, Template: template,
		Chart: chartdir.Version{Name: c.Name, Version: c.Version, AppVersion: c.AppVersion},
		Upstream: chartdir.Version{
			Name: canonical.UpstreamName, Version: canonical.UpstreamVersion, AppVersion: canonical.UpstreamAppVersion,
		},
		Components: c.Components, Options: options, Convention: c.Convention,
	}, nil
}

// templateHash is the hash of the embedded chart, its names and texts.
func templateHash() (string, error) {
	sum := sha256.New()
	files := scaffold.Files()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(data), data)
		return err
	})
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), err
}
