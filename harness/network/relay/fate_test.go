package relay

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

const second = int64(time.Second)

// stream is a channel with one link, struck at instant 0.
func stream(seed uint64, f network.Fault) (*channel, *link, *strike) {
	c := newChannel(network.Setup{Seed: seed, Faults: []network.Fault{f}})
	l := c.join(0)
	return c, l, c.on(0, 0)
}

// fates are how often each of n datagrams of one byte comes out, and in what order.
func fates(c *channel, l *link, w *way, n int) (order []int) {
	for i := range n {
		for _, d := range c.pass(l, w, []byte{byte(i >> 8), byte(i)}, int64(i+1)) {
			order = append(order, int(d[0])<<8|int(d[1]))
		}
	}
	return order
}

func TestCutsWithholdTheirDirection(t *testing.T) {
	for _, tt := range []struct {
		kind     scenario.Kind
		up, down int
	}{{scenario.CablePull, 0, 0}, {scenario.HalfOpenUp, 0, 5}, {scenario.HalfOpenDown, 5, 0}} {
		c, l, s := stream(1, network.Fault{Kind: tt.kind})
		up, down := fates(c, l, l.up(), 5), fates(c, l, l.down(), 5)
		if len(up) != tt.up || len(down) != tt.down {
			t.Errorf("%s: %d pass up and %d down, want %d and %d", tt.kind, len(up), len(down), tt.up, tt.down)
		}
		if s.WithheldUp != int64(2*(5-tt.up)) || s.WithheldDown != int64(2*(5-tt.down)) ||
			l.Up.Withheld != s.WithheldUp || l.Down.Withheld != s.WithheldDown || l.Up.Passed != int64(2*tt.up) {
			t.Errorf("%s: proof %+v of %+v", tt.kind, s.Strike, l.Link)
		}
		c.off(s, 10)
		if got := fates(c, l, l.up(), 1); len(got) != 1 || s.Off != 10 {
			t.Errorf("%s: nothing passes after the heal", tt.kind)
		}
	}
}

func TestProofOfACut(t *testing.T) {
	c := newChannel(network.Setup{Faults: []network.Fault{{Kind: scenario.CablePull}}})
	l := c.join(second)
	c.pass(l, l.up(), []byte("abc"), 2*second)
	c.pass(l, l.down(), []byte("a"), 3*second)
	s := c.on(0, 4*second)
	c.pass(l, l.up(), []byte("abc"), 5*second)
	c.off(s, 6*second)
	c.pass(l, l.down(), []byte("ab"), 7*second)
	o := c.observation(8 * second)
	up, down := network.Untouched(), network.Untouched()
	up.Passed, up.FirstPassed, up.LastPassed, up.Withheld = 3, 2*second, 2*second, 3
	down.Passed, down.FirstPassed, down.LastPassed, down.Resumed = 3, 3*second, 7*second, 7*second
	if want := (network.Link{Born: second, Up: up, Down: down}); o.Links[0] != want {
		t.Errorf("link\n%+v, want\n%+v", o.Links[0], want)
	}
	want := network.Strike{On: 4 * second, Off: 6 * second, LastPassedUp: 2 * second, LastPassedDown: 3 * second, WithheldUp: 3, Forgotten: network.Never, Counted: true}
	if o.Strikes[0] != want {
		t.Errorf("strike\n%+v, want\n%+v", o.Strikes[0], want)
	}
}

// What passes while a strike is in force is counted, each way by itself; the other
// way of a half-open link shows it.
func TestWhatPassesAStrikeIsCounted(t *testing.T) {
	c := newChannel(network.Setup{Faults: []network.Fault{{Kind: scenario.HalfOpenUp}, {Kind: scenario.HalfOpenDown}}})
	l := c.join(second)
	for i, want := range [][2]int64{{0, 5}, {3, 0}} {
		c.pass(l, l.up(), []byte("abc"), 2*second)
		c.pass(l, l.down(), []byte("abcde"), 2*second)
		s := c.on(i, 4*second)
		c.pass(l, l.up(), []byte("abc"), 5*second)
		c.pass(l, l.down(), []byte("abcde"), 5*second)
		c.off(s, 6*second)
		c.pass(l, l.up(), []byte("abc"), 7*second)
		c.pass(l, l.down(), []byte("abcde"), 7*second)
		if got := [2]int64{s.PassedUp, s.PassedDown}; got != want || !s.Counted {
			t.Errorf("%s: %d bytes passed, want %d; counted: %v", s.Kind, got, want, s.Counted)
		}
	}
}

// A tenth is lost, on each way by itself, and the same for the same seed.
func TestLoss(t *testing.T) {
	const n = 20000
	run := func(seed uint64, f network.Fault) []int {
		c, l, s := stream(seed, f)
		got := fates(c, l, l.up(), n)
		if s.WithheldUp != int64(2*(n-len(got))) {
			t.Errorf("%d bytes withheld, want %d", s.WithheldUp, 2*(n-len(got)))
		}
		return got
	}
	f := network.Fault{Kind: scenario.Loss, Percent: 10}
	got := run(1, f)
	if share := 1 - float64(len(got))/n; math.Abs(share-0.1) > 4*math.Sqrt(0.1*0.9/n) {
		t.Errorf("a share of %.4f is lost, want 0.1", share)
	}
	if !slices.Equal(got, run(1, f)) || slices.Equal(got, run(2, f)) {
		t.Error("the seed does not decide")
	}
	f.Percent = 100
	if got := run(1, f); len(got) > 0 {
		t.Errorf("%d pass where all are lost", len(got))
	}
	f = network.Fault{Kind: scenario.Loss, Percent: 100, Toward: heartbeat.ClientSide}
	if got := run(1, f); len(got) != n {
		t.Errorf("%d pass on the way that is fine", len(got))
	}
}

// What one way loses does not depend on how much goes the other way.
func TestWaysHaveTheirOwnChances(t *testing.T) {
	f := network.Fault{Kind: scenario.Loss, Percent: 30}
	c, l, _ := stream(1, f)
	alone := fates(c, l, l.up(), 100)
	c, l, _ = stream(1, f)
	fates(c, l, l.down(), 33)
	if got := fates(c, l, l.up(), 100); !slices.Equal(got, alone) {
		t.Error("it does")
	}
}

func TestBurstLoss(t *testing.T) {
	const n = 60000
	for _, tt := range []struct{ percent, burst float64 }{{10, 3}, {5, 1}, {30, 10}, {100, 2}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			c, l, _ := stream(1, network.Fault{Kind: scenario.BurstLoss, Percent: tt.percent, Burst: tt.burst})
			got := fates(c, l, l.up(), n)
			if tt.percent == 100 {
				if len(got) > 0 {
					t.Errorf("%d pass where all are lost", len(got))
				}
				return
			}
			bursts := 0
			for i, d := range got {
				if i > 0 && d > got[i-1]+1 {
					bursts++
				}
			}
			lost := float64(n - len(got))
			if share := 100 * lost / n; math.Abs(share-tt.percent) > 0.15*tt.percent {
				t.Errorf("%.2f %% are lost, want %v", share, tt.percent)
			}
			// A spell that ends may be followed by another at once, at a
			// burst of 1 too: the datagram between the two passes.
			if mean := lost / float64(bursts); math.Abs(mean-tt.burst) > 0.15*tt.burst {
				t.Errorf("%.2f are lost in a row, want %v", mean, tt.burst)
			}
		})
	}
}

func TestDuplication(t *testing.T) {
	c, l, s := stream(1, network.Fault{Kind: scenario.Duplication, Percent: 25})
	got := fates(c, l, l.down(), 10000)
	twice := len(got) - 10000
	if int64(twice) != s.Doubled || math.Abs(float64(twice)-2500) > 200 || !slices.IsSorted(got) {
		t.Errorf("%d came twice, proof %d, want about 2500", twice, s.Doubled)
	}
}

// A datagram that is held back comes right after the next one, and none is lost
// but one that waits when the fault ends.
func TestReordering(t *testing.T) {
	c, l, s := stream(1, network.Fault{Kind: scenario.Reordering, Percent: 25})
	got := fates(c, l, l.up(), 10000)
	overtaken := 0
	for i := 1; i < len(got); i++ {
		switch got[i] - got[i-1] {
		case 1, 2, 3:
		case -1:
			overtaken++
		default:
			t.Fatalf("%d comes after %d", got[i], got[i-1])
		}
	}
	if int64(overtaken) != s.Overtaken || overtaken < 1800 || overtaken > 2200 { // a quarter of those that can be: a fifth of all
		t.Errorf("%d were overtaken, proof %d, want about 2000", overtaken, s.Overtaken)
	}
	waiting := 10000 - len(got)
	c.off(s, 1<<20)
	if waiting > 1 || s.WithheldUp != int64(2*waiting) {
		t.Errorf("%d are missing, and %d bytes withheld", waiting, s.WithheldUp)
	}
}

func TestIdleDrop(t *testing.T) {
	c, l, s := stream(1, network.Fault{Kind: scenario.IdleDrop, Idle: 2 * time.Second, Mode: scenario.DropSilent})
	send := func(at int64, want int) {
		t.Helper()
		if got := len(c.pass(l, l.up(), []byte("x"), at)); got != want {
			t.Errorf("at %v: %d pass, want %d", time.Duration(at), got, want)
		}
	}
	send(1*second, 1)
	c.pass(l, l.down(), []byte("x"), 2*second) // either way keeps it
	send(4*second-1, 1)
	if c.observation(6*second - 2).Strikes[0].Struck() {
		t.Error("it struck too soon")
	}
	send(6*second-1, 0)
	send(6*second, 0)
	if s.Forgotten != 6*second-1 || s.WithheldUp != 2 {
		t.Errorf("proof %+v", s.Strike)
	}
	c.off(s, 7*second)
	send(8*second, 0) // what it forgot stays forgotten
	if s.WithheldUp != 2 || l.Up.Withheld != 3 {
		t.Errorf("proof %+v of %+v", s.Strike, l.Link)
	}
	another := c.join(8 * second)
	if len(c.pass(another, another.up(), []byte("x"), 9*second)) != 1 {
		t.Error("a new link does not pass")
	}
}

// A firewall forgets nothing before it is there, and what was idle for long enough even
// if nobody sends a byte to find out.
func TestAFirewallForgetsByItself(t *testing.T) {
	c := newChannel(network.Setup{Faults: []network.Fault{{Kind: scenario.IdleDrop, Idle: 2 * time.Second}}})
	c.join(0)
	for _, row := range []struct{ on, off, want int64 }{
		{1 * second, 2*second - 1, network.Never}, {5 * second, 6 * second, 5 * second},
	} {
		s := c.on(0, row.on)
		if c.off(s, row.off); s.Forgotten != row.want {
			t.Errorf("from %d to %d it forgot at %d, want %d", row.on, row.off, s.Forgotten, row.want)
		}
	}
}

// First in, first out, whatever is drawn; a change holds for what comes after it.
func TestDelays(t *testing.T) {
	own := network.Delay{Latency: 200 * time.Millisecond, Jitter: 100 * time.Millisecond}
	c := newChannel(network.Setup{Seed: 7, Delay: own, Faults: []network.Fault{
		{Kind: scenario.Latency, Delay: network.Delay{Latency: time.Second}, Toward: heartbeat.ClientSide},
	}})
	l := c.join(0)
	last := int64(0)
	for now := int64(0); now < 100*second; now += second / 100 {
		due := c.delay(l.up(), now)
		if due < last || due-now < int64(100*time.Millisecond) || due-now > int64(300*time.Millisecond) {
			t.Fatalf("at %d: leaves at %d, the one before at %d", now, due, last)
		}
		last = due
	}
	s := c.on(0, 100*second)
	if due := c.delay(l.down(), 100*second); due != 101*second || s.Delayed != 1 {
		t.Errorf("a step of 1s: leaves after %v, proof %d", time.Duration(due-100*second), s.Delayed)
	}
	if due := c.delay(l.up(), 101*second); due > 101*second+int64(300*time.Millisecond) || s.Delayed != 1 {
		t.Errorf("the other way is late too: %v", time.Duration(due-101*second))
	}
	c.off(s, 102*second)
	if due := c.delay(l.down(), 102*second); due-102*second > int64(300*time.Millisecond) {
		t.Error("it is late after the heal")
	}
}
