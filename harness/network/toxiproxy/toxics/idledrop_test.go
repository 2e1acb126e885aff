package toxics

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/flatline-go/flatline/harness/network"
)

func TestTrafficOfOneWayKeepsBothDirectionsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, IdleDropType)
		k := l.dial()
		l.update("up.idle_drop", `{"idle_ns": 5000000000}`)
		for range 10 {
			time.Sleep(5*second - 1)
			k.client.sends("x")
			k.server.wants("x")
		}
		k.server.sends("y")
		k.client.wants("y")
		if s := l.proof().Strikes[0]; s.Forgotten != -1 || s.Struck() {
			t.Errorf("strike %+v", s)
		}
	})
}

func TestIdleFlowIsForgottenAsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, IdleDropType)
		k := l.dial()
		l.update("down.idle_drop", `{"idle_ns": 5000000000, "fault": 3}`)
		time.Sleep(second)
		k.server.sends("y") // the last byte, at 1 s
		time.Sleep(5 * second)
		k.client.sends("late")
		k.server.sends("late too")
		k.client.wants("y")
		k.server.wants("")
		l.update("down.idle_drop", `{"idle_ns": 0}`) // what is forgotten stays so
		k.client.sends("later")
		time.Sleep(second)
		k.client.hangUp() // at 7 s
		k.server.wants("")
		k.server.wantsEnd(-1)

		p := l.proof()
		s := p.Strikes[0]
		if s.WithheldUp != 9 || s.WithheldDown != 8 || s.Closings != 1 || s.Ended != 0 || s.Fault != 3 {
			t.Errorf("strike %+v", s)
		}
		up, down := p.Links[0].Up, p.Links[0].Down
		if up.Passed != 0 || up.Withheld != 9 || down.Passed != 1 || down.Withheld != 8 {
			t.Errorf("link %+v", p.Links[0])
		}
		if got := l.since(s.Forgotten); got != 6*second {
			t.Errorf("forgotten at %v, want %v", got, 6*second)
		}
		if got := l.since(p.Links[0].Forgotten); got != 6*second || s.PassedUp != 0 || s.PassedDown != 1 {
			t.Errorf("the link is forgotten at %v, want %v; passed %d up and %d down, want 0 and 1", got, 6*second, s.PassedUp, s.PassedDown)
		}
		if got := l.since(up.HungUp); got != 7*second {
			t.Errorf("the client's hang-up at %v, want %v", got, 7*second)
		}

		k = l.dial()
		k.client.sends("new")
		k.server.wants("new")
		if got := l.proof().Links[1].Forgotten; got != network.Never {
			t.Errorf("the new link is forgotten at %v", got)
		}
	})
}

func TestFirewallSwitchedOffInTimeForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, IdleDropType)
		k := l.dial()
		l.update("up.idle_drop", `{"idle_ns": 5000000000}`)
		time.Sleep(5*second - 1)
		l.update("up.idle_drop", `{"idle_ns": 0}`)
		time.Sleep(time.Hour)
		k.client.sends("x")
		k.server.wants("x")
		if s := l.proof().Strikes[0]; s.Forgotten != -1 || l.since(s.Off) != 5*second-1 {
			t.Errorf("strike %+v", s)
		}
	})
}

// Its SYN was lost: the firewall never saw it.
func TestDeadLinkIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, IdleDropType)
		l.update("up.cable_pull", `{"cut": "both-ways"}`)
		l.dial()
		l.update("up.idle_drop", `{"idle_ns": 5000000000, "mode": "reset-at-idle"}`)
		time.Sleep(time.Hour)
		if s := l.proof().Strikes[1]; s.Forgotten != -1 || s.Struck() {
			t.Errorf("strike %+v", s)
		}
	})
}

func TestForgettingIsReportedWithoutTraffic(t *testing.T) {
	for _, row := range []struct {
		name        string
		idleBefore  time.Duration
		idleAfter   time.Duration
		wantForgott time.Duration // -1: not yet
	}{
		{name: "one nanosecond before", idleAfter: 5*second - 1, wantForgott: -1},
		{name: "at the time", idleAfter: 5 * second, wantForgott: 5 * second},
		{name: "later", idleAfter: 50 * second, wantForgott: 5 * second},
		{name: "partly idle before", idleBefore: 3 * second, idleAfter: 10 * second, wantForgott: 5 * second},
		{name: "long idle before", idleBefore: 30 * second, wantForgott: 30 * second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, "", CablePullType, IdleDropType)
				l.dial()
				time.Sleep(row.idleBefore)
				l.update("up.idle_drop", `{"idle_ns": 5000000000}`)
				time.Sleep(row.idleAfter)
				if got := l.since(l.proof().Strikes[0].Forgotten); got != row.wantForgott {
					t.Errorf("forgotten at %v, want %v", got, row.wantForgott)
				}
			})
		})
	}
}

func TestResetOnSendTellsOnlyWhoSends(t *testing.T) {
	for _, row := range []struct {
		name  string
		sends func(*link) (sender, other *peer)
		up    bool
	}{
		{"client", func(k *link) (*peer, *peer) { return k.client, k.server }, true},
		{"server", func(k *link) (*peer, *peer) { return k.server, k.client }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, "", CablePullType, IdleDropType)
				k := l.dial()
				l.update("up.idle_drop", `{"idle_ns": 5000000000, "mode": "reset-on-send"}`)
				time.Sleep(6 * second)
				sender, other := row.sends(k)
				sender.sends("x")
				sender.wantsEnd(6 * second)
				other.wants("")
				time.Sleep(second)
				other.wantsEnd(-1)

				p := l.proof()
				s := p.Strikes[0]
				toOther, toSender := p.Links[0].Down, p.Links[0].Up
				if row.up {
					toOther, toSender = toSender, toOther
				}
				if s.WithheldUp+s.WithheldDown != 1 || s.Ended != 1 || s.Closings != 0 {
					t.Errorf("strike %+v", s)
				}
				if l.since(toSender.Ended) != 6*second || toOther.Ended != -1 || toOther.HungUp != -1 {
					t.Errorf("to the sender %+v, to the other %+v", toSender, toOther)
				}

				other.sends("y") // the next sender
				other.wantsEnd(7 * second)
				if s := l.proof().Strikes[0]; s.Ended != 2 || s.WithheldUp+s.WithheldDown != 2 {
					t.Errorf("strike %+v", s)
				}
			})
		})
	}
}

func TestResetAtIdleTellsBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, IdleDropType)
		k := l.dial()
		l.update("up.idle_drop", `{"idle_ns": 5000000000, "mode": "reset-at-idle"}`)
		time.Sleep(second)
		k.client.sends("x")
		time.Sleep(20 * second)
		k.client.wantsEnd(6 * second)
		k.server.wantsEnd(6 * second)
		p := l.proof()
		if s := p.Strikes[0]; s.Ended != 2 || s.Closings != 0 || l.since(s.Forgotten) != 6*second {
			t.Errorf("strike %+v", s)
		}
		for _, f := range []int64{p.Links[0].Up.Ended, p.Links[0].Down.Ended} {
			if l.since(f) != 6*second {
				t.Errorf("ended at %v, want %v", l.since(f), 6*second)
			}
		}
	})
}

func TestSilentTellsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, IdleDropType)
		k := l.dial()
		l.update("up.idle_drop", `{"idle_ns": 5000000000, "mode": "silent"}`)
		time.Sleep(time.Hour)
		k.client.sends("x")
		k.server.sends("y")
		time.Sleep(time.Hour)
		k.client.wantsEnd(-1)
		k.server.wantsEnd(-1)
	})
}

// The cable is the client's: what it withholds the firewall sees only if the
// server sent it.
func TestFirewallBehindACut(t *testing.T) {
	for _, row := range []struct {
		name      string
		sends     func(*link) *peer
		forgotten time.Duration
	}{
		{"client sends", func(k *link) *peer { return k.client }, 5 * second},
		{"server sends", func(k *link) *peer { return k.server }, 8 * second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLine(t, "", CablePullType, IdleDropType)
				k := l.dial()
				l.update("up.idle_drop", `{"idle_ns": 5000000000}`)
				l.update("up.cable_pull", `{"cut": "both-ways"}`)
				time.Sleep(3 * second)
				row.sends(k).sends("x")
				time.Sleep(10 * second)
				if got := l.since(l.proof().Strikes[0].Forgotten); got != row.forgotten {
					t.Errorf("forgotten at %v, want %v", got, row.forgotten)
				}
				l.update("up.cable_pull", `{"cut": "none"}`)
				// Each byte is withheld at most once for the link.
				if k := l.proof().Links[0]; k.Up.Withheld+k.Down.Withheld != 1 {
					t.Errorf("link %+v", k)
				}
			})
		})
	}
}
