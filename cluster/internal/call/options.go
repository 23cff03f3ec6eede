// Package call makes calls over the asked ways of media and judges them.
package call

import (
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
)

// Options say what to do.
type Options struct {
	// Servers are the addresses of signalling; participants take them in turn.
	Servers []*signal.Server
	Room    string
	// Kinds are the ways of media, a call for each.
	Kinds        []media.Kind
	Expect       media.Expect
	Participants int
	Timeout      time.Duration // for each call, the hold aside
	Hold         time.Duration // 0 for none; for one kind alone
	MaxGap       time.Duration // 0 for any; the longest time without audio that is fine in a hold
	NodesDiffer  bool

	TLS            *tls.Config
	TURNTLSAddress string
	TCPAddress     netip.AddrPort
	// Progress gets one line of text at a time, and Debug what the WebRTC stack
	// had to say of a way that failed.
	Progress, Debug func(format string, args ...any)
}
