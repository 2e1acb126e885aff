package session

import (
	"io"
	"reflect"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// script drives a machine through exact instants. It reads like the protocol:
// what is heard, what must be sent, what must be told. An event, a frame or a
// wake-up that the script doesn't mention fails the test.
type script struct {
	t      *testing.T
	m      *Machine
	side   Side
	now    time.Duration
	events []Event
}

const id = 0xC0FFEE

// begin starts a machine at instant 0.
func begin(t *testing.T, cfg Config) *script {
	t.Helper()
	s := &script{t: t, side: cfg.Side}
	cfg.Observer = func(e Event) {
		t.Logf("%9v  %+v", s.now, e)
		s.events = append(s.events, e)
	}
	if cfg.HandshakeTimeout == 0 {
		cfg.HandshakeTimeout = 2 * time.Second
	}
	if cfg.MaxQueued == 0 {
		cfg.MaxQueued = 1 << 10
	}
	var own uint64
	if cfg.Side == Client {
		own = id
	}
	s.m = New(&cfg, own)
	s.m.Start(0)
	t.Cleanup(func() {
		if !t.Failed() {
			s.quiet()
		}
	})
	return s
}

// beginUp starts a machine whose session is up at instant 0.
func beginUp(t *testing.T, cfg Config) *script {
	t.Helper()
	s := begin(t, cfg)
	if cfg.Side == Client {
		s.sent(Hello, id)
	}
	s.hears(Frame{Type: Hello, Seq: id})
	s.told(Event{What: Up})
	if cfg.Side == Server {
		s.sent(Hello, id)
	}
	return s
}

// advance moves to an instant before which nothing is due.
func (s *script) advance(to time.Duration) {
	s.t.Helper()
	s.quiet()
	if at, ok := s.m.WakeAt(); ok && at < int64(to) {
		s.t.Fatalf("at %v: wants to be woken at %v already, before %v", s.now, time.Duration(at), to)
	}
	s.now = to
}

// wake moves to the instant at which the machine must want to be woken, and
// wakes it; a nanosecond sooner nothing may happen.
func (s *script) wake(at time.Duration) {
	s.t.Helper()
	got, ok := s.m.WakeAt()
	if !ok || time.Duration(got) != at {
		s.t.Fatalf("at %v: wants to be woken at %v (%v), want %v", s.now, time.Duration(got), ok, at)
	}
	s.advance(at - 1)
	s.m.Wake(int64(s.now))
	s.quiet()
	s.now = at
	s.m.Wake(int64(s.now))
}

// noWake says that the machine wants to sleep for ever.
func (s *script) noWake() {
	s.t.Helper()
	if at, ok := s.m.WakeAt(); ok {
		s.t.Fatalf("at %v: wants to be woken at %v, want never", s.now, time.Duration(at))
	}
}

// hears delivers a frame, and expects the event of it.
func (s *script) hears(f Frame) {
	s.t.Helper()
	s.quiet()
	s.m.Hear(f, int64(s.now))
	e := Event{What: Heard, Type: f.Type, Seq: f.Seq}
	if f.Type == Hello && s.side == Server {
		e.Session = unknown
	}
	s.told(e)
}

// unknown is the session's id in an event before the server heard a hello.
const unknown = 1<<64 - 1

// told expects the next event. Its instant is now, unless given.
func (s *script) told(want Event) {
	s.t.Helper()
	if len(s.events) == 0 {
		s.t.Fatalf("at %v: no event, want %v", s.now, want.What)
	}
	got := s.events[0]
	s.events = s.events[1:]
	want.Side = s.side
	if want.At == 0 {
		want.At = int64(s.now)
	}
	switch want.Session {
	case 0:
		want.Session = id
	case unknown:
		want.Session = 0
	}
	if got != want {
		s.t.Fatalf("at %v:\n got %+v\nwant %+v", s.now, got, want)
	}
}

// sent takes the next frame, which must be the one given, and its event.
func (s *script) sent(typ Type, seq uint64, payload ...byte) {
	s.t.Helper()
	s.mayNotBeTold()
	want := Frame{Type: typ, Seq: seq, Payload: payload}
	if !s.m.Pending() {
		s.t.Fatalf("at %v: nothing to send, want %v %d", s.now, typ, seq)
	}
	got, ok := s.m.Next(int64(s.now))
	if !ok || !reflect.DeepEqual(got, want) {
		s.t.Fatalf("at %v: sends %+v (%v), want %+v", s.now, got, ok, want)
	}
	s.told(Event{What: Sent, Type: typ, Seq: seq})
}

// ended expects the end of the session and nothing after it.
func (s *script) ended(what What, want error) {
	s.t.Helper()
	e := Event{What: what, Cause: CauseOf(want)}
	if what == Down {
		e.Detail = want.Error()
	}
	s.told(e)
	if !reflect.DeepEqual(s.m.Err(), want) {
		s.t.Fatalf("at %v: ended with %#v, want %#v", s.now, s.m.Err(), want)
	}
	s.noWake()
}

// quiet expects no event, and nothing to send.
func (s *script) quiet() {
	s.t.Helper()
	s.mayNotBeTold()
	if s.m.Pending() {
		f, _ := s.m.Next(int64(s.now))
		s.t.Fatalf("at %v: sends %v %d, want nothing", s.now, f.Type, f.Seq)
	}
	if f, ok := s.m.Next(int64(s.now)); ok {
		s.t.Fatalf("at %v: not pending, yet sends %v %d", s.now, f.Type, f.Seq)
	}
}

func (s *script) mayNotBeTold() {
	s.t.Helper()
	if len(s.events) > 0 {
		s.t.Fatalf("at %v: unexpected event %+v", s.now, s.events[0])
	}
}

// afterTheEnd tries everything: an ended machine must not care.
func (s *script) afterTheEnd() {
	s.t.Helper()
	err := s.m.Err()
	now := int64(s.now) + 1
	s.m.Start(now)
	s.m.Hear(Frame{Type: Beat}, now)
	s.m.Misheard(io.ErrUnexpectedEOF, now)
	s.m.Stalled(now, now+1)
	s.m.Gone(io.EOF, now)
	s.m.Stuck(time.Second, now)
	s.m.Leave(now)
	s.m.Refuse(now)
	s.m.Wake(now + int64(time.Hour))
	if got := s.m.Queue([]byte("late")); got != err {
		s.t.Errorf("queue after the end: %v, want %v", got, err)
	}
	if s.m.Err() != err {
		s.t.Errorf("the end changed from %v to %v", err, s.m.Err())
	}
	s.quiet()
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// echoTimer and fixed are strict's detectors.
var (
	echoTimer = detect.EchoTimer{Timeout: ms(6750)}
	fixed     = detect.Fixed{Timeout: ms(8550)}
	fixed60   = detect.Fixed{Timeout: time.Minute}
)
