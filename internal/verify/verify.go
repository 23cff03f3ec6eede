// Package verify checks a LiveKit chart without a cluster, this tool's or any other: does it render, would Kubernetes
// take it, would the server start, and would a call go through. Each check has a name, a result and a remedy.
package verify

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Options is what a chart is checked with.
type Options struct {
	// Values are laid over the chart's own, those of Helm's flags over those.
	Values map[string]any
	helmchart.ValueFlags

	ReleaseName string // the chart's name where empty
	Namespace   string // "default" where empty
	KubeVersion string // Helm's own default where empty
}

// Statuses of a check.
const (
	Pass = cluster.Pass
	Fail = cluster.Fail
	Warn = cluster.Warn
	Skip = cluster.Skip
)

// Check is the result of one check.
type Check = cluster.Check

// Report is the result of all checks, in the order in which findings are best fixed.
type Report struct {
	// Dir is the chart's folder where several charts were checked, else "".
	Dir          string  `json:"dir,omitempty"`
	Chart        string  `json:"chart"`
	ChartVersion string  `json:"chartVersion"`
	AppVersion   string  `json:"appVersion"`
	Checks       []Check `json:"checks"`
	// Trial is nil where the chart was not tried on a cluster.
	Trial *cluster.Summary `json:"trial,omitempty"`

	values map[string]any // with which the chart was rendered
}

// Failed reports whether a check failed. Warnings are no failures.
func (r *Report) Failed() bool { return anyFailed(r.Checks) }

func anyFailed(checks []Check) bool {
	return slices.ContainsFunc(checks, func(c Check) bool { return c.Status == Fail })
}

// Run checks the chart in dir. What is wrong with the chart is in the report; an error says that there is nothing to
// check: no chart in dir, or values that cannot be read.
func Run(ctx context.Context, dir string, opts Options) (*Report, error) {
	in, err := open(ctx, dir, opts)
	if err != nil {
		return nil, err
	}
	return in.report(ctx)
}

// open reads the chart in dir and renders it.
func open(ctx context.Context, dir string, opts Options) (*input, error) {
	if is, err := helmchart.IsChartDir(dir); err != nil || !is {
		return nil, remedy.Errorf("name the directory that holds the chart's Chart.yaml",
			"no chart at %s: %w", dir, cmp.Or(err, errors.New("there is no Chart.yaml in it")))
	}
	if err := helmchart.CheckKubeVersion(opts.KubeVersion); err != nil {
		return nil, remedy.Errorf("write it as 1.34 or v1.34.2", "%w", err)
	}
	given, sources, err := opts.Read()
	if err != nil {
		return nil, err
	}
	if len(opts.Values) > 0 {
		given = helmchart.Merge(opts.Values, given)
	}
	opts.Values = given
	return newInput(ctx, dir, opts, sources)
}

// report runs all checks.
func (in *input) report(ctx context.Context) (*Report, error) {
	report := &Report{Chart: filepath.Base(filepath.Clean(in.dir)), values: in.values}
	if c := in.chart; c != nil {
		report.Chart, report.ChartVersion, report.AppVersion = c.Name(), c.Version(), c.AppVersion()
	}
	for _, c := range checks() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		report.Checks = append(report.Checks, in.run(c))
	}
	return report, nil
}
