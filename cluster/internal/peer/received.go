package peer

import (
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Received is what came from one other participant.
type Received struct {
	AudioPackets, AudioLost int
	DataPackets, DataLost   int
	LongestGap              time.Duration // between two audio packets
	LastAudio               time.Time
}

// ear counts what a participant gets from the others. It outlives sessions.
type ear struct {
	mu    sync.Mutex
	from  map[string]*Received
	next  map[string]int // the number of the data packet to come
	heard chan struct{}  // gets a value, if it has none, when something came
}

func newEar() *ear {
	return &ear{from: map[string]*Received{}, next: map[string]int{}, heard: make(chan struct{}, 1)}
}

func (e *ear) of(identity string) *Received {
	if e.from[identity] == nil {
		e.from[identity] = &Received{}
	}
	return e.from[identity]
}

// audio counts a packet, and the lost ones before it.
func (e *ear) audio(identity string, lost int, at time.Time) {
	e.mu.Lock()
	r := e.of(identity)
	if !r.LastAudio.IsZero() {
		r.LongestGap = max(r.LongestGap, at.Sub(r.LastAudio))
	}
	r.LastAudio = at
	r.AudioPackets++
	r.AudioLost += lost
	e.mu.Unlock()
	e.wake()
}

// data counts a packet, and the ones that are missing before it: they are sent in
// order. What was sent before this participant could hear is not missing.
func (e *ear) data(identity string, number int) {
	e.mu.Lock()
	r := e.of(identity)
	r.DataPackets++
	if next, known := e.next[identity]; known {
		r.DataLost += max(0, number-next)
	}
	e.next[identity] = number + 1
	e.mu.Unlock()
	e.wake()
}

func (e *ear) wake() {
	select {
	case e.heard <- struct{}{}:
	default:
	}
}

// forget begins to count anew, so that gaps are those from now on.
func (e *ear) forget(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.from {
		*r = Received{LastAudio: now}
	}
}

func (e *ear) copy() map[string]Received {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := map[string]Received{}
	for identity, r := range maps.All(e.from) {
		all[identity] = *r
	}
	return all
}

// sequence finds lost packets by RTP's 16-bit numbers (RFC 3550, 5.1).
type sequence struct {
	begun bool
	last  uint16
}

// lost gives how many packets are missing before this one. One that comes late was
// counted as lost, and is taken back: -1.
func (s *sequence) lost(number uint16) int {
	if !s.begun {
		s.begun, s.last = true, number
		return 0
	}
	ahead := int16(number - s.last)
	if ahead <= 0 {
		return -1
	}
	s.last = number
	return int(ahead) - 1
}

// dataPrefix begins the text of a data packet of a call; room and number follow.
const dataPrefix = "helm-livekit "

// dataText is the text of a numbered data packet, and dataNumber reads it.
func dataText(room string, number int) string {
	return dataPrefix + room + " " + strconv.Itoa(number)
}

func dataNumber(room, text string) (number int, ok bool) {
	text, ok = strings.CutPrefix(text, dataPrefix+room+" ")
	if !ok {
		return 0, false
	}
	number, err := strconv.Atoi(text)
	return number, err == nil
}
