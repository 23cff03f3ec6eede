package call

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
)

// Each way of media is proven by a call of its own, at the address and port that
// the server listens at.
func TestEveryPath(t *testing.T) {
	s := startServer(t, nil)
	o := s.options(t, "udp,tcp,turn-udp,turn-tls,auto")
	o.Expect = expect(t, "127.0.0.1", "")
	r := Run(t.Context(), o)
	if !r.OK || !r.API.Created || !r.API.Listed || !r.API.Deleted {
		t.Fatalf("not proven: %s", text(r))
	}
	ports := map[string]int{"udp": s.udp, "tcp": s.tcp, "turn-udp": s.turn, "turn-tls": s.turnTLS}
	for i, kind := range []string{"udp", "tcp", "turn-udp", "turn-tls", "udp"} {
		p := r.Paths[i]
		if want := fmt.Sprintf("127.0.0.1:%d", ports[kind]); p.Media != kind || p.Remote != want {
			t.Errorf("path %d is %s at %s, want %s at %s", i, p.Media, p.Remote, kind, want)
		}
		if p.AudioPackets < 2*enoughAudio || p.DataPackets < 2*enoughData || p.DataLost != 0 || len(p.Pairs) != 4 {
			t.Errorf("%s: %d audio packets, %d data packets, %d lost, pairs %v", kind, p.AudioPackets, p.DataPackets,
				p.DataLost, p.Pairs)
		}
		if relayed := strings.HasPrefix(kind, "turn"); relayed != (p.Peer == fmt.Sprintf("127.0.0.1:%d", s.udp)) {
			t.Errorf("%s: behind the remote end is %q", kind, p.Peer)
		}
	}
	if r.Server.Version == "" || len(r.Server.Nodes) != 1 || !strings.HasPrefix(r.Server.Nodes[0], "ND_") {
		t.Errorf("server: %+v", r.Server)
	}
}

func TestMoreParticipants(t *testing.T) {
	s := startServer(t, nil)
	o := s.options(t, "udp")
	o.Participants = 4
	r := Run(t.Context(), o)
	if !r.OK || len(r.Participants) != 4 || r.Paths[0].AudioPackets < 4*3*enoughAudio {
		t.Fatal(text(r))
	}
}

// A way that does not work is named, with what to do.
func TestPathsThatFail(t *testing.T) {
	for name, c := range map[string]struct {
		config        func(string) string
		kind          string
		change        func(*Options)
		error, remedy string
	}{
		"address": {nil, "udp", func(o *Options) { o.Expect = expect(t, "192.0.2.9", "") }, "127.0.0.1:",
			"NODE_IP"},
		"any address": {nil, "auto", func(o *Options) { o.Expect = expect(t, "192.0.2.9", "") },
			"192.0.2.9 was expected", "NODE_IP"},
		"port": {nil, "udp", func(o *Options) { o.Expect = expect(t, "", "1-2/udp") },
			"not an expected port", "same"},
		"no TCP": {withoutTCP, "tcp", nil, "no TCP address", "rtc.tcp_port"},
		"no TURN": {replace("enabled: true", "enabled: false"), "turn-tls", nil, "no TURN server",
			"turn.enabled"},
		"TURN elsewhere": {nil, "turn-udp", func(o *Options) { o.Expect = expect(t, "192.0.2.9", "") },
			"address not expected", "turn.udp_port"},
		"authority": {nil, "turn-tls", func(o *Options) { o.TLS.RootCAs = nil }, "unknown authority",
			"--ca-file"},
		"no TURN there": {nil, "turn-tls", func(o *Options) { o.TURNTLSAddress = "127.0.0.1:1" }, "refused", "443"},
		"relay is denied": {replace("[127.0.0.0/8]", "[]"), "turn-udp", nil, "gave a relay",
			"turn.allow_restricted_peer_cidrs: [127.0.0.1/32]"},
		"TCP is refused": {nil, "tcp", func(o *Options) { o.TCPAddress = netip.MustParseAddrPort("127.0.0.1:1") },
			"nothing came back from 127.0.0.1:1", "port-forward"},
		"nothing answers": {replace("node_ip: 127.0.0.1", "node_ip: 127.0.0.9"), "udp", nil,
			"nothing came back from udp 127.0.0.9:", "firewall"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, c.config)
			if name == "relay is denied" && !s.restricts(t) {
				t.Skip("this server is older than 1.12, whose TURN relays to any address")
			}
			o := s.options(t, c.kind)
			if c.change != nil {
				c.change(&o)
			}
			r := Run(t.Context(), o)
			if r.OK || !r.API.OK || len(r.Paths) != 1 || r.Paths[0].OK {
				t.Fatalf("it counts as proven: %s", text(r))
			}
			p := r.Paths[0]
			if !strings.Contains(p.Error, c.error) || !strings.Contains(p.Remedy, c.remedy) {
				t.Errorf("error %q, remedy %q; want %q and %q", p.Error, p.Remedy, c.error, c.remedy)
			}
		})
	}
}

func withoutTCP(config string) string {
	head, rest, _ := strings.Cut(config, "  tcp_port: ")
	_, tail, _ := strings.Cut(rest, "\n")
	return head + "  tcp_port: 0\n" + tail
}

// What the server says to a wrong key, and what a proxy does, is told in words
// and without tokens.
func TestSignallingThatFails(t *testing.T) {
	s := startServer(t, nil)
	target, err := url.Parse(strings.Replace(s.url(), "ws", "http", 1))
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header.Del("Upgrade")
		r.Out.Header.Del("Connection")
	}}
	noUpgrade := httptest.NewServer(proxy)
	defer noUpgrade.Close()
	mute := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			conn.Close()
		}
	}))
	defer mute.Close()
	for name, c := range map[string]struct {
		url, key, secret, error, remedy string
	}{
		"key":      {s.url(), "other", testSecret, "401", "LIVEKIT_API_KEY"},
		"secret":   {s.url(), testKey, "another-secret-another-secret-another", "401", "LIVEKIT_API_SECRET"},
		"upgrade":  {noUpgrade.URL, testKey, testSecret, "404", "Upgrade"},
		"path":     {s.url() + "/sub", testKey, testSecret, "404", "/rtc"},
		"no HTTP":  {mute.URL, testKey, testSecret, "cannot be reached", "HTTP"},
		"needless": {fmt.Sprintf("wss://127.0.0.1:%d", s.port), testKey, testSecret, "cannot be reached", "ws://"},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(t, "udp")
			o.Servers = []*signal.Server{server(t, c.url, c.key, c.secret)}
			r := Run(t.Context(), o)
			if r.OK {
				t.Fatalf("it counts as proven: %s", text(r))
			}
			failed, step := r.API.Error, r.API.Remedy
			if len(r.Paths) > 0 {
				failed, step = failed+r.Paths[0].Error, step+r.Paths[0].Remedy
			}
			if !strings.Contains(failed, c.error) || !strings.Contains(step, c.remedy) {
				t.Errorf("error %q, remedy %q; want %q and %q", failed, step, c.error, c.remedy)
			}
			if all := text(r); strings.Contains(all, c.secret) || strings.Contains(all, "eyJ") {
				t.Errorf("the result has a secret or a token: %s", all)
			}
		})
	}
}

// Signalling that is cut is resumed, and media goes on meanwhile.
func TestHoldResumes(t *testing.T) {
	s := startServer(t, nil)
	w := newWire(t, fmt.Sprintf("127.0.0.1:%d", s.port))
	o := s.options(t, "udp")
	o.Servers = []*signal.Server{server(t, w.url(), testKey, testSecret)}
	o.Hold, o.MaxGap = 4*time.Second, 1500*time.Millisecond
	o.Progress = func(format string, args ...any) {
		t.Logf(format, args...)
		if strings.HasPrefix(format, "holding") {
			time.AfterFunc(time.Second, w.cut)
		}
	}
	r := Run(t.Context(), o)
	if !r.OK || r.Hold == nil || r.Hold.Resumed != 2 || r.Hold.Rejoined != 0 || !r.Hold.Reconnected {
		t.Fatal(text(r))
	}
	if h := r.Hold; len(h.Directions) != 2 || h.AudioPackets < 2*150 || h.DataPackets < 30 || h.DataLost != 0 ||
		len(h.Events) < 4 {
		t.Error(text(r))
	}
}

// A server that comes back without its memory is joined anew, and the silence
// is measured.
func TestHoldRejoins(t *testing.T) {
	s := startServer(t, nil)
	o := s.options(t, "udp")
	o.Hold = 8 * time.Second
	const away = time.Second
	o.Progress = func(format string, args ...any) {
		t.Logf(format, args...)
		if strings.HasPrefix(format, "holding") {
			go func() {
				time.Sleep(time.Second)
				s.stop()
				time.Sleep(away)
				s.start(t)
			}()
		}
	}
	r := Run(t.Context(), o)
	if !r.OK || r.Hold.Rejoined != 2 || r.Hold.LongestGapMS < away.Milliseconds() || r.Hold.LongestGapMS > 6000 {
		t.Fatal(text(r))
	}
	o = s.options(t, "udp")
	o.Hold, o.MaxGap = time.Second, time.Millisecond
	r = Run(t.Context(), o)
	if r.OK || !strings.Contains(r.Paths[0].Error, "--max-gap") {
		t.Errorf("a gap that is too long is not told: %s", text(r))
	}
}

// A room that was there before the call stays.
func TestRoomOfOthersStays(t *testing.T) {
	s := startServer(t, nil)
	o := s.options(t, "udp")
	if err := o.Servers[0].CreateRoom(t.Context(), o.Room); err != nil {
		t.Fatal(err)
	}
	r := Run(t.Context(), o)
	if !r.OK || r.API.Deleted {
		t.Fatal(text(r))
	}
	if there, err := o.Servers[0].HasRoom(t.Context(), o.Room); err != nil || !there {
		t.Errorf("the room is gone (%v)", err)
	}
}

// A call that is interrupted leaves no room.
func TestInterruptedCallLeavesNothing(t *testing.T) {
	s := startServer(t, nil)
	o := s.options(t, "udp")
	o.Hold = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(format string, args ...any) {
		if strings.HasPrefix(format, "holding") {
			time.AfterFunc(500*time.Millisecond, cancel)
		}
	}
	r := Run(ctx, o)
	if !r.API.Deleted || r.Hold == nil || r.Hold.Seconds > 5 {
		t.Fatal(text(r))
	}
	if there, err := o.Servers[0].HasRoom(t.Context(), o.Room); err != nil || there {
		t.Errorf("the room is there still (%v)", err)
	}
}

// Two addresses that lead to one node are told from two nodes.
func TestNodesDiffer(t *testing.T) {
	s, other := startServer(t, nil), startServer(t, nil)
	o := s.options(t, "udp")
	o.NodesDiffer = true
	o.Servers = append(o.Servers, server(t, newWire(t, fmt.Sprintf("127.0.0.1:%d", s.port)).url(), testKey, testSecret))
	r := Run(t.Context(), o)
	if r.OK || !strings.Contains(r.Paths[0].Error, "lead to the same node") {
		t.Errorf("one node: %s", text(r))
	}
	// Without a common Redis these have rooms of their own, but they are two.
	o.Servers[1] = server(t, other.url(), testKey, testSecret)
	nodes, err := o.signalNodes(t.Context())
	if err != nil || len(nodes) != 2 || nodes[0] == nodes[1] {
		t.Errorf("two nodes: %v, %v", nodes, err)
	}
}

// What is no LiveKit at all.
func TestNoLiveKit(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer gateway.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	moved := httptest.NewServer(http.RedirectHandler("https://livekit.example.com/", http.StatusPermanentRedirect))
	defer moved.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct{ url, remedy string }{
		"gateway":     {gateway.URL, "endpoints"},
		"certificate": {secure.URL, "--ca-file"},
		"redirect":    {moved.URL, "https://livekit.example.com/"},
		"refused":     {gone.URL, "nothing listens there"},
		"no name":     {"ws://livekit.invalid", "the name is not known"},
	} {
		o := options(t, c.url, "udp")
		r := Run(t.Context(), o)
		if r.OK || r.API.OK || len(r.Paths) != 0 || !strings.Contains(r.API.Remedy, c.remedy) {
			t.Errorf("%s: %s", name, text(r))
		}
	}
}

func text(r any) string {
	all, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(all)
}
