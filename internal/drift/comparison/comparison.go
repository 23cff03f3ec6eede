// Package comparison finds what `diff-upstream` is asked to compare, compares it, and keeps what is accepted.
package comparison

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/chartdir"
	"github.com/helm-livekit/helm-livekit/internal/drift"
	"github.com/helm-livekit/helm-livekit/internal/drift/patch"
	"github.com/helm-livekit/helm-livekit/internal/factsheet"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
	"github.com/helm-livekit/helm-livekit/internal/settings"
	"github.com/helm-livekit/helm-livekit/internal/sibling"
	"github.com/helm-livekit/helm-livekit/internal/upstream"
	"github.com/helm-livekit/helm-livekit/internal/yamldoc"
)

// Comparison is what `diff-upstream` is asked to do.
type Comparison struct {
	// Dir is the chart's folder, as the user named it.
	Dir      string
	Upstream upstream.Options
	// Values are laid over the chart's own, KubeVersion and APIVersions are what the charts are rendered for.
	Values      helmchart.ValueFlags
	KubeVersion string
	APIVersions []string
	// Since is a version of upstream's chart, or the folder or archive of one, for charts without a lock.
	Since string
	// ScenarioFiles are values files for upstream's chart, Only the names of the scenarios to compare.
	ScenarioFiles, Only []string
	// Coverage counts the branches of the chart's templates as well where they are as they were scaffolded.
	Coverage bool
	// Accept are names of findings that are accepted from now on, with their Reason.
	Accept []string
	Reason string
	// Prober finds out what the values of a chart of other making mean; nil leaves it at names and shapes.
	Prober sibling.Prober
	// Getenv is os.Getenv, by which Helm's caches are found.
	Getenv func(string) string
}

// Compare finds both charts and compares them.
func Compare(ctx context.Context, c Comparison) (*drift.Report, error) {
	target, err := chartdir.ResolveTarget(c.Dir)
	if err != nil {
		return nil, err
	}
	tree, err := chartdir.TreeOf(target)
	if err != nil {
		return nil, err
	}
	sheet, err := factsheet.Load(factsheet.Server)
	if err != nil {
		return nil, err
	}
	in := drift.Input{Sheet: sheet, Dir: filepath.ToSlash(c.Dir), Only: c.Only, Coverage: c.Coverage}
	if err := c.loadChart(ctx, &in, helmchart.HelmSources(tree, c.Getenv)); err != nil {
		return nil, err
	}
	if in.Scenarios, err = readScenarios(c.ScenarioFiles); err != nil {
		return nil, err
	}
	if len(in.Only) > 0 {
		for _, w := range in.Scenarios {
			in.Only = append(in.Only, w.Name)
		}
	}
	own, err := settings.Load(sheet, tree, target)
	if err != nil {
		return nil, err
	}
	in.Accepted = own.Accepted
	for _, name := range c.Accept {
		in.Accepted = append(in.Accepted, settings.Accepted{Finding: name, Reason: c.Reason})
	}
	found, err := upstream.Find(ctx, c.Upstream)
	if err != nil {
		return nil, err
	}
	slog.Debug("found upstream's chart", "source", found.Source, "version", found.Chart.Version())
	in.Upstream, in.UpstreamSource, in.UpstreamDigest = found.Chart, found.Source, found.Digest
	if in.Lock == nil {
		if in.Convention, err = sibling.Read(ctx, []string{c.Dir}, sibling.ReadOptions{
			Sheet: sheet, Prober: c.Prober, Sources: helmchart.HelmSources(tree, c.Getenv),
			Lenient: true, Warn: func(error) {},
		}); err != nil {
			return nil, err
		}
	}
	notes := c.findSince(ctx, &in)
	r, err := drift.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	r.Notes = append(append(notes, found.Notes...), r.Notes...)
	if found.Newest != "" && found.Newest != found.Version() {
		r.Notes = append(r.Notes, fmt.Sprintf("the newest chart of upstream's is %s", found.Newest))
	}
	return r, c.writeAccepted(sheet, r, tree, target)
}

// loadChart reads the chart with the values that are given for it, and an older chart of upstream's that is given.
func (c *Comparison) loadChart(ctx context.Context, in *drift.Input, sources helmchart.Sources) (err error) {
	in.KubeVersion, in.APIVersions = c.KubeVersion, c.APIVersions
	if in.Chart, in.Lock, err = drift.Load(ctx, c.Dir, sources); err != nil {
		return remedy.Errorf("name the chart's folder: helm livekit diff-upstream CHART_DIR", "%w", err)
	}
	values, _, err := c.Values.Read()
	if err != nil {
		return remedy.Errorf("give -f and --set as for `helm install` of the chart", "%w", err)
	}
	if len(values) > 0 {
		in.Chart = in.Chart.WithValues(values)
	}
	return c.loadSince(in)
}

// loadSince reads the chart that Since names as a folder or an archive, if it does.
func (c *Comparison) loadSince(in *drift.Input) error {
	if _, err := os.Stat(c.Since); err != nil {
		return nil // it is a version
	}
	chart, err := helmchart.Load(c.Since)
	if err != nil {
		return remedy.Errorf("name an older chart of upstream's with --since, or its version", "%w", err)
	}
	in.SinceChart = chart
	in.Since = chartdir.Version{Name: chart.Name(), Version: chart.Version(), AppVersion: chart.AppVersion()}
	return nil
}

// findSince finds the version of upstream's chart that the chart came from. That it cannot be had is a note.
func (c *Comparison) findSince(ctx context.Context, in *drift.Input) []string {
	switch {
	case in.SinceChart != nil:
		return nil
	case c.Since != "":
		in.Since = chartdir.Version{Name: in.Upstream.Name(), Version: c.Since}
	case in.Lock != nil:
		in.Since = in.Lock.Upstream
	}
	if in.Since.Version == "" || in.Since.Version == in.Upstream.Version() {
		return nil
	}
	options := c.Upstream
	options.Version = in.Since.Version
	chart, err := upstream.Find(ctx, options)
	if err != nil || chart.Version() != in.Since.Version {
		return []string{fmt.Sprintf("what upstream changed since %s is not shown: that version was not found",
			in.Since.Version)}
	}
	in.SinceChart = chart.Chart
	in.Since.AppVersion = chart.AppVersion()
	return nil
}

// readScenarios reads values files as scenarios that bear their names.
func readScenarios(files []string) ([]factsheet.Scenario, error) {
	var out []factsheet.Scenario
	for _, file := range files {
		var values map[string]any
		data, err := yamldoc.ReadBytes(file)
		if err == nil {
			values, err = helmchart.ParseValues(file, data)
		}
		if err != nil {
			return nil, remedy.Errorf("give --scenario a values file for upstream's chart", "%w", err)
		}
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		if slices.ContainsFunc(out, func(w factsheet.Scenario) bool { return w.Name == name }) {
			name = filepath.ToSlash(file)
		}
		out = append(out, factsheet.Scenario{Name: name, About: "values of " + filepath.ToSlash(file), Values: values})
	}
	return out, nil
}

// Patches gives edits of the chart that take over what has drifted. They name its files from the root of the
// repository, or from where chartdir.TreeOf says without one.
func Patches(ctx context.Context, dir string, r *drift.Report) (*patch.Result, error) {
	target, err := chartdir.ResolveTarget(dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(target); err != nil || !info.IsDir() {
		return nil, remedy.Errorf("name the folder of the chart", "-o patch needs a chart in a folder: %s is none", dir)
	}
	tree, err := chartdir.TreeOf(target)
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Rel(tree, target)
	if err != nil {
		return nil, err
	}
	return patch.Make(ctx, r, filepath.ToSlash(folder))
}
