package peer

import (
	"fmt"
	"net"
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
	p.mu.Lock()
	s := p.session
	p.mu.Unlock()
	if s == nil || !isSet(s.joined) {
		return nil, fmt.Errorf("%s is not in the room", p.config.Identity)
	}
	var pairs []Pair
	for name, c := range map[string]*connection{Publisher: s.publisher, Subscriber: s.subscriber} {
		pair, err := p.pair(name, c)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", p.config.Identity, name, err)
		}
		pairs = append(pairs, pair)
	}
	if pairs[0].Connection > pairs[1].Connection {
		pairs[0], pairs[1] = pairs[1], pairs[0]
	}
	return pairs, nil
}

func (p *Participant) pair(name string, c *connection) (Pair, error) {
	transport := c.SCTP().Transport().ICETransport()
	selected, err := transport.GetSelectedCandidatePair()
	if err != nil {
		return Pair{}, err
	}
	if selected == nil {
		return Pair{}, fmt.Errorf("no pair of candidates was selected")
	}
	pair := Pair{
		Connection: name, Kind: media.Kind(selected.Remote.Protocol.String()),
		Local: hostPort(selected.Local.Address, selected.Local.Port), Remote: hostPort(selected.Remote.Address, selected.Remote.Port),
	}
	stats, _ := transport.GetSelectedCandidatePairStats()
	pair.RTT = time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
	if selected.Local.Typ == webrtc.ICECandidateTypeRelay {
		local, _ := c.GetStats()[stats.LocalCandidateID].(webrtc.ICECandidateStats)
		return p.relayed(pair, selected.Local, local.RelayProtocol), nil
	}
	if !p.witness.allowed(pair.Remote, string(pair.Kind)) {
		return pair, fmt.Errorf("media takes %s %s, which is none of the server's candidates that were let through", pair.Kind, pair.Remote)
	}
	return pair, nil
}

// relayed puts the TURN server in the place of the far end.
func (p *Participant) relayed(pair Pair, local *webrtc.ICECandidate, protocol string) Pair {
	pair.Peer, pair.Kind = pair.Remote, media.TURNUDP
	if protocol == "tls" {
		pair.Kind = media.TURNTLS
	}
	pair.Local, pair.Remote = hostPort(local.RelatedAddress, local.RelatedPort), ""
	for _, a := range p.witness.copy().Advertised {
		if a.Skipped == "" && a.TURN.Kind == pair.Kind {
			pair.Remote = hostPort(a.TURN.Host, uint16(a.TURN.Port))
			break
		}
	}
	if pair.Kind == media.TURNTLS && p.config.TURNTLSAddress != "" {
		pair.Remote = p.config.TURNTLSAddress
	}
	return pair
}

func hostPort(address string, port uint16) string {
	return net.JoinHostPort(address, strconv.Itoa(int(port)))
}
