package session

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
)

func TestPeersBye(t *testing.T) {
	tests := []struct {
		reason Reason
		what   What
		want   error
	}{
		{reason: ReasonLeft, what: Closed, want: &ClosedError{Peer: Server, Announced: true}},
		{reason: ReasonGaveUp, what: Down, want: &GaveUpError{Peer: Server}},
		{reason: ReasonNonsense, what: Down, want: &MisreadError{Peer: Server}},
		{reason: ReasonUnread, what: Down, want: &UnreadError{Reader: Server, Detail: "so it says"}},
		{reason: ReasonBusy, what: Down, want: &RefusedError{By: Server}},
	}
	for _, tt := range tests {
		for _, early := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d early %v", tt.reason, early), func(t *testing.T) {
				var s *script
				if early {
					s = begin(t, Config{Side: Client})
					s.sent(Hello, id)
				} else {
					s = beginUp(t, Config{Side: Client, Interval: ms(2000)})
					s.sent(Beat, 0)
					if err := s.m.Queue([]byte("never read")); err != nil {
						t.Fatal(err)
					}
				}
				s.m.Hear(Frame{Type: Bye, Seq: uint64(tt.reason)}, 0)
				s.told(Event{What: Heard, Type: Bye, Seq: uint64(tt.reason)})
				s.ended(tt.what, tt.want)
				s.afterTheEnd() // no answer to a bye
			})
		}
	}
}

func TestLeaveSendsWhatIsQueued(t *testing.T) {
	s := beginUp(t, Config{Side: Client, Interval: ms(2000), Echoes: true})
	for n := range 2 {
		if err := s.m.Queue([]byte{byte(n)}); err != nil {
			t.Fatal(err)
		}
	}
	s.m.Hear(Frame{Type: Beat, Seq: 0}, 0)
	s.told(Event{What: Heard, Type: Beat, Seq: 0})
	s.m.Leave(0)
	s.ended(Closed, ErrClosed)
	s.sent(Data, 0, 0)
	s.sent(Data, 1, 1)
	s.sent(Bye, uint64(ReasonLeft))
	s.afterTheEnd()
}

func TestConnectionGone(t *testing.T) {
	for _, cause := range []error{io.EOF, net.ErrClosed} {
		s := beginUp(t, Config{Side: Client, Interval: ms(2000)})
		s.m.Gone(cause, 0)
		s.ended(Down, &ClosedError{Peer: Server, Err: cause})
		if !errors.Is(s.m.Err(), cause) {
			t.Errorf("error %v does not wrap %v", s.m.Err(), cause)
		}
		s.afterTheEnd()
	}
}

func TestStuckWrite(t *testing.T) {
	s := beginUp(t, Config{Side: Server})
	s.m.Stuck(ms(10_000), 0)
	s.ended(Down, &UnreadError{Reader: Client, Detail: "a write made no progress for 10s"})
	s.afterTheEnd()
}

func TestSaysByeThoughItWasSent(t *testing.T) {
	s := beginUp(t, Config{Side: Client})
	if s.m.SaysBye() {
		t.Error("says bye while up")
	}
	s.m.Leave(0)
	s.ended(Closed, ErrClosed)
	s.sent(Bye, uint64(ReasonLeft))
	if !s.m.SaysBye() {
		t.Error("doesn't say bye after it did")
	}
	s = beginUp(t, Config{Side: Client})
	s.hears(Frame{Type: Bye, Seq: uint64(ReasonLeft)})
	s.ended(Closed, &ClosedError{Peer: Server, Announced: true})
	if s.m.SaysBye() {
		t.Error("says bye to a bye")
	}
}
