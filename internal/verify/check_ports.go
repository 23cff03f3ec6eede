package verify

import (
	"fmt"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/helm-livekit/helm-livekit/internal/cluster"
	"github.com/helm-livekit/helm-livekit/internal/livekit"
	"github.com/helm-livekit/helm-livekit/internal/manifest"
)

// checkServices: every Service leads somewhere, and one to signalling.
func checkServices(in *input, out *result) {
	for _, service := range in.services {
		in.checkService(out, service)
		in.checkStrangers(out, service.Object, labels.SelectorFromSet(service.spec.Selector), service.spec.Ports...)
	}
	for _, o := range in.ofKind("PodDisruptionBudget") {
		selector, err := metav1.LabelSelectorAsSelector(decode[policyv1.PodDisruptionBudget](o).Spec.Selector)
		if err == nil {
			in.checkStrangers(out, o, selector)
		}
	}
	in.checkNodePorts(out)
	for _, s := range in.servers {
		http := s.port("http")
		if http == nil {
			out.skip("The ports are not known: see config")
			continue
		}
		s.checkBinding(out)
		if routes := s.routesTo(http); len(routes) > 0 {
			out.pass("Service %s leads to the signalling port %d", routes[0].service.Name(), http.From)
		} else {
			out.fail(fmt.Sprintf("Add a Service that selects the pod, with a port to %s", http),
				"No Service leads to the signalling port %s of %s", http, s.workload)
		}
	}
}

// checkNodePorts finds two Services with one port of the nodes, which Kubernetes refuses for different protocols, too
// (within one Service it takes both): its allocator of ports, pkg/registry/core/service/portallocator, knows numbers.
func (in *input) checkNodePorts(out *result) {
	holders := map[int32]service{}
	for _, service := range in.services {
		for _, p := range service.spec.Ports {
			holder, isTaken := holders[p.NodePort]
			if p.NodePort == 0 || isTaken && holder.Name() == service.Name() {
				continue
			}
			if isTaken {
				giver := in.giver(reservation{object: service.Object, value: strconv.Itoa(int(p.NodePort))})
				out.fail("Change one of them, or carry both protocols by one Service: "+giver,
					"Services %s and %s both have node port %d, which the cluster refuses",
					holder.Name(), service.Name(), p.NodePort)
			}
			holders[p.NodePort] = service
		}
	}
}

func (in *input) checkService(out *result, service service) {
	if len(service.spec.Selector) == 0 || service.spec.Type == corev1.ServiceTypeExternalName {
		return // its endpoints are somebody else's
	}
	found := filter(in.workloads, func(w *workload) bool { return w.isLasting() && w.isSelectedBy(service) })
	if len(found) == 0 && service.spec.Selector[cluster.PortSetLabel] != "" {
		out.pass("Service %s waits for the next server, which will have its media ports", service.Name())
		return
	}
	if len(found) == 0 {
		out.fail("Select by labels that the pod template has: spec.selector in "+service.File,
			"Service %s selects no pod of the chart", service.Name())
		return
	}
	for _, p := range service.spec.Ports {
		if !slices.ContainsFunc(found, func(w *workload) bool { return in.isOpen(w, p) }) {
			out.fail("Let targetPort be a port that the container opens: spec.ports in "+service.File,
				"Service %s: port %s leads to %s/%s, which no container opens",
				service.Name(), spellPort(p), p.TargetPort.String(), p.Protocol)
		}
	}
}

// checkStrangers finds pods that a selector catches beside those of the server, such as a hook's; by the ports of a
// Service, those alone to which one leads.
func (in *input) checkStrangers(out *result, o manifest.Object, selector labels.Selector, ports ...corev1.ServicePort) {
	catches := func(w *workload) bool {
		leadsThere := func(p corev1.ServicePort) bool { return w.number(p.TargetPort, p.Protocol) != 0 }
		return !selector.Empty() && selector.Matches(labels.Set(w.template.Labels)) &&
			(len(ports) == 0 || slices.ContainsFunc(ports, leadsThere))
	}
	if !slices.ContainsFunc(in.servers, func(s *server) bool { return catches(s.workload) }) {
		return
	}
	for _, w := range filter(in.workloads, catches) {
		if !slices.ContainsFunc(in.servers, func(s *server) bool { return s.workload == w }) {
			out.warn("Give its pods labels that no selector of the server has: "+w.File,
				"%s %s selects the pods of %s as well, which are no server", o.Kind(), o.Name(), w)
		}
	}
}

// isOpen takes a declared port, and one that the server's configuration opens.
func (in *input) isOpen(w *workload, p corev1.ServicePort) bool {
	number := w.number(p.TargetPort, p.Protocol)
	listens := func(s *server) bool { return s.workload == w && s.listensAt(number, p.Protocol) != nil }
	isDeclared := slices.ContainsFunc(w.ports, isPort(number, p.Protocol))
	return number != 0 && (isDeclared || slices.ContainsFunc(in.servers, listens))
}

// checkBinding: the server listens where its Services lead, at all addresses of the pod, not at its loopback one.
func (s *server) checkBinding(out *result) {
	addresses, _ := livekit.Lookup(s.config, "bind_addresses").([]any)
	isReached := func(address any) bool { return !net.ParseIP(fmt.Sprint(address)).IsLoopback() }
	if len(addresses) > 0 && !slices.ContainsFunc(addresses, isReached) {
		out.fail("Leave bind_addresses out, so that the server listens at all addresses: "+s.where("bind_addresses"),
			"%s listens at %v alone, which neither Services nor probes reach", s, addresses)
	}
}

// checkPorts holds the ports of the container and of Services against those that the server listens on.
func checkPorts(s *server, out *result) {
	switch {
	case s.portsErr != nil:
		out.fail("Fix LiveKit's configuration", "The ports are not known: %v", s.portsErr)
		return
	case !s.isConfigSeen():
		s.skipUnseen(out)
		return
	}
	for _, p := range s.container.Ports {
		what := fmt.Sprintf("Container port %s %d/%s", p.Name, p.ContainerPort, p.Protocol)
		s.checkPort(out, p.ContainerPort, p.Protocol, what, s.field("ports"))
	}
	s.checkPrivileged(out)
	s.checkRoutes(out)
	out.pass("Container and Services agree with the configuration: %s", s.spellPorts())
}

// checkPrivileged: the ports below 1024 of a pod's own network are open to any user, those of the node to root alone,
// and a capability does not reach a process that is not root's.
func (s *server) checkPrivileged(out *result) {
	isPrivileged := func(p livekit.Port) bool { return p.From < 1024 }
	if p := first(s.listens, isPrivileged); p != nil && s.pod.HostNetwork && !s.runsAsRoot() {
		out.fail("Choose a port from 1024 on, or let the container run as root: "+s.field("securityContext"),
			"The server is to open %s (%s) on the node's network, and is not root: it does not start", p, p.Name)
	}
}

// checkPort says what is wrong with a port that the server should listen on.
func (s *server) checkPort(out *result, number int32, protocol corev1.Protocol, what, where string) {
	if s.listensAt(number, protocol) != nil {
		return
	}
	other := map[corev1.Protocol]corev1.Protocol{"TCP": "UDP", "UDP": "TCP"}[protocol]
	if p := s.listensAt(number, other); p != nil {
		out.fail(fmt.Sprintf("Make it %s, or change the port in LiveKit's configuration: %s", other, where),
			"%s: the server listens there with %s (%s)", what, other, p.Name)
		return
	}
	out.fail("Let the ports follow LiveKit's configuration: "+where,
		"%s: the server does not listen there; it listens on %s", what, s.spellPorts())
}

func (s *server) checkRoutes(out *result) {
	for _, r := range s.routes {
		if r.number == 0 || s.isAnothers(r.number, r.port.Protocol) {
			continue
		}
		what := fmt.Sprintf("Service %s, port %s leads to %d", r.service.Name(), spellPort(r.port), r.number)
		where := "spec.ports in " + r.service.File
		s.checkPort(out, r.number, r.port.Protocol, fmt.Sprintf("%s/%s", what, r.port.Protocol), where)
		if isMedia(s.listensAt(r.number, r.port.Protocol)) && r.port.Port != r.number {
			out.fail("Give the Service the same port: "+where,
				"%s, but the server tells clients its own port, %d", what, r.number)
		}
	}
}

// isAnothers reports whether another container of the pod has the port.
func (s *server) isAnothers(number int32, protocol corev1.Protocol) bool {
	redis := s.redisSidecar()
	return redis != nil && slices.Contains(redisPorts(redis), number) ||
		slices.ContainsFunc(s.containers(), func(c corev1.Container) bool {
			return c.Name != s.container.Name && slices.ContainsFunc(c.Ports, isPort(number, protocol))
		})
}
