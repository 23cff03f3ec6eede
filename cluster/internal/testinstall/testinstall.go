// Package testinstall installs a chart of LiveKit on a cluster to test it, in a
// namespace of its own: it checks what an operator would check by hand, makes calls,
// upgrades and uninstalls it, and leaves nothing behind.
package testinstall

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/internal/cluster"
)

// installTest is one run of a plan.
type installTest struct {
	cluster.Plan
	client   *kube.Cluster
	helm     *helm
	progress func(format string, args ...any)
	report   *cluster.Report

	dir       string         // for files of the test itself
	overlay   map[string]any // values over the user's own
	before    inventory      // what was in the namespace
	namespace *namespaceMade // nil where it was there before
	refused   []nodePort     // what Kubernetes did not give when Helm asked

	release *release // what was installed
	server  *server  // how it runs
	keys    string   // a fingerprint of the API keys
}

// Run tests the chart as the plan says. What is wrong with it is in the report. An error says that
// there was nothing to try: no cluster, no Helm, or a namespace that must not be
// used. When ctx ends, what was made is removed all the same.
func Run(
	ctx context.Context, client *kube.Cluster, plan cluster.Plan, progress func(format string, args ...any),
) (*cluster.Report, error) {
	started := time.Now()
	dir, err := os.MkdirTemp("", "helm-livekit-trial-")
	if err != nil {
		return nil, fmt.Errorf("a folder for the trial: %w", err)
	}
	defer os.RemoveAll(dir)
	t := &installTest{
		Plan: plan, client: client, progress: progress, dir: dir, overlay: map[string]any{},
		report: &cluster.Report{
			Checks:  []cluster.Check{},
			Summary: cluster.Summary{Namespace: plan.Namespace, Release: plan.Release, Media: []string{}},
		},
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

// prepare makes sure that the test can begin, and creates its namespace.
func (t *installTest) prepare(ctx context.Context) error {
	if err := t.takeValueFiles(); err != nil {
		return err
	}
	version, err := t.client.Discovery().ServerVersion()
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

// step is a part of the test. Where a needed one fails, those after it are
// skipped: they would only say the same in other words.
type step struct {
	name   string
	needed bool
	run    func(context.Context, *checkResult)
}

func (t *installTest) steps() []step {
	return []step{
		{"media-ports", true, t.freePorts},
		{"install", true, t.install},
		{"pods", true, t.checkPods},
		{"claims", false, t.checkClaims},
		{"endpoints", false, t.checkServices},
		{"ingress-served", false, t.checkIngresses},
		{"answers", true, t.answers},
		{"rooms", false, t.rooms},
		{"calls", false, t.calls},
		{"upgrade", false, t.upgrade},
		{"helm-test", false, t.helmTest},
	}
}

func (t *installTest) run(ctx context.Context) error {
	stopped := ""
	for _, s := range t.steps() {
		if err := ctx.Err(); err != nil {
			return err
		}
		res := &checkResult{}
		if stopped != "" {
			res.skip("Not tried: see %s", stopped)
		} else {
			s.run(ctx, res)
		}
		if err := ctx.Err(); err != nil {
			return err // what it found then is about the end alone
		}
		c := res.check(s.name)
		t.report.Checks = append(t.report.Checks, c)
		if c.Status == cluster.Fail && s.needed {
			stopped = s.name
		}
	}
	return nil
}

// cleanUp removes what the run made, when ctx has ended as well.
func (t *installTest) cleanUp(ctx context.Context) {
	ended := ctx.Err() != nil
	if t.Keep && !ended {
		t.progress("kept: release %s in namespace %s", t.Release, t.Namespace)
		t.add("uninstall", func(res *checkResult) {
			res.skip("The release and its namespace are kept: helm uninstall %s -n %s; kubectl delete namespace %s",
				t.Release, t.Namespace, t.Namespace)
		})
		return
	}
	if ended {
		t.progress("stopping: what was made is removed first")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.Timeout.Duration+time.Minute)
	defer cancel()
	t.add("uninstall", func(res *checkResult) { t.uninstall(ctx, res) })
	t.add("cleanup", func(res *checkResult) { t.removeNamespace(ctx, res) })
}

func (t *installTest) add(name string, run func(*checkResult)) {
	res := &checkResult{}
	run(res)
	t.report.Checks = append(t.report.Checks, res.check(name))
}
