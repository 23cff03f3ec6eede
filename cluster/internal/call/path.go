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
	people := o.people(kind)
	defer func() {
		for _, person := range people {
			person.Leave()
		}
	}()
	talking, hush := context.WithCancel(ctx)
	defer hush()
	err := o.meet(ctx, talking, people)
	if err == nil {
		err = judgePairs(people, kind, &p)
	}
	signalNodes, nodesErr := o.signalNodes(ctx)
	if err == nil {
		err = nodesErr
	}
	if err == nil {
		o.Progress("%s: media goes both ways, %s to %s", p.Media, p.Local, p.Remote)
	}
	if err == nil && o.Hold > 0 {
		r.Hold, err = o.hold(ctx, people)
	}
	hush()
	o.account(people, kind, signalNodes, &p, r)
	p.OK = err == nil
	if err != nil {
		p.Error, p.Remedy = err.Error(), remedy.Step(err)
		o.Progress("%s: %v", kind, err)
		for _, person := range people {
			for _, line := range person.Evidence().Log {
				o.Debug("%s: %s", person.Account().Identity, line)
			}
		}
	}
	p.DurationMS = time.Since(started).Milliseconds()
	r.Paths = append(r.Paths, p)
}

// people makes the participants of a call.
func (o Options) people(kind media.Kind) []*peer.Participant {
	const margin = time.Hour // for clocks, and for what is slow
	known := &register{names: map[string]string{}}
	people := make([]*peer.Participant, o.Participants)
	for i := range people {
		people[i] = peer.New(peer.Config{
			Server: o.Servers[i%len(o.Servers)], Room: o.Room, Identity: fmt.Sprintf("%s-%d", kind, i+1),
			Filter: media.Filter{Kind: kind, Expect: o.Expect}, TLS: o.TLS,
			TURNTLSAddress: o.TURNTLSAddress, TCPAddress: o.TCPAddress,
			ValidFor: o.Timeout + o.Hold + margin, Who: known.name, Joined: known.add,
		})
	}
	return people
}

// register knows the participants by the ids that the server gave them.
type register struct {
	mu    sync.Mutex
	names map[string]string
}

func (r *register) add(sid, identity string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names[sid] = identity
}

func (r *register) name(sid string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.names[sid]
}

// meet brings all participants into the room at once, and returns when everyone
// heard everyone. They go on talking until talking ends.
func (o Options) meet(ctx, talking context.Context, people []*peer.Participant) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	joins := make([]error, len(people))
	var wait sync.WaitGroup
	for i, person := range people {
		wait.Go(func() {
			if err := person.Join(ctx); err != nil {
				joins[i] = o.explainJoin(err, person)
				cancel() // the others would wait for nothing
			}
		})
	}
	wait.Wait()
	if err := firstCause(joins); err != nil {
		return err
	}
	for _, person := range people {
		go person.Talk(talking)
	}
	for _, person := range people {
		if err := hearAll(ctx, person, people); err != nil {
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
func hearAll(ctx context.Context, person *peer.Participant, people []*peer.Participant) error {
	for {
		heard := 0
		for _, from := range person.Received() {
			if from.DataLost > 0 {
				return explainUnheard(person, people, nil)
			}
			if from.AudioPackets >= enoughAudio && from.DataPackets >= enoughData {
				heard++
			}
		}
		if heard == len(people)-1 {
			return nil
		}
		select {
		case <-person.Heard():
		case <-ctx.Done():
			return explainUnheard(person, people, ctx.Err())
		}
	}
}

// judgePairs writes down the way that media took, which must be the same kind everywhere.
func judgePairs(people []*peer.Participant, kind media.Kind, p *Path) error {
	for _, person := range people {
		pairs, err := person.Pairs()
		if err != nil {
			return err
		}
		for _, pair := range pairs {
			p.Pairs = append(p.Pairs, Pair{
				Participant: person.Account().Identity, Connection: pair.Connection, Media: string(pair.Kind),
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
func (o Options) account(people []*peer.Participant, kind media.Kind, signalNodes []string, p *Path, r *Result) {
	for i, person := range people {
		a := person.Account()
		told := Participant{
			Media: string(kind), Identity: a.Identity, SID: a.SID, URL: a.URL, Node: a.Node,
			AudioSent: a.AudioSent, DataSent: a.DataSent,
		}
		if len(signalNodes) > 0 {
			told.SignalNode = signalNodes[i%len(signalNodes)]
			r.Server.Nodes = append(r.Server.Nodes, told.SignalNode)
		}
		if a.Node != "" {
			r.Server.Nodes = append(r.Server.Nodes, a.Node)
			r.Server.Version, r.Server.Region = a.Version, a.Region
		}
		r.Participants = append(r.Participants, told)
		for _, from := range person.Received() {
			p.AudioPackets += from.AudioPackets
			p.AudioLost += from.AudioLost
			p.DataPackets += from.DataPackets
			p.DataLost += from.DataLost
		}
		for _, way := range person.Evidence().Advertised {
			a := Advertised{Address: way.String(), Tried: way.Skipped == "", Skipped: way.Skipped}
			if !slices.Contains(p.Advertised, a) {
				p.Advertised = append(p.Advertised, a)
			}
		}
	}
}
