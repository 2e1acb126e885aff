package toxics

import (
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
)

// A toxic may get to run late: what it says of a byte is as old as the byte.
func TestABytePassesWhenItCame(t *testing.T) {
	c := newCable()
	s := c.strike(0, 100)
	for at, bytes := range map[int64]int64{90: 1, 100: 2, 101: 4} {
		c.passed(stream.Upstream, bytes, at)
	}
	if s.PassedUp != 4 || s.LastPassedUp != 100 {
		t.Errorf("under a strike at 100 %d bytes passed, the last before it at %d; want 4, and 100", s.PassedUp, s.LastPassedUp)
	}
	c.finish(&s, 200)
	f := c.newFlow(0)
	for at, want := range map[int64]int64{199: network.Never, 200: 200} {
		f.link.Up = network.Untouched()
		if f.passed(stream.Upstream, 1, at); f.link.Up.Resumed != want {
			t.Errorf("a byte at %d, after a heal at 200: resumed at %d, want %d", at, f.link.Up.Resumed, want)
		}
	}
}

// A firewall goes by when a byte came, too.
func TestAFirewallForgetsByWhenAByteCame(t *testing.T) {
	for at, want := range map[int64]bool{1_000_000_099: true, 1_000_000_100: false} {
		c := newCable()
		f := c.newFlow(100)
		c.firewall = firewall{Idle: time.Second, strike: c.strike(0, 100)}
		late := at + int64(time.Second)
		if got := (firewallGate{}).admit(&pump{flow: f, dir: stream.Upstream}, &item{at: at}, late); got != want {
			t.Errorf("a byte %d ns after the last, seen a second later: passes %t, want %t", at-100, got, want)
		}
	}
}

// Without a delay nothing is late.
func TestNoDelayStrikesNothing(t *testing.T) {
	c := newCable()
	f := c.newFlow(0)
	for latency, want := range map[time.Duration]int64{0: 0, 1: 1} {
		strike := &network.Strike{}
		c.delays[stream.Upstream] = &lag{strike: strike}
		c.delays[stream.Upstream].Step, c.delays[stream.Upstream].StepLatency = ThisWay, latency
		delayGate{network.Sequence(1, 0, 0)}.admit(&pump{flow: f, dir: stream.Upstream}, &item{chunk: &stream.StreamChunk{}, at: 5}, 5)
		if strike.Delayed != want {
			t.Errorf("a delay of %v: %d late, want %d", latency, strike.Delayed, want)
		}
	}
}
