package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/webrtc/v4"
	"google.golang.org/protobuf/proto"

	"github.com/helm-livekit/helm-livekit/cluster/internal/signal"
)

var opus = webrtc.RTPCodecCapability{
	MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
}

// The names of the two connections of a participant.
const (
	Publisher  = "publisher"
	Subscriber = "subscriber"
)

// Why a session ends, or does not begin.
var (
	// ErrRejoin says that the session is over and that a new one may be begun.
	ErrRejoin = errors.New("the server ended the session")
	// ErrSignalling says that the signalling connection broke.
	ErrSignalling = errors.New("signalling ended")
	// ErrNoConsent says that the server did not take the audio track.
	ErrNoConsent = errors.New("the server did not take the audio track")
)

// session is a participant's stay in the room, from one join to its end.
// Signalling can be lost and resumed meanwhile.
type session struct {
	config      Config
	listener    *listener
	recorder    *recorder
	token       string // guarded by mu
	welcomeInfo        // guarded by mu

	publisher, subscriber *connection
	channel               *webrtc.DataChannel
	track                 *webrtc.TrackLocalStaticSample

	joined, connected, published, sending event
	lost                                  event // media failed for good

	mu     sync.Mutex
	conn   *signal.Conn
	ended  chan error // why reading from conn ended; one value for each conn
	closed bool
}

// welcomeInfo is what the server says of a session when it lets a participant in.
type welcomeInfo struct{ sid, node, version, region string }

// event is something that happens once; those who wait for it use Done.
type event struct {
	context.Context
	set context.CancelFunc
}

func newEvent() event {
	ctx, set := context.WithCancel(context.Background())
	return event{ctx, set}
}

func (e event) isSet() bool { return e.Err() != nil }

func newSession(c Config, l *listener, r *recorder) *session {
	return &session{
		config: c, listener: l, recorder: r,
		joined: newEvent(), connected: newEvent(), published: newEvent(), sending: newEvent(), lost: newEvent(),
	}
}

// begin joins the room, and returns when media goes both ways.
func (s *session) begin(ctx context.Context) error {
	token, err := s.config.Server.Credentials.JoinToken(s.config.Room, s.config.Identity, s.config.ValidFor)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.token = token
	s.mu.Unlock()
	conn, err := s.config.Server.Join(ctx, token)
	if err != nil {
		return err
	}
	s.listen(conn)
	if err := s.wait(ctx, s.joined, "the server's welcome", nil); err != nil {
		return err
	}
	s.recorder.stage(Joined)
	if err := s.waitForMedia(ctx, s.connected, "media from the server"); err != nil {
		return err
	}
	s.recorder.stage(Connected)
	return s.publish(ctx)
}

// listen reads from a signalling connection until it ends.
func (s *session) listen(conn *signal.Conn) {
	ended := make(chan error, 1)
	s.mu.Lock()
	s.conn, s.ended = conn, ended
	s.mu.Unlock()
	go func() {
		for {
			message, err := conn.Read()
			if err != nil {
				err = fmt.Errorf("%w: %w", ErrSignalling, err)
			} else {
				err = s.handle(message)
			}
			if err != nil {
				conn.Close()
				ended <- err
				return
			}
		}
	}()
}

func (s *session) signalling() (*signal.Conn, chan error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn, s.ended
}

func (s *session) send(request *livekit.SignalRequest) {
	conn, _ := s.signalling()
	_ = conn.Send(request) // what is lost shows where it is read
}

// wait returns when e happened. It gives up early where isHopeless says so; nil for
// what cannot be told.
func (s *session) wait(ctx context.Context, e event, what string, isHopeless func() bool) error {
	_, ended := s.signalling()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-e.Done():
			return nil
		case err := <-ended:
			return fmt.Errorf("while waiting for %s: %w", what, err)
		case <-s.lost.Done():
			return fmt.Errorf("while waiting for %s: the connection for media failed", what)
		case <-ctx.Done():
			return fmt.Errorf("no %s in time: %w", what, ctx.Err())
		case <-tick.C:
			if isHopeless != nil && isHopeless() {
				return fmt.Errorf("no %s: %w", what, errNoWay)
			}
		}
	}
}

// waitForMedia waits for a connection to come up.
func (s *session) waitForMedia(ctx context.Context, e event, what string) error {
	const atLeast = 3 * time.Second // by then the server has named its addresses
	began := time.Now()
	return s.wait(ctx, e, what, func() bool {
		return time.Since(began) > atLeast && s.recorder.snapshot().isHopeless(s.config.Filter.Kind)
	})
}

var errNoWay = errors.New("no address is left to try")

func (s *session) handle(message *livekit.SignalResponse) error {
	if join := message.GetJoin(); join != nil {
		return s.welcome(join)
	}
	if s.publisher == nil && message.GetLeave() == nil {
		return nil // before the welcome there is nothing to be said to
	}
	switch m := message.Message.(type) {
	case *livekit.SignalResponse_Offer:
		return s.answer(m.Offer)
	case *livekit.SignalResponse_Answer:
		return s.publisher.remote(webrtc.SDPTypeAnswer, m.Answer.Sdp, s.recorder)
	case *livekit.SignalResponse_Trickle:
		init := webrtc.ICECandidateInit{}
		if err := json.Unmarshal([]byte(m.Trickle.CandidateInit), &init); err != nil {
			return fmt.Errorf("a candidate of the server cannot be read: %w", err)
		}
		if m.Trickle.Target == livekit.SignalTarget_SUBSCRIBER {
			return s.subscriber.candidate(init.Candidate, s.recorder)
		}
		return s.publisher.candidate(init.Candidate, s.recorder)
	case *livekit.SignalResponse_TrackPublished:
		s.published.set()
	case *livekit.SignalResponse_RefreshToken:
		s.mu.Lock()
		s.token = m.RefreshToken
		s.mu.Unlock()
	case *livekit.SignalResponse_Leave:
		if m.Leave.Action == livekit.LeaveRequest_RESUME {
			return fmt.Errorf("the server asks to resume: %s", m.Leave.Reason)
		}
		return fmt.Errorf("%w: %s", ErrRejoin, m.Leave.Reason)
	}
	return nil
}

func (s *session) welcome(join *livekit.JoinResponse) error {
	publisher, err := newConnection(s.config, join.IceServers, s.recorder)
	if err != nil {
		return err
	}
	subscriber, err := newConnection(s.config, join.IceServers, s.recorder)
	if err != nil {
		_ = publisher.Close()
		return err
	}
	info, sid := join.GetServerInfo(), join.GetParticipant().GetSid()
	s.mu.Lock()
	s.welcomeInfo = welcomeInfo{sid, info.GetNodeId(), info.GetVersion(), info.GetRegion()}
	s.publisher, s.subscriber = publisher, subscriber
	closed := s.closed
	s.mu.Unlock()
	if closed {
		s.close()
		return context.Canceled
	}
	s.config.Joined(sid, s.config.Identity)
	s.watch(Subscriber, s.subscriber, s.connected.set)
	s.watch(Publisher, s.publisher, func() {})
	s.subscriber.OnDataChannel(func(c *webrtc.DataChannel) { c.OnMessage(s.onData) })
	s.subscriber.OnTrack(s.onTrack)
	s.joined.set()
	return nil
}

// watch follows the states of a connection; up is called when it connects.
func (s *session) watch(name string, c *connection, up func()) {
	c.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) {
		if state == webrtc.ICEConnectionStateConnected {
			s.recorder.record(func(e *Evidence) {
				if e.ICEConnected == nil {
					e.ICEConnected = map[string]bool{}
				}
				e.ICEConnected[name] = true
			})
		}
	})
	c.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			up()
		case webrtc.PeerConnectionStateFailed:
			s.lost.set()
		}
	})
}

func (s *session) answer(offer *livekit.SessionDescription) error {
	if err := s.subscriber.remote(webrtc.SDPTypeOffer, offer.Sdp, s.recorder); err != nil {
		return fmt.Errorf("the server's offer cannot be used: %w", err)
	}
	answer, err := s.subscriber.CreateAnswer(nil)
	if err != nil {
		return err
	}
	sdp, err := s.subscriber.local(answer)
	if err != nil {
		return err
	}
	s.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Answer{
		Answer: &livekit.SessionDescription{Type: "answer", Sdp: sdp, Id: offer.Id},
	}})
	return nil
}

func (s *session) publish(ctx context.Context) (err error) {
	if s.channel, err = s.publisher.CreateDataChannel("_reliable", nil); err != nil {
		return err
	}
	s.channel.OnOpen(s.sending.set)
	if s.track, err = webrtc.NewTrackLocalStaticSample(opus, "audio", "audio"); err != nil {
		return err
	}
	if _, err = s.publisher.AddTrack(s.track); err != nil {
		return err
	}
	s.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{AddTrack: &livekit.AddTrackRequest{
		Cid: s.track.ID(), Name: "audio", Type: livekit.TrackType_AUDIO, Source: livekit.TrackSource_MICROPHONE,
	}}})
	if err := s.wait(ctx, s.published, "consent to the audio track", nil); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrNoConsent, err)
	} else if err != nil {
		return err
	}
	s.recorder.stage(Published)
	if err := s.offer(nil); err != nil {
		return err
	}
	if err := s.waitForMedia(ctx, s.sending, "media to the server"); err != nil {
		return err
	}
	s.recorder.stage(Sending)
	return nil
}

func (s *session) offer(options *webrtc.OfferOptions) error {
	offer, err := s.publisher.CreateOffer(options)
	if err != nil {
		return err
	}
	sdp, err := s.publisher.local(offer)
	if err != nil {
		return err
	}
	s.send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Offer{
		Offer: &livekit.SessionDescription{Type: "offer", Sdp: sdp},
	}})
	return nil
}

// resume takes signalling up again, with media going on meanwhile.
func (s *session) resume(ctx context.Context) error {
	s.mu.Lock()
	token, sid := s.token, s.sid
	s.mu.Unlock()
	conn, err := s.config.Server.Resume(ctx, token, sid)
	if err != nil {
		return err
	}
	first, err := conn.Read()
	if err != nil {
		conn.Close()
		return err
	}
	if first.GetReconnect() == nil {
		conn.Close()
		return fmt.Errorf("%w: %s", ErrRejoin, first.GetLeave().GetReason())
	}
	s.listen(conn)
	// The way to the server may have changed: both ends look for one anew.
	return s.offer(&webrtc.OfferOptions{ICERestart: true})
}

func (s *session) onData(m webrtc.DataChannelMessage) {
	packet := &livekit.DataPacket{}
	if proto.Unmarshal(m.Data, packet) != nil || packet.GetUser() == nil {
		return
	}
	from := packet.GetParticipantIdentity()
	if number, ok := dataNumber(s.config.Room, string(packet.GetUser().GetPayload())); ok && from != "" {
		s.listener.data(from, number)
	}
}

func (s *session) onTrack(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	sid, _, _ := strings.Cut(t.StreamID(), "|")
	var numbers sequence
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if from := s.config.Who(sid); from != "" && len(packet.Payload) > 0 {
			s.listener.audio(from, numbers.lost(packet.SequenceNumber), time.Now())
		}
	}
}

// leave tells the server, so that the room need not wait for the participant.
func (s *session) leave() {
	if conn, _ := s.signalling(); conn != nil {
		_ = conn.Send(&livekit.SignalRequest{Message: &livekit.SignalRequest_Leave{
			Leave: &livekit.LeaveRequest{Reason: livekit.DisconnectReason_CLIENT_INITIATED},
		}})
	}
	s.close()
}

func (s *session) close() {
	s.mu.Lock()
	s.closed = true
	conn, publisher, subscriber := s.conn, s.publisher, s.subscriber
	s.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
	for _, c := range []*connection{publisher, subscriber} {
		if c != nil {
			_ = c.Close()
		}
	}
}
