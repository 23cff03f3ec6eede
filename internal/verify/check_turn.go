package verify

import (
	"cmp"
	"fmt"
	"net/netip"

	"github.com/Masterminds/semver/v3"

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
		way := fmt.Sprintf("%s has it at port %d", r.service, r.port.Port)
		switch {
		case r.port.Port == 443 && isOutside, r.port.NodePort == 443, s.in.isRouted(r.service.Name()):
			return
		case r.port.NodePort != 0:
			way = fmt.Sprintf("Service %s has it at port %d of the nodes", r.service.Name(), r.port.NodePort)
		}
		ways.near = append(ways.near, way)
	}
	out.warn("Give it a Service of type LoadBalancer with port 443, or hostNetwork with turn.tls_port 443: "+s.File,
		"Clients are told port 443 of %s for TURN over TLS, and nothing leads from there to %s%s",
		cmp.Or(s.text("turn.domain"), "turn.domain"), port, ways.why())
}

// checkCertificate: without certificate and domain the server ends at its start.
func (s *server) checkCertificate(out *result) {
	for _, needed := range []struct{ what, key string }{
		{"certificate", "turn.cert_file"}, {"key of its certificate", "turn.key_file"}, {"domain", "turn.domain"},
	} {
		isFile := needed.key != "turn.domain"
		name := s.text(needed.key)
		switch {
		case name == "" && s.origin[needed.key] == "" && !(isFile && s.isOn("turn.external_tls")):
			out.fail("Mount a certificate for turn.domain, the name that clients connect to, and name it in "+
				"turn.cert_file and turn.key_file, or end TLS before the server and set turn.external_tls: "+
				s.where("turn"), "TURN over TLS has no %s (no %s): the server does not start", needed.what, needed.key)
		case name != "" && isFile:
			content, mode := s.file(name)
			if content.missing {
				out.fail("Mount the Secret with the certificate there, or correct the path: "+s.where(needed.key),
					"%s is %s, %s", needed.key, name, content.from)
			}
			s.checkReadable(out, needed.key, content, mode)
		}
	}
}

// checkRelay: since 1.12 the server's TURN refuses to relay to private addresses, its own among them (CHANGELOG of
// LiveKit, allow_restricted_peer_cidrs).
func (s *server) checkRelay(out *result) {
	_, tag, _ := splitImage(s.container.Image)
	version, tagErr := semver.NewVersion(tag) // what is no version is taken for new
	isOlder := tagErr == nil && version.LessThan(semver.MustParse("1.12"))
	given, origin := s.nodeAddress()
	address, err := netip.ParseAddr(given.text)
	isPublic := given.isKnown && given.field == "" && err == nil && !address.IsPrivate()
	if livekit.Lookup(s.config, "turn.allow_restricted_peer_cidrs") != nil || isOlder ||
		isPublic || s.isOn("rtc.use_external_ip") {
		return
	}
	out.warn("Set turn.allow_restricted_peer_cidrs to the network of these addresses, such as [10.0.0.0/8]: "+
		s.where("turn"),
		"TURN relays to %s, and refuses private addresses (LiveKit 1.12 and later): "+
			"where nodes have no public ones, no relayed call goes through", cmp.Or(origin, "the server's own address"))
}
