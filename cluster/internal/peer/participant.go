package peer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4/pkg/media"
	"google.golang.org/protobuf/proto"

	ways "github.com/helm-livekit/helm-livekit/cluster/internal/media"
)

// What a participant sends: an Opus frame of silence (RFC 6716, 3.1: 20 ms of
// CELT) each frameTime, and a data packet every dataEvery frames.
const (
	frameTime = 20 * time.Millisecond
	dataEvery = 10
)

var silentFrame = []byte{0xf8, 0xff, 0xfe}

// Participant is one client, over all its sessions.
type Participant struct {
	config   Config
	listener *listener
	recorder *recorder

	mu        sync.Mutex
	session   *session
	audioSent int
	dataSent  int
	number    int // of the next data packet
	resumed   int
	rejoined  int
}

// New gives a participant that has not joined yet.
func New(c Config) *Participant {
	return &Participant{config: c, listener: newListener(), recorder: &recorder{}}
}

// Join brings the participant into the room, and returns when media goes both
// ways. Evidence says more about an error.
func (p *Participant) Join(ctx context.Context) error {
	s := newSession(p.config, p.listener, p.recorder)
	p.mu.Lock()
	p.session = s
	p.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		s.close()
		return fmt.Errorf("%s: %w", p.config.Identity, err)
	}
	return nil
}

// Talk sends audio and data until ctx ends. Between two sessions nothing is sent.
func (p *Participant) Talk(ctx context.Context) {
	tick := time.NewTicker(frameTime)
	defer tick.Stop()
	for frame := 0; ; frame++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			p.send(frame%dataEvery == 0)
		}
	}
}

func (p *Participant) send(data bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.session
	if s == nil || !s.sending.isSet() {
		return
	}
	if s.track.WriteSample(media.Sample{Data: silentFrame, Duration: frameTime}) == nil {
		p.audioSent++
	}
	if !data {
		return
	}
	message, err := proto.Marshal(&livekit.DataPacket{Value: &livekit.DataPacket_User{User: &livekit.UserPacket{
		Payload: []byte(dataText(p.config.Room, p.number)),
	}}})
	if err == nil && s.channel.Send(message) == nil {
		p.dataSent++
		p.number++
	}
}

// Stay keeps the participant in the room until ctx ends: signalling that is lost
// is resumed, a session that is lost is begun anew. Each of these is told to note.
func (p *Participant) Stay(ctx context.Context, note func(text string)) {
	for {
		s := p.current()
		_, ended := s.signalling()
		var err error
		select {
		case <-ctx.Done():
			return
		case err = <-ended:
		case <-s.lost.Done():
			err = fmt.Errorf("%w: the connection for media failed", ErrRejoin)
		}
		if ctx.Err() != nil {
			return
		}
		note(err.Error())
		p.recover(ctx, s, err, note)
	}
}

// backoff has the times between attempts to come back; the last one repeats.
var backoff = []time.Duration{0, 200 * time.Millisecond, 500 * time.Millisecond, time.Second}

// recover tries until ctx ends.
func (p *Participant) recover(ctx context.Context, s *session, reason error, note func(string)) {
	const attemptTimeout = 10 * time.Second
	for attempt := 0; ctx.Err() == nil; attempt++ {
		sleep(ctx, backoff[min(attempt, len(backoff)-1)])
		attemptCtx, cancel := context.WithTimeout(ctx, attemptTimeout)
		rejoin := errors.Is(reason, ErrRejoin) || s.lost.isSet()
		var err error
		if rejoin {
			s.close()
			// A server that lost its memory, and makes no rooms by itself, needs this.
			_ = p.config.Server.CreateRoom(attemptCtx, p.config.Room)
			err = p.Join(attemptCtx)
		} else {
			err = s.resume(attemptCtx)
		}
		cancel()
		if err == nil {
			p.cameBack(rejoin, note)
			return
		}
		if attempt == 0 || errors.Is(err, ErrRejoin) != errors.Is(reason, ErrRejoin) {
			note(err.Error())
		}
		if errors.Is(err, ErrRejoin) {
			reason = err
		}
	}
}

func (p *Participant) cameBack(rejoined bool, note func(string)) {
	text := "resumed signalling"
	p.mu.Lock()
	if rejoined {
		p.rejoined++
		text = "joined anew"
	} else {
		p.resumed++
	}
	p.mu.Unlock() // note may ask for the account
	note(text)
}

// Leave leaves the room and closes all connections.
func (p *Participant) Leave() {
	if s := p.current(); s != nil {
		s.leave()
	}
}

func (p *Participant) current() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.session
}

// Heard gets a value when something came from another participant.
func (p *Participant) Heard() <-chan struct{} { return p.listener.heard }

// Received gives what came so far, by the sender's identity.
func (p *Participant) Received() map[string]Received { return p.listener.snapshot() }

// Evidence gives what was seen so far.
func (p *Participant) Evidence() Evidence { return p.recorder.snapshot() }

// StartCounting forgets what was sent and received so far.
func (p *Participant) StartCounting() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.audioSent, p.dataSent = 0, 0
	p.listener.reset(time.Now())
}

// Kind is the way of media that was asked for.
func (p *Participant) Kind() ways.Kind { return p.config.Filter.Kind }

// Account is what a participant did and was told.
type Account struct {
	Identity, SID, URL, Node, Version, Region string
	AudioSent, DataSent, Resumed, Rejoined    int
}

// Account gives the numbers so far.
func (p *Participant) Account() Account {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := Account{
		Identity: p.config.Identity, URL: p.config.Server.URL,
		AudioSent: p.audioSent, DataSent: p.dataSent, Resumed: p.resumed, Rejoined: p.rejoined,
	}
	if p.session != nil {
		p.session.mu.Lock()
		defer p.session.mu.Unlock()
		a.SID, a.Node, a.Version, a.Region = p.session.sid, p.session.node, p.session.version, p.session.region
	}
	return a
}

func sleep(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
