// Package peer is one participant of a call: signalling, two connections for
// media, what it sent and what it got.
package peer

import (
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
)

// Config is what a participant is made of.
type Config struct {
	Server   *signal.Server
	Room     string
	Identity string
	Filter   media.Filter
	// TLS is for TURN over TLS; its ServerName is set to the server's.
	TLS *tls.Config
	// TURNTLSAddress is host:port where TURN over TLS is reached, if not at
	// the address that the server tells.
	TURNTLSAddress string
	// TCPAddress is where media over TCP is reached, if not at the address that
	// the server tells.
	TCPAddress netip.AddrPort
	// ValidFor is how long the token must last.
	ValidFor time.Duration
	// Who names the participant of a session, by the id that the server gave
	// it; "" for strangers.
	Who func(sid string) string
	// Joined is told each id that the server gives this participant.
	Joined func(sid, identity string)
}
