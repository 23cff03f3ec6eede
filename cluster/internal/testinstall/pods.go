package testinstall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
)

// pods gives those of a workload that are not ending.
func (t *installTest) pods(ctx context.Context, w workload) ([]core.Pod, error) {
	list, err := t.client.CoreV1().Pods(t.Namespace).List(ctx,
		meta.ListOptions{LabelSelector: labels.Set(w.selector).String()})
	if err != nil {
		return nil, fmt.Errorf("the pods of %s: %w", w, err)
	}
	return slices.DeleteFunc(list.Items, func(p core.Pod) bool { return p.DeletionTimestamp != nil }), nil
}

// checkPods checks that all pods are there and ready, and never restarted.
func (t *installTest) checkPods(ctx context.Context, res *checkResult) {
	workloads := t.release.workloads()
	if len(workloads) == 0 {
		res.fail("see helm get manifest", "the release has no Deployment, StatefulSet or DaemonSet")
		return
	}
	t.report.Restarts = 0
	// Helm is content with fewer pods than are wanted where the rollout may be without some.
	if !t.waitForPods(ctx, workloads) {
		t.explain(ctx, res, errNotReady)
	}
	for _, w := range workloads {
		pods, err := t.pods(ctx, w)
		if err != nil {
			res.failErr(err)
			continue
		}
		if len(pods) < w.replicas && w.kind != "DaemonSet" {
			res.fail("see kubectl -n "+t.Namespace+" describe "+strings.ToLower(w.kind)+" "+w.name,
				"%s has %d pods of %d", w, len(pods), w.replicas)
		}
		for _, p := range pods {
			t.checkPod(p, res)
		}
	}
}

var errNotReady = errors.New("not all pods are ready")

// waitForPods waits some time until all pods are ready.
func (t *installTest) waitForPods(ctx context.Context, workloads []workload) bool {
	const patience = 20 * time.Second
	return wait.PollUntilContextTimeout(ctx, time.Second, patience, true, func(ctx context.Context) (bool, error) {
		for _, w := range workloads {
			pods, err := t.pods(ctx, w)
			if err != nil || slices.ContainsFunc(pods, func(p core.Pod) bool { return !kube.IsReady(p) }) {
				return false, nil
			}
		}
		return true, nil
	}) == nil
}

func (t *installTest) checkPod(p core.Pod, res *checkResult) {
	if len(running(p)) == 0 {
		res.fail("see kubectl -n "+t.Namespace+" describe pod "+p.Name, "Pod %s does not run: it is %s", p.Name,
			strings.ToLower(string(p.Status.Phase)))
		return
	}
	var ready []string
	for _, c := range running(p) {
		switch {
		case !c.Ready:
			res.fail("see kubectl -n "+t.Namespace+" describe pod "+p.Name, "Container %s of pod %s is not ready",
				c.Name, p.Name)
		default:
			ready = append(ready, c.Name)
		}
		t.report.Restarts += int(c.RestartCount)
		if c.RestartCount > 0 {
			res.fail("see kubectl -n "+t.Namespace+" logs "+p.Name+" -c "+c.Name+" --previous",
				"Container %s of pod %s restarted %d times%s", c.Name, p.Name, c.RestartCount, lastEnd(c))
		}
	}
	slices.Sort(ready)
	if len(ready) > 0 {
		res.pass("Pod %s on node %s: %s ready, %d restarts", p.Name, p.Spec.NodeName, strings.Join(ready, " and "),
			restarts(p))
	}
}

// running gives the containers that run as long as the pod: sidecars among the
// init containers too.
func running(p core.Pod) []core.ContainerStatus {
	out := slices.Clone(p.Status.ContainerStatuses)
	for i, c := range p.Spec.InitContainers {
		if kube.IsSidecar(c) && i < len(p.Status.InitContainerStatuses) {
			out = append(out, p.Status.InitContainerStatuses[i])
		}
	}
	return out
}

func restarts(p core.Pod) int {
	n := 0
	for _, c := range running(p) {
		n += int(c.RestartCount)
	}
	return n
}

func lastEnd(c core.ContainerStatus) string {
	if end := c.LastTerminationState.Terminated; end != nil {
		return fmt.Sprintf(", the last time with exit code %d (%s)", end.ExitCode, end.Reason)
	}
	return ""
}

// podLine says in one line how the release's pods are.
func (t *installTest) podLine(ctx context.Context) string {
	list, err := t.client.CoreV1().Pods(t.Namespace).List(ctx, meta.ListOptions{})
	if err != nil {
		return ""
	}
	var lines []string
	for _, p := range list.Items {
		if p.DeletionTimestamp != nil || p.Status.Phase == core.PodSucceeded {
			continue
		}
		var states []string
		for _, c := range running(p) {
			states = append(states, c.Name+" "+state(c))
		}
		slices.Sort(states)
		if len(states) == 0 {
			states = []string{strings.ToLower(string(p.Status.Phase))}
		}
		lines = append(lines, "pod "+p.Name+": "+strings.Join(states, ", "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func state(c core.ContainerStatus) string {
	switch {
	case c.Ready:
		return "ready"
	case c.State.Waiting != nil && c.State.Waiting.Reason != "":
		return c.State.Waiting.Reason
	case c.State.Terminated != nil:
		return c.State.Terminated.Reason
	}
	return "starting"
}
