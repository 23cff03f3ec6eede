// Package patch edits a chart so that it follows changes of upstream's, and proves each edit by comparing the charts
// again.
package patch

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/aymanbagabas/go-udiff"

	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
)

// Result is what can be done about the changes of a comparison.
type Result struct {
	// Patches follow each other: each one is made on top of those before it.
	Patches []Patch
	// Others are the changes that there is no patch for.
	Others []Other
}

// Patch takes over one change.
type Patch struct {
	// Title is the change's, Diff a unified diff of the chart's files.
	Title, Diff string
}

// Other is a change without a patch.
type Other struct {
	Title string
	// Reason says why there is none. Command is what is to be run instead, "" where nothing is.
	Reason, Command string
}

// Make gives the patches for what has drifted. folder is the chart's folder as the diffs name it.
func Make(ctx context.Context, r *drift.Report, folder string) (*Result, error) {
	m := &maker{ctx: ctx, report: r, chart: r.Input.Chart, folder: folder, out: &Result{}}
	for _, c := range r.Changes {
		switch c.Class {
		case drift.LeftOut:
			m.out.Others = append(m.out.Others, Other{c.Title, "is added by", c.Remedy})
		case drift.Drift:
			if err := m.take(c); err != nil {
				m.out.Others = append(m.out.Others, Other{Title: c.Title, Reason: err.Error()})
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return m.out, nil
}

// maker makes patches, one after the other.
type maker struct {
	ctx    context.Context // of the one call of Make
	report *drift.Report   // of the chart with the patches so far
	chart  *helmchart.Chart
	folder string
	out    *Result
}

// take makes the patch for a change, if there is one that does what it should.
func (m *maker) take(c drift.Change) error {
	texts, err := edit(m.chart, m.report, c)
	if err != nil {
		return err
	}
	chart, err := m.chart.WithFiles(texts)
	if err != nil {
		return fmt.Errorf("the edited chart cannot be read: %w", err)
	}
	in := m.report.Input
	in.Chart = chart
	after, err := drift.Run(m.ctx, in)
	if err != nil {
		return fmt.Errorf("the edited chart cannot be compared: %w", err)
	}
	if err := proves(m.report, after, c); err != nil {
		return err
	}
	patch := Patch{Title: c.Title}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		file := path.Join(m.folder, name)
		patch.Diff += udiff.Unified("a/"+file, "b/"+file, string(m.chart.File(name)), string(texts[name]))
	}
	m.out.Patches = append(m.out.Patches, patch)
	m.chart = chart
	// The changes keep their numbers: those of the first comparison are worked through.
	m.report = &drift.Report{Findings: m.report.Findings, Input: in, Changes: m.report.Changes}
	return nil
}

// proves reports, as an error, that a change is still there after its patch, or that another one has come. What
// upstream's own version is no patch can change.
func proves(before, after *drift.Report, c drift.Change) error {
	was := map[string]bool{}
	for _, f := range before.Findings {
		if f.Class == drift.Drift {
			was[f.ID()] = true
		}
	}
	is := map[string]bool{}
	for _, f := range after.Findings {
		if f.Class != drift.Drift {
			continue
		}
		if is[f.ID()] = true; !was[f.ID()] {
			return fmt.Errorf("the edit that suggests itself would make another difference: %s", f.ID())
		}
	}
	for _, i := range c.Findings {
		f := before.Findings[i]
		if f.Class == drift.Drift && is[f.ID()] && !isOfUpstream(f) {
			return fmt.Errorf("the edit that suggests itself would not end it: %s would stay", f.ID())
		}
	}
	return nil
}

// isOfUpstream reports whether a finding is about upstream's chart alone.
func isOfUpstream(f drift.Finding) bool {
	return f.Layer == drift.LayerVersion && f.Path[0] == "upstream"
}
