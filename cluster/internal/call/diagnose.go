package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/peer"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// explainJoin says why a participant did not get to the point where media goes both ways.
func (o Options) explainJoin(err error, participant *peer.Participant) error {
	evidence, kind := participant.Evidence(), participant.Kind()
	switch {
	case remedy.Step(err) != "":
		return err
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, peer.ErrRejoin) && leaveStep(err) != "":
		return remedy.Errorf(leaveStep(err), "%w", err)
	case evidence.Stage == peer.Signalling && errors.Is(err, context.DeadlineExceeded):
		return remedy.Errorf("the server took the connection and could not begin a session: look at its log; with "+
			"Redis, check that the server reaches it", "%w", err)
	case evidence.Stage == peer.Signalling:
		return remedy.Errorf("the connection broke before the server's welcome: look at its log, and at time limits "+
			"of the ingress for WebSockets", "%w", err)
	case errors.Is(err, peer.ErrSignalling):
		return remedy.Errorf("look at the server's log; an ingress or proxy that ends WebSockets early does "+
			"this as well", "%w", err)
	case errors.Is(err, peer.ErrNoConsent):
		return remedy.Errorf("the server did not take an Opus track: check room.enabled_codecs in its configuration",
			"%w", err)
	}
	return o.explainMedia(kind, evidence)
}

// leaveStep gives the remedy for the reason that the server gave for ending the session, or "" where
// it only means that the server waited for media in vain as well.
func leaveStep(err error) string {
	for reason, step := range map[string]string{
		"DUPLICATE_IDENTITY":  "somebody else joined this room under the same name: use a --room of its own",
		"ROOM_DELETED":        "somebody deleted the room: use a --room of its own",
		"PARTICIPANT_REMOVED": "somebody removed the participant: use a --room of its own",
		"SERVER_SHUTDOWN":     "the server is shutting down: wait for the new pod",
		"JOIN_FAILURE":        "the server could not let the participant in: look at its log",
	} {
		if strings.Contains(err.Error(), reason) {
			return step
		}
	}
	return ""
}

// explainMedia says why no media went over the asked way.
func (o Options) explainMedia(kind media.Kind, e peer.Evidence) error {
	waiting := peer.Subscriber
	if e.Stage >= peer.Connected {
		waiting = peer.Publisher
	}
	tried, skipped := split(e.Advertised)
	switch {
	case e.ICEConnected[waiting]:
		return remedy.Errorf("small packets pass and larger ones may not: check the MTU of the network between, and "+
			"that nothing on the way changes UDP; the server's log says more",
			"ICE connected (%s) and DTLS did not", list(tried))
	case kind.Relayed() && !relayTried(e.Advertised, kind):
		return o.explainNoRelay(kind, e.Advertised)
	case kind.Relayed() && len(e.Relays) == 0:
		return explainRelay(kind, e)
	case kind.Relayed():
		return explainBehindRelay(kind, tried)
	case len(tried) == 0:
		return o.explainNoCandidate(kind, skipped)
	default:
		return o.explainNoAnswer(kind, e, tried)
	}
}

// split gives the candidates, without TURN servers.
func split(all []peer.Advertised) (tried, skipped []peer.Advertised) {
	for _, a := range all {
		switch {
		case a.TURN.URL != "":
		case a.Skipped == "":
			tried = append(tried, a)
		default:
			skipped = append(skipped, a)
		}
	}
	return tried, skipped
}

func relayTried(all []peer.Advertised, kind media.Kind) bool {
	return slices.ContainsFunc(all, func(a peer.Advertised) bool { return a.TURN.Kind == kind && a.Skipped == "" })
}

func list(all []peer.Advertised) string {
	var names []string
	for _, a := range all {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}

// explainNoCandidate is for a server that told no address that may be used.
func (o Options) explainNoCandidate(kind media.Kind, skipped []peer.Advertised) error {
	elsewhere := slices.DeleteFunc(slices.Clone(skipped),
		func(a peer.Advertised) bool { return a.Skipped != "address not expected" })
	otherPort := slices.DeleteFunc(slices.Clone(skipped),
		func(a peer.Advertised) bool { return a.Skipped != "port not expected" })
	switch {
	case len(elsewhere) > 0:
		return remedy.Errorf("the server tells its clients the wrong address: set media.address (NODE_IP, "+
			"rtc.node_ip) to one that clients reach, host for the node's own",
			"the server told %s, and %s was expected", list(elsewhere), join(o.Expect.Addresses))
	case len(otherPort) > 0:
		return remedy.Errorf("the Service's port, the container's port and the configured one must be the same: the "+
			"server tells its own",
			"the server told %s, which is not an expected port", list(otherPort))
	case kind == media.TCP:
		return remedy.Errorf("set rtc.tcp_port in the server's configuration; 0 switches media over TCP off",
			"the server told no TCP address (%s)", orNothing(skipped))
	case kind == media.UDP:
		return remedy.Errorf("set rtc.udp_port, or port_range_start and port_range_end, in the server's "+
			"configuration; rtc.force_tcp switches UDP off",
			"the server told no UDP address (%s)", orNothing(skipped))
	}
	return remedy.Errorf("look at the server's log for its node IP: without one it has no address to tell",
		"the server told no address at all")
}

func orNothing(all []peer.Advertised) string {
	if len(all) == 0 {
		return "it told none at all"
	}
	return "it told " + list(all)
}

func join[T fmt.Stringer](all []T) string {
	var names []string
	for _, a := range all {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}

// explainNoAnswer is for candidates that were tried in vain.
func (o Options) explainNoAnswer(kind media.Kind, e peer.Evidence, tried []peer.Advertised) error {
	if kind != media.UDP {
		if o.TCPAddress.IsValid() {
			return remedy.Errorf("through kubectl port-forward the server takes no media over TCP, unless "+
				"rtc.enable_loopback_candidate is set (which stops UDP at a node's address): use --media turn-tls "+
				"with a forward of turn.tls_port, or reach the node itself",
				"ICE failed: nothing came back from %s", o.TCPAddress)
		}
		for _, line := range e.Log {
			switch {
			case strings.Contains(line, "Failed to dial TCP") && strings.Contains(line, "connection refused"):
				return remedy.Errorf("nothing listens on that port of that address: give media over TCP a Service "+
					"(NodePort, LoadBalancer) or hostNetwork, with the same port inside and out",
					"ICE failed: connection refused by %s", list(tried))
			case strings.Contains(line, "Failed to dial TCP") && strings.Contains(line, "unreachable"):
				return remedy.Errorf("this machine has no route to that address: set media.address (NODE_IP) to one "+
					"that clients reach",
					"ICE failed: no route to %s", list(tried))
			}
		}
	}
	private := allPrivate(tried)
	step := "open the port in the nodes' firewall and in NetworkPolicies, and check that a Service (NodePort, " +
		"LoadBalancer) or hostNetwork leads from that address to the pod, with the same port inside and out; with " +
		"hostNetwork on a node of several networks, name that of the address in config.rtc.ips.includes"
	if private {
		step += "; the address is private: where clients are elsewhere, set media.address (NODE_IP) to the public " +
			"one, or to stun"
	}
	return remedy.Errorf(step, "ICE failed: nothing came back from %s", list(tried))
}

func allPrivate(tried []peer.Advertised) bool {
	return len(tried) > 0 && !slices.ContainsFunc(tried, func(a peer.Advertised) bool {
		address := a.Candidate.Address
		return !address.IsPrivate() && !address.IsLoopback() && !address.IsLinkLocalUnicast()
	})
}

// explainUnheard is for a call that is up, and what was sent does not arrive.
func explainUnheard(participant *peer.Participant, participants []*peer.Participant, cause error) error {
	to, received := participant.Account().Identity, participant.Received()
	for _, other := range participants {
		from := other.Account()
		r := received[from.Identity]
		switch {
		case from.Identity == to:
		case r.DataLost > 0:
			return remedy.Errorf("the data channel is reliable, so the server dropped them: look at its log and at "+
				"its load",
				"%s missed %d data packets of %s", to, r.DataLost, from.Identity)
		case r.AudioPackets == 0 && r.DataPackets >= enoughData:
			return remedy.Errorf("data passes and audio does not: the server did not forward the track; look at its "+
				"log, and at limit.subscription_limit_audio and limit.bytes_per_sec in its configuration",
				"%s heard no audio of %s, who sent %d packets", to, from.Identity, from.AudioSent)
		case r.AudioPackets < enoughAudio || r.DataPackets < enoughData:
			return remedy.Errorf("media is connected and hardly anything arrives: look for packet loss on the way, "+
				"and at the server's load",
				"%s got %d of %d audio packets and %d of %d data packets of %s in time",
				to, r.AudioPackets, from.AudioSent, r.DataPackets, from.DataSent, from.Identity)
		}
	}
	return fmt.Errorf("%s: not everything arrived: %w", to, cause)
}
