package call

import (
	"context"
	"sync"
	"time"

	"github.com/helm-livekit/helm-livekit/cluster/internal/peer"
	"github.com/helm-livekit/helm-livekit/internal/remedy"
)

// aliveWithin is how fresh the last audio must be at the end of a hold for the
// call to count as going on.
const aliveWithin = 2 * time.Second

// hold keeps the call for the asked time, or until ctx ends, and says what
// happened to it.
func (o Options) hold(ctx context.Context, participants []*peer.Participant) (*Hold, error) {
	for _, participant := range participants {
		participant.StartCounting()
	}
	began := time.Now()
	o.Progress("holding the call for %s", o.Hold)
	holding, end := context.WithTimeout(ctx, o.Hold)
	defer end()
	events := &eventLog{began: began, progress: o.Progress}
	var wait sync.WaitGroup
	for _, participant := range participants {
		wait.Go(func() {
			participant.Stay(holding, func(text string) { events.add(participant.Account().Identity, text) })
		})
	}
	wait.Wait()
	h := events.sum(participants, time.Now())
	return h, o.judgeHold(h, participants)
}

const holdStep = "look at the events of the hold, and at the server's log of that time"

func (o Options) judgeHold(h *Hold, participants []*peer.Participant) error {
	gap := time.Duration(h.LongestGapMS) * time.Millisecond
	for _, d := range h.Directions {
		if d.AudioPackets == 0 {
			return remedy.Errorf(holdStep,
				"%s heard nothing from %s while the call was held", d.To, d.From)
		}
	}
	for _, participant := range participants {
		for from, r := range participant.Received() {
			if silent := time.Since(r.LastAudio); silent > aliveWithin {
				return remedy.Errorf(holdStep,
					"at the end of the hold %s had heard nothing from %s for %s", participant.Account().Identity, from,
					silent.Round(time.Millisecond))
			}
		}
	}
	if o.MaxGap > 0 && gap > o.MaxGap {
		return remedy.Errorf(holdStep,
			"%s went by without audio; at most %s is fine (--max-gap)", gap, o.MaxGap)
	}
	return nil
}

// eventLog records what happens to the participants.
type eventLog struct {
	began    time.Time
	progress func(format string, args ...any)
	mu       sync.Mutex
	events   []Event
}

func (l *eventLog) add(identity, text string) {
	const enough = 200
	l.mu.Lock()
	defer l.mu.Unlock()
	at := time.Since(l.began)
	l.progress("%s: %s: %s", at.Round(time.Millisecond), identity, text)
	if len(l.events) < enough {
		l.events = append(l.events, Event{AtMS: at.Milliseconds(), Participant: identity, Text: text})
	}
}

func (l *eventLog) sum(participants []*peer.Participant, now time.Time) *Hold {
	h := &Hold{Seconds: now.Sub(l.began).Seconds(), Directions: []Direction{}, Events: append([]Event{}, l.events...)}
	for _, participant := range participants {
		a := participant.Account()
		h.Resumed += a.Resumed
		h.Rejoined += a.Rejoined
	}
	h.Reconnected = h.Resumed+h.Rejoined > 0
	for _, participant := range participants {
		to := participant.Account().Identity
		for from, r := range participant.Received() {
			gap := max(r.LongestGap, now.Sub(r.LastAudio)).Milliseconds()
			direction := Direction{
				From: from, To: to, AudioPackets: r.AudioPackets, AudioLost: r.AudioLost, LongestGapMS: gap,
				DataPackets: r.DataPackets, DataLost: r.DataLost,
			}
			h.Directions = append(h.Directions, direction)
			h.LongestGapMS = max(h.LongestGapMS, gap)
			h.AudioPackets += r.AudioPackets
			h.AudioLost += r.AudioLost
			h.DataPackets += r.DataPackets
			h.DataLost += direction.DataLost
		}
	}
	return h
}
