package peer

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
)

// turnTimeout is how long a TURN server may take to be connected to.
const turnTimeout = 8 * time.Second

// turnDialer connects to TURN servers over TCP and TLS in pion's stead, which
// knows neither a certificate authority nor another address, and keeps errors to itself.
type turnDialer struct {
	config   *tls.Config
	names    map[string]string // of servers that speak TLS, by host:port
	recorder *recorder
}

// Dial implements the dialer of golang.org/x/net/proxy.
func (d *turnDialer) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), turnTimeout)
	defer cancel()
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		d.recorder.record(func(e *Evidence) { e.TURN = append(e.TURN, err) })
	}
	return conn, err
}

func (d *turnDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	plain, err := (&net.Dialer{}).DialContext(ctx, network, address)
	name, secured := d.names[address]
	if !secured {
		return plain, err
	}
	if err != nil {
		return nil, fmt.Errorf("TURN over TLS: %w", err)
	}
	config := d.config.Clone()
	config.ServerName = name
	secure := tls.Client(plain, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, fmt.Errorf("TURN over TLS: %s as %s: %w", address, name, err)
	}
	// pion wants a TCP address of both ends, which a tls.Conn gives.
	return secure, nil
}

// relays picks the TURN servers that the filter lets through, and gives the names of
// those that speak TLS by the host:port to dial.
func relays(servers []*livekit.ICEServer, c Config, r *recorder) ([]webrtc.ICEServer, map[string]string) {
	var picked []webrtc.ICEServer
	names := map[string]string{}
	for _, server := range servers {
		for _, url := range server.GetUrls() {
			t, err := media.ParseTURN(url)
			if err != nil {
				r.advertised(Advertised{TURN: media.TURN{URL: url}, Skipped: err.Error()})
				continue
			}
			skip := c.Filter.SkipServer(t)
			if t.Kind != "" { // STUN servers are of no interest
				r.advertised(Advertised{TURN: t, Skipped: skip})
			}
			if skip != "" {
				continue
			}
			if t.Kind == media.TURNTLS {
				to := hostPort(t.Host, uint16(t.Port))
				if c.TURNTLSAddress != "" {
					// pion looks the name up once more, and it may be known nowhere yet.
					to = c.TURNTLSAddress
					url = "turns:" + to + "?transport=tcp"
				}
				names[to] = t.Host
			}
			picked = append(picked, webrtc.ICEServer{
				URLs: []string{url}, Username: server.GetUsername(), Credential: server.GetCredential(),
			})
		}
	}
	return picked, names
}
