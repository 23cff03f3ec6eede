package verify

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/internal/livekit"
)

// checkTURN: clients reach TURN, and TURN the server.
func checkTURN(s *server, out *result) {
	switch {
	case !s.isConfigSeen() || s.portsErr != nil:
		out.skip("The configuration is not known: see config")
		return
	case !s.isOn("turn.enabled"):
		out.pass("TURN is off")
		return
	}
	if port := s.port("turn-udp"); port != nil && !s.in.wantsClusterOnly() {
		if access := s.accessTo(port); len(access.open) == 0 {
			out.warn("Open it in the same way as the media ports: "+s.File,
				"TURN over UDP %s is not reachable from outside the cluster%s", port, access.why())
		}
	}
	if port := s.port("turn-tls"); port != nil {
		s.checkCertificate(out)
		s.checkTURNOverTLS(out, port)
	}
	s.checkRelay(out)
	out.pass("Clients reach TURN at the ports that they are told")
}

// checkTURNOverTLS: whatever tls_port is, clients are told port 443 of
// turn.domain (service/turn.go and service/roommanager.go of LiveKit's source).
func (s *server) checkTURNOverTLS(out *result, port *livekit.Port) {
	if s.pod.HostNetwork && port.From == 443 || s.in.wantsClusterOnly() {
		return
	}
	for _, p := range s.container.Ports {
		if p.HostPort == 443 && port.Has(p.ContainerPort, string(p.Protocol)) {
			return
		}
	}
	var ways access
	for _, r := range s.routesTo(port) {
		isOutside := r.service.isLoadBalancer() || len(r.service.spec.ExternalIPs) > 0 || s.isOn("turn.external_tls")
		switch {
		case r.port.Port == 443 && isOutside, r.port.NodePort == 443, s.in.isRouted(r.service.Name()):
			return
		case r.port.NodePort != 0:
			ways.near = append(ways.near,
				fmt.Sprintf("Service %s has it at port %d of the nodes", r.service.Name(), r.port.NodePort))
		default:
			ways.near = append(ways.near, fmt.Sprintf("%s has it at port %d", r.service, r.port.Port))
		}
	}
	out.warn("Give it a Service of type LoadBalancer with port 443, or hostNetwork with turn.tls_port 443: "+s.File,
		"Clients are told port 443 of %s for TURN over TLS, and nothing leads from there to %s%s",
		cmp.Or(s.text("turn.domain"), "turn.domain"), port, ways.why())
}

// checkCertificate: without certificate and domain the server ends at its start.
func (s *server) checkCertificate(out *result) {
	isGiven := s.text("turn.cert_file") != "" || s.origin["turn.cert_file"] != ""
	if !isGiven && !s.isOn("turn.external_tls") {
		out.fail("Mount a certificate for turn.domain and name it in turn.cert_file and turn.key_file, "+
			"or end TLS before the server and set turn.external_tls: "+s.where("turn"),
			"TURN over TLS has no certificate: the server does not start")
	}
	s.checkCertificateFile(out, "turn.cert_file", s.text("turn.key_file"))
	s.checkCertificateFile(out, "turn.key_file", s.text("turn.cert_file"))
	if s.text("turn.domain") == "" {
		out.fail("Set turn.domain to the name that clients connect to and that the certificate is for: "+
			s.where("turn"), "TURN over TLS has no turn.domain: the server does not start")
	}
}

// checkCertificateFile: the file must be on a volume, and not without the other
// of certificate and key.
func (s *server) checkCertificateFile(out *result, key, other string) {
	name := s.text(key)
	if name == "" {
		if other != "" {
			out.fail("Set both turn.cert_file and turn.key_file: "+s.where("turn"),
				"TURN over TLS has %s, and no %s: the server does not start", other, key)
		}
		return
	}
	if content, _ := s.file(name); content.missing {
		out.fail("Mount the Secret with the certificate there, or correct the path: "+s.where(key),
			"%s is %s, %s", key, name, content.from)
	}
}

// checkRelay: since 1.12 the server's TURN refuses to relay to private
// addresses, its own among them (CHANGELOG of LiveKit,
// allow_restricted_peer_cidrs).
func (s *server) checkRelay(out *result) {
	_, tag, _ := splitImage(s.container.Image)
	given, origin := s.nodeAddress()
	address, err := netip.ParseAddr(given.text)
	isPublic := given.isKnown && given.field == "" && err == nil && !address.IsPrivate()
	if lookup(s.config, "turn.allow_restricted_peer_cidrs") != nil || isOlder(tag, 1, 12) ||
		isPublic || s.isOn("rtc.use_external_ip") {
		return
	}
	out.warn("Set turn.allow_restricted_peer_cidrs to the network of these addresses, such as [10.0.0.0/8]: "+
		s.where("turn"),
		"TURN relays to %s, and refuses private addresses (LiveKit 1.12 and later): "+
			"where nodes have no public ones, no relayed call goes through", cmp.Or(origin, "the server's own address"))
}

// isOlder says that a tag is a version below one; what is no version is taken
// for new.
func isOlder(tag string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(tag, "v"), "%d.%d", &a, &b); n < 2 {
		return false
	}
	return slices.Compare([]int{a, b}, []int{major, minor}) < 0
}
