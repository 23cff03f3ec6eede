package verify

import (
	"fmt"
	"net"
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// checkSeveral: several servers can each be reached at the address and ports that they tell clients.
func checkSeveral(s *server, out *result) {
	why, several := s.several()
	if !several {
		return
	}
	// Pods that want the same ports of the node cannot share one.
	if s.Kind() != "DaemonSet" && s.takesNodePorts() {
		out.warn("Have as many nodes for it, or let it be a DaemonSet, or choose media by NodePort with one replica",
			"%s runs several servers (%s) on ports of the node: each needs a node of its own, "+
				"and those that find none stay Pending", s.workload, why)
	}
	for _, service := range s.in.services {
		if !s.takesNodePorts() && s.carriesMedia(service) && !service.isForOnePod() {
			s.checkShared(out, service, why)
		}
	}
	for _, claim := range s.nodeClaims() {
		out.warn("Leave the claim out (LiveKit itself stores nothing), or use ReadWriteMany: "+claim.File,
			"%s runs several servers (%s), and claim %s is for one node at a time: pods on other nodes do not start",
			s.workload, why, claim.Name())
	}
	for _, o := range s.autoscalers() {
		s.checkAutoscaler(out, o)
	}
	// Where each has a Service, each has a configuration with its address as well.
	isForOne := func(service service) bool { return service.isForOnePod() && s.carriesMedia(service) }
	given, origin := s.nodeAddress()
	if origin != "" && given.isKnown && given.field == "" && !slices.ContainsFunc(s.in.services, isForOne) {
		out.fail("Let each server tell its own address (NODE_IP from status.hostIP, "+
			"with hostNetwork or one pod on a node), or run one: "+s.where("rtc.node_ip"),
			"%s runs several servers (%s), and all tell clients the one address of %s", s.workload, why, origin)
	}
	out.pass("Several servers (%s), each with a way of its own", why)
}

// checkAutoscaler: the share of a resource is one of what all containers of the pod request.
func (s *server) checkAutoscaler(out *result, o manifest.Object) {
	metrics := decode[autoscalingv2.HorizontalPodAutoscaler](o).Spec.Metrics
	if len(metrics) == 0 { // then Kubernetes takes 80 % of the CPU
		metrics = []autoscalingv2.MetricSpec{{Resource: &autoscalingv2.ResourceMetricSource{Name: corev1.ResourceCPU,
			Target: autoscalingv2.MetricTarget{AverageUtilization: ptr.To[int32](80)}}}}
	}
	for _, m := range metrics {
		resource := ptr.Deref(m.Resource, autoscalingv2.ResourceMetricSource{})
		lacks := func(c corev1.Container) bool {
			_, isRequested := c.Resources.Requests[resource.Name]
			_, isLimited := c.Resources.Limits[resource.Name] // the request where there is none
			return !isRequested && !isLimited
		}
		if c := first(s.containers(), lacks); c != nil && resource.Target.AverageUtilization != nil {
			out.warn(fmt.Sprintf("Set requests of %s for every container: %s", resource.Name, s.spec("containers")),
				"HorizontalPodAutoscaler %s goes by the share of the requested %s, and container %s requests none: "+
					"it never scales", o.Name(), resource.Name, c.Name)
		}
	}
}

// checkShared: a Service that leads to several servers takes a client's media to any of them.
func (s *server) checkShared(out *result, service service, why string) {
	isLocal := service.spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
	switch {
	case service.isLoadBalancer():
		out.fail("Run one server, or let each have its node's ports (hostNetwork)",
			"%s has one address for several servers (%s): media reaches any of them, and not the one that has the call",
			service, why)
	case service.isNodePort() && !isLocal:
		out.fail("Set externalTrafficPolicy: Local, and keep the pods on different nodes: "+service.File,
			"%s sends what comes to a node to any of several servers (%s), and not to the one that has the call",
			service, why)
	case service.isNodePort() && s.Kind() != "DaemonSet" && !s.keepsApart():
		out.warn("Keep the pods on different nodes, by podAntiAffinity or topologySpreadConstraints "+
			"over kubernetes.io/hostname: "+s.spec("affinity"),
			"%s: two of several servers (%s) on one node would share its port, and media would reach either",
			service, why)
	}
}

func (s *server) carriesMedia(service service) bool {
	return slices.ContainsFunc(s.routes, func(r route) bool {
		return r.service.Name() == service.Name() && isMedia(s.listensAt(r.number, r.port.Protocol))
	})
}

// keepsApart says that no two pods come to one node.
func (s *server) keepsApart() bool {
	others := ptr.Deref(ptr.Deref(s.pod.Affinity, corev1.Affinity{}).PodAntiAffinity, corev1.PodAntiAffinity{})
	isApart := func(t corev1.PodAffinityTerm) bool { return t.TopologyKey == corev1.LabelHostname }
	isSpread := func(c corev1.TopologySpreadConstraint) bool {
		return c.TopologyKey == corev1.LabelHostname && c.WhenUnsatisfiable == corev1.DoNotSchedule
	}
	return slices.ContainsFunc(others.RequiredDuringSchedulingIgnoredDuringExecution, isApart) ||
		slices.ContainsFunc(s.pod.TopologySpreadConstraints, isSpread)
}

// checkDNS: a pod on the node's network finds the cluster's Services.
func checkDNS(s *server, out *result) {
	switch host := s.redisService(); {
	case !s.pod.HostNetwork || host == "":
	case s.pod.DNSPolicy == corev1.DNSClusterFirstWithHostNet:
		out.pass("The server asks the cluster's DNS, on the node's network too")
	default:
		out.fail("Set dnsPolicy: ClusterFirstWithHostNet: "+s.spec("dnsPolicy"),
			"%s is on the node's network and asks the node's DNS, which does not know the Service %s", s.workload, host)
	}
}

// redisService gives the first address of Redis that is a Service's name, "" where none is.
func (s *server) redisService() string {
	addresses := []any{s.text("redis.address")}
	for _, key := range []string{"redis.sentinel_addresses", "redis.cluster_addresses"} {
		list, _ := livekit.Lookup(s.config, key).([]any)
		addresses = append(addresses, list...)
	}
	for _, a := range addresses {
		host, _, _ := net.SplitHostPort(fmt.Sprint(a)) // "" of what is no address
		name, _, _ := strings.Cut(host, ".")
		if find(s.in.objects, "Service", name) != nil || isClusterName(host) {
			return host
		}
	}
	return ""
}

// isClusterName takes names of Services: of one word, or with the cluster's endings.
func isClusterName(host string) bool {
	isService := !strings.Contains(host, ".") || strings.Contains(host+".", ".svc.")
	return isService && host != "" && host != "localhost" && net.ParseIP(host) == nil
}
