package session

import (
	"testing"
	"time"
)

// Beat n leaves at start + n intervals, whatever else is sent and heard.
func TestBeatsKeepTheirGrid(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Interval: ms(2000), Detector: fixed})
	s.sent(Beat, 0)
	s.advance(ms(300))
	s.hears(Frame{Type: Echo, Seq: 0})
	s.advance(ms(1900))
	s.hears(Frame{Type: Data, Seq: 0, Payload: []byte("x")})
	if err := s.m.Queue([]byte{1}); err != nil {
		t.Fatal(err)
	}
	s.sent(Data, 0, 1)
	s.wake(ms(2000))
	s.sent(Beat, 1)
	s.wake(ms(4000))
	// The writer is late; the grid is not.
	s.now = ms(4700)
	s.sent(Beat, 2)
	s.wake(ms(6000))
	s.sent(Beat, 3)
}

// After a stall there is no burst: the instants that were missed are skipped,
// and numbers rise by one all the same.
func TestMissedBeatsAreSkipped(t *testing.T) {
	tests := []struct {
		name string
		late time.Duration // when the owner wakes the machine at last
		next time.Duration // the next instant of the grid
	}{
		{name: "late by less than an interval", late: ms(3999), next: ms(4000)},
		{name: "late by an interval", late: ms(4000), next: ms(6000)},
		{name: "late by many", late: ms(60_500), next: ms(62_000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := beginUp(t, Config{Side: Client, Interval: ms(2000)})
			s.sent(Beat, 0)
			s.now = tt.late
			s.m.Wake(int64(s.now))
			s.sent(Beat, 1)
			s.wake(tt.next)
			s.sent(Beat, 2)
		})
	}
}

// While a write blocks, beats fall due, but do not pile up.
func TestOneBeatWaitsAtMost(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Interval: ms(2000)})
	for n := range 5 {
		at := ms(2000 * (n + 1))
		if got, ok := s.m.WakeAt(); !ok || got != int64(at) {
			t.Fatalf("wants to be woken at %v, want %v", got, at)
		}
		s.m.Wake(int64(at))
		s.now = at
	}
	s.sent(Beat, 0)
	s.wake(ms(12_000))
	s.sent(Beat, 1)
}

func TestEveryBeatIsEchoed(t *testing.T) {
	s := beginUp(t, Config{Side: Server, Echoes: true})
	for seq := range uint64(3) {
		s.m.Hear(Frame{Type: Beat, Seq: seq}, 0)
		s.told(Event{What: Heard, Type: Beat, Seq: seq})
	}
	s.sent(Echo, 0)
	s.sent(Echo, 1)
	s.sent(Echo, 2)
}

func TestPushIsNotEchoed(t *testing.T) {
	s := beginUp(t, Config{Side: Server, Interval: ms(2000), Detector: fixed})
	s.sent(Beat, 0)
	s.hears(Frame{Type: Beat, Seq: 0})
	s.advance(ms(1500))
	s.hears(Frame{Type: Beat, Seq: 1})
	s.wake(ms(2000))
	s.sent(Beat, 1)
}

func TestBeatAndEchoDoNotAllocate(t *testing.T) {
	client := New(&Config{Side: Client, Interval: ms(2000), Detector: echoTimer, HandshakeTimeout: ms(2000)}, id)
	server := New(&Config{Side: Server, Echoes: true, Detector: fixed, HandshakeTimeout: ms(2000)}, 0)
	now := int64(0)
	exchange := func() {
		for from, to := client, server; from.Pending() || to.Pending(); from, to = to, from {
			for f, ok := from.Next(now); ok; f, ok = from.Next(now) {
				to.Hear(f, now)
			}
		}
	}
	client.Start(now)
	server.Start(now)
	exchange()
	heard := server.heard
	if n := testing.AllocsPerRun(1000, func() {
		now, _ = client.WakeAt()
		client.Wake(now)
		server.Wake(now)
		exchange()
	}); n != 0 {
		t.Errorf("%v allocations per beat and echo, want 0", n)
	}
	if client.Err() != nil || server.Err() != nil || server.heard < heard+1000 || client.answered != server.heard {
		t.Errorf("the sessions didn't beat: %v, %v, %d beats heard, %d echoes", client.Err(), server.Err(), server.heard, client.answered)
	}
}
