package update

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/convention"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/scaffolding"
	"github.com/helm-livekit/helm-livekit/internal/verify"
)

// adopt takes up a chart without a lock: the chart itself is read as a sibling and generated anew, and what differs
// counts as the user's edits.
func (t *target) adopt(ctx context.Context) error {
	if err := t.needLiveKit(ctx); err != nil {
		return err
	}
	chart, err := helmchart.Load(t.dir)
	if err != nil {
		return err
	}
	conv, err := t.ownConvention(ctx)
	if err != nil {
		return err
	}
	var files []string
	for _, f := range chart.Templates() {
		files = append(files, f.Name)
	}
	components, err := scaffolding.ComponentsIn(conv, chart.Name(), files, chart.Values())
	if err != nil {
		return err
	}
	form := convention.ValuesFull
	if chart.HasDefaults() {
		form = convention.ValuesLean
	}
	generated, err := scaffolding.Generate(ctx, conv, scaffolding.Options{
		Values: form,
		Name:   chart.Name(), Version: chart.Version(), AppVersion: chart.AppVersion(),
		With: components, Without: []string{"all"},
	})
	if err != nil {
		return remedy.Errorf("write a new chart with `helm livekit scaffold --like "+t.shown+"`, and move over",
			"%s cannot be taken up: %w", t.shown, err)
	}
	t.base = generated.Files
	if err := t.noteEdits(); err != nil {
		return err
	}
	t.lock, err = scaffolding.NewLock(generated, scaffolding.RunOptions{ToolVersion: t.options.ToolVersion}, t.dir)
	return err
}

// noteEdits says how much of the chart is what this tool generates, which is what later updates can change.
func (t *target) noteEdits() error {
	now, err := chartdir.ReadFiles(t.dir, slices.Collect(maps.Keys(t.base)))
	if err != nil {
		return err
	}
	same := 0
	for name, text := range now {
		if plain(text) == plain(t.base[name]) {
			same++
		}
	}
	t.note("The chart had no lock. Of %d files that are generated for its conventions and components it has %d as "+
		"they are, %d in another form and %d not at all; what differs counts as yours.",
		len(t.base), same, len(now)-same, len(t.base)-len(now))
	if 2*same < len(t.base) {
		t.note("It is mostly of other making, so updates will change little: `helm livekit scaffold --like %s` writes "+
			"a new chart in its conventions, to move over to.", t.shown)
	}
	return nil
}

// needLiveKit refuses a chart that runs no LiveKit server.
func (t *target) needLiveKit(ctx context.Context) error {
	report, err := verify.Run(ctx, t.dir, verify.Options{})
	if err != nil {
		return err
	}
	for _, c := range report.Checks {
		if c.Name == "render" && c.Status == verify.Fail {
			return remedy.Errorf("mend it first; `helm livekit verify` says what is wrong",
				"%s does not render, so it is not known what it runs", t.shown)
		}
		if c.Name == "workload" && c.Status == verify.Fail {
			return remedy.Errorf("`helm livekit scaffold` writes a LiveKit chart into a folder of its own",
				"%s is no LiveKit chart: no container of it runs livekit-server", t.shown)
		}
	}
	return nil
}

// ownConvention reads the chart itself.
func (t *target) ownConvention(ctx context.Context) (*convention.Convention, error) {
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil, fmt.Errorf("adopt: %w", err)
	}
	conv, notes, err := scaffolding.Conventions(ctx, scaffolding.RunOptions{
		Sheet: sheet, Dir: t.options.Dir, Like: []string{t.options.Dir}, Renders: t.options.Renders,
	})
	if err != nil {
		return nil, err
	}
	t.notes = append(t.notes, notes...)
	conv.Source = []string{}
	return conv, nil
}
