package peer

import (
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

// listener counts what a participant gets from the others. It outlives sessions.
type listener struct {
	mu    sync.Mutex
	from  map[string]*Received
	next  map[string]int // the number of the data packet to come
	heard chan struct{}  // gets a value, if it has none, when something came
}

func newListener() *listener {
	return &listener{from: map[string]*Received{}, next: map[string]int{}, heard: make(chan struct{}, 1)}
}

func (l *listener) of(identity string) *Received {
	if l.from[identity] == nil {
		l.from[identity] = &Received{}
	}
	return l.from[identity]
}

// audio counts a packet, and the lost ones before it.
func (l *listener) audio(identity string, lost int, at time.Time) {
	l.mu.Lock()
	r := l.of(identity)
	if !r.LastAudio.IsZero() {
		r.LongestGap = max(r.LongestGap, at.Sub(r.LastAudio))
	}
	r.LastAudio = at
	r.AudioPackets++
	r.AudioLost += lost
	l.mu.Unlock()
	l.wake()
}

// data counts a packet, and the ones that are missing before it: they are sent in
// order. What was sent before this participant could hear is not missing.
func (l *listener) data(identity string, number int) {
	l.mu.Lock()
	r := l.of(identity)
	r.DataPackets++
	if next, known := l.next[identity]; known {
		r.DataLost += max(0, number-next)
	}
	l.next[identity] = number + 1
	l.mu.Unlock()
	l.wake()
}

func (l *listener) wake() {
	select {
	case l.heard <- struct{}{}:
	default:
	}
}

// reset begins to count anew, so that gaps are those from now on.
func (l *listener) reset(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.from {
		*r = Received{LastAudio: now}
	}
}

func (l *listener) snapshot() map[string]Received {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]Received{}
	for identity, r := range l.from {
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
