package peer

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

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

// witness collects evidence from many goroutines.
type witness struct {
	mu       sync.Mutex
	evidence Evidence
}

func (w *witness) reached(s Stage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.evidence.Stage = max(w.evidence.Stage, s)
}

func (w *witness) advertised(a Advertised) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, known := range w.evidence.Advertised {
		if known.String() == a.String() {
			return
		}
	}
	w.evidence.Advertised = append(w.evidence.Advertised, a)
}

// allowed says whether ip:port is a candidate that was let through.
func (w *witness) allowed(hostPort, protocol string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.evidence.Advertised {
		if a.Skipped == "" && a.TURN.URL == "" && a.Candidate.Protocol == protocol && a.Candidate.HostPort() == hostPort {
			return true
		}
	}
	return false
}

func (w *witness) relay(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.evidence.Relays = append(w.evidence.Relays, address)
}

func (w *witness) turn(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.evidence.TURN = append(w.evidence.TURN, err)
}

func (w *witness) iceConnected(connection string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.evidence.ICEConnected == nil {
		w.evidence.ICEConnected = map[string]bool{}
	}
	w.evidence.ICEConnected[connection] = true
}

// hopeless says that no media can come, whatever is waited for: so long after the
// welcome the server has told its addresses, and TURN servers were tried.
func (w *witness) hopeless(kind media.Kind, since time.Duration) bool {
	const enough = 3 * time.Second
	w.mu.Lock()
	defer w.mu.Unlock()
	candidates, servers := 0, 0
	for _, a := range w.evidence.Advertised {
		switch {
		case a.Skipped != "":
		case a.TURN.URL != "":
			servers++
		default:
			candidates++
		}
	}
	refused := len(w.evidence.TURN) > 0 && len(w.evidence.Relays) == 0
	return since > enough && (candidates == 0 || kind.Relayed() && (servers == 0 || refused))
}

func (w *witness) warn(text string) {
	const enough = 30
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, known := range w.evidence.Log {
		if known == text {
			return
		}
	}
	if len(w.evidence.Log) < enough {
		w.evidence.Log = append(w.evidence.Log, text)
	}
}

func (w *witness) copy() Evidence {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.evidence
	e.Advertised = append([]Advertised(nil), e.Advertised...)
	e.Relays = append([]string(nil), e.Relays...)
	e.Log = append([]string(nil), e.Log...)
	e.TURN = append([]error(nil), e.TURN...)
	e.ICEConnected = maps.Clone(e.ICEConnected)
	return e
}

// NewLogger makes the witness hear the warnings of pion's packages.
func (w *witness) NewLogger(scope string) logging.LeveledLogger { return logger{scope, w} }

type logger struct {
	scope string
	to    *witness
}

func (l logger) Trace(string)          {}
func (l logger) Tracef(string, ...any) {}
func (l logger) Debug(string)          {}
func (l logger) Debugf(string, ...any) {}

// What pion tells of a TCP connection that fails, it tells as information.
func (l logger) Info(text string) {
	if strings.HasPrefix(text, "Failed") {
		l.Warn(text)
	}
}
func (l logger) Infof(format string, args ...any)  { l.Info(fmt.Sprintf(format, args...)) }
func (l logger) Warn(text string)                  { l.to.warn(l.scope + ": " + text) }
func (l logger) Warnf(format string, args ...any)  { l.Warn(fmt.Sprintf(format, args...)) }
func (l logger) Error(text string)                 { l.Warn(text) }
func (l logger) Errorf(format string, args ...any) { l.Warn(fmt.Sprintf(format, args...)) }
