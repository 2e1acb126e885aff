package session

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func overDatagrams(side Side) Config {
	c := Config{Side: side, Echoes: true, Datagrams: true, Detector: fixed}
	if side == Client {
		c.Interval, c.Detector = ms(2000), echoTimer
	}
	return c
}

func TestHelloIsSaidAgainUntilAnswered(t *testing.T) {
	s := begin(t, overDatagrams(Client))
	s.sent(Hello, id)
	s.wake(ms(500))
	s.sent(Hello, id)
	s.advance(ms(700))
	s.hears(Frame{Type: Beat, Seq: 0}) // it has overtaken the answer
	s.wake(ms(1000))
	s.sent(Hello, id)
	s.advance(ms(1100))
	s.hears(Frame{Type: Hello, Seq: id})
	s.told(Event{What: Up})
	s.sent(Beat, 0)
	s.hears(Frame{Type: Hello, Seq: id}) // the answer to another
	s.wake(ms(3100))
	s.sent(Beat, 1)
}

func TestHelloIsNotSaidForEver(t *testing.T) {
	s := begin(t, overDatagrams(Client))
	for n := range 4 {
		s.sent(Hello, id)
		s.wake(ms(500 * (n + 1)))
	}
	s.ended(Down, &HandshakeError{Peer: Server, After: ms(2000)})
	s.sent(Bye, uint64(ReasonGaveUp))
	s.afterTheEnd()
}

// The answer to a hello may be lost: each is answered.
func TestEveryHelloIsAnswered(t *testing.T) {
	s := beginUp(t, overDatagrams(Server))
	s.advance(ms(500))
	s.m.Hear(Frame{Type: Hello, Seq: id}, int64(s.now))
	s.told(Event{What: Heard, Type: Hello, Seq: id})
	s.sent(Hello, id)
	s.hears(Frame{Type: Beat, Seq: 0})
	s.sent(Echo, 0)
}

func TestAnothersHelloIsNonsense(t *testing.T) {
	s := beginUp(t, overDatagrams(Client))
	s.sent(Beat, 0)
	s.hears(Frame{Type: Hello, Seq: 1})
	s.ended(Down, &NonsenseError{Peer: Server, Err: &FrameError{"frame", "a second hello", "beat, echo, data or bye"}})
	s.sent(Bye, uint64(ReasonNonsense))
}

// One echo answers all beats before it; a beat that was overtaken or comes twice
// gets none, and is no sign of life.
func TestBeatsMayBeLostDoubledOrOvertaken(t *testing.T) {
	s := beginUp(t, overDatagrams(Server))
	s.advance(ms(2000))
	s.hears(Frame{Type: Beat, Seq: 1})
	s.sent(Echo, 1)
	s.advance(ms(2500))
	s.hears(Frame{Type: Beat, Seq: 0})
	s.hears(Frame{Type: Beat, Seq: 1})
	s.advance(ms(6000))
	s.hears(Frame{Type: Beat, Seq: 3})
	s.hearsToo(Frame{Type: Beat, Seq: 4}) // before the first is answered
	s.sent(Echo, 4)
	s.advance(ms(10000))
	s.hears(Frame{Type: Beat, Seq: 2})
	s.wake(ms(6000) + fixed.Timeout)
	s.told(Event{What: Suspect, Detail: "nothing heard for 4.55s since beat 2 at 10.000s; deadline 14.550s: fixed: silent since 6.000s, timeout 8.55s"})
	s.ended(Down, &SilentError{Peer: Client, Detail: "nothing heard for 4.55s since beat 2 at 10.000s; deadline 14.550s: fixed: silent since 6.000s, timeout 8.55s"})
	s.sent(Bye, uint64(ReasonGaveUp))
}

// An echo answers the beats before it too, also those whose own echo is lost.
func TestEchoesMayBeLostDoubledOrOvertaken(t *testing.T) {
	s := beginUp(t, overDatagrams(Client))
	s.sent(Beat, 0)
	s.wake(ms(2000))
	s.sent(Beat, 1)
	s.wake(ms(4000))
	s.sent(Beat, 2)
	s.advance(ms(4500))
	s.hears(Frame{Type: Echo, Seq: 1})
	s.hears(Frame{Type: Echo, Seq: 0})
	s.hears(Frame{Type: Echo, Seq: 1})
	s.wake(ms(6000))
	s.sent(Beat, 3)
	s.hears(Frame{Type: Echo, Seq: 4})
	s.ended(Down, &NonsenseError{Peer: Server, Err: &FrameError{"echo number", "4", "2 to 3"}})
	s.sent(Bye, uint64(ReasonNonsense))
}

func TestDataMayBeLostOrOvertaken(t *testing.T) {
	cfg := overDatagrams(Server)
	cfg.MaxQueued = 2 * (HeaderSize + 1)
	s := beginUp(t, cfg)
	for _, n := range []uint64{5, 2, 7} { // the third finds no room
		s.hears(Frame{Type: Data, Seq: n, Payload: []byte{byte(n)}})
	}
	for _, want := range []byte{5, 2} {
		if p, ok := s.m.Receive(); !ok || p[0] != want {
			t.Fatalf("received %v (%v), want %d", p, ok, want)
		}
	}
	if _, ok := s.m.Receive(); ok {
		t.Error("a payload that found no room was received")
	}
}

// hearsToo is hears while something waits to be sent.
func (s *script) hearsToo(f Frame) {
	s.t.Helper()
	s.m.Hear(f, int64(s.now))
	s.told(Event{What: Heard, Type: f.Type, Seq: f.Seq})
}

// A quarter of all datagrams is lost, a quarter comes twice, and any may overtake
// others: a session comes up and stays up, and both notice its end in time.
func TestSessionsLiveOnBadDatagrams(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 0))
			client, server := overDatagrams(Client), overDatagrams(Server)
			client.HandshakeTimeout, server.HandshakeTimeout = time.Minute, time.Minute
			client.MaxQueued, server.MaxQueued = 1000, 1000
			// Long enough that no run of losses looks like an end.
			client.Detector, server.Detector = fixed60, fixed60
			type flight struct {
				to *Machine
				f  Frame
				at int64
			}
			var flights []flight
			a, b := New(&client, id), New(&server, 0)
			a.Start(0)
			b.Start(0)
			const cut, until = int64(5 * time.Minute), int64(7 * time.Minute)
			ended := map[*Machine]int64{}
			for now := int64(0); now < until; {
				for _, way := range [][2]*Machine{{a, b}, {b, a}} {
					for f, ok := way[0].Next(now); ok; f, ok = way[0].Next(now) {
						copies := 1
						switch random.IntN(4) {
						case 0:
							copies = 0
						case 1:
							copies = 2
						}
						for ; copies > 0 && now < cut; copies-- {
							flights = append(flights, flight{way[1], f, now + random.Int64N(int64(3*time.Second))})
						}
					}
				}
				next := until
				for _, m := range []*Machine{a, b} {
					if at, ok := m.WakeAt(); ok {
						next = min(next, at)
					}
				}
				for _, f := range flights {
					next = min(next, f.at)
				}
				now = next
				var rest []flight
				for _, f := range flights {
					if f.at > now {
						rest = append(rest, f)
						continue
					}
					f.to.Hear(f.f, now)
				}
				flights = rest
				for _, m := range []*Machine{a, b} {
					m.Wake(now)
					if _, known := ended[m]; m.Err() != nil && !known {
						ended[m] = now
					}
				}
			}
			for _, m := range []*Machine{a, b} {
				at, ok := ended[m]
				if !m.CameUp() || !ok || at < cut || at > cut+int64(65*time.Second) {
					t.Errorf("%s: up %v, ended at %v: %v; want up, and its end at 5 to 6 min", m.cfg.Side, m.CameUp(), time.Duration(at), m.Err())
				}
			}
		})
	}
}
