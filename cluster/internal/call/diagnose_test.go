package call

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/peer"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

const (
	udpHost    = "candidate:1 1 udp 2130706431 203.0.113.1 7882 typ host"
	udpPrivate = "candidate:1 1 udp 2130706431 10.0.0.1 7882 typ host"
	tcpHost    = "candidate:2 1 tcp 1671430143 203.0.113.1 7881 typ host tcptype passive"
)

func told(t *testing.T, line, skipped string) peer.Advertised {
	t.Helper()
	c, err := media.ParseCandidate(line)
	if err != nil {
		t.Fatal(err)
	}
	return peer.Advertised{Candidate: c, Skipped: skipped}
}

func turn(t *testing.T, url, skipped string) peer.Advertised {
	t.Helper()
	server, err := media.ParseTURN(url)
	if err != nil {
		t.Fatal(err)
	}
	return peer.Advertised{TURN: server, Skipped: skipped}
}

// What was seen leads to the cause and to a step that mends it.
func TestExplainMedia(t *testing.T) {
	relay := turn(t, "turns:turn.example.com:443?transport=tcp", "")
	relayUDP := turn(t, "turn:203.0.113.1:3478?transport=udp", "")
	for name, c := range map[string]struct {
		kind        media.Kind
		evidence    peer.Evidence
		error, step string
	}{
		"nothing told": {media.Auto, peer.Evidence{}, "no address at all", "node IP"},
		"no UDP": {media.UDP, peer.Evidence{Advertised: []peer.Advertised{told(t, tcpHost, "not UDP")}},
			"it told tcp 203.0.113.1:7881", "rtc.udp_port"},
		"firewall": {media.UDP, peer.Evidence{Advertised: []peer.Advertised{told(t, udpHost, "")}},
			"from udp 203.0.113.1:7882", "firewall"},
		"private": {media.UDP, peer.Evidence{Advertised: []peer.Advertised{told(t, udpPrivate, "")}},
			"10.0.0.1:7882", "the address is private"},
		"refused": {media.TCP, peer.Evidence{Advertised: []peer.Advertised{told(t, tcpHost, "")},
			Log: []string{"ice: Failed to dial TCP address 203.0.113.1:7881: connection refused"}},
			"refused by tcp 203.0.113.1:7881", "nothing listens"},
		"DTLS": {media.UDP,
			peer.Evidence{Stage: peer.Joined, Advertised: []peer.Advertised{told(t, udpHost, "")},
				ICEConnected: map[string]bool{peer.Subscriber: true}}, "DTLS did not", "MTU"},
		"publisher": {media.UDP,
			peer.Evidence{Stage: peer.Published, Advertised: []peer.Advertised{told(t, udpHost, "")},
				ICEConnected: map[string]bool{peer.Subscriber: true}}, "nothing came back", "firewall"},
		"credentials": {media.TURNUDP, peer.Evidence{Advertised: []peer.Advertised{relayUDP},
			Log: []string{"turnc: Allocate error response (error 401: Unauthorized)"}}, "refused the credentials",
			"other keys"},
		"no relay port": {media.TURNUDP, peer.Evidence{Advertised: []peer.Advertised{relayUDP},
			Log: []string{"(error 508: Insufficient Capacity)"}}, "no port left", "relay_range"},
		"silent TURN": {media.TURNUDP, peer.Evidence{Advertised: []peer.Advertised{relayUDP}}, "gave no answer",
			"turn.udp_port"},
		"TURN's name": {media.TURNTLS, peer.Evidence{Advertised: []peer.Advertised{relay},
			TURN: []error{fmt.Errorf("x: %w", &net.DNSError{})}}, "turn.example.com", "DNS record"},
		"TURN's port": {media.TURNTLS, peer.Evidence{Advertised: []peer.Advertised{relay},
			TURN: []error{syscall.ECONNREFUSED}}, "turn.example.com", "443"},
		"hairpin": {media.TURNTLS, peer.Evidence{Advertised: []peer.Advertised{relay, told(t, udpHost, "")},
			Relays: []string{"203.0.113.1"}}, "gave a relay", "hairpin"},
		"restricted": {media.TURNTLS, peer.Evidence{Advertised: []peer.Advertised{relay, told(t, udpPrivate, "")},
			Relays: []string{"203.0.113.1"}}, "gave a relay", "[10.0.0.1/32]"},
	} {
		err := Options{}.explainMedia(c.kind, c.evidence)
		if !strings.Contains(err.Error(), c.error) || !strings.Contains(remedy.Step(err), c.step) {
			t.Errorf("%s: %q, %q; want %q, %q", name, err, remedy.Step(err), c.error, c.step)
		}
	}
}

func TestLeaveStep(t *testing.T) {
	if step := leaveStep(fmt.Errorf("%w: DUPLICATE_IDENTITY", peer.ErrRejoin)); !strings.Contains(step, "--room") {
		t.Errorf("%q", step)
	}
	if step := leaveStep(errors.New("CONNECTION_TIMEOUT")); step != "" {
		t.Errorf("the server's own waiting for media is told as a cause: %q", step)
	}
}
