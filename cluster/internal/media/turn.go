package media

import (
	"net/netip"

	"github.com/pion/stun/v3"
	"github.com/pion/webrtc/v4"
)

// TURN is a TURN or STUN server that clients were told.
type TURN struct {
	URL  string
	Kind Kind // TURNUDP, TURNTLS, or "" for others
	Host string
	Port int
}

// ParseTURN reads the URL of an ICE server (RFC 7064, RFC 7065).
func ParseTURN(url string) (TURN, error) {
	uri, err := stun.ParseURI(url)
	if err != nil {
		return TURN{}, err
	}
	t := TURN{URL: url, Host: uri.Host, Port: uri.Port}
	switch {
	case uri.Scheme == stun.SchemeTypeTURN && uri.Proto == stun.ProtoTypeUDP:
		t.Kind = TURNUDP
	case uri.Scheme == stun.SchemeTypeTURNS && uri.Proto == stun.ProtoTypeTCP:
		t.Kind = TURNTLS
	}
	return t, nil
}

// SkipServer says why a TURN or STUN server must not be used, or "". TURN over TLS is
// reached by name, mostly at an address of its own, so it is not held against
// the expected addresses; TURN over UDP is.
func (f Filter) SkipServer(t TURN) string {
	switch {
	case f.Kind == Auto:
		if t.Kind == "" {
			return "not needed"
		}
	case t.Kind != f.Kind:
		return "not " + string(f.Kind)
	}
	if t.Kind != TURNUDP {
		return ""
	}
	if address, err := netip.ParseAddr(t.Host); err == nil && !f.Expect.Address(address) {
		return "address not expected"
	}
	if !f.Expect.Port(uint16(t.Port), "udp") {
		return "port not expected"
	}
	return ""
}

// NetworkTypes are the networks that local candidates are gathered for.
func (k Kind) NetworkTypes() []webrtc.NetworkType {
	udp := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	tcp := []webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6}
	switch k {
	case TCP:
		return tcp
	case Auto:
		return append(udp, tcp...)
	default:
		return udp
	}
}
