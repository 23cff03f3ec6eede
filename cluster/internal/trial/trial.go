package trial

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
)

// trial is one run of a plan.
type trial struct {
	Plan
	cluster  *kube.Cluster
	helm     *helm
	progress func(format string, args ...any)
	report   *Report

	dir       string         // for files of the trial itself
	overlay   map[string]any // values over the user's own
	before    inventory      // what was in the namespace
	namespace *namespaceMade // nil where it was there before

	release *release // what was installed
	server  *server  // how it runs
	keys    string   // a fingerprint of the API keys
}

// Run tries the chart. What is wrong with it is in the report. An error says that
// there was nothing to try: no cluster, no Helm, or a namespace that must not be
// used. When ctx ends, what was made is removed all the same.
func Run(ctx context.Context, cluster *kube.Cluster, plan Plan, progress func(format string, args ...any)) (*Report, error) {
	started := time.Now()
	dir, err := os.MkdirTemp("", "helm-livekit-trial-")
	if err != nil {
		return nil, fmt.Errorf("a folder for the trial: %w", err)
	}
	defer os.RemoveAll(dir)
	t := &trial{
		Plan: plan, cluster: cluster, progress: progress, dir: dir, overlay: map[string]any{},
		report: &Report{Namespace: plan.Namespace, Release: plan.Release, Checks: []Check{}, Media: []string{}},
	}
	if err := t.prepare(ctx); err != nil {
		return nil, err
	}
	err = t.run(ctx)
	t.cleanUp(ctx)
	t.report.Seconds = time.Since(started).Seconds()
	if err == nil {
		err = ctx.Err()
	}
	return t.report, err
}

// prepare makes sure that the trial can begin, and makes its namespace.
func (t *trial) prepare(ctx context.Context) error {
	if err := t.takeValueFiles(); err != nil {
		return err
	}
	version, err := t.cluster.Discovery().ServerVersion()
	if err != nil {
		return unreachable(err)
	}
	if t.helm, err = findHelm(ctx, t.Plan.Helm, t.Namespace); err != nil {
		return err
	}
	t.report.Helm = t.helm.version
	if err := t.makeNamespace(ctx); err != nil {
		return err
	}
	t.progress("Kubernetes %s, Helm %s, namespace %s", version.GitVersion, t.helm.version, t.Namespace)
	return nil
}

// step is a part of the trial. Where a needed one fails, those after it are
// skipped: they would only say the same in other words.
type step struct {
	name   string
	needed bool
	run    func(context.Context, *verdict)
}

func (t *trial) steps() []step {
	return []step{
		{"media-ports", true, t.freePorts},
		{"install", true, t.install},
		{"pods", true, t.lookAtPods},
		{"claims", false, t.lookAtClaims},
		{"endpoints", false, t.lookAtServices},
		{"ingress-served", false, t.lookAtIngresses},
		{"answers", true, t.answers},
		{"rooms", false, t.rooms},
		{"calls", false, t.calls},
		{"upgrade", false, t.upgrade},
		{"helm-test", false, t.helmTest},
	}
}

func (t *trial) run(ctx context.Context) error {
	stopped := ""
	for _, s := range t.steps() {
		if err := ctx.Err(); err != nil {
			return err
		}
		v := &verdict{}
		if stopped != "" {
			v.skip("Not tried: see %s", stopped)
		} else {
			s.run(ctx, v)
		}
		if err := ctx.Err(); err != nil {
			return err // what it found then is about the end alone
		}
		c := v.check(s.name)
		t.report.Checks = append(t.report.Checks, c)
		if c.Status == Fail && s.needed {
			stopped = s.name
		}
	}
	return nil
}

// cleanUp removes what the trial made, when ctx has ended as well.
func (t *trial) cleanUp(ctx context.Context) {
	ended := ctx.Err() != nil
	if t.Keep && !ended {
		t.progress("kept: release %s in namespace %s", t.Release, t.Namespace)
		t.add("uninstall", func(v *verdict) {
			v.skip("The release and its namespace are kept: helm uninstall %s -n %s; kubectl delete namespace %s", t.Release, t.Namespace, t.Namespace)
		})
		return
	}
	if ended {
		t.progress("stopping: what was made is removed first")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(t.Timeout)+time.Minute)
	defer cancel()
	t.add("uninstall", func(v *verdict) { t.uninstall(ctx, v) })
	t.add("cleanup", func(v *verdict) { t.removeNamespace(ctx, v) })
}

func (t *trial) add(name string, run func(*verdict)) {
	v := &verdict{}
	run(v)
	t.report.Checks = append(t.report.Checks, v.check(name))
}
