// Package doctor checks what the plugin works with: itself, the chart's lock and settings, Helm, the second binary,
// logins, the cluster, and, where the network may be asked, whether there is anything newer.
package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// Options say what is checked.
type Options struct {
	// Dir is the chart's folder, as the user named it; IsNamed says that there has to be a chart.
	Dir     string
	IsNamed bool
	// ToolVersion is this program's.
	ToolVersion string
	// Registries are hosts whose logins are looked for, beside those that the chart names.
	Registries []string
	// RegistryConfig is the file in which Helm stores logins.
	RegistryConfig string
	// Online allows to ask the cluster and GitHub.
	Online bool
	// Getenv is os.Getenv; Env are variables for Helm beside those of this process.
	Getenv func(string) string
	Env    []string
	// UserAgent names this program to servers.
	UserAgent string
}

// Report is the result of all checks.
type Report struct {
	Checks []cluster.Check `json:"checks"`
}

// Failed reports whether a check failed. Warnings are no failures.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Checks, func(c cluster.Check) bool { return c.Status == cluster.Fail })
}

// examination is one run.
type examination struct {
	Options
	report Report
	chart  *helmchart.Chart // nil where there is none
}

// Run checks everything. What is wrong is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	e := &examination{Options: o}
	e.add("plugin", cluster.Pass, fmt.Sprintf("helm-livekit %s, built with %s for %s/%s", o.ToolVersion,
		runtime.Version(), runtime.GOOS, runtime.GOARCH), "")
	for _, check := range []func(context.Context){
		e.helm, e.clusterBinary, e.openChart, e.lock, e.settings, e.registries, e.kubeconfig, e.clusterAccess,
		e.newerPlugin, e.newerLiveKit,
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		check(ctx)
	}
	return &e.report, nil
}

func (e *examination) add(name, status, detail, remedy string) {
	e.report.Checks = append(e.report.Checks, cluster.Check{Name: name, Status: status, Detail: detail, Remedy: remedy})
}

// addError takes what is wrong from an error, and what to do from it too, or from otherwise.
func (e *examination) addError(name, status string, err error, otherwise string) {
	step := remedy.Step(err)
	if step == "" {
		step = otherwise
	}
	e.add(name, status, capitalized(err.Error()), capitalized(step))
}

// capitalized begins a sentence; a command stays as it is typed.
func capitalized(text string) string {
	if text == "" || strings.HasPrefix(text, "helm") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// openChart loads the chart, which the checks of lock, registries and LiveKit are about.
func (e *examination) openChart(context.Context) {
	is, err := helmchart.IsChartDir(e.Dir)
	if err == nil && is {
		e.chart, err = helmchart.Load(e.Dir)
	}
	switch {
	case err != nil:
		e.addError("chart", cluster.Fail, err, "helm livekit verify "+e.Dir)
	case !is && e.IsNamed:
		e.add("chart", cluster.Fail, "There is no chart at "+filepath.ToSlash(e.Dir),
			"Name the directory that holds the chart's Chart.yaml")
	case !is:
		e.add("chart", cluster.Skip, "There is no chart at "+filepath.ToSlash(e.Dir), "")
	default:
		e.add("chart", cluster.Pass, fmt.Sprintf("%s: chart %s %s with LiveKit %s", filepath.ToSlash(e.Dir),
			e.chart.Name(), e.chart.Version(), e.chart.AppVersion()), "")
	}
}

// firstLine keeps the errors of programs short.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
