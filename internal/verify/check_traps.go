package verify

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// The traps are settings that render, install and run, and keep calls from working all
// the same.

// servers judges whether several servers can each be reached at the address and ports
// that they tell clients.
func servers(s *subject, v *verdict) {
	for _, server := range s.servers {
		several, why := server.several(s)
		if !several {
			v.pass("One server: every way of media leads to it")
			continue
		}
		server.judgeNodes(v, why)
		server.judgeShared(s, v, why)
		server.judgeClaims(s, v, why)
		if _, origin := server.nodeAddress(); origin != "" && server.fixedAddress() {
			v.fail("Let each server tell its own address (NODE_IP from status.hostIP, with hostNetwork or one pod on a node), or run one: "+server.where("rtc.node_ip"),
				"%s runs several servers (%s), and all tell clients the one address of %s", server.workloadObject, why, origin)
		}
		v.pass("Several servers (%s), each with a way of its own", why)
	}
}

// judgeNodes: pods that want the same ports of the node cannot share one.
func (v *server) judgeNodes(out *verdict, why string) {
	if v.Kind() == "DaemonSet" || !v.takesNodePorts() {
		return
	}
	out.warn("Have as many nodes for it, or let it be a DaemonSet, or choose media by NodePort with one replica",
		"%s runs several servers (%s) on ports of the node: each needs a node of its own, and those that find none stay Pending", v.workloadObject, why)
}

func (v *server) takesNodePorts() bool {
	return v.pod().HostNetwork || slices.ContainsFunc(v.container.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 })
}

// judgeShared: a Service that leads to several servers takes a client's media to any of
// them.
func (v *server) judgeShared(s *subject, out *verdict, why string) {
	if v.takesNodePorts() {
		return
	}
	for _, service := range v.servicesOf(s) {
		if !v.carriesMedia(service) {
			continue
		}
		name := fmt.Sprintf("%s Service %s", service.spec.Type, service.Name())
		switch {
		case service.spec.Type == corev1.ServiceTypeLoadBalancer:
			out.fail("Run one server, or let each have its node's ports (hostNetwork)",
				"%s has one address for several servers (%s): media reaches any of them, and not the one that has the call", name, why)
		case service.spec.Type == corev1.ServiceTypeNodePort && service.spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal:
			out.fail("Set externalTrafficPolicy: Local, and keep the pods on different nodes: "+service.File,
				"%s sends what comes to a node to any of several servers (%s), and not to the one that has the call", name, why)
		case service.spec.Type == corev1.ServiceTypeNodePort && v.Kind() != "DaemonSet" && !v.keepsApart():
			out.warn("Keep the pods on different nodes, by podAntiAffinity or topologySpreadConstraints over kubernetes.io/hostname: "+v.spec("affinity"),
				"%s: two of several servers (%s) on one node would share its port, and media would reach either", name, why)
		}
	}
}

func (v *server) carriesMedia(service serviceObject) bool {
	return slices.ContainsFunc(service.spec.Ports, func(p corev1.ServicePort) bool {
		port, ok := v.listens(v.target(p), protocolOf(p.Protocol))
		return ok && isMedia(port)
	})
}

// keepsApart says that no two pods come to one node.
func (v *server) keepsApart() bool {
	const hostname = "kubernetes.io/hostname"
	if a := v.pod().Affinity; a != nil && a.PodAntiAffinity != nil {
		for _, term := range a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			if term.TopologyKey == hostname {
				return true
			}
		}
	}
	return slices.ContainsFunc(v.pod().TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
		return c.TopologyKey == hostname && c.WhenUnsatisfiable == corev1.DoNotSchedule
	})
}

// judgeClaims: a claim for one node keeps the pods on it, or from starting elsewhere.
func (v *server) judgeClaims(s *subject, out *verdict, why string) {
	for _, volume := range v.pod().Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		claim, ok := s.find("PersistentVolumeClaim", volume.PersistentVolumeClaim.ClaimName)
		if !ok {
			continue
		}
		modes := claim.List("spec", "accessModes")
		if slices.Contains(modes, any("ReadWriteOnce")) || slices.Contains(modes, any("ReadWriteOncePod")) {
			out.warn("Leave the claim out (LiveKit itself stores nothing), or use ReadWriteMany: "+claim.File,
				"%s runs several servers (%s), and claim %s is for one node at a time: pods on other nodes do not start", v.workloadObject, why, claim.Name())
		}
	}
}

// fixedAddress says that the address that clients are told is written down.
func (v *server) fixedAddress() bool {
	given, _ := v.nodeAddress()
	return given.isKnown && given.field == ""
}

// turn judges whether clients reach TURN, and TURN the server.
func turn(s *subject, v *verdict) {
	for _, server := range s.servers {
		if !server.isConfigSeen() || server.portsErr != nil {
			v.skip("The configuration is not known: see config")
			continue
		}
		if !server.isOn("turn.enabled") {
			v.pass("TURN is off")
			continue
		}
		server.judgeTURNOverUDP(s, v)
		server.judgeTURNOverTLS(s, v)
		server.judgeRelay(v)
		v.pass("Clients reach TURN at the ports that they are told")
	}
}

func (v *server) judgeTURNOverUDP(s *subject, out *verdict) {
	port, ok := v.port("turn-udp")
	if !ok || s.wantsClusterOnly() {
		return
	}
	if ways := v.waysTo(s, port); len(ways.open) == 0 {
		out.warn("Open it in the same way as the media ports: "+v.File, "TURN over UDP %s is not reachable from outside the cluster%s", spell(port), ways.why())
	}
}

// judgeTURNOverTLS: whatever tls_port is, clients are told port 443 of turn.domain
// (service/turn.go and service/roommanager.go of LiveKit's source).
func (v *server) judgeTURNOverTLS(s *subject, out *verdict) {
	port, ok := v.port("turn-tls")
	if !ok {
		return
	}
	v.judgeCertificate(s, out)
	if v.pod().HostNetwork && port.From == 443 || s.wantsClusterOnly() {
		return
	}
	for _, p := range v.container.Ports {
		if p.HostPort == 443 && isOf(port, p.ContainerPort, p.Protocol) {
			return
		}
	}
	var near []string
	for _, service := range v.servicesOf(s) {
		for _, p := range service.spec.Ports {
			outside := service.spec.Type == corev1.ServiceTypeLoadBalancer || len(service.spec.ExternalIPs) > 0 || v.isOn("turn.external_tls")
			switch {
			case !isOf(port, v.target(p), p.Protocol):
			case p.Port == 443 && outside, p.NodePort == 443, s.isRouted(service.Name()):
				return
			case p.NodePort != 0:
				near = append(near, fmt.Sprintf("Service %s has it at port %d of the nodes", service.Name(), p.NodePort))
			default:
				near = append(near, fmt.Sprintf("%s Service %s has it at port %d", or(string(service.spec.Type), "ClusterIP"), service.Name(), p.Port))
			}
		}
	}
	why := ""
	if len(near) > 0 {
		why = " (" + strings.Join(near, ", ") + ")"
	}
	out.warn("Give it a Service of type LoadBalancer with port 443, or hostNetwork with turn.tls_port 443: "+v.File,
		"Clients are told port 443 of %s for TURN over TLS, and nothing leads from there to %s%s", or(v.text("turn.domain"), "turn.domain"), spell(port), why)
}

// judgeCertificate: without either the server ends at its start.
func (v *server) judgeCertificate(s *subject, out *verdict) {
	_, byVariable := v.env["LIVEKIT_TURN_CERT"]
	_, byFlag := v.flag("turn-cert")
	if v.text("turn.cert_file") == "" && !byVariable && !byFlag && !v.isOn("turn.external_tls") {
		out.fail("Mount a certificate for turn.domain and name it in turn.cert_file and turn.key_file, or end TLS before the server and set turn.external_tls: "+v.where("turn"),
			"TURN over TLS has no certificate: the server does not start")
	}
	v.judgeCertificateFile(s, out)
	if v.text("turn.domain") == "" {
		out.fail("Set turn.domain to the name that clients connect to and that the certificate is for: "+v.where("turn"), "TURN over TLS has no turn.domain: the server does not start")
	}
}

// judgeCertificateFile: the files must be on a volume, and the key with the certificate.
func (v *server) judgeCertificateFile(s *subject, out *verdict) {
	for _, key := range []string{"turn.cert_file", "turn.key_file"} {
		name := v.text(key)
		other := v.text(map[string]string{"turn.cert_file": "turn.key_file", "turn.key_file": "turn.cert_file"}[key])
		if name == "" && other != "" {
			out.fail("Set both turn.cert_file and turn.key_file: "+v.where("turn"), "TURN over TLS has %s, and no %s: the server does not start", other, key)
		}
		if name == "" {
			continue
		}
		if content, _ := s.file(v.pod(), v.container, name); content.missing {
			out.fail("Mount the Secret with the certificate there, or correct the path: "+v.where(key), "%s is %s, %s", key, name, content.from)
		}
	}
}

// judgeRelay: since 1.12 the server's TURN refuses to relay to private addresses, its own
// among them (CHANGELOG of LiveKit, allow_restricted_peer_cidrs).
func (v *server) judgeRelay(out *verdict) {
	if lookup(v.config, "turn.allow_restricted_peer_cidrs") != nil || olderThan(imageTag(v.container.Image), 1, 12) {
		return
	}
	given, origin := v.nodeAddress()
	address, err := netip.ParseAddr(given.text)
	switch {
	case given.isKnown && given.field == "" && err == nil && !address.IsPrivate(), v.isOn("rtc.use_external_ip"):
		return
	case origin == "":
		origin = "the server's own address"
	}
	out.warn("Set turn.allow_restricted_peer_cidrs to the network of these addresses, such as [10.0.0.0/8]: "+v.where("turn"),
		"TURN relays to %s, and refuses private addresses (LiveKit 1.12 and later): where nodes have no public ones, no relayed call goes through", origin)
}

// imageTag gives the tag of an image reference, "" where it has none.
func imageTag(image string) string {
	rest, _, _ := strings.Cut(strings.TrimPrefix(image, imageName(image)), "@")
	return strings.TrimPrefix(rest, ":")
}

// olderThan says that a tag is a version below one; what is no version is taken for new.
func olderThan(tag string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(tag, "v"), "%d.%d", &a, &b); n < 2 {
		return false
	}
	return a < major || a == major && b < minor
}

// dns judges whether a pod on the node's network finds the cluster's Services.
func dns(s *subject, v *verdict) {
	for _, server := range s.servers {
		host := server.clusterName(s)
		if !server.pod().HostNetwork || host == "" {
			v.pass("The server finds what it needs by the names that it is given")
			continue
		}
		if server.pod().DNSPolicy != corev1.DNSClusterFirstWithHostNet {
			v.fail("Set dnsPolicy: ClusterFirstWithHostNet: "+server.spec("dnsPolicy"),
				"%s is on the node's network and asks the node's DNS, which does not know the Service %s", server.workloadObject, host)
		}
		v.pass("The server asks the cluster's DNS, on the node's network too")
	}
}

// clusterName gives the first address of Redis that is a Service's name, "" where none is.
func (v *server) clusterName(s *subject) string {
	addresses := []any{v.text("redis.address")}
	for _, key := range []string{"redis.sentinel_addresses", "redis.cluster_addresses"} {
		list, _ := lookup(v.config, key).([]any)
		addresses = append(addresses, list...)
	}
	for _, a := range addresses {
		host, _, err := net.SplitHostPort(fmt.Sprint(a))
		if err != nil {
			continue
		}
		service, _, _ := strings.Cut(host, ".")
		if _, isHere := s.find("Service", service); isClusterName(host) || isHere {
			return host
		}
	}
	return ""
}

// isClusterName takes names of Services: of one word, or with the cluster's endings.
func isClusterName(host string) bool {
	if host == "" || host == "localhost" || net.ParseIP(host) != nil {
		return false
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") || strings.Contains(host, ".svc.")
}

// judgeSTUN: with use_external_ip the server asks STUN servers at its start, which a
// NetworkPolicy may forbid.
func (v *server) judgeSTUN(s *subject, out *verdict) {
	policy := ""
	for _, o := range s.objects {
		if o.Kind() != "NetworkPolicy" {
			continue
		}
		var p networkingv1.NetworkPolicy
		_ = o.Decode(&p)
		selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		if err != nil || !closesEgress(p.Spec) || !selector.Matches(labels.Set(v.template.Labels)) {
			continue
		}
		if slices.ContainsFunc(p.Spec.Egress, letsSTUNOut) {
			return // what one policy allows is allowed
		}
		policy = o.Name()
	}
	if policy != "" {
		out.fail("Allow egress over UDP to the STUN servers (ports 19302 and 3478), or tell clients the node's address: NODE_IP from status.hostIP, without rtc.use_external_ip",
			"rtc.use_external_ip is on, and NetworkPolicy %s lets nothing out to STUN servers: the server does not start", policy)
	}
}

// closesEgress: without policyTypes, egress rules imply that type.
func closesEgress(p networkingv1.NetworkPolicySpec) bool {
	if len(p.PolicyTypes) == 0 {
		return len(p.Egress) > 0
	}
	return slices.Contains(p.PolicyTypes, networkingv1.PolicyTypeEgress)
}

// letsSTUNOut takes a rule for UDP to addresses outside, at any of the ports that STUN
// servers have.
func letsSTUNOut(rule networkingv1.NetworkPolicyEgressRule) bool {
	outside := len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(p networkingv1.NetworkPolicyPeer) bool {
		if p.IPBlock == nil {
			return false
		}
		block, err := netip.ParsePrefix(p.IPBlock.CIDR)
		return err == nil && (block.Bits() == 0 || !block.Addr().IsPrivate())
	})
	return outside && (len(rule.Ports) == 0 || slices.ContainsFunc(rule.Ports, func(p networkingv1.NetworkPolicyPort) bool {
		if p.Protocol == nil || *p.Protocol != corev1.ProtocolUDP {
			return false
		}
		return p.Port == nil || slices.ContainsFunc(stunPorts, func(port int32) bool {
			last := p.Port.IntVal
			if p.EndPort != nil {
				last = *p.EndPort
			}
			return p.Port.IntVal <= port && port <= last
		})
	}))
}

// stunPorts are the ports of public STUN servers: Google's, those of LiveKit's defaults, and the standard one.
var stunPorts = []int32{19302, 3478, 5349}

// coversRange takes the ways to a range of ports that lead to a part of it for none.
func (w *ways) coversRange(port livekit.Port, opened map[string]map[int32]bool) {
	size := port.To - port.From + 1
	all := map[int32]bool{}
	for _, numbers := range opened {
		maps.Copy(all, numbers)
	}
	if len(opened) == 0 || len(all) >= size {
		return
	}
	for _, service := range slices.Sorted(maps.Keys(opened)) {
		w.open = slices.DeleteFunc(w.open, func(way string) bool { return strings.HasSuffix(way, " Service "+service) })
		w.near = append(w.near, fmt.Sprintf("Service %s opens %d of its %d ports", service, len(opened[service]), size))
	}
}

// judgeBinding says whether the server listens where its Services lead: at all addresses
// of the pod, not at its loopback one.
func (v *server) judgeBinding(out *verdict) {
	addresses, _ := lookup(v.config, "bind_addresses").([]any)
	if len(addresses) == 0 {
		return
	}
	for _, a := range addresses {
		ip := net.ParseIP(fmt.Sprint(a))
		if ip == nil || !ip.IsLoopback() {
			return
		}
	}
	out.fail("Leave bind_addresses out, so that the server listens at all addresses: "+v.where("bind_addresses"),
		"%s listens at %v alone, which neither Services nor probes reach", v, addresses)
}
