package toxics

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestDelayStacksWithACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, DelayType)
		for _, toxic := range []string{"up.delay", "down.delay"} {
			l.update(toxic, `{"latency_ns": 200000000}`)
		}
		k := l.dial()
		k.client.sends("a")
		k.server.sends("1")
		time.Sleep(100 * time.Millisecond)
		l.update("up.cable_pull", `{"cut": "both-ways"}`)
		time.Sleep(second)
		// What was past the cable arrives; what was not yet there doesn't.
		k.server.wants("a", 200*time.Millisecond)
		k.client.wants("")
		k.client.sends("b")
		time.Sleep(second)
		l.update("up.cable_pull", `{"cut": "none"}`) // at 2.1 s
		time.Sleep(second)
		k.client.wants("1", 2100*time.Millisecond)
		k.server.wants("b", 2300*time.Millisecond)

		p := l.proof()
		if s := p.Strikes[0]; s.WithheldUp != 1 || s.WithheldDown != 1 || s.Delayed != 0 {
			t.Errorf("strike %+v", s)
		}
		// The proof is of the client's end of the network.
		if up, down := p.Links[0].Up, p.Links[0].Down; l.since(up.FirstPassed) != 0 || l.since(down.FirstPassed) != 2100*time.Millisecond {
			t.Errorf("first bytes at %v and %v, want 0s and 2.1s", l.since(up.FirstPassed), l.since(down.FirstPassed))
		}
		k.server.hangUp() // at 3.1 s
		time.Sleep(second)
		k.client.wantsEnd(3300 * time.Millisecond)
		if got := l.since(l.proof().Links[0].Down.HungUp); got != 3100*time.Millisecond {
			t.Errorf("the server's hang-up at %v: it has to be seen before the delay", got)
		}
	})
}

func TestDelayStepNeitherFlushesNorReorders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, DelayType)
		k := l.dial()
		l.update("down.delay", `{"step": "both-ways", "step_latency_ns": 3000000000, "fault": 2}`)
		k.client.sends("a")
		k.server.sends("1")
		time.Sleep(second)
		l.update("down.delay", `{"step": "none"}`)
		k.client.sends("b")
		k.client.hangUp()
		k.server.wants("")
		time.Sleep(2*second - 1)
		k.server.wants("")
		k.client.wants("")
		time.Sleep(time.Nanosecond)
		k.server.wants("ab", 3*second)
		k.server.wantsEnd(3 * second)

		s := l.proof().Strikes[0]
		if s.Delayed != 2 || s.Fault != 2 || l.since(s.On) != 0 || l.since(s.Off) != second || !s.Struck() {
			t.Errorf("strike %+v", s)
		}
	})
}

func TestDelayKeepsMoreThanOneChunkUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, DelayType)
		l.update("up.delay", `{"latency_ns": 1000000000}`)
		k := l.dial()
		for range 10 {
			k.client.sends("x")
			time.Sleep(100 * time.Millisecond)
		}
		k.server.wants("x", second) // the first at 1 s, and so on
		time.Sleep(900 * time.Millisecond)
		k.server.wants("xxxxxxxxx", 1900*time.Millisecond)
	})
}

func TestDelayOfADeletedProxyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, "", CablePullType, DelayType)
		l.update("up.delay", `{"step": "both-ways", "step_latency_ns": 3600000000000}`)
		k := l.dial()
		k.client.sends("x")
		l.update("up.cable_pull", `{"end": true}`)
		k.deleted()
		synctest.Wait()
		if c := l.cable(); len(c.live) != 0 {
			t.Errorf("%d flows are left", len(c.live))
		}
	})
}
