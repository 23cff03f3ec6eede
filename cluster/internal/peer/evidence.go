package peer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pion/logging"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
)

// Stage is how far a session came.
type Stage int

// The stages of a session, in their order.
const (
	Signalling Stage = iota // the server was asked
	Joined                  // it let the participant in
	Connected               // media of the subscriber's connection is up
	Published               // the track is known to the server
	Sending                 // media of the publisher's connection is up
)

// Evidence is what a session saw, for a diagnosis when it fails.
type Evidence struct {
	Stage      Stage
	Advertised []Advertised
	// Relays are the addresses that TURN servers gave.
	Relays []string
	// ICEConnected says of the publisher's and of the subscriber's connection
	// whether packets went both ways: where they did and media does not, DTLS failed.
	ICEConnected map[string]bool
	// Log holds the last warnings of the WebRTC stack.
	Log []string
	// TURN holds what went wrong on the way to a TURN server.
	TURN []error
}

// Advertised is what the server told of its addresses.
type Advertised struct {
	Candidate media.Candidate
	TURN      media.TURN // URL is empty for a candidate
	Skipped   string     // why it was not used
}

// String gives the candidate or the URL.
func (a Advertised) String() string {
	if a.TURN.URL != "" {
		return a.TURN.URL
	}
	return a.Candidate.String()
}

// recorder collects evidence from many goroutines.
type recorder struct {
	mu       sync.Mutex
	evidence Evidence
}

// record changes the evidence.
func (r *recorder) record(change func(*Evidence)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.evidence)
}

func (r *recorder) stage(s Stage) {
	r.record(func(e *Evidence) { e.Stage = max(e.Stage, s) })
}

func (r *recorder) advertised(a Advertised) {
	r.record(func(e *Evidence) {
		if !slices.ContainsFunc(e.Advertised, func(known Advertised) bool { return known.String() == a.String() }) {
			e.Advertised = append(e.Advertised, a)
		}
	})
}

func (r *recorder) warning(text string) {
	const limit = 30
	r.record(func(e *Evidence) {
		if len(e.Log) < limit && !slices.Contains(e.Log, text) {
			e.Log = append(e.Log, text)
		}
	})
}

// snapshot gives the evidence so far.
func (r *recorder) snapshot() Evidence {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.evidence
	e.Advertised, e.Relays, e.Log = slices.Clone(e.Advertised), slices.Clone(e.Relays), slices.Clone(e.Log)
	e.TURN, e.ICEConnected = slices.Clone(e.TURN), maps.Clone(e.ICEConnected)
	return e
}

// isTried says whether ip:port is a candidate that the filter let through.
func (e Evidence) isTried(hostPort, protocol string) bool {
	return slices.ContainsFunc(e.Advertised, func(a Advertised) bool {
		return a.Skipped == "" && a.TURN.URL == "" &&
			a.Candidate.Protocol == protocol && a.Candidate.HostPort() == hostPort
	})
}

// isHopeless says that no media can come, however long one waits: by then the server
// has named its addresses, and TURN servers were tried.
func (e Evidence) isHopeless(kind media.Kind) bool {
	candidates, servers := 0, 0
	for _, a := range e.Advertised {
		switch {
		case a.Skipped != "":
		case a.TURN.URL != "":
			servers++
		default:
			candidates++
		}
	}
	refused := len(e.TURN) > 0 && len(e.Relays) == 0
	return candidates == 0 || kind.Relayed() && (servers == 0 || refused)
}

// NewLogger makes the recorder keep the warnings of pion's packages.
func (r *recorder) NewLogger(scope string) logging.LeveledLogger { return logger{scope, r} }

type logger struct {
	scope string
	to    *recorder
}

func (l logger) Trace(string)          {}
func (l logger) Tracef(string, ...any) {}
func (l logger) Debug(string)          {}
func (l logger) Debugf(string, ...any) {}

// Info keeps what pion logs, at this level, of a TCP connection that fails.
func (l logger) Info(text string) {
	if strings.HasPrefix(text, "Failed") {
		l.Warn(text)
	}
}
func (l logger) Infof(format string, args ...any)  { l.Info(fmt.Sprintf(format, args...)) }
func (l logger) Warn(text string)                  { l.to.warning(l.scope + ": " + text) }
func (l logger) Warnf(format string, args ...any)  { l.Warn(fmt.Sprintf(format, args...)) }
func (l logger) Error(text string)                 { l.Warn(text) }
func (l logger) Errorf(format string, args ...any) { l.Warn(fmt.Sprintf(format, args...)) }
