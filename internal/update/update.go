// Package update brings a chart that this tool wrote up to date: newer templates, another LiveKit, other components,
// other siblings, by a three-way merge of what was generated, what is there, and what would be generated now.
//
// The way: find out what is asked for (target.go), generate it, merge file by file (files.go), render before and after
// and compare (release.go, breaking.go), and write all of it or nothing.
package update

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/merge"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
)

// Options are the flags of `update`.
type Options struct {
	Dir string
	// With and Without name components to add and to remove, "all" for every one.
	With, Without []string
	Version       string // of the chart, as it is where empty
	AppVersion    string // of LiveKit, as it is where empty
	// Follow reads the siblings anew; so do Like and ConventionsFile, which name others.
	Follow          bool
	Like            []string
	ConventionsFile string
	// Adopt takes up a chart that has no lock.
	Adopt bool
	// AllowBreaking lets changes through that an installed release cannot take.
	AllowBreaking bool
	// Markers writes both sides of a conflict, between git's markers, in place of refusing.
	Markers bool
	// DryRun says what would be done; Check too, and asks nothing more.
	DryRun, Check bool
	// ValuesFiles are further values files of the chart, beside those that are known.
	ValuesFiles []string
	ToolVersion string
	Renders     scaffolding.Renders
}

// Action is what happens to a file.
type Action string

// The actions, as `update -o json` names them.
const (
	Updated   Action = "updated"   // the tool alone changed it
	Merged    Action = "merged"    // both did
	Kept      Action = "kept"      // the user alone did
	Created   Action = "created"   // it is new
	Removed   Action = "removed"   // it is generated no more
	Conflict  Action = "conflict"  // both changed one place
	Unchanged Action = "unchanged" // nobody changed it
)

// File is a file and what happens to it.
type File struct {
	Path   string `json:"path"` // below the chart, or of a values file as the current directory has it
	Action Action `json:"action"`
	// Conflicts are the places in conflict.
	Conflicts []Place `json:"conflicts,omitempty"`

	notes []string
}

// Place is a place in a file that both sides changed.
type Place struct {
	Line int    `json:"line,omitempty"`
	Key  string `json:"key,omitempty"`
	Says string `json:"says"`
}

// Versions are those of a chart's making.
type Versions struct {
	Tool       string   `json:"tool"`
	Version    string   `json:"version"`
	AppVersion string   `json:"appVersion"`
	Components []string `json:"components"`
}

// Moved is a key of the values that has another place.
type Moved struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Result is what `update` did, or would do. It is the JSON of `update -o json`.
type Result struct {
	Chart    string   `json:"chart"` // the folder, as the user named it
	Name     string   `json:"name"`
	From     Versions `json:"from"`
	To       Versions `json:"to"`
	Files    []File   `json:"files"`
	Moved    []Moved  `json:"moved"`
	Release  []Change `json:"release"`
	Breaking []Break  `json:"breaking"`
	// Advice is what the other LiveKit means for the configuration of this chart.
	Advice []Advice `json:"advice,omitempty"`
	// Notes are what the user should know beside the files.
	Notes  []string `json:"notes,omitempty"`
	DryRun bool     `json:"dryRun,omitempty"`
	// IsAdopted says that the chart had no lock.
	IsAdopted bool `json:"adopted,omitempty"`
	// IsWritten says that the files are as they are said to be; otherwise all is as it was.
	IsWritten bool `json:"written"`
	// Diff is the unified diff of all files.
	Diff string `json:"-"`
}

// IsUpToDate reports whether no file changes.
func (r *Result) IsUpToDate() bool {
	return !slices.ContainsFunc(r.Files, func(f File) bool {
		return f.Action != Kept && f.Action != Unchanged
	})
}

// conflicts gives the conflicts of all files in lines, for an error.
func (r *Result) conflicts() []string {
	var lines []string
	for _, f := range r.Files {
		for _, c := range f.Conflicts {
			where := f.Path
			if c.Line > 0 {
				where = fmt.Sprintf("%s:%d", f.Path, c.Line)
			}
			lines = append(lines, strings.Join(strings.Fields(where+": "+c.Key+" "+c.Says), " "))
		}
	}
	return lines
}

// Run updates a chart, or with DryRun or Check says what an update would do. Where there is a result beside the error,
// it says what stands in the way. Until all of it is sound nothing is written.
func Run(ctx context.Context, o Options) (*Result, error) {
	t, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	r := &Result{
		Chart: t.shown, Name: t.lock.Chart.Name, DryRun: o.DryRun || o.Check, Notes: t.notes, IsAdopted: t.isAdopted,
		From: versionsOf(t.lock), To: versionsOf(t.newLock),
		Files: []File{}, Moved: t.moved(), Release: []Change{}, Breaking: []Break{},
	}
	files, err := t.merge()
	if err != nil {
		return nil, err
	}
	if err := t.mergeValuesFiles(files); err != nil {
		return nil, err
	}
	r.add(files)
	if found := r.conflicts(); len(found) > 0 && !o.Markers {
		return r, conflictError(found)
	}
	plan, err := t.plan(files)
	if err != nil {
		return nil, err
	}
	if plan.Interrupted {
		r.Notes = append(r.Notes, "An interrupted run is finished by this one.")
	}
	r.Diff = files.diff(plan.Diff())
	if r.IsUpToDate() || len(r.conflicts()) > 0 {
		return r, t.write(ctx, r, plan, files)
	}
	if err := t.prove(ctx, r, files); err != nil {
		return r, err
	}
	return r, t.write(ctx, r, plan, files)
}

func versionsOf(l *chartdir.Lock) Versions {
	return Versions{Tool: l.Tool, Version: l.Chart.Version, AppVersion: l.Chart.AppVersion, Components: l.Components}
}

// add takes over what becomes of the files.
func (r *Result) add(m *merged) {
	r.Files = append(r.Files, m.files...)
	for _, f := range m.files {
		for _, n := range f.notes {
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s.", f.Path, n))
		}
	}
}

func conflictError(found []string) error {
	return remedy.Errorf(
		"make these places what they should be, or run it with --conflicts markers and resolve them there",
		"nothing was written, as %s\n  %s",
		places(len(found)),
		strings.Join(found, "\n  "),
	)
}

func places(n int) string {
	if n == 1 {
		return "one place was changed on both sides:"
	}
	return fmt.Sprintf("%d places were changed on both sides:", n)
}

// write writes the chart and its values files, unless nothing is to be written.
func (t *target) write(ctx context.Context, r *Result, plan *chartdir.Plan, files *merged) error {
	if r.DryRun {
		return nil
	}
	// The values files first: keys that have moved in them already are no longer there to be moved, so a run that is
	// killed in between is finished by the next one.
	undo, err := files.writeValuesFiles()
	if err != nil {
		return err
	}
	if err := plan.Apply(ctx); err != nil {
		undo()
		return err
	}
	r.IsWritten = true
	for _, c := range plan.Changes {
		if c.Action == chartdir.Conflict {
			return remedy.Errorf(
				"run the command again",
				"%s was changed by somebody else meanwhile, and left alone",
				c.Path,
			)
		}
	}
	if len(r.conflicts()) > 0 {
		return errors.New("conflicts are marked in the files; resolve them, then run `helm livekit verify`")
	}
	return nil
}

// labels are what stands beside git's markers.
func (o Options) labels() merge.Labels {
	if !o.Markers {
		return merge.Labels{}
	}
	return merge.Labels{Ours: "yours", Theirs: "helm livekit " + o.ToolVersion}
}
