package media

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

const (
	udpLine   = "candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host"
	tcpLine   = "candidate:2 1 tcp 1671430143 192.0.2.1 7881 typ host tcptype passive"
	podLine   = "candidate:3 1 udp 2130706431 10.1.0.4 7882 typ host"
	srflxLine = "candidate:4 1 udp 1694498815 198.51.100.7 7882 typ srflx raddr 0.0.0.0 rport 7882"
	v6Line    = "candidate:5 1 udp 2130706431 2001:db8::1 7882 typ host"
	relayLine = "candidate:6 1 udp 16777215 192.0.2.1 30000 typ relay raddr 0.0.0.0 rport 0"
)

// Only the asked way passes, to the expected places.
func TestFilter(t *testing.T) {
	for _, c := range []struct {
		kind             Kind
		addresses, ports string
		line, skip       string
	}{
		{UDP, "", "", udpLine, ""},
		{UDP, "", "", srflxLine, ""},
		{UDP, "", "", tcpLine, "not UDP"},
		{UDP, "", "", relayLine, "relayed"},
		{TCP, "", "", tcpLine, ""},
		{TCP, "", "", udpLine, "not TCP"},
		{Auto, "", "", udpLine, ""},
		{Auto, "", "", tcpLine, ""},
		{UDP, "192.0.2.1", "", podLine, "address not expected"},
		{Auto, "192.0.2.1", "", podLine, "address not expected"},
		{UDP, "192.0.2.1,10.1.0.4", "", podLine, ""},
		{UDP, "2001:db8::1", "", v6Line, ""},
		{UDP, "::ffff:192.0.2.1", "", udpLine, ""},
		{UDP, "", "7881", udpLine, "port not expected"},
		{UDP, "", "7881/tcp", udpLine, ""},
		{UDP, "", "7881/tcp,7000-8000/udp", udpLine, ""},
		{TCP, "", "7881/tcp,7000-7880", tcpLine, ""},
		{TURNUDP, "192.0.2.1", "", podLine, ""},
		{TURNTLS, "", "", tcpLine, "a TURN server relays to UDP alone"},
	} {
		e, err := ParseExpect(c.addresses, c.ports)
		if err != nil {
			t.Fatal(err)
		}
		candidate, err := ParseCandidate(c.line)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Filter{c.kind, e}).Skip(candidate); got != c.skip {
			t.Errorf("%s, %q, %q: %s: %q, want %q", c.kind, c.addresses, c.ports, candidate, got, c.skip)
		}
	}
}

func TestFilterOfServers(t *testing.T) {
	for _, c := range []struct {
		kind             Kind
		addresses, ports string
		url, skip        string
	}{
		{TURNUDP, "", "", "turn:192.0.2.1:3478?transport=udp", ""},
		{TURNUDP, "192.0.2.1", "", "turn:192.0.2.1:3478?transport=udp", ""},
		{TURNUDP, "192.0.2.2", "", "turn:192.0.2.1:3478?transport=udp", "address not expected"},
		{TURNUDP, "", "443/udp", "turn:192.0.2.1:3478?transport=udp", "port not expected"},
		{TURNUDP, "", "", "turns:turn.example.com:443?transport=tcp", "not turn-udp"},
		{TURNTLS, "192.0.2.1", "1-2", "turns:turn.example.com:443?transport=tcp", ""},
		{UDP, "", "", "turn:192.0.2.1:3478?transport=udp", "not udp"},
		{Auto, "", "", "turns:turn.example.com:443?transport=tcp", ""},
		{Auto, "", "", "stun:stun.example.com:3478", "not needed"},
	} {
		e, err := ParseExpect(c.addresses, c.ports)
		if err != nil {
			t.Fatal(err)
		}
		server, err := ParseTURN(c.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Filter{c.kind, e}).SkipServer(server); got != c.skip {
			t.Errorf("%s: %s: %q, want %q", c.kind, c.url, got, c.skip)
		}
	}
}

func TestWordsThatAreRefused(t *testing.T) {
	for _, ports := range []string{"0", "x", "9-8", "70000", "1/sctp", "1-2-3"} {
		if _, err := ParseExpect("", ports); err == nil {
			t.Errorf("the port %q is taken", ports)
		}
	}
	if _, err := ParseExpect("node.example.com", ""); err == nil {
		t.Error("a name is taken for an address")
	}
	for _, kinds := range []string{"", "sctp", "udp,udp", "udp,"} {
		if _, err := ParseKinds(kinds); err == nil {
			t.Errorf("%q is taken", kinds)
		}
	}
	if _, err := ParseCandidate("candidate:1 1 udp 1 name.local 1 typ host"); err == nil {
		t.Error("a candidate with a name is taken")
	}
}

func TestSplitCandidates(t *testing.T) {
	sdp := strings.ReplaceAll("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF "+
		"111\na=mid:0\na="+udpLine+"\na="+udpLine+"\na="+tcpLine+"\na=end-of-candidates\n", "\n", "\r\n")
	rest, candidates := SplitCandidates(sdp)
	if want := []string{udpLine, tcpLine}; !reflect.DeepEqual(candidates, want) {
		t.Errorf("candidates %q, want %q", candidates, want)
	}
	if strings.Contains(rest, "a=candidate") || !strings.HasSuffix(rest, "a=mid:0\r\na=end-of-candidates\r\n") {
		t.Errorf("what is left: %q", rest)
	}
}

func TestCandidateElsewhere(t *testing.T) {
	c, err := ParseCandidate(tcpLine)
	if err != nil {
		t.Fatal(err)
	}
	moved, err := ParseCandidate(c.WithAddress(netip.MustParseAddrPort("127.0.0.1:9")).Line)
	if err != nil || moved.String() != "tcp 127.0.0.1:9" || !strings.HasSuffix(moved.Line, "tcptype passive") {
		t.Errorf("%+v, %v", moved, err)
	}
}
