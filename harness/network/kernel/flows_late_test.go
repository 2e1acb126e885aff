package kernel

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/heartbeat"
)

// late is a script with a connection through a router that makes packets late by
// up to 300 ms.
func late(t *testing.T) *script {
	s := connected(t)
	s.late = lateness(300 * time.Millisecond)
	return s
}

// comes lets a side send a packet that the router holds, and goes lets it go on.
func (s *script) comes(side heartbeat.Side, flags byte, seq uint32, payload int) (goes func()) {
	s.now += ms
	p := packet{at: s.now, side: side, src: ourClient, dst: ourServer, seq: seq, flags: flags, payload: payload}
	if side == heartbeat.ServerSide {
		p.src, p.dst = p.dst, p.src
	}
	s.see(p)
	return func() {
		p.at, p.side, p.goes = s.now, side.Peer(), true
		s.see(p)
	}
}

func TestPacketsUnderWay(t *testing.T) {
	for _, row := range []struct {
		name   string
		order  []int // in which order three packets of 10 bytes go on
		passed int64
	}{
		{"in order", []int{0, 1, 2}, 30},
		{"overtaking each other", []int{2, 0, 1}, 30},
		{"the middle one is lost", []int{0, 2}, 20},
		{"all are lost", nil, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := late(t)
			var goes []func()
			for i := range 3 {
				goes = append(goes, s.comes(heartbeat.ClientSide, flagACK, uint32(101+10*i), 10))
			}
			s.now += 250 * ms
			s.want("withheld, while it is under way,", s.link().Up.Withheld, 0)
			for _, i := range row.order {
				s.now += ms
				goes[i]()
			}
			s.now += 400 * ms
			l := s.link()
			s.want("passed", l.Up.Passed, row.passed)
			s.want("withheld", l.Up.Withheld, 30-row.passed)
		})
	}
}

// A retransmission may come before what it repeats has gone on.
func TestARetransmissionUnderWay(t *testing.T) {
	s := late(t)
	first := s.comes(heartbeat.ClientSide, flagACK, 101, 10)
	s.now += 200 * ms
	again := s.comes(heartbeat.ClientSide, flagACK, 101, 10)
	s.now += 90 * ms
	first()
	s.want("passed", s.link().Up.Passed, 10)
	s.now += 200 * ms
	again()
	s.now += 400 * ms
	l := s.link()
	s.want("passed, with the second,", l.Up.Passed, 10)
	s.want("withheld", l.Up.Withheld, 0)
}

func TestAFirstPacketUnderWay(t *testing.T) {
	s := &script{t: t, flows: newFlows(300 * time.Millisecond)}
	goes := s.comes(heartbeat.ClientSide, flagSYN, 100, 0)
	s.now += 290 * ms
	if !s.link().Dead {
		t.Error("it lives before it has passed")
	}
	goes()
	if s.link().Dead {
		t.Error("it is dead")
	}
}

// A look finds the socket gone long before the word of it has gone on.
func TestClosingsUnderWay(t *testing.T) {
	for _, row := range []struct {
		name          string
		flags         byte
		open          bool // the sender's socket, when it is looked at
		closed, ended bool // the other end's
	}{
		{"a FIN", flagFIN | flagACK, false, true, false},
		{"an RST of who closed", flagRST, false, true, false},
		{"an RST of a host that goes on", flagRST, true, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := late(t)
			goes := s.comes(heartbeat.ClientSide, row.flags, 101, 0)
			hungUp := s.now
			for range 25 { // each takes 10 ms
				s.all[0].looked(upward, row.open, s.now)
				if l := s.link(); l.Up.Closed != network.Never || l.Up.Ended != network.Never {
					t.Fatalf("the other end knows of it before it has gone on: %+v", l.Up)
				}
			}
			if row.open {
				hungUp = network.Never
			}
			s.want("the hang-up", s.link().Up.HungUp, hungUp)
			goes()
			gone := s.now
			s.now += 400 * ms
			closed, ended := network.Never, network.Never
			if row.closed {
				closed = gone
			}
			if row.ended {
				ended = gone
			}
			l := s.link()
			s.want("closed", l.Up.Closed, closed)
			s.want("ended", l.Up.Ended, ended)
		})
	}
}

// A look from before an RST says nothing of it.
func TestALookFromBeforeAnRST(t *testing.T) {
	s := connected(t)
	looked := s.now + ms/2
	s.sends(heartbeat.ClientSide, flagRST, 101, 0, true)
	rst := s.now
	s.all[0].looked(upward, true, looked)
	s.all[0].looked(upward, false, s.now+5*ms)
	l := s.link()
	s.want("the hang-up", l.Up.HungUp, rst)
	s.want("ended", l.Up.Ended, network.Never)
}
