package peer

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
)

// Time limits of ICE: how long without packets until it looks for help, until
// it gives up, and how often it says that it is alive.
const (
	iceDisconnected = 3 * time.Second
	iceFailed       = 6 * time.Second
	iceKeepAlive    = time.Second
)

// connection is one of the two connections for media that LiveKit has with each
// client. No address of this side is told to the server, so that it can answer
// to what reached it and do nothing else: the way that is found is one to the server.
type connection struct {
	*webrtc.PeerConnection
	filter media.Filter
	tcp    netip.AddrPort

	mu      sync.Mutex
	waiting []string // candidates that came before the description
}

func newConnection(c Config, servers []*livekit.ICEServer, r *recorder) (*connection, error) {
	picked, names := relays(servers, c, r)
	engine := webrtc.SettingEngine{LoggerFactory: r}
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.SetNetworkTypes(c.Filter.Kind.NetworkTypes())
	engine.SetICETimeouts(iceDisconnected, iceFailed, iceKeepAlive)
	engine.SetIncludeLoopbackCandidate(true)
	engine.SetRelayAcceptanceMinWait(0) // nothing better is to be waited for where a relay is asked for
	engine.SetICEProxyDialer(&turnDialer{config: c.TLS, names: names, recorder: r})
	if !c.Filter.Kind.Relayed() {
		engine.SetRemoteIPFilter(func(ip net.IP) bool {
			a, ok := netip.AddrFromSlice(ip)
			return ok && (c.Filter.Expect.Address(a) || a.Unmap() == c.TCPAddress.Addr())
		})
	}
	codecs := &webrtc.MediaEngine{}
	codec := webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111}
	if err := codecs.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	config := webrtc.Configuration{ICEServers: picked}
	if c.Filter.Kind.Relayed() {
		config.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(codecs)).NewPeerConnection(config)
	if err != nil {
		return nil, err
	}
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate != nil && candidate.Typ == webrtc.ICECandidateTypeRelay {
			r.record(func(e *Evidence) { e.Relays = append(e.Relays, candidate.Address) })
		}
	})
	return &connection{PeerConnection: pc, filter: c.Filter, tcp: c.TCPAddress}, nil
}

// remote takes the server's description; its candidates go through the filter.
func (c *connection) remote(kind webrtc.SDPType, sdp string, r *recorder) error {
	sdp, candidates := media.SplitCandidates(sdp)
	if err := c.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp}); err != nil {
		return err
	}
	c.mu.Lock()
	candidates = append(candidates, c.waiting...)
	c.waiting = nil
	c.mu.Unlock()
	for _, line := range candidates {
		if err := c.candidate(line, r); err != nil {
			return err
		}
	}
	return nil
}

// candidate uses one of the server's candidates, if the filter lets it through.
func (c *connection) candidate(line string, r *recorder) error {
	c.mu.Lock()
	if c.RemoteDescription() == nil {
		c.waiting = append(c.waiting, line)
		c.mu.Unlock()
		return nil
	}
	c.mu.Unlock()
	candidate, err := media.ParseCandidate(line)
	if err != nil {
		r.warning(err.Error())
		return nil
	}
	filter := c.filter
	if c.tcp.IsValid() && candidate.Protocol == "tcp" {
		candidate, filter = candidate.WithAddress(c.tcp), media.Filter{Kind: c.filter.Kind}
	}
	skipped := filter.Skip(candidate)
	r.advertised(Advertised{Candidate: candidate, Skipped: skipped})
	if skipped != "" {
		return nil
	}
	mid, index := "", uint16(0)
	return c.AddICECandidate(webrtc.ICECandidateInit{Candidate: candidate.Line, SDPMid: &mid, SDPMLineIndex: &index})
}

// local makes a description the own one and gives what to send of it: all but
// the candidates.
func (c *connection) local(description webrtc.SessionDescription) (string, error) {
	if err := c.SetLocalDescription(description); err != nil {
		return "", err
	}
	sdp, _ := media.SplitCandidates(description.SDP)
	return sdp, nil
}
