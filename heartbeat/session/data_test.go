package session

import (
	"errors"
	"testing"
)

func TestUnreadDataEndsTheSession(t *testing.T) {
	s := beginUp(t, Config{Side: Server, MaxQueued: 2*HeaderSize + 5})
	s.hears(Frame{Type: Data, Seq: 0, Payload: []byte("12345")})
	s.hears(Frame{Type: Data, Seq: 1}) // fills it: even nothing has a header
	s.hears(Frame{Type: Data, Seq: 2})
	s.ended(Down, &UnreadError{Reader: Server, Detail: "37 bytes wait to be received, 16 more would pass the limit of 37"})
	s.sent(Bye, uint64(ReasonUnread))
	s.afterTheEnd()
	// What came before is not lost.
	for _, want := range []string{"12345", ""} {
		if got, ok := s.m.Receive(); !ok || string(got) != want {
			t.Errorf("receives %q (%v), want %q", got, ok, want)
		}
	}
	if got, ok := s.m.Receive(); ok {
		t.Errorf("receives %q, want nothing", got)
	}
}

func TestReceiveMakesRoom(t *testing.T) {
	s := beginUp(t, Config{Side: Server, MaxQueued: HeaderSize + 1})
	for seq := range uint64(10) {
		s.hears(Frame{Type: Data, Seq: seq, Payload: []byte{byte(seq)}})
		if !s.m.Unreceived() {
			t.Fatal("nothing to receive")
		}
		if p, ok := s.m.Receive(); !ok || p[0] != byte(seq) {
			t.Fatalf("receives %v, want %d", p, seq)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	s := beginUp(t, Config{Side: Client, MaxQueued: 2*HeaderSize + 1})
	if err := s.m.Queue([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := s.m.Queue([]byte{2}); !errors.Is(err, ErrQueueFull) {
		t.Fatalf("a byte too many: %v, want %v", err, ErrQueueFull)
	}
	if err := s.m.Queue(nil); err != nil {
		t.Fatalf("what just fits: %v", err)
	}
	s.sent(Data, 0, 1)
	if err := s.m.Queue([]byte{3}); err != nil {
		t.Fatalf("after room was made: %v", err)
	}
	s.sent(Data, 1)
	s.sent(Data, 2, 3)
}

// A beat waits for no more than the payload that is being written.
func TestBeatsGoBeforeQueuedData(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Interval: ms(2000), Echoes: true})
	s.sent(Beat, 0)
	for n := range 3 {
		if err := s.m.Queue([]byte{byte(n)}); err != nil {
			t.Fatal(err)
		}
	}
	s.sent(Data, 0, 0)
	s.m.Hear(Frame{Type: Beat, Seq: 0}, 0)
	s.told(Event{What: Heard, Type: Beat, Seq: 0})
	s.m.Wake(int64(ms(2000)))
	s.now = ms(2000)
	s.sent(Echo, 0)
	s.sent(Beat, 1)
	s.sent(Data, 1, 1)
	s.sent(Data, 2, 2)
}
