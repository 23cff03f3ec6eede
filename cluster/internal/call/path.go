package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/media"
	"github.com/helm-livekit/helm-livekit/cluster/internal/peer"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// What each participant must get from each other one: a second of audio, and
// three data packets.
const (
	enoughAudio = 50
	enoughData  = 3
)

// path makes the call of one way of media and adds what came of it to r.
func (o Options) path(ctx context.Context, kind media.Kind, r *Result) {
	started := time.Now()
	o.Progress("%s: joining %s", kind, o.Room)
	p := Path{Media: string(kind)}
	participants := o.newParticipants(kind)
	defer func() {
		for _, participant := range participants {
			participant.Leave()
		}
	}()
	talking, stopTalking := context.WithCancel(ctx)
	defer stopTalking()
	err := o.meet(ctx, talking, participants)
	if err == nil {
		err = judgePairs(participants, kind, &p)
	}
	signalNodes, nodesErr := o.signalNodes(ctx)
	if err == nil {
		err = nodesErr
	}
	if err == nil {
		o.Progress("%s: media goes both ways, %s to %s", p.Media, p.Local, p.Remote)
	}
	if err == nil && o.Hold > 0 {
		r.Hold, err = o.hold(ctx, participants)
	}
	stopTalking()
	o.account(participants, kind, signalNodes, &p, r)
	p.OK = err == nil
	if err != nil {
		p.Error, p.Remedy = err.Error(), remedy.Step(err)
		o.Progress("%s: %v", kind, err)
		for _, participant := range participants {
			for _, line := range participant.Evidence().Log {
				o.Debug("%s: %s", participant.Account().Identity, line)
			}
		}
	}
	p.DurationMS = time.Since(started).Milliseconds()
	r.Paths = append(r.Paths, p)
}

// newParticipants makes the participants of a call.
func (o Options) newParticipants(kind media.Kind) []*peer.Participant {
	const margin = time.Hour // for clocks, and for what is slow
	known := &identities{names: map[string]string{}}
	participants := make([]*peer.Participant, o.Participants)
	for i := range participants {
		participants[i] = peer.New(peer.Config{
			Server: o.Servers[i%len(o.Servers)], Room: o.Room, Identity: fmt.Sprintf("%s-%d", kind, i+1),
			Filter: media.Filter{Kind: kind, Expect: o.Expect}, TLS: o.TLS,
			TURNTLSAddress: o.TURNTLSAddress, TCPAddress: o.TCPAddress,
			ValidFor: o.Timeout + o.Hold + margin, Who: known.name, Joined: known.add,
		})
	}
	return participants
}

// identities know the participants by the ids that the server gave them.
type identities struct {
	mu    sync.Mutex
	names map[string]string
}

func (r *identities) add(sid, identity string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names[sid] = identity
}

func (r *identities) name(sid string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names[sid]
}

// meet brings all participants into the room at once, and returns when everyone
// heard everyone. They go on talking until talking ends.
func (o Options) meet(ctx, talking context.Context, participants []*peer.Participant) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	joins := make([]error, len(participants))
	var wait sync.WaitGroup
	for i, participant := range participants {
		wait.Go(func() {
			if err := participant.Join(ctx); err != nil {
				joins[i] = o.explainJoin(err, participant)
				cancel() // the others would wait for nothing
			}
		})
	}
	wait.Wait()
	if err := firstCause(joins); err != nil {
		return err
	}
	for _, participant := range participants {
		go participant.Talk(talking)
	}
	for _, participant := range participants {
		if err := hearAll(ctx, participant, participants); err != nil {
			return err
		}
	}
	return nil
}

// firstCause gives the error that made the others give up, if there is one.
func firstCause(errs []error) error {
	var first error
	for _, err := range errs {
		if err != nil && (first == nil || errors.Is(first, context.Canceled)) {
			first = err
		}
	}
	return first
}

// hearAll returns when enough came from everyone else.
func hearAll(ctx context.Context, participant *peer.Participant, participants []*peer.Participant) error {
	for {
		heard := 0
		for _, from := range participant.Received() {
			if from.DataLost > 0 {
				return explainUnheard(participant, participants, nil)
			}
			if from.AudioPackets >= enoughAudio && from.DataPackets >= enoughData {
				heard++
			}
		}
		if heard == len(participants)-1 {
			return nil
		}
		select {
		case <-participant.Heard():
		case <-ctx.Done():
			return explainUnheard(participant, participants, ctx.Err())
		}
	}
}

// judgePairs writes down the way that media took, which must be the same kind everywhere.
func judgePairs(participants []*peer.Participant, kind media.Kind, p *Path) error {
	for _, participant := range participants {
		pairs, err := participant.Pairs()
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			p.Pairs = append(p.Pairs, Pair{
				Participant: participant.Account().Identity, Connection: pair.Connection, Media: string(pair.Kind),
				Local: pair.Local, Remote: pair.Remote, Peer: pair.Peer, RTT: milliseconds(pair.RTT),
			})
			if kind != media.Auto && pair.Kind != kind {
				return fmt.Errorf("media takes %s (%s), not %s", pair.Kind, pair.Remote, kind)
			}
		}
	}
	first := p.Pairs[0]
	p.Media, p.Local, p.Remote, p.Peer, p.RTT = first.Media, first.Local, first.Remote, first.Peer, first.RTT
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// account adds what the participants did and saw.
func (o Options) account(participants []*peer.Participant, kind media.Kind, signalNodes []string, p *Path, r *Result) {
	for i, participant := range participants {
		a := participant.Account()
		entry := Participant{
			Media: string(kind), Identity: a.Identity, SID: a.SID, URL: a.URL, Node: a.Node,
			AudioSent: a.AudioSent, DataSent: a.DataSent,
		}
		if len(signalNodes) > 0 {
			entry.SignalNode = signalNodes[i%len(signalNodes)]
			r.Server.Nodes = append(r.Server.Nodes, entry.SignalNode)
		}
		if a.Node != "" {
			r.Server.Nodes = append(r.Server.Nodes, a.Node)
			r.Server.Version, r.Server.Region = a.Version, a.Region
		}
		r.Participants = append(r.Participants, entry)
		for _, from := range participant.Received() {
			p.AudioPackets += from.AudioPackets
			p.AudioLost += from.AudioLost
			p.DataPackets += from.DataPackets
			p.DataLost += from.DataLost
		}
		for _, way := range participant.Evidence().Advertised {
			a := Advertised{Address: way.String(), Tried: way.Skipped == "", Skipped: way.Skipped}
			if !slices.Contains(p.Advertised, a) {
				p.Advertised = append(p.Advertised, a)
			}
		}
	}
}
