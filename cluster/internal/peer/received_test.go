package peer

import (
	"testing"
	"time"
)

func TestLostPackets(t *testing.T) {
	var s sequence
	sum := 0
	for _, number := range []uint16{65533, 65534, 1, 0, 2, 5} { // 65535 is lost, 0 is late, 3 and 4 are lost
		sum += s.lost(number)
	}
	if sum != 3 {
		t.Errorf("%d lost, want 3", sum)
	}
}

func TestListener(t *testing.T) {
	l, now := newListener(), time.Now()
	for i, at := range []time.Duration{0, 20, 40, 540, 560} {
		l.audio("a", i%2, now.Add(at*time.Millisecond))
	}
	for _, number := range []int{7, 8, 11, 12} {
		l.data("a", number)
	}
	r := l.snapshot()["a"]
	if r.AudioPackets != 5 || r.AudioLost != 2 || r.LongestGap != 500*time.Millisecond ||
		r.DataPackets != 4 || r.DataLost != 2 {
		t.Errorf("%+v", r)
	}
	l.reset(now.Add(time.Second))
	l.audio("a", 0, now.Add(3*time.Second))
	l.data("a", 13)
	if r := l.snapshot()["a"]; r.AudioPackets != 1 || r.LongestGap != 2*time.Second || r.DataLost != 0 {
		t.Errorf("after counting anew: %+v", r)
	}
}

func TestDataText(t *testing.T) {
	if n, ok := dataNumber("room", dataText("room", 42)); !ok || n != 42 {
		t.Errorf("%d, %v", n, ok)
	}
	for _, text := range []string{"", "hello", dataText("other", 1)} {
		if _, ok := dataNumber("room", text); ok {
			t.Errorf("%q counts as ours", text)
		}
	}
}
