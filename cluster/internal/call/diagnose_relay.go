package call

import (
	"cmp"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/netfault"
	"github.com/helm-livekit/helm-livekit/cluster/internal/peer"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// explainNoRelay is for a server that told no TURN server of the kind that may be used.
func (o Options) explainNoRelay(kind media.Kind, all []peer.Advertised) error {
	for _, a := range all {
		if a.TURN.Kind == kind {
			return remedy.Errorf("TURN over UDP is told at the address of media (media.address, NODE_IP) and the "+
				"port turn.udp_port: set these to what clients reach",
				"the server told %s: %s (%s)", a.TURN.URL, a.Skipped, join(o.Expect.Addresses))
		}
	}
	if kind == media.TURNTLS {
		return remedy.Errorf("set turn.enabled, turn.tls_port and turn.domain in the server's configuration, with a "+
			"certificate for that name", "the server told its clients no TURN server over TLS")
	}
	return remedy.Errorf("set turn.enabled and turn.udp_port in the server's configuration",
		"the server told its clients no TURN server over UDP")
}

// explainRelay is for TURN servers that gave no relay.
func explainRelay(kind media.Kind, e peer.Evidence) error {
	server := ""
	for _, a := range e.Advertised {
		if a.TURN.Kind == kind && a.Skipped == "" {
			server = a.TURN.URL
		}
	}
	for _, err := range e.TURN {
		return remedy.Errorf(turnStep(err), "%s: %w", server, err)
	}
	for _, line := range e.Log {
		switch {
		case strings.Contains(line, "no such host"):
			return remedy.Errorf("give turn.domain a DNS record that leads to the TURN Service, or name the place "+
				"with --turn-tls-address until there is one", "%s: the name is not known", server)
		case strings.Contains(line, "error 401"), strings.Contains(line, "Unauthorized"):
			return remedy.Errorf("the TURN server is not the one of this LiveKit, or has other keys: check where "+
				"its address leads", "%s refused the credentials that the server gave", server)
		case strings.Contains(line, "error 486"), strings.Contains(line, "error 508"):
			return remedy.Errorf("widen turn.relay_range_start and turn.relay_range_end in the server's configuration",
				"%s has no port left to relay from", server)
		}
	}
	if kind == media.TURNTLS {
		return remedy.Errorf("check that what listens there is LiveKit's TURN (turn.tls_port), with TLS ending "+
			"once: in the server, or before it with turn.external_tls", "%s gave no relay", server)
	}
	return remedy.Errorf("open the port in the nodes' firewall and in NetworkPolicies, and check that a Service "+
		"leads from that address to turn.udp_port of the pod", "%s gave no answer", server)
}

// turnSteps say what to do where a TURN server over TLS is not reached.
var turnSteps = map[netfault.Fault]string{
	netfault.UnknownName: "give turn.domain a DNS record that leads to the TURN Service, or name the place with " +
		"--turn-tls-address until there is one",
	netfault.UnknownAuthority: "browsers refuse this certificate: let turn.domain have one of a public authority; " +
		"to test with your own, give it with --ca-file",
	netfault.WrongName:   "the certificate must be for turn.domain",
	netfault.InvalidCert: "renew the certificate; LiveKit reads it at its start alone, so restart the pod afterwards",
	netfault.NotTLS: "what listens there does not speak TLS: with turn.external_tls, something before the " +
		"server must",
	netfault.Refused: "clients are always told port 443 of turn.domain: let a Service or load balancer take it to " +
		"turn.tls_port of the pod",
}

func turnStep(err error) string {
	return cmp.Or(turnSteps[netfault.Of(err)],
		"clients are always told port 443 of turn.domain: check where that name leads, and that port 443 is open there")
}

// explainBehindRelay is for relays from which the server is not reached.
func explainBehindRelay(kind media.Kind, tried []peer.Advertised) error {
	restricted := slices.DeleteFunc(slices.Clone(tried),
		func(a peer.Advertised) bool { return !allPrivate([]peer.Advertised{a}) })
	if len(restricted) > 0 {
		var cidrs []string
		for _, a := range restricted {
			address := a.Candidate.Address
			cidr := address.String() + map[bool]string{true: "/32", false: "/128"}[address.Is4()]
			if !slices.Contains(cidrs, cidr) {
				cidrs = append(cidrs, cidr)
			}
		}
		return remedy.Errorf("since 1.12 LiveKit's TURN server relays to no private address: name it in "+
			"turn.allow_restricted_peer_cidrs: ["+strings.Join(cidrs, ", ")+"]",
			"%s gave a relay, and nothing came back through it from %s", kind, list(tried))
	}
	if len(tried) == 0 {
		return remedy.Errorf("set rtc.udp_port or a range in the server's configuration: TURN relays to UDP alone",
			"%s gave a relay, and the server told no UDP address to relay to", kind)
	}
	return remedy.Errorf("the TURN server must reach the server's media address from inside: check that the pod can "+
		"send to that address (hairpin), and NetworkPolicies",
		"%s gave a relay, and nothing came back through it from %s", kind, list(tried))
}
