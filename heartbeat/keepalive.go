package heartbeat

import (
	"fmt"
	"time"
)

// Keepalive is what SO_KEEPALIVE is told: the kernel probes a connection on
// which nothing was heard for Idle, again every Interval, and gives up an
// Interval after Count unanswered probes. It does not probe while data of ours
// is unacknowledged. The zero Keepalive: none.
type Keepalive struct {
	// Idle and Interval are whole seconds, from 1 s to 32767 s.
	Idle     time.Duration `json:"idle_ns"`
	Interval time.Duration `json:"interval_ns"`
	Count    int           `json:"count"` // 1 to 127
}

// The limits of Linux (net/ipv4/tcp.c).
const (
	maxKeepaliveTime  = 32767 * time.Second
	maxKeepaliveCount = 127
)

// KeepaliveDefault is Linux's own, should a program only switch it on: it gives
// up after up to 7875 s.
func KeepaliveDefault() Keepalive {
	return Keepalive{Idle: 7200 * time.Second, Interval: 75 * time.Second, Count: 9}
}

// Detection is the range of the detection time after the cable of an idle
// connection was pulled at any phase, on a network with a one-way delay of at
// most d. With idle time I, interval V and count N:
//
//   - Each answer begins the idle time anew. After the last one, at a, probes
//     leave at a + I, a + I + V and so on, and the kernel gives up at
//     a + I + N*V. Where V is longer, the timer of the answered probe is still
//     the next to fire: V after that one left takes the place of a + I.
//   - The last answer arrives at most d after the cut, and its probe left at
//     least d before. Had the cable been pulled later, the next probe would have
//     been answered within 2d: so that was not due 2d before the cut.
//   - So T_D is in (N*V - 2d, N*V + max(I + d, V)]: on a faster network than d
//     says, that probe leaves sooner.
//
// That is the arithmetic of net/ipv4/tcp_timer.c with exact timers. Linux's are
// late by up to an eighth, and a second takes them 1.024 s at 250 and 1000 Hz:
// 2 s, 1 s and 3 probes were measured to take 5.07 s. A window's margin, and
// what whole seconds leave over, have to bear that.
func (k Keepalive) Detection(d time.Duration) Window {
	probing := time.Duration(k.Count) * k.Interval
	return Window{Lo: max(0, probing-2*d), Hi: probing + max(k.Idle+d, k.Interval)}
}

// Keepalive is the keepalive whose Detection lies within [lo + m, hi - m] at
// every phase, where whole seconds allow that: of those with the shortest
// interval the one that probes a live peer least often. fits is false where
// they don't; then the upper bound is kept if it can be, and late phases are
// noticed before the lower one.
//
//	N*V >= lo + m + 2d, I <= hi - m - d - N*V
func (p Profile) Keepalive() (k Keepalive, fits bool) {
	least := max(1, p.LowerBound()+p.Margin+2*p.Delay)
	most := p.Window.Hi - p.Margin - p.Delay
	k.Interval = min(ceil(least, maxKeepaliveCount*time.Second)/maxKeepaliveCount, maxKeepaliveTime)
	k.Count = int(min(ceil(least, k.Interval)/k.Interval, maxKeepaliveCount))
	if k.Idle = (most - time.Duration(k.Count)*k.Interval).Truncate(time.Second); k.Idle < k.Interval {
		k.Idle = k.Interval
		k.Count = max(1, min(k.Count, int(most/k.Interval)-1))
	}
	k.Idle = min(k.Idle, maxKeepaliveTime)
	got := k.Detection(p.Delay)
	early := p.Window.Lo > 0 && got.Lo < p.Window.Lo+p.Margin // without a lower bound nothing is
	return k, !early && got.Hi <= p.Window.Hi-p.Margin
}

// ceil is d, rounded up to a multiple of step.
func ceil(d, step time.Duration) time.Duration { return (d + step - 1) / step * step }

func (k Keepalive) validate() error {
	for _, t := range []struct {
		name string
		d    time.Duration
	}{{"idle", k.Idle}, {"interval", k.Interval}} {
		if t.d < time.Second || t.d > maxKeepaliveTime || t.d%time.Second != 0 {
			return fmt.Errorf("keepalive: %s is %v, want whole seconds from 1s to %v", t.name, t.d, maxKeepaliveTime)
		}
	}
	if k.Count < 1 || k.Count > maxKeepaliveCount {
		return fmt.Errorf("keepalive: count is %d, want 1 to %d", k.Count, maxKeepaliveCount)
	}
	return nil
}
