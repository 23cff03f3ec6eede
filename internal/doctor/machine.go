package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/helmchart"
	"github.com/helm-livekit/helm-livekit/internal/oci"
)

// runTime bounds each program that is run.
const runTime = 20 * time.Second

// oldestHelm is the oldest Helm that the plugin is tested with.
var oldestHelm = semver.MustParse("3.18.0")

// helmBin is the Helm that runs this plugin, else the one on the path.
func (e *examination) helmBin() string { return cmp.Or(e.Getenv("HELM_BIN"), "helm") }

// run runs a program and gives what it prints.
func (e *examination) run(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), e.Env...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	var failed *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("%s does not answer within %s: %w", program, runTime, ctx.Err())
	case errors.As(err, &failed) && len(failed.Stderr) > 0:
		return "", errors.New(firstLine(string(failed.Stderr)))
	case err != nil:
		return "", fmt.Errorf("run %s: %w", program, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// helm looks for Helm, and at its version.
func (e *examination) helm(ctx context.Context) {
	const name, install = "helm", "Set HELM_BIN to the file of a Helm, or put helm on the path"
	text, err := e.run(ctx, e.helmBin(), "version", "--short")
	if err != nil {
		e.add(name, cluster.Warn, "verify --install and --dependency-build need Helm: "+err.Error(), install)
		return
	}
	short, _, _ := strings.Cut(text, "+")
	version, err := semver.NewVersion(short)
	switch {
	case err != nil:
		e.add(name, cluster.Warn, fmt.Sprintf("%s says %q, which is no version", e.helmBin(), firstLine(text)), install)
	case version.LessThan(oldestHelm):
		e.add(name, cluster.Fail, fmt.Sprintf("Helm %s is older than %s", version, oldestHelm), "Update Helm")
	default:
		e.add(name, cluster.Pass, fmt.Sprintf("Helm %s (%s)", version, e.helmBin()), "")
	}
}

// clusterBinary looks for helm-livekit-cluster, which has to be of the same version.
func (e *examination) clusterBinary(ctx context.Context) {
	const name = "helm-livekit-cluster"
	file, err := cluster.Find()
	if err != nil {
		e.addError(name, cluster.Warn, err, "")
		return
	}
	version, err := e.run(ctx, file, "version")
	switch {
	case err != nil:
		e.add(name, cluster.Fail, err.Error(), "Install it anew")
	case version != e.ToolVersion:
		detail := fmt.Sprintf("%s is version %s, the plugin %s", file, firstLine(version), e.ToolVersion)
		e.add(name, cluster.Warn, detail, "Install both of one version: helm plugin update livekit")
	default:
		e.add(name, cluster.Pass, fmt.Sprintf("%s, version %s", file, version), "")
	}
}

// registries looks for logins: at the hosts that are named, and those that the chart's dependencies come from.
func (e *examination) registries(ctx context.Context) {
	hosts := slices.Clone(e.Registries)
	if e.chart != nil {
		for _, d := range e.chart.Declared() {
			if u, err := url.Parse(d.Repository); err == nil && u.Scheme == "oci" {
				hosts = append(hosts, u.Host)
			}
		}
	}
	if len(hosts) == 0 {
		e.add("registry", cluster.Skip, "No registry is named: --registry HOST looks for a login", "")
	}
	slices.Sort(hosts)
	o := oci.Options{RegistryConfig: cmp.Or(e.RegistryConfig, helmchart.RegistryConfig())}
	for _, host := range slices.Compact(hosts) {
		name := "registry " + host
		switch found, err := oci.HasLogin(ctx, o, host); {
		case err != nil:
			e.addError(name, cluster.Fail, err, "")
		case found:
			e.add(name, cluster.Pass, "Credentials are stored; whether the registry takes them was not asked", "")
		default:
			e.add(name, cluster.Warn, "No credentials are stored, which is fine where anyone may read",
				"To push: helm registry login "+host)
		}
	}
}

// kubeContext is what a kubeconfig says of the cluster to use.
type kubeContext struct {
	Current  string `json:"current-context"`
	Contexts []struct {
		Name string `json:"name"`
	} `json:"contexts"`
}

// kubeconfig looks for the cluster that commands would use, without asking it.
func (e *examination) kubeconfig(context.Context) {
	const name, step = "kubeconfig", "Set KUBECONFIG to the file of a cluster; only verify --install needs one"
	files := filepath.SplitList(e.variable("KUBECONFIG"))
	if len(files) == 0 {
		files = []string{filepath.Join(cmp.Or(e.Getenv("HOME"), e.Getenv("USERPROFILE")), ".kube", "config")}
	}
	var all kubeContext
	var read []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // as Kubernetes' clients do
		}
		var one kubeContext
		if err == nil {
			err = yaml.Unmarshal(data, &one)
		}
		if err != nil {
			e.add(name, cluster.Fail, fmt.Sprintf("%s cannot be read", file), step)
			return
		}
		read = append(read, file)
		all.Current = cmp.Or(all.Current, one.Current)
		all.Contexts = append(all.Contexts, one.Contexts...)
	}
	wanted := cmp.Or(e.variable("HELM_KUBECONTEXT"), all.Current)
	isThere := false
	for _, c := range all.Contexts {
		isThere = isThere || c.Name == wanted
	}
	switch {
	case read == nil:
		e.add(name, cluster.Warn, "There is no "+strings.Join(files, ", "), step)
	case wanted == "":
		e.add(name, cluster.Warn, strings.Join(read, ", ")+" has no current context",
			"kubectl config use-context NAME, or --kube-context NAME")
	case !isThere:
		e.add(name, cluster.Fail, fmt.Sprintf("%s has no context %q", strings.Join(read, ", "), wanted),
			"kubectl config get-contexts lists those that there are")
	default:
		e.add(name, cluster.Pass, fmt.Sprintf("Context %s of %s", wanted, strings.Join(read, ", ")), "")
	}
}

// variable gives a variable of the environment as Helm will see it: flags go before it.
func (e *examination) variable(name string) string {
	for _, v := range slices.Backward(e.Env) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return e.Getenv(name)
}
