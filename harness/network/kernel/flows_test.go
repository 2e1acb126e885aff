package kernel

import (
	"net/netip"
	"testing"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/heartbeat"
)

// A script is a path's packets, one a millisecond.
type script struct {
	t *testing.T
	*flows
	now int64
}

var (
	ourClient = netip.MustParseAddrPort("192.0.2.2:4000")
	ourServer = netip.MustParseAddrPort("198.51.100.2:7000")
)

const ms = 1_000_000

// sends lets a side send, and the router pass it on or not.
func (s *script) sends(side heartbeat.Side, flags byte, seq uint32, payload int, passes bool) {
	s.now += ms
	p := packet{at: s.now, side: side, src: ourClient, dst: ourServer, seq: seq, flags: flags, payload: payload}
	if side == heartbeat.ServerSide {
		p.src, p.dst = p.dst, p.src
	}
	s.see(p)
	if passes {
		p.side, p.goes = side.Peer(), true
		p.at += 1000
		s.see(p)
	}
}

func (s *script) link() network.Link {
	s.now += 10 * ms
	return s.proof(s.now)[0]
}

// connected is a script with a connection: the client's bytes begin at 101, the
// server's at 201.
func connected(t *testing.T) *script {
	s := &script{t: t, flows: newFlows(0)}
	s.sends(heartbeat.ClientSide, flagSYN, 100, 0, true)
	s.sends(heartbeat.ServerSide, flagSYN|flagACK, 200, 0, true)
	s.sends(heartbeat.ClientSide, flagACK, 101, 0, true)
	return s
}

func (s *script) want(what string, got, want int64) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s is %d, want %d", what, got, want)
	}
}

func TestFlowsCountBytesOfBothWays(t *testing.T) {
	s := connected(t)
	s.sends(heartbeat.ClientSide, flagACK, 101, 10, true)
	first := s.now + 1000
	s.sends(heartbeat.ClientSide, flagACK, 111, 5, false)
	s.sends(heartbeat.ClientSide, flagACK, 111, 5, false) // again: the same bytes
	s.sends(heartbeat.ServerSide, flagACK, 201, 7, true)
	l := s.link()
	if l.Dead || l.Born != ms {
		t.Errorf("link %+v", l)
	}
	s.want("up passed", l.Up.Passed, 10)
	s.want("up withheld", l.Up.Withheld, 5)
	s.want("first passed", l.Up.FirstPassed, first)
	s.want("down passed", l.Down.Passed, 7)
	s.sends(heartbeat.ClientSide, flagACK, 111, 5, true)
	s.want("up passed, after the heal,", s.link().Up.Passed, 15)
}

func TestALinkIsDeadUntilItsFirstPacketPasses(t *testing.T) {
	s := &script{t: t, flows: newFlows(0)}
	strike := &network.Strike{Off: network.Never}
	s.strike(strike)
	s.sends(heartbeat.ClientSide, flagSYN, 100, 0, false)
	if !s.link().Dead {
		t.Error("it lives")
	}
	s.tally(strike)
	s.want("dials lost", int64(strike.Dials), 1)
	s.sends(heartbeat.ClientSide, flagFIN|flagACK, 101, 0, false) // it gives up: who never heard of it loses nothing
	s.tally(strike)
	s.want("closings lost", int64(strike.Closings), 0)
	s.sends(heartbeat.ClientSide, flagSYN, 100, 0, true)
	if s.link().Dead {
		t.Error("it is dead")
	}
}

func TestHangUps(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(*script)
		// of the client's direction
		hungUp, closed, downEnded bool
	}{
		{"a FIN that passes", func(s *script) { s.sends(heartbeat.ClientSide, flagFIN|flagACK, 101, 0, true) }, true, true, false},
		{"a FIN that does not", func(s *script) { s.sends(heartbeat.ClientSide, flagFIN|flagACK, 101, 0, false) }, true, false, false},
		{"no FIN, but a socket that is closing", func(s *script) { s.all[0].looked(upward, false, s.now) }, true, false, false},
		{"an RST of who closed", func(s *script) {
			s.sends(heartbeat.ClientSide, flagRST, 101, 0, true)
			s.all[0].looked(upward, false, s.now+ms)
		}, true, true, false},
		{"an RST of a host that goes on", func(s *script) {
			s.sends(heartbeat.ServerSide, flagRST, 201, 0, true)
			s.all[0].looked(downward, true, s.now+ms)
			s.all[0].looked(upward, false, s.now+ms) // the client's socket is gone by that
		}, false, false, true},
		{"an RST of the router's", func(s *script) {
			s.now += ms
			s.see(packet{at: s.now, side: heartbeat.ClientSide, goes: true, src: ourServer, dst: ourClient, flags: flagRST, seq: 201})
			s.all[0].looked(upward, false, s.now+ms)
		}, false, false, true},
		{"nothing", func(s *script) { s.all[0].looked(upward, true, s.now) }, false, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := connected(t)
			row.do(s)
			l := s.link()
			if got := l.Up.HungUp != network.Never; got != row.hungUp {
				t.Errorf("hung up: %v", got)
			}
			if got := l.Up.Closed != network.Never; got != row.closed {
				t.Errorf("closed: %v", got)
			}
			if got := l.Down.Ended != network.Never; got != row.downEnded {
				t.Errorf("ended: %v", got)
			}
		})
	}
}

// A look may see the end of a socket after its FIN was stamped, or before it is
// read: the earlier counts.
func TestTheEarliestSignOfAHangUpCounts(t *testing.T) {
	s := connected(t)
	s.all[0].looked(upward, false, s.now+5*ms)
	s.sends(heartbeat.ClientSide, flagFIN|flagACK, 101, 0, true)
	fin := s.now
	s.all[0].looked(upward, false, s.now+9*ms)
	s.want("the hang-up", s.link().Up.HungUp, fin)
}

func TestATranslatedAddressIsTheSameFlow(t *testing.T) {
	s := &script{t: t, flows: newFlows(0)}
	for n, port := range []uint16{50001, 50002} {
		seq := uint32(100 + n)
		flags := byte(flagSYN)
		if n > 0 {
			flags = flagACK
		}
		in := packet{at: ms, side: heartbeat.ClientSide, src: ourClient, dst: ourServer, seq: seq, flags: flags, payload: n}
		out := in
		out.side, out.goes, out.src = heartbeat.ServerSide, true, netip.AddrPortFrom(netip.MustParseAddr("198.51.100.1"), port)
		s.see(in)
		s.see(out)
		back := packet{at: ms, side: heartbeat.ServerSide, src: ourServer, dst: out.src, seq: uint32(200 + n), flags: flagSYN | flagACK, payload: 0}
		if n > 0 {
			back.flags, back.payload = flagACK, 3
		}
		s.see(back)
		forth := back
		forth.side, forth.goes, forth.dst = heartbeat.ClientSide, true, ourClient
		s.see(forth)
	}
	if len(s.all) != 1 {
		t.Fatalf("%d flows", len(s.all))
	}
	s.want("up", s.link().Up.Passed, 1)
	s.want("down", s.link().Down.Passed, 3)
	if got := s.all[0].sockets()[downward].remote.Port(); got != 50001 {
		t.Errorf("the server's socket is looked for at port %d, want the first", got)
	}
}

func TestAStrikeKnowsTheLastBytesBeforeIt(t *testing.T) {
	s := connected(t)
	s.sends(heartbeat.ClientSide, flagACK, 101, 10, true)
	up := s.now + 1000
	strike := &network.Strike{On: s.now + 5*ms, Off: network.Never}
	s.strike(strike)
	s.sends(heartbeat.ServerSide, flagACK, 201, 10, true) // passed before it, and read after
	down := s.now + 1000
	s.now += 10 * ms
	s.sends(heartbeat.ServerSide, flagACK, 211, 10, true)
	s.want("up", strike.LastPassedUp, up)
	s.want("down", strike.LastPassedDown, down)
}

// A byte that comes while a strike is in force and goes on has passed it; one that came
// before was past the cut, and one that goes on while it is undone may.
func TestWhatPassesAStrikeIsCounted(t *testing.T) {
	s := connected(t)
	s.late = 50 * ms
	strike := &network.Strike{On: s.now + 2*ms, Off: network.Never}
	s.strike(strike)
	s.sends(heartbeat.ClientSide, flagACK, 101, 10, false)
	s.now += 2 * ms
	late := packet{at: s.now, side: heartbeat.ServerSide, goes: true, src: ourClient, dst: ourServer, seq: 101, flags: flagACK, payload: 10}
	s.see(late)
	s.want("past the cut", strike.PassedUp+strike.PassedDown, 0)
	s.sends(heartbeat.ClientSide, flagACK, 111, 10, false)
	s.want("stopped", strike.PassedUp+strike.PassedDown, 0)
	s.sends(heartbeat.ClientSide, flagACK, 121, 7, true)
	s.sends(heartbeat.ServerSide, flagACK, 201, 5, true)
	s.sends(heartbeat.ServerSide, flagACK, 206, 0, true)
	s.want("up", strike.PassedUp, 7)
	s.want("down", strike.PassedDown, 5)
	s.ends(strike, s.now+ms/2)
	s.sends(heartbeat.ClientSide, flagACK, 128, 9, true)
	s.want("up, while it is undone", strike.PassedUp, 7)
	if !strike.Counted {
		t.Error("nobody knows that it was counted")
	}
}
