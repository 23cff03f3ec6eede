package testinstall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/helm-livekit/helm-livekit/cluster/internal/diagnose"
)

// pods gives those of a workload that are not ending.
func (t *installTest) pods(ctx context.Context, w workload) ([]core.Pod, error) {
	list, err := t.client.CoreV1().Pods(t.Namespace).List(ctx, meta.ListOptions{LabelSelector: labels.Set(w.selector).String()})
	if err != nil {
		return nil, fmt.Errorf("the pods of %s: %w", w, err)
	}
	return slices.DeleteFunc(list.Items, func(p core.Pod) bool { return p.DeletionTimestamp != nil }), nil
}

// checkPods looks whether all pods are there and ready, and never restarted.
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
			res.fail("see kubectl -n "+t.Namespace+" describe "+strings.ToLower(w.kind)+" "+w.name, "%s has %d pods of %d", w, len(pods), w.replicas)
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
			if err != nil || slices.ContainsFunc(pods, func(p core.Pod) bool { return !isReady(p) }) {
				return false, nil
			}
		}
		return true, nil
	}) == nil
}

func isReady(p core.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c core.PodCondition) bool {
		return c.Type == core.PodReady && c.Status == core.ConditionTrue
	})
}

func (t *installTest) checkPod(p core.Pod, res *checkResult) {
	if len(running(p)) == 0 {
		res.fail("see kubectl -n "+t.Namespace+" describe pod "+p.Name, "Pod %s does not run: it is %s", p.Name, strings.ToLower(string(p.Status.Phase)))
		return
	}
	var ready []string
	for _, c := range running(p) {
		switch {
		case !c.Ready:
			res.fail("see kubectl -n "+t.Namespace+" describe pod "+p.Name, "Container %s of pod %s is not ready", c.Name, p.Name)
		default:
			ready = append(ready, c.Name)
		}
		t.report.Restarts += int(c.RestartCount)
		if c.RestartCount > 0 {
			res.fail("see kubectl -n "+t.Namespace+" logs "+p.Name+" -c "+c.Name+" --previous", "Container %s of pod %s restarted %d times%s", c.Name, p.Name, c.RestartCount, lastEnd(c))
		}
	}
	slices.Sort(ready)
	if len(ready) > 0 {
		res.pass("Pod %s on node %s: %s ready, %d restarts", p.Name, p.Spec.NodeName, strings.Join(ready, " and "), restarts(p))
	}
}

// running gives the containers that run as long as the pod: sidecars among the
// init containers too.
func running(p core.Pod) []core.ContainerStatus {
	out := slices.Clone(p.Status.ContainerStatuses)
	for i, c := range p.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == core.ContainerRestartPolicyAlways && i < len(p.Status.InitContainerStatuses) {
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

// checkClaims looks whether the claims are bound, and where they are mounted.
func (t *installTest) checkClaims(ctx context.Context, res *checkResult) {
	mounted := map[string]bool{}
	for _, w := range t.release.workloads() {
		pods, err := t.pods(ctx, w)
		if err != nil {
			res.failErr(err)
			return
		}
		for _, p := range pods {
			for claim, at := range claimMounts(p.Spec) {
				mounted[claim] = true
				t.checkClaim(ctx, claim, at, res)
			}
		}
	}
	for _, o := range t.release.kind("PersistentVolumeClaim") {
		if !mounted[o.GetName()] {
			res.fail("see volumes in helm get manifest", "Claim %s is mounted by no pod: nothing is kept", o.GetName())
		}
	}
	res.skip("The pods have no claims")
}

func (t *installTest) checkClaim(ctx context.Context, name string, at []string, res *checkResult) {
	claim, err := t.client.CoreV1().PersistentVolumeClaims(t.Namespace).Get(ctx, name, meta.GetOptions{})
	if err != nil {
		res.fail("see kubectl -n "+t.Namespace+" get pvc", "claim %s: %v", name, err)
		return
	}
	class := "no storage class"
	if claim.Spec.StorageClassName != nil && *claim.Spec.StorageClassName != "" {
		class = "storage class " + *claim.Spec.StorageClassName
	}
	size := claim.Status.Capacity[core.ResourceStorage]
	switch {
	case claim.Status.Phase != core.ClaimBound:
		res.fail("see kubectl -n "+t.Namespace+" describe pvc "+name, "Claim %s is %s (%s)", name, claim.Status.Phase, class)
	case len(at) == 0:
		res.fail("see volumeMounts in helm get manifest", "Claim %s is a volume of the pod, and no container mounts it", name)
	default:
		res.pass("Claim %s is bound: %s, %s, %s", name, size.String(), class, strings.Join(at, ", "))
	}
}

// claimMounts gives, for each claim among the volumes, where containers mount it.
func claimMounts(pod core.PodSpec) map[string][]string {
	out := map[string][]string{}
	for _, volume := range pod.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		at := []string{}
		for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
			for _, m := range c.VolumeMounts {
				if m.Name == volume.Name {
					at = append(at, m.MountPath+" of "+c.Name)
				}
			}
		}
		out[volume.PersistentVolumeClaim.ClaimName] = at
	}
	return out
}

// checkServices looks whether each Service leads to a pod that is ready.
func (t *installTest) checkServices(ctx context.Context, res *checkResult) {
	for _, o := range t.release.kind("Service") {
		service, err := t.client.CoreV1().Services(t.Namespace).Get(ctx, o.GetName(), meta.GetOptions{})
		if err != nil {
			res.fail("see kubectl -n "+t.Namespace+" get services", "Service %s: %v", o.GetName(), err)
			continue
		}
		t.checkService(ctx, service, res)
	}
	res.skip("The release has no Service")
}

func (t *installTest) checkService(ctx context.Context, s *core.Service, res *checkResult) {
	describe := "see kubectl -n " + t.Namespace + " describe service " + s.Name
	if s.Spec.Type == core.ServiceTypeExternalName {
		res.pass("Service %s stands for %s", s.Name, s.Spec.ExternalName)
		return
	}
	slices, err := t.client.DiscoveryV1().EndpointSlices(t.Namespace).List(ctx, meta.ListOptions{LabelSelector: discovery.LabelServiceName + "=" + s.Name})
	if err != nil {
		res.fail(describe, "The endpoints of Service %s: %v", s.Name, err)
		return
	}
	n := readyEndpoints(slices.Items)
	if n == 0 {
		res.fail(describe+"; its selector and its targetPort must fit the pods", "Service %s leads to no pod (selector %s)", s.Name, labels.Set(s.Spec.Selector))
		return
	}
	ways := spellPorts(s)
	if s.Spec.Type == core.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0 {
		res.warn("install a load balancer (MetalLB, kube-vip, the cloud's own), or choose NodePort", "Service %s of type LoadBalancer has no address: nobody gives it one", s.Name)
		return
	}
	for _, i := range s.Status.LoadBalancer.Ingress {
		ways += " at " + i.IP + i.Hostname
	}
	res.pass("Service %s (%s) leads to %d pod(s): %s", s.Name, s.Spec.Type, n, ways)
}

func readyEndpoints(list []discovery.EndpointSlice) int {
	ready := map[string]bool{}
	for _, s := range list {
		for _, e := range s.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				for _, a := range e.Addresses {
					ready[a] = true
				}
			}
		}
	}
	return len(ready)
}

func spellPorts(s *core.Service) string {
	var out []string
	for _, p := range s.Spec.Ports {
		text := fmt.Sprintf("%d/%s", p.Port, protocol(p.Protocol))
		if p.NodePort > 0 {
			text += fmt.Sprintf(" (node %d)", p.NodePort)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// checkIngresses looks whether somebody serves the Ingresses. That nobody does is
// the cluster's matter, and a warning.
func (t *installTest) checkIngresses(ctx context.Context, res *checkResult) {
	findings, err := diagnose.Namespace(ctx, t.client, t.Namespace)
	if err != nil {
		res.failErr(err)
		return
	}
	for _, o := range t.release.kind("Ingress") {
		ingress, err := t.client.NetworkingV1().Ingresses(t.Namespace).Get(ctx, o.GetName(), meta.GetOptions{})
		if err != nil {
			res.fail("see kubectl -n "+t.Namespace+" get ingresses", "Ingress %s: %v", o.GetName(), err)
			continue
		}
		about := slices.DeleteFunc(slices.Clone(findings), func(f diagnose.Finding) bool { return f.Object != "Ingress "+ingress.Name })
		for _, f := range about {
			res.warn(f.Remedy, "%s", spell(f))
		}
		if len(about) == 0 {
			ingress = t.waitForIngress(ctx, ingress)
		}
		switch {
		case len(ingress.Status.LoadBalancer.Ingress) > 0:
			res.pass("Ingress %s for %s is served", ingress.Name, hostsOf(ingress))
		case len(about) == 0:
			res.warn("see kubectl -n "+t.Namespace+" describe ingress "+ingress.Name+" and the controller's log",
				"Ingress %s for %s has no address yet: its controller has not taken it, or tells none", ingress.Name, hostsOf(ingress))
		}
	}
	res.skip("The release has no Ingress")
}

// waitForIngress gives a controller some time to take an Ingress, and gives it as it is then.
func (t *installTest) waitForIngress(ctx context.Context, i *networking.Ingress) *networking.Ingress {
	const patience = 15 * time.Second
	_ = wait.PollUntilContextTimeout(ctx, 500*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		now, err := t.client.NetworkingV1().Ingresses(t.Namespace).Get(ctx, i.Name, meta.GetOptions{})
		if err != nil {
			return false, nil
		}
		i = now
		return len(i.Status.LoadBalancer.Ingress) > 0, nil
	})
	return i
}

func hostsOf(i *networking.Ingress) string {
	var hosts []string
	for _, r := range i.Spec.Rules {
		hosts = append(hosts, r.Host)
	}
	if len(hosts) == 0 {
		return "any host"
	}
	return strings.Join(hosts, ", ")
}
