package verify

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// servicesOf gives the Services that lead to the server's pods.
func (v *server) servicesOf(s *subject) []serviceObject {
	var out []serviceObject
	for _, service := range s.services {
		if selects(service.spec.Selector, v.template.Labels) {
			out = append(out, service)
		}
	}
	return out
}

// target resolves a Service's port to a number in the pod, 0 where the pod has
// no port of that name.
func (w *workloadObject) target(p corev1.ServicePort) int32 {
	switch {
	case p.TargetPort.Type == intstr.Int && p.TargetPort.IntVal != 0:
		return p.TargetPort.IntVal
	case p.TargetPort.Type == intstr.Int || p.TargetPort.StrVal == "":
		return p.Port
	}
	for _, c := range w.containers() {
		for _, port := range c.Ports {
			if port.Name == p.TargetPort.StrVal && protocolOf(port.Protocol) == protocolOf(p.Protocol) {
				return port.ContainerPort
			}
		}
	}
	return 0
}

// declares reports whether some container of the pod has the port.
func (w *workloadObject) declares(number int32, protocol corev1.Protocol) bool {
	return slices.ContainsFunc(w.containers(), func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool {
			return p.ContainerPort == number && protocolOf(p.Protocol) == protocol
		})
	})
}

// service judges whether every Service leads somewhere, and one to signalling.
func service(s *subject, v *verdict) {
	for _, service := range s.services {
		s.judgeService(v, service)
	}
	for _, server := range s.servers {
		http, ok := server.port("http")
		if !ok {
			v.skip("The ports are not known: see config")
			continue
		}
		server.judgeBinding(v)
		if name := server.signalService(s, http); name != "" {
			v.pass("Service %s leads to the signalling port %d", name, http.From)
		} else {
			v.fail("Add a Service that selects the pod, with a port to "+spell(http), "No Service leads to the signalling port %s of %s", spell(http), server.workloadObject)
		}
	}
}

func (v *server) signalService(s *subject, http livekit.Port) string {
	for _, service := range v.servicesOf(s) {
		for _, p := range service.spec.Ports {
			if protocolOf(p.Protocol) == corev1.ProtocolTCP && int(v.target(p)) == http.From {
				return service.Name()
			}
		}
	}
	return ""
}

func (s *subject) judgeService(v *verdict, service serviceObject) {
	if len(service.spec.Selector) == 0 || service.spec.Type == corev1.ServiceTypeExternalName {
		return // its endpoints are somebody else's
	}
	var found []*workloadObject
	for _, w := range s.workloads {
		if w.isLasting() && selects(service.spec.Selector, w.template.Labels) {
			found = append(found, w)
		}
	}
	if len(found) == 0 {
		v.fail("Select by labels that the pod template has: spec.selector in "+service.File, "Service %s selects no pod of the chart", service.Name())
		return
	}
	for _, p := range service.spec.Ports {
		leads := slices.ContainsFunc(found, func(w *workloadObject) bool { return s.isOpen(w, p) })
		if !leads {
			v.fail("Let targetPort be a port that the container opens: spec.ports in "+service.File,
				"Service %s: port %s leads to %s, which no container opens", service.Name(), portName(p), targetName(p))
		}
	}
}

func portName(p corev1.ServicePort) string {
	return strings.TrimSpace(fmt.Sprintf("%s %d/%s", p.Name, p.Port, protocolOf(p.Protocol)))
}

func targetName(p corev1.ServicePort) string {
	if p.TargetPort == (intstr.IntOrString{}) {
		return fmt.Sprintf("%d/%s", p.Port, protocolOf(p.Protocol))
	}
	return fmt.Sprintf("%s/%s", p.TargetPort.String(), protocolOf(p.Protocol))
}

// isOpen takes a declared port, and one that the server's configuration opens.
func (s *subject) isOpen(w *workloadObject, p corev1.ServicePort) bool {
	number := w.target(p)
	if number == 0 {
		return false
	}
	protocol := protocolOf(p.Protocol)
	for _, server := range s.servers {
		if server.workloadObject == w {
			if _, ok := server.listens(number, protocol); ok {
				return true
			}
		}
	}
	return w.declares(number, protocol)
}

// ports holds the ports of the container and of Services against those that
// the server listens on.
func ports(s *subject, v *verdict) {
	for _, server := range s.servers {
		switch {
		case server.portsErr != nil:
			v.fail("Mend LiveKit's configuration", "The ports are not known: %v", server.portsErr)
		case !server.isConfigSeen():
			v.skip("The configuration is not the chart's own: %s", server.configSource.from)
		default:
			server.judgeContainerPorts(v)
			server.judgeServicePorts(s, v)
			var listens []string
			for _, p := range server.ports {
				listens = append(listens, p.Name+" "+spell(p))
			}
			v.pass("Container and Services agree with the configuration: %s", strings.Join(listens, ", "))
		}
	}
}

func (v *server) judgeContainerPorts(out *verdict) {
	for _, p := range v.container.Ports {
		v.judgePort(out, p.ContainerPort, protocolOf(p.Protocol), "Container port "+strings.TrimSpace(p.Name+" ")+fmt.Sprintf(" %d/%s", p.ContainerPort, protocolOf(p.Protocol)), v.field("ports"))
	}
}

// judgePort says what is wrong with a port that the server should listen on.
func (v *server) judgePort(out *verdict, number int32, protocol corev1.Protocol, what, where string) {
	if _, ok := v.listens(number, protocol); ok {
		return
	}
	other := corev1.ProtocolTCP
	if protocol == corev1.ProtocolTCP {
		other = corev1.ProtocolUDP
	}
	if p, ok := v.listens(number, other); ok {
		out.fail(fmt.Sprintf("Make it %s, or change the port in LiveKit's configuration: %s", other, where), "%s: the server listens there with %s (%s)", what, other, p.Name)
		return
	}
	out.fail("Let the ports follow LiveKit's configuration: "+where, "%s: the server does not listen there; it listens on %s", what, v.spellPorts())
}

func (v *server) spellPorts() string {
	var out []string
	for _, p := range v.ports {
		out = append(out, spell(p))
	}
	return strings.Join(out, ", ")
}

func (v *server) judgeServicePorts(s *subject, out *verdict) {
	for _, service := range v.servicesOf(s) {
		for _, p := range service.spec.Ports {
			number, protocol := v.target(p), protocolOf(p.Protocol)
			if number == 0 || v.isAnothers(number, protocol) {
				continue
			}
			where := "spec.ports in " + service.File
			port, ok := v.listens(number, protocol)
			if !ok {
				v.judgePort(out, number, protocol, fmt.Sprintf("Service %s, port %s leads to %d/%s", service.Name(), portName(p), number, protocol), where)
				continue
			}
			if isMedia(port) && p.Port != number {
				out.fail("Give the Service the same port: "+where, "Service %s, port %s leads to %d, but the server tells clients its own port, %d", service.Name(), portName(p), number, number)
			}
		}
	}
}

// isAnothers reports whether another container of the pod has the port.
func (v *server) isAnothers(number int32, protocol corev1.Protocol) bool {
	for _, c := range v.containers() {
		if c.Name == v.container.Name {
			continue
		}
		for _, p := range c.Ports {
			if p.ContainerPort == number && protocolOf(p.Protocol) == protocol {
				return true
			}
		}
	}
	redis, ok := v.redisSidecar()
	return ok && slices.Contains(redisPorts(redis), number)
}

// isMedia tells ports whose number the server tells clients.
func isMedia(p livekit.Port) bool {
	return p.Name == "rtc-tcp" || p.Name == "rtc-udp" || p.Name == "turn-udp"
}

// media judges whether clients outside the cluster reach the media ports.
func media(s *subject, v *verdict) {
	for _, server := range s.servers {
		if server.portsErr != nil || !server.isConfigSeen() {
			v.skip("The ports are not known: see config")
			continue
		}
		var open, shut []string
		for _, p := range server.ports {
			if p.Name != "rtc-udp" && p.Name != "rtc-tcp" {
				continue
			}
			ways := server.waysTo(s, p)
			if len(ways.open) > 0 {
				open = append(open, fmt.Sprintf("%s %s by %s", p.Name, spell(p), ways.open[0]))
				continue
			}
			shut = append(shut, fmt.Sprintf("%s %s%s", p.Name, spell(p), ways.why()))
		}
		server.judgeMedia(s, v, open, shut)
	}
}

func (v *server) judgeMedia(s *subject, out *verdict, open, shut []string) {
	step := "Set hostNetwork, or a Service of type NodePort whose port, targetPort and nodePort are one number, or of type LoadBalancer: " + v.File
	switch {
	case len(open)+len(shut) == 0:
		out.fail("Set rtc.udp_port", "The server has no media port")
	case len(open) == 0 && s.wantsClusterOnly():
		out.pass("Media is reachable inside the cluster only, as the values say")
	case len(open) == 0:
		out.fail(step, "Media is reachable inside the cluster only: %s", strings.Join(shut, "; "))
	case len(shut) > 0 && slices.ContainsFunc(shut, func(t string) bool { return strings.HasPrefix(t, "rtc-udp") }):
		out.warn(step, "Media over UDP is not reachable from outside the cluster, over TCP alone calls are poor: %s", strings.Join(shut, "; "))
	default:
		if _, ok := v.port("rtc-tcp"); !ok {
			out.warn("Set rtc.tcp_port to a port that is open in the same way", "Media goes over UDP alone: clients whose network blocks UDP have no way in")
		}
		out.pass("Media is reachable from outside the cluster: %s", strings.Join(open, ", "))
	}
}

// ways are the ways to a port from outside the cluster, and what looks like
// one and is none.
type ways struct{ open, near []string }

func (w ways) why() string {
	if len(w.near) == 0 {
		return ""
	}
	return " (" + strings.Join(w.near, ", ") + ")"
}

func (v *server) waysTo(s *subject, port livekit.Port) ways {
	var out ways
	if v.pod().HostNetwork {
		out.open = append(out.open, "the node's network")
	}
	for _, p := range v.container.Ports {
		if !isOf(port, p.ContainerPort, p.Protocol) || p.HostPort == 0 {
			continue
		}
		if p.HostPort == p.ContainerPort {
			out.open = append(out.open, "a host port")
		} else {
			out.near = append(out.near, fmt.Sprintf("host port %d is not the port that clients are told", p.HostPort))
		}
	}
	opened := map[string]map[int32]bool{} // by Service
	for _, service := range v.servicesOf(s) {
		for _, p := range service.spec.Ports {
			if !isOf(port, v.target(p), p.Protocol) {
				continue
			}
			out.add(s, service, p, v.target(p))
			if opened[service.Name()] == nil {
				opened[service.Name()] = map[int32]bool{}
			}
			opened[service.Name()][v.target(p)] = true
		}
	}
	out.coversRange(port, opened)
	return out
}

func isOf(port livekit.Port, number int32, protocol corev1.Protocol) bool {
	return port.Protocol == string(protocolOf(protocol)) && int(number) >= port.From && int(number) <= port.To
}

func (w *ways) add(s *subject, service serviceObject, p corev1.ServicePort, target int32) {
	name := fmt.Sprintf("%s Service %s", or(string(service.spec.Type), "ClusterIP"), service.Name())
	byPort := p.Port == target
	switch {
	case service.spec.Type == corev1.ServiceTypeNodePort && p.NodePort == target && byPort,
		service.spec.Type == corev1.ServiceTypeLoadBalancer && byPort,
		len(service.spec.ExternalIPs) > 0 && byPort,
		s.isRouted(service.Name()):
		w.open = append(w.open, name)
	case service.spec.Type == corev1.ServiceTypeNodePort && p.NodePort == 0:
		w.near = append(w.near, fmt.Sprintf("%s has a node port by chance, clients are told %d", name, target))
	case service.spec.Type == corev1.ServiceTypeNodePort:
		w.near = append(w.near, fmt.Sprintf("%s has node port %d, clients are told %d", name, p.NodePort, target))
	default:
		w.near = append(w.near, name)
	}
}

// isRouted finds a Gateway's route for UDP or TCP to a Service.
func (s *subject) isRouted(service string) bool {
	for _, o := range s.objects {
		if o.Kind() != "UDPRoute" && o.Kind() != "TCPRoute" {
			continue
		}
		for _, rule := range o.List("spec", "rules") {
			refs, _ := rule.(map[string]any)
			backends, _ := refs["backendRefs"].([]any)
			for _, b := range backends {
				if backend, ok := b.(map[string]any); ok && backend["name"] == service {
					return true
				}
			}
		}
	}
	return false
}

// wantsClusterOnly reports whether a value asks for media inside the cluster:
// type: ClusterIP in a block that is named after media.
func (s *subject) wantsClusterOnly() bool {
	var walk func(m map[string]any, isMedia bool) bool
	walk = func(m map[string]any, isMedia bool) bool {
		if isMedia && m["type"] == "ClusterIP" {
			return true
		}
		for _, k := range sortedKeys(m) {
			below, ok := m[k].(map[string]any)
			lower := strings.ToLower(k)
			if ok && walk(below, isMedia || strings.Contains(lower, "media") || strings.Contains(lower, "rtc") || strings.Contains(lower, "udp")) {
				return true
			}
		}
		return false
	}
	return walk(s.values, false)
}

// nodeIP judges the address that the server tells clients: STUN's where
// use_external_ip is on, else node_ip, else its own.
func nodeIP(s *subject, v *verdict) {
	for _, server := range s.servers {
		if !server.isConfigSeen() {
			v.skip("The configuration is not the chart's own: %s", server.configSource.from)
			continue
		}
		given, origin := server.nodeAddress()
		switch {
		case server.isOn("rtc.use_external_ip") && origin != "":
			v.fail(fmt.Sprintf("Keep one of the two: %s, or rtc.use_external_ip", server.where("rtc.node_ip")), "rtc.use_external_ip is on, so the server finds its address by STUN and ignores %s", origin)
		case server.isOn("rtc.use_external_ip"):
			server.judgeSTUN(s, v)
			v.pass("The server finds its address by STUN, and does not start where it cannot")
		case origin == "":
			server.judgeOwnAddress(s, v)
		default:
			server.judgeAdvertised(s, v, given, origin)
		}
	}
}

// nodeAddress gives what sets rtc.node_ip: the flag wins over the variable, and
// that over the configuration.
func (v *server) nodeAddress() (setting, string) {
	if f, ok := v.flag("node-ip"); ok {
		return f.value, "--node-ip"
	}
	if e, ok := v.env["NODE_IP"]; ok {
		return e, "NODE_IP"
	}
	if text := v.text("rtc.node_ip"); text != "" {
		return setting{text: text, isKnown: true}, "rtc.node_ip"
	}
	return setting{}, ""
}

const hostIPStep = "Set the variable NODE_IP from status.hostIP: "

func (v *server) judgeOwnAddress(s *subject, out *verdict) {
	switch {
	case v.pod().HostNetwork:
		out.pass("The server tells clients the node's address, which is its own with hostNetwork")
	case s.wantsClusterOnly():
		out.pass("The server tells clients its pod's address, for media inside the cluster")
	default:
		out.fail(hostIPStep+v.field("env"), "%s: no address is set, so the server tells clients its pod's address, which is unreachable from outside the cluster", v)
	}
}

func (v *server) judgeAdvertised(s *subject, out *verdict, given setting, origin string) {
	switch {
	case given.field == "status.podIP" || given.field == "status.podIPs":
		if v.pod().HostNetwork {
			out.pass("%s is the pod's address, with hostNetwork the node's", origin)
			return
		}
		if s.wantsClusterOnly() {
			out.pass("%s is the pod's address, for media inside the cluster", origin)
			return
		}
		out.fail(hostIPStep+v.field("env"), "%s: %s is the pod's address (%s), which is unreachable from outside the cluster", v, origin, given.field)
	case given.field == "status.hostIP" || given.field == "status.hostIPs":
		if name := v.loadBalanced(s); name != "" {
			out.warn("Set it to the load balancer's address, unless that is the node's: "+v.field("env"), "%s is the node's address, but media comes in by LoadBalancer Service %s", origin, name)
		}
		out.pass("%s is the node's address (%s)", origin, given.field)
	case given.isKnown:
		v.judgeFixed(out, given.text, origin)
	default:
		out.pass("%s comes from %s", origin, given.from)
	}
}

// loadBalanced names a LoadBalancer that is the only way to the media ports.
func (v *server) loadBalanced(s *subject) string {
	port, ok := v.port("rtc-udp")
	if !ok || v.pod().HostNetwork {
		return ""
	}
	for _, service := range v.servicesOf(s) {
		for _, p := range service.spec.Ports {
			if service.spec.Type == corev1.ServiceTypeLoadBalancer && isOf(port, v.target(p), p.Protocol) {
				return service.Name()
			}
		}
	}
	return ""
}

func (v *server) judgeFixed(out *verdict, text, origin string) {
	for part := range strings.SplitSeq(text, ",") {
		ip, err := netip.ParseAddr(strings.TrimSpace(part))
		switch {
		case err != nil:
			out.fail("Give an IP address: "+v.where("rtc.node_ip"), "%s is %q, which is no IP address", origin, text)
		case ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast():
			out.fail("Give the address by which clients reach the server: "+v.where("rtc.node_ip"), "%s is %s, which no client reaches", origin, text)
		default:
			out.pass("%s is the fixed address %s", origin, text)
		}
	}
}

// serviceLinks: for every Service of the namespace, a pod with service links
// gets NAME_PORT=tcp://address:port, and the server reads LIVEKIT_PORT.
func serviceLinks(s *subject, v *verdict) {
	for _, server := range s.servers {
		if links := server.pod().EnableServiceLinks; links != nil && !*links {
			v.pass("enableServiceLinks is false")
			continue
		}
		step := "Set enableServiceLinks: false: " + server.spec("enableServiceLinks")
		collides := false
		for _, service := range s.services {
			if env, key, ok := livekit.ServiceLinkCollision(service.Name()); ok {
				collides = true
				v.fail(step, "%s: Service %s makes the variable %s=tcp://..., which the server takes for %s, and ends", server.workloadObject, service.Name(), env, key)
			}
		}
		if !collides {
			v.warn(step, "%s has service links: a Service named livekit anywhere in the namespace would set LIVEKIT_PORT, and the server would end", server.workloadObject)
		}
	}
}
