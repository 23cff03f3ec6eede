package verify

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
)

// checkMedia: clients outside the cluster reach the media ports.
func checkMedia(s *server, out *result) {
	if s.portsErr != nil || !s.isConfigSeen() {
		out.skip("The ports are not known: see config")
		return
	}
	var open, shut []string
	for _, p := range s.listens {
		if p.Name != "rtc-udp" && p.Name != "rtc-tcp" {
			continue
		}
		if access := s.accessTo(&p); len(access.open) > 0 {
			open = append(open, fmt.Sprintf("%s %s by %s", p.Name, p, access.open[0]))
		} else {
			shut = append(shut, fmt.Sprintf("%s %s%s", p.Name, p, access.why()))
		}
	}
	isUDP := func(port string) bool { return strings.HasPrefix(port, "rtc-udp") }
	const openIt = "Set hostNetwork, or a Service of type NodePort " +
		"whose port, targetPort and nodePort are one number, or of type LoadBalancer: "
	switch {
	case len(open)+len(shut) == 0:
		out.fail("Set rtc.udp_port", "The server has no media port")
	case len(open) == 0 && s.in.wantsClusterOnly():
		out.pass("Media is reachable inside the cluster only, as the values say")
	case len(open) == 0:
		out.fail(openIt+s.File, "Media is reachable inside the cluster only: %s", strings.Join(shut, "; "))
	case slices.ContainsFunc(shut, isUDP):
		out.warn(openIt+s.File, "Media over UDP is not reachable from outside the cluster, "+
			"over TCP alone calls are poor: %s", strings.Join(shut, "; "))
	case s.port("rtc-tcp") == nil:
		out.warn("Set rtc.tcp_port to a port that is open in the same way",
			"Media goes over UDP alone: clients whose network blocks UDP have no way in")
	default:
		out.pass("Media is reachable from outside the cluster: %s", strings.Join(open, ", "))
	}
}

// checkNodeIP looks at the address that the server tells clients: STUN's where
// use_external_ip is on, else node_ip, else its own.
func checkNodeIP(s *server, out *result) {
	given, origin := s.nodeAddress()
	bySTUN := s.isOn("rtc.use_external_ip")
	switch {
	case !s.isConfigSeen():
		s.skipUnseen(out)
	case bySTUN && origin != "":
		out.fail(fmt.Sprintf("Keep one of the two: %s, or rtc.use_external_ip", s.where("rtc.node_ip")),
			"rtc.use_external_ip is on, so the server finds its address by STUN and ignores %s", origin)
	case bySTUN:
		s.checkSTUN(out)
		out.pass("The server finds its address by STUN, and does not start where it cannot")
	case origin == "" && s.reportProblems(out, "node-ip"): // such as a list
	case origin == "" && s.pod.HostNetwork:
		out.pass("The server tells clients the node's address, which is its own with hostNetwork")
	case origin == "" && s.in.wantsClusterOnly():
		out.pass("The server tells clients its pod's address, for media inside the cluster")
	case origin == "":
		out.fail(hostIPStep+s.field("env"), "%s: no address is set, so the server tells clients its pod's address, "+
			"which is unreachable from outside the cluster", s)
	default:
		s.checkAdvertised(out, given, origin)
	}
}

const hostIPStep = "Set the variable NODE_IP from status.hostIP: "

func (s *server) checkAdvertised(out *result, given setting, origin string) {
	isPods := given.field == "status.podIP" || given.field == "status.podIPs"
	switch {
	case isPods && s.pod.HostNetwork:
		out.pass("%s is the pod's address, with hostNetwork the node's", origin)
	case isPods && s.in.wantsClusterOnly():
		out.pass("%s is the pod's address, for media inside the cluster", origin)
	case isPods:
		out.fail(hostIPStep+s.field("env"),
			"%s: %s is the pod's address (%s), which is unreachable from outside the cluster", s, origin, given.field)
	case given.field == "status.hostIP" || given.field == "status.hostIPs":
		if name := s.loadBalancer(); name != "" {
			out.warn("Set it to the load balancer's address, unless that is the node's: "+s.field("env"),
				"%s is the node's address, but media comes in by LoadBalancer Service %s", origin, name)
		}
		out.pass("%s is the node's address (%s)", origin, given.field)
	case given.isKnown:
		s.checkFixedAddress(out, given.text, origin)
	default:
		out.pass("%s comes from %s", origin, given.from)
	}
}

// loadBalancer names one that is the way to the media ports, "" without one.
func (s *server) loadBalancer() string {
	port := s.port("rtc-udp")
	if port == nil || s.pod.HostNetwork {
		return ""
	}
	r := first(s.routesTo(port), func(r route) bool { return r.service.isLoadBalancer() })
	return ptr.Deref(r, route{}).service.Name()
}

// isExample tells an address that `scaffold --cloud` writes for the user to replace (TEST-NET-1 of RFC 5737).
func isExample(ip net.IP) bool {
	return (&net.IPNet{IP: net.IPv4(192, 0, 2, 0).To4(), Mask: net.CIDRMask(24, 32)}).Contains(ip)
}

func (s *server) checkFixedAddress(out *result, text, origin string) {
	for part := range strings.SplitSeq(text, ",") {
		switch ip := net.ParseIP(strings.TrimSpace(part)); {
		case ip == nil:
			out.fail("Give an IP address: "+s.where("rtc.node_ip"), "%s is %q, which is no IP address", origin, text)
			return
		case isExample(ip):
			out.warn("Give the address by which clients reach the server: "+s.where("rtc.node_ip"),
				"%s is %s, an example: no client reaches it", origin, text)
		case ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast():
			out.fail("Give the address by which clients reach the server: "+s.where("rtc.node_ip"),
				"%s is %s, which no client reaches", origin, text)
		}
	}
	s.reportProblems(out, "node-ip")
	out.pass("%s is the fixed address %s", origin, text)
}

// checkSTUN: with use_external_ip the server asks STUN servers at its start, which a NetworkPolicy may forbid.
func (s *server) checkSTUN(out *result) {
	policy := ""
	for _, o := range s.in.ofKind("NetworkPolicy") {
		p := decode[networkingv1.NetworkPolicy](o).Spec
		selector, err := metav1.LabelSelectorAsSelector(&p.PodSelector)
		if err != nil || !closesEgress(p) || !selector.Matches(labels.Set(s.template.Labels)) {
			continue
		}
		if slices.ContainsFunc(p.Egress, letsSTUNOut) {
			return // what one policy allows is allowed
		}
		policy = o.Name()
	}
	if policy != "" {
		out.fail("Allow egress over UDP to the STUN servers (ports 19302 and 3478), "+
			"or tell clients the node's address: NODE_IP from status.hostIP, without rtc.use_external_ip",
			"rtc.use_external_ip is on, and NetworkPolicy %s lets nothing out to STUN servers: "+
				"the server does not start", policy)
	}
}

// closesEgress: without policyTypes, egress rules imply that type.
func closesEgress(p networkingv1.NetworkPolicySpec) bool {
	if len(p.PolicyTypes) == 0 {
		return len(p.Egress) > 0
	}
	return slices.Contains(p.PolicyTypes, networkingv1.PolicyTypeEgress)
}

// letsSTUNOut takes a rule for UDP to addresses outside, at any of the ports that STUN servers have.
func letsSTUNOut(rule networkingv1.NetworkPolicyEgressRule) bool {
	return (len(rule.To) == 0 || slices.ContainsFunc(rule.To, isOutside)) &&
		(len(rule.Ports) == 0 || slices.ContainsFunc(rule.Ports, hasSTUNPort))
}

func isOutside(p networkingv1.NetworkPolicyPeer) bool {
	block, err := netip.ParsePrefix(ptr.Deref(p.IPBlock, networkingv1.IPBlock{}).CIDR)
	return err == nil && (block.Bits() == 0 || !block.Addr().IsPrivate())
}

// hasSTUNPort knows the ports of public STUN servers: Google's, those of LiveKit's defaults, and the standard one.
func hasSTUNPort(p networkingv1.NetworkPolicyPort) bool {
	isOpen := func(port int32) bool {
		return p.Port == nil || p.Port.IntVal <= port && port <= ptr.Deref(p.EndPort, p.Port.IntVal)
	}
	return ptr.Deref(p.Protocol, "") == corev1.ProtocolUDP && slices.ContainsFunc([]int32{19302, 3478, 5349}, isOpen)
}
