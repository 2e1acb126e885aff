package session

import (
	"errors"
	"testing"
)

func TestClientComesUpWithTheServersHello(t *testing.T) {
	s := begin(t, Config{Side: Client, Interval: ms(2000), Detector: fixed})
	s.sent(Hello, id)
	s.advance(ms(300))
	if s.m.CameUp() {
		t.Error("up before the server's hello")
	}
	s.hears(Frame{Type: Hello, Seq: id})
	s.told(Event{What: Up})
	s.sent(Beat, 0)
	s.wake(ms(2300))
	s.sent(Beat, 1)
}

func TestServerComesUpWithTheClientsHello(t *testing.T) {
	s := begin(t, Config{Side: Server, Echoes: true, Detector: fixed})
	s.advance(ms(300))
	s.hears(Frame{Type: Hello, Seq: id})
	s.told(Event{What: Up})
	s.sent(Hello, id)
	s.advance(ms(600))
	s.hears(Frame{Type: Beat, Seq: 0})
	s.sent(Echo, 0)
	if s.m.ID() != id {
		t.Errorf("id is %#x, want %#x", s.m.ID(), id)
	}
}

func TestServerSaysHelloBeforeAllElse(t *testing.T) {
	s := begin(t, Config{Side: Server, Echoes: true, Interval: ms(2000)})
	s.hears(Frame{Type: Hello, Seq: id})
	s.told(Event{What: Up})
	s.m.Hear(Frame{Type: Beat, Seq: 0}, 0)
	s.told(Event{What: Heard, Type: Beat, Seq: 0})
	if err := s.m.Queue([]byte{7}); err != nil {
		t.Fatal(err)
	}
	s.sent(Hello, id)
	s.sent(Echo, 0)
	s.sent(Beat, 0)
	s.sent(Data, 0, 7)
}

func TestHandshakeTimesOut(t *testing.T) {
	for _, side := range []Side{Client, Server} {
		t.Run(string(side), func(t *testing.T) {
			s := begin(t, Config{Side: side})
			if side == Client {
				s.sent(Hello, id)
			}
			if s.m.Overdue(int64(ms(2000))-1) || !s.m.Overdue(int64(ms(2000))) {
				t.Error("want overdue from 2 s, and not before")
			}
			s.wake(ms(2000))
			want := &HandshakeError{Peer: side.Peer(), After: ms(2000)}
			e := Event{What: Down, Cause: NoAnswer, Detail: want.Error()}
			bye := Event{What: Sent, Type: Bye, Seq: uint64(ReasonGaveUp)}
			if side == Server {
				e.Session, bye.Session = unknown, unknown
			}
			s.told(e)
			if !errors.As(s.m.Err(), &want) {
				t.Errorf("ended with %v", s.m.Err())
			}
			if f, ok := s.m.Next(int64(s.now)); !ok || f.Type != Bye {
				t.Errorf("sends %v, want a bye", f)
			}
			s.told(bye)
			s.afterTheEnd()
		})
	}
}

func TestLeaveBeforeUp(t *testing.T) {
	s := begin(t, Config{Side: Client})
	s.m.Leave(0)
	s.ended(Closed, ErrClosed)
	s.sent(Bye, uint64(ReasonLeft))
	if s.m.CameUp() {
		t.Error("never up, yet it says so")
	}
}

func TestServerThatLeavesAtOnceStillAnswersTheHello(t *testing.T) {
	s := begin(t, Config{Side: Server})
	s.hears(Frame{Type: Hello, Seq: id})
	s.told(Event{What: Up})
	s.m.Leave(0)
	s.ended(Closed, ErrClosed)
	s.sent(Hello, id)
	s.sent(Bye, uint64(ReasonLeft))
}

func TestRefuse(t *testing.T) {
	cfg := Config{Side: Server}
	m := New(&cfg, 0)
	m.Refuse(7)
	if f, ok := m.Next(7); !ok || f.Type != Bye || f.Seq != uint64(ReasonBusy) {
		t.Errorf("sends %+v, want a bye: busy", f)
	}
	if _, ok := errors.AsType[*RefusedError](m.Err()); !ok {
		t.Errorf("ended with %v", m.Err())
	}
}
