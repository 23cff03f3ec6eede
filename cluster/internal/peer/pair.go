package peer

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
)

// Pair is the way that media of a connection takes.
type Pair struct {
	Connection string // publisher or subscriber
	Kind       media.Kind
	Local      string // ip:port
	Remote     string // ip:port; the TURN server's over TURN
	Peer       string // ip:port behind the TURN server
	RTT        time.Duration
}

// Pairs gives the ways that media takes. It is an error when one of them is not
// among those that were asked for.
func (p *Participant) Pairs() ([]Pair, error) {
	s := p.current()
	if s == nil || !s.joined.isSet() {
		return nil, fmt.Errorf("%s is not in the room", p.config.Identity)
	}
	pairs := []Pair{{Connection: Publisher}, {Connection: Subscriber}}
	for i, c := range []*connection{s.publisher, s.subscriber} {
		if err := p.readPair(&pairs[i], c); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", p.config.Identity, pairs[i].Connection, err)
		}
	}
	return pairs, nil
}

// readPair fills in the pair that a connection selected.
func (p *Participant) readPair(pair *Pair, c *connection) error {
	transport := c.SCTP().Transport().ICETransport()
	selected, err := transport.GetSelectedCandidatePair()
	if err != nil {
		return err
	}
	if selected == nil {
		return errors.New("no pair of candidates was selected")
	}
	pair.Kind = media.Kind(selected.Remote.Protocol.String())
	pair.Local = hostPort(selected.Local.Address, selected.Local.Port)
	pair.Remote = hostPort(selected.Remote.Address, selected.Remote.Port)
	stats, _ := transport.GetSelectedCandidatePairStats()
	pair.RTT = time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
	if selected.Local.Typ == webrtc.ICECandidateTypeRelay {
		local, _ := c.GetStats()[stats.LocalCandidateID].(webrtc.ICECandidateStats)
		p.readRelay(pair, selected.Local, local.RelayProtocol)
		return nil
	}
	if !p.Evidence().isTried(pair.Remote, string(pair.Kind)) {
		return fmt.Errorf("media takes %s %s, which is none of the server's candidates that were let through",
			pair.Kind, pair.Remote)
	}
	return nil
}

// readRelay puts the TURN server in the place of the far end.
func (p *Participant) readRelay(pair *Pair, local *webrtc.ICECandidate, protocol string) {
	pair.Peer, pair.Kind = pair.Remote, media.TURNUDP
	if protocol == "tls" {
		pair.Kind = media.TURNTLS
	}
	pair.Local, pair.Remote = hostPort(local.RelatedAddress, local.RelatedPort), ""
	advertised := p.Evidence().Advertised
	isUsed := func(a Advertised) bool { return a.Skipped == "" && a.TURN.Kind == pair.Kind }
	if i := slices.IndexFunc(advertised, isUsed); i >= 0 {
		pair.Remote = hostPort(advertised[i].TURN.Host, uint16(advertised[i].TURN.Port))
	}
	if pair.Kind == media.TURNTLS && p.config.TURNTLSAddress != "" {
		pair.Remote = p.config.TURNTLSAddress
	}
}

func hostPort(address string, port uint16) string {
	return net.JoinHostPort(address, strconv.Itoa(int(port)))
}
