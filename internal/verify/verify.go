// Package verify judges a LiveKit chart without a cluster, this tool's or any
// other: does it render, would Kubernetes take it, would the server start, and
// would a call go through. Each check has a name, a verdict and a remedy.
package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Options is what a chart is judged with.
type Options struct {
	// Values are laid over the chart's own, ValueFiles and Set over those, as
	// Helm's --values and --set do.
	Values     map[string]any
	ValueFiles []string
	Set        []string

	ReleaseName string // the chart's name where empty
	Namespace   string // "default" where empty
	KubeVersion string // Helm's own default where empty
}

// Verdicts of a check.
const (
	Pass = "pass"
	Fail = "fail"
	Warn = "warn"
	Skip = "skip"
)

// Check is the verdict on one thing.
type Check struct {
	Name   string `json:"name"`
	Status string `json:"status"` // Pass, Fail, Warn or Skip
	// Detail has one line for each finding, or what was found to be right, or
	// why there was nothing to judge.
	Detail string `json:"detail"`
	// Remedy has one line for each thing to do.
	Remedy string `json:"remedy"`
}

// Report is the verdict on a chart, the checks in the order in which they are
// best mended.
type Report struct {
	Chart        string  `json:"chart"`
	ChartVersion string  `json:"chartVersion"`
	AppVersion   string  `json:"appVersion"`
	Checks       []Check `json:"checks"`
	// Trial is nil where the chart was not tried on a cluster.
	Trial *Trial `json:"trial,omitempty"`
}

// Failed reports whether a check failed. Warnings are no failures.
func (r *Report) Failed() bool {
	for _, c := range r.Checks {
		if c.Status == Fail {
			return true
		}
	}
	return false
}

// Run judges the chart in dir. What is wrong with the chart is in the report;
// an error says that there is nothing to judge: no chart in dir, or values that
// cannot be read.
func Run(ctx context.Context, dir string, opts Options) (*Report, error) {
	if err := isChart(dir); err != nil {
		return nil, err
	}
	if err := helmchart.CheckKubeVersion(opts.KubeVersion); err != nil {
		return nil, remedy.Errorf("write it as 1.34 or v1.34.2", "%w", err)
	}
	given, err := helmchart.ReadValues(opts.ValueFiles, opts.Set)
	if err != nil {
		return nil, err
	}
	if len(opts.Values) > 0 {
		given = helmchart.Merge(opts.Values, given)
	}
	opts.Values = given
	s, err := newSubject(ctx, dir, opts)
	if err != nil {
		return nil, err
	}
	report := &Report{Chart: filepath.Base(filepath.Clean(dir))}
	if s.chart != nil {
		report.Chart, report.ChartVersion, report.AppVersion = s.chart.Name(), s.chart.Version(), s.chart.AppVersion()
	}
	for _, c := range checks() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		report.Checks = append(report.Checks, s.judge(c))
	}
	return report, nil
}

func isChart(dir string) error {
	const step = "name the directory that holds the chart's Chart.yaml"
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return remedy.Errorf(step, "no chart at %s: there is no such directory", dir)
	case err != nil:
		return fmt.Errorf("look at chart: %w", err)
	case !info.IsDir():
		return remedy.Errorf(step, "no chart at %s: it is no directory", dir)
	}
	is, err := helmchart.IsChartDir(dir)
	if err != nil {
		return fmt.Errorf("look at chart %s: %w", dir, err)
	}
	if !is {
		return remedy.Errorf(step, "no chart at %s: there is no Chart.yaml in it", dir)
	}
	return nil
}

// need is what a check cannot do without.
type need int

const (
	needsNothing need = iota
	needsChart        // a chart that loads
	needsObjects      // a chart that renders
	needsServer       // a container that runs livekit-server
)

type check struct {
	name  string
	needs need
	run   func(*subject, *verdict)
}

// checks lists what is judged. What makes the rest pointless comes first.
func checks() []check {
	return []check{
		{"lint", needsNothing, lint},
		{"render", needsNothing, render},
		{"kubernetes-types", needsObjects, kubernetesTypes},
		{"values-read", needsChart, valuesRead},
		{"values-declared", needsChart, valuesDeclared},
		{"workload", needsObjects, workload},
		{"config", needsServer, configuration},
		{"flags", needsServer, flags},
		{"env", needsServer, environment},
		{"keys", needsServer, keys},
		{"secrets-in-configmap", needsObjects, secretsInConfigMap},
		{"redis", needsServer, redis},
		{"service", needsServer, service},
		{"ports", needsServer, ports},
		{"media", needsServer, media},
		{"node-ip", needsServer, nodeIP},
		{"servers", needsServer, servers},
		{"turn", needsServer, turn},
		{"dns", needsServer, dns},
		{"ingress", needsServer, ingress},
		{"service-links", needsServer, serviceLinks},
		{"persistence", needsObjects, persistence},
		{"image-tags", needsObjects, imageTags},
		{"probes", needsServer, probes},
		{"security", needsServer, security},
		{"grace-period", needsServer, gracePeriod},
		{"rollout", needsServer, rollout},
		{"checksum", needsServer, checksum},
		{"test-hook", needsObjects, testHook},
	}
}

func (s *subject) judge(c check) Check {
	v := &verdict{}
	if why := s.lacks(c.needs); why != "" {
		v.skip("%s", why)
	} else {
		c.run(s, v)
	}
	return v.check(c.name)
}

// lacks says why a check with such a need cannot be made, "" where it can.
func (s *subject) lacks(n need) string {
	switch {
	case n >= needsChart && s.loadErr != nil:
		return "The chart does not load: see render"
	case n >= needsObjects && s.renderErr != nil:
		return "The chart does not render: see render"
	case n >= needsServer && len(s.servers) == 0:
		return "No container runs livekit-server: see workload"
	}
	return ""
}

// verdict collects what a check finds.
type verdict struct {
	failures, warnings []string
	remedies           []string
	passed, skipped    string
}

// fail and warn take the step that mends the finding first.
func (v *verdict) fail(step, format string, args ...any) {
	v.failures = append(v.failures, fmt.Sprintf(format, args...))
	v.remedy(step)
}

func (v *verdict) warn(step, format string, args ...any) {
	v.warnings = append(v.warnings, fmt.Sprintf(format, args...))
	v.remedy(step)
}

func (v *verdict) remedy(step string) {
	for _, r := range v.remedies {
		if r == step {
			return
		}
	}
	v.remedies = append(v.remedies, step)
}

// pass says what is right; the first sentence is kept, findings win over it.
func (v *verdict) pass(format string, args ...any) {
	if v.passed == "" {
		v.passed = fmt.Sprintf(format, args...)
	}
}

// skip says why there is nothing to judge; anything else wins over it.
func (v *verdict) skip(format string, args ...any) {
	if v.skipped == "" {
		v.skipped = fmt.Sprintf(format, args...)
	}
}

func (v *verdict) check(name string) Check {
	c := Check{Name: name, Detail: strings.Join(append(v.failures, v.warnings...), "\n"), Remedy: strings.Join(v.remedies, "\n")}
	switch {
	case len(v.failures) > 0:
		c.Status = Fail
	case len(v.warnings) > 0:
		c.Status = Warn
	case v.passed != "" || v.skipped == "":
		c.Status, c.Detail = Pass, v.passed
	default:
		c.Status, c.Detail = Skip, v.skipped
	}
	return c
}
