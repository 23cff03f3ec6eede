package verify

import (
	"cmp"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// InstallOptions say how a chart is installed on a cluster to test it.
type InstallOptions struct {
	Namespace string // of the test: created, and deleted afterwards
	Reuse     bool   // the namespace is there already, and stays
	Keep      bool   // release and namespace are left for debugging
	Call      bool   // participants make calls
	Timeout   time.Duration
	Env       []string // further variables for what is run, NAME=value
	// Progress gets a line of text for each step; nil for none.
	Progress io.Writer
}

// Install installs the chart in dir on a cluster and adds the checks to the report of
// Run. A chart that does not render is not installed. The error says that nothing could
// be tested; when ctx ends, what was made is removed before Install returns.
func Install(ctx context.Context, dir string, opts Options, install InstallOptions, r *Report) error {
	if i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.Name == "render" && c.Status == Fail }); i >= 0 {
		r.Checks = append(r.Checks, Check{Name: "install", Status: Skip, Detail: "Not tried: see render"})
		return nil
	}
	binary, err := cluster.Find()
	if err != nil {
		return err
	}
	plan, err := newPlan(dir, opts, install, r)
	if err != nil {
		return err
	}
	found, err := cluster.Run(ctx, binary, *plan, install.Env, install.Progress)
	if err != nil {
		return err
	}
	r.Checks = append(r.Checks, found.Checks...)
	r.Trial = &found.Summary
	return nil
}

func newPlan(dir string, opts Options, install InstallOptions, r *Report) (*cluster.Plan, error) {
	helm, err := findHelm()
	if err != nil {
		return nil, err
	}
	plan := &cluster.Plan{
		Helm: helm, Release: cmp.Or(opts.ReleaseName, r.Chart), Namespace: install.Namespace,
		Reuse: install.Reuse, Keep: install.Keep, Call: install.Call,
		Set: opts.Set, ValueFiles: []string{}, Timeout: metav1.Duration{Duration: install.Timeout},
		Values: configValues(r.values),
		SetFlags: helmchart.ValueFlags{
			SetJSON: opts.SetJSON, SetString: opts.SetString, SetFile: opts.SetFile,
		}.Args(),
	}
	if plan.Chart, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	for _, file := range opts.ValueFiles {
		absolute, err := filepath.Abs(file)
		if err != nil {
			return nil, err
		}
		plan.ValueFiles = append(plan.ValueFiles, absolute)
	}
	return plan, nil
}

// findHelm gives the Helm that runs this plugin, else the one on the path.
func findHelm() (string, error) {
	if file := os.Getenv("HELM_BIN"); file != "" {
		return file, nil
	}
	file, err := exec.LookPath("helm")
	if err != nil {
		return "", remedy.Errorf("set HELM_BIN to the file of a Helm, or put helm on the path",
			"--install needs Helm, and there is none: %w", err)
	}
	return file, nil
}

// configValues finds LiveKit's configuration among values: charts hand it on as a map, so its keys are LiveKit's own
// wherever it lies. One that is not there can be set beside those that are.
func configValues(values map[string]any) cluster.ConfigValues {
	root, config := findConfig(nil, values)
	if config == nil {
		return cluster.ConfigValues{}
	}
	value := func(keys ...string) *cluster.Value {
		number, _ := helmchart.Number(livekit.Lookup(config, strings.Join(keys, ".")))
		return &cluster.Value{Keys: slices.Concat(root, keys), Number: int32(number)}
	}
	return cluster.ConfigValues{
		Port: value("port"), TCPPort: value("rtc", "tcp_port"), UDPPort: value("rtc", "udp_port"),
		LogLevel: value("logging", "level"),
	}
}

// findConfig finds the outermost map that has an rtc block with a port.
func findConfig(at []string, values map[string]any) ([]string, map[string]any) {
	if rtc, ok := values["rtc"].(map[string]any); ok &&
		(rtc["udp_port"] != nil || rtc["tcp_port"] != nil || rtc["port_range_start"] != nil) {
		return at, values
	}
	for _, key := range sortedKeys(values) {
		if below, ok := values[key].(map[string]any); ok {
			if root, config := findConfig(append(slices.Clone(at), key), below); config != nil {
				return root, config
			}
		}
	}
	return nil, nil
}
