package testinstall

import (
	"context"
	"fmt"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/helm-livekit/helm-livekit/cluster/internal/kube"
	"github.com/helm-livekit/helm-livekit/internal/cluster"
)

// endpointsTimeout is how long a Service may take to lead to a pod that is ready.
const endpointsTimeout = 10 * time.Second

// checkServices checks that each Service leads to a pod that is ready.
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
	n, err := t.waitForEndpoints(ctx, s)
	if err != nil {
		res.fail(describe, "The endpoints of Service %s: %v", s.Name, err)
		return
	}
	if set := s.Spec.Selector[cluster.PortSetLabel]; n == 0 && set != "" {
		res.pass("Service %s waits for the next server, which will have the %s set of media ports", s.Name, set)
		return
	}
	if number := s.Spec.Selector["apps.kubernetes.io/pod-index"]; n == 0 && number != "" && number != "0" {
		res.pass("Service %s waits for server %s, which does not run", s.Name, number)
		return
	}
	if n == 0 {
		res.fail(describe+"; its selector and its targetPort must fit the pods",
			"Service %s leads to no pod (selector %s)", s.Name, labels.Set(s.Spec.Selector))
		return
	}
	ways := spellPorts(s)
	if s.Spec.Type == core.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0 {
		res.warn("install a load balancer (MetalLB, kube-vip, the cloud's own), or choose NodePort",
			"Service %s of type LoadBalancer has no address: nobody gives it one", s.Name)
		return
	}
	for _, i := range s.Status.LoadBalancer.Ingress {
		ways += " at " + i.IP + i.Hostname
	}
	res.pass("Service %s (%s) leads to %d pod(s): %s", s.Name, s.Spec.Type, n, ways)
}

// waitForEndpoints counts the pods that a Service leads to. One that has just become ready gets there a moment later.
func (t *installTest) waitForEndpoints(ctx context.Context, s *core.Service) (n int, err error) {
	_ = wait.PollUntilContextTimeout(ctx, 500*time.Millisecond, endpointsTimeout, true,
		func(ctx context.Context) (bool, error) {
			var slices *discovery.EndpointSliceList
			slices, err = t.client.DiscoveryV1().EndpointSlices(t.Namespace).List(ctx,
				meta.ListOptions{LabelSelector: discovery.LabelServiceName + "=" + s.Name})
			if err == nil {
				n = readyEndpoints(slices.Items)
			}
			return n > 0, nil
		})
	return n, err
}

func readyEndpoints(list []discovery.EndpointSlice) int {
	ready := map[string]bool{}
	for _, s := range list {
		for _, e := range s.Endpoints {
			// Serving, as a Service may publish pods that are not ready as ready.
			if e.Conditions.Serving == nil || *e.Conditions.Serving {
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
		text := fmt.Sprintf("%d/%s", p.Port, kube.Protocol(p.Protocol))
		if p.NodePort > 0 {
			text += fmt.Sprintf(" (node %d)", p.NodePort)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}
