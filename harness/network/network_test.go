package network_test

import (
	"testing"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/heartbeat"
)

// link carried bytes at 10 up and at 20 down.
func link(change func(*network.Link)) network.Link {
	l := network.Link{Born: 5, Up: network.Untouched(), Down: network.Untouched()}
	l.Up.Passed, l.Up.FirstPassed, l.Down.Passed, l.Down.FirstPassed = 1, 10, 1, 20
	change(&l)
	return l
}

// From its first byte, whoever sent it, to the first end of either side.
func TestALinkIsOpen(t *testing.T) {
	for _, row := range []struct {
		name     string
		change   func(*network.Link)
		from, to int64 // to 0: for ever
	}{
		{name: "whole", change: func(*network.Link) {}, from: 10},
		{name: "only the server spoke", change: func(l *network.Link) { l.Up.FirstPassed = network.Never }, from: 20},
		{name: "the client hung up", change: func(l *network.Link) { l.Up.HungUp = 30 }, from: 10, to: 30},
		{name: "the server hung up", change: func(l *network.Link) { l.Down.HungUp = 30 }, from: 10, to: 30},
		{name: "the network ended the client", change: func(l *network.Link) { l.Down.Ended = 30 }, from: 10, to: 30},
		{name: "the network ended the server", change: func(l *network.Link) { l.Up.Ended = 30 }, from: 10, to: 30},
		{name: "a closing reached the client", change: func(l *network.Link) { l.Down.Closed = 30 }, from: 10, to: 30},
		{name: "a closing reached the server", change: func(l *network.Link) { l.Up.Closed = 30 }, from: 10, to: 30},
		{name: "the first counts", change: func(l *network.Link) { l.Up.Closed, l.Down.HungUp, l.Down.Ended = 50, 40, 30 }, from: 10, to: 30},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := link(row.change)
			for at, want := range map[int64]bool{row.from - 1: false, row.from: true, 29: true, row.to + 1000: row.to == 0} {
				if got := l.OpenAt(at); got != want {
					t.Errorf("open at %d: %v, want %v", at, got, want)
				}
			}
			if row.to > 0 && (!l.OpenAt(row.to) || l.OpenAt(row.to+1)) {
				t.Errorf("open at %d: %v, and after it: %v; want the first alone", row.to, l.OpenAt(row.to), l.OpenAt(row.to+1))
			}
		})
	}
	dead := network.Link{Dead: true, Up: network.Untouched(), Down: network.Untouched()}
	if dead.OpenAt(1000) {
		t.Error("a dead link is open")
	}
}

func TestASidesEnd(t *testing.T) {
	l := link(func(l *network.Link) { l.Up.HungUp, l.Up.Closed, l.Down.HungUp = 30, 31, 32 })
	if at, why := l.Over(heartbeat.ClientSide); at != 30 || why != network.HungUp {
		t.Errorf("client: %d, %s", at, why)
	}
	if at, why := l.Over(heartbeat.ServerSide); at != 31 || why != network.PeerClosed {
		t.Errorf("server: %d, %s", at, why)
	}
	l.Up.Ended = 29
	if at, why := l.Over(heartbeat.ServerSide); at != 29 || why != network.CutOff {
		t.Errorf("server: %d, %s", at, why)
	}
	if at, _ := link(func(*network.Link) {}).Over(heartbeat.ServerSide); at != network.Never {
		t.Errorf("one that lives ended at %d", at)
	}
}

// New links carry, old ones resume; both both ways, and with both ends.
func TestALinkAfterTheHeal(t *testing.T) {
	resumed := func(l *network.Link) { l.Up.Resumed, l.Down.Resumed = 40, 50 }
	for _, row := range []struct {
		name             string
		heal             int64
		change           func(*network.Link)
		carries, resumes int64 // 0: doesn't
	}{
		{name: "new", heal: 5, change: func(*network.Link) {}, carries: 20},
		{name: "new, one way", heal: 5, change: func(l *network.Link) { l.Down.FirstPassed = network.Never }},
		{name: "new, over before the other way", heal: 5, change: func(l *network.Link) { l.Up.HungUp = 19 }},
		{name: "old", heal: 6, change: resumed, resumes: 50},
		{name: "old, from the very instant on", heal: 40, change: resumed, resumes: 50},
		{name: "old, since an earlier heal", heal: 41, change: resumed},
		{name: "old, one way", heal: 6, change: func(l *network.Link) { l.Up.Resumed = 40 }},
		{name: "old, closed", heal: 6, change: func(l *network.Link) { resumed(l); l.Up.HungUp = 30 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := link(row.change)
			if at, ok := l.Carries(row.heal); ok != (row.carries > 0) || ok && at != row.carries {
				t.Errorf("carries: %d, %v; want %d", at, ok, row.carries)
			}
			if at, ok := l.Resumes(row.heal); ok != (row.resumes > 0) || ok && at != row.resumes {
				t.Errorf("resumes: %d, %v; want %d", at, ok, row.resumes)
			}
		})
	}
}
