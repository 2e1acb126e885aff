package heartbeat

import (
	"fmt"
	"time"
)

// A Profile is a window and the worst network that it must hold on. Intervals
// and timeouts are derived from it; see Profile.Timing.
type Profile struct {
	Name   string `json:"name"`
	Window Window `json:"window"`
	// Delay is the largest one-way delay of the network.
	Delay time.Duration `json:"delay_ns"`
	// Jitter is the largest difference between two round trips.
	Jitter time.Duration `json:"jitter_ns"`
	// Margin is what the arithmetic keeps free at both ends of the window for
	// everything that it doesn't know of: schedulers, timers, clocks.
	Margin time.Duration `json:"margin_ns"`
}

// Strict is for those who must know soon: 6-9 s.
func Strict() Profile {
	return Profile{
		Name:   "strict",
		Window: Window{Lo: 6 * time.Second, Hi: 9 * time.Second},
		Delay:  300 * time.Millisecond,
		Jitter: 400 * time.Millisecond,
		Margin: 150 * time.Millisecond,
	}
}

// Standard is for ordinary applications: 30-40 s.
func Standard() Profile {
	p := Strict()
	p.Name = "standard"
	p.Window = Window{Lo: 30 * time.Second, Hi: 40 * time.Second}
	p.Margin = time.Second
	return p
}

// Profiles are the built-in ones.
func Profiles() []Profile { return []Profile{Strict(), Standard()} }

// Custom is a profile for a window of the user's own, on the network of
// Strict, with a margin of 5 % of the window's width: of a third of the upper
// bound where there is no lower one, as in Strict.
func Custom(w Window) Profile {
	p := Strict()
	p.Name = w.String()
	p.Window = w
	lo := w.Lo
	if lo == 0 {
		lo = w.Hi * 2 / 3
	}
	p.Margin = (w.Hi - lo) / 20
	return p
}

// LowerBound is the lower bound that the numbers are derived from: the window's.
// Where it has none, nothing is too soon, and the bound only says how much of the
// window is left to the interval: two thirds of the upper bound, as in Strict, or
// less where that would leave the interval less than a fifth of it.
func (p Profile) LowerBound() time.Duration {
	if p.Window.Lo > 0 {
		return p.Window.Lo
	}
	hi := p.Window.Hi
	taken := 2*p.Margin + p.Delay + max(p.Delay, p.Jitter) // by all but the interval: see Timing
	return max(0, min(hi*2/3, hi-taken-hi/5))
}

// Timing is what a profile makes of its window.
type Timing struct {
	Interval  time.Duration // between beats
	Silence   time.Duration // timeout of a side that waits for any sign of life
	EchoTimer time.Duration // timeout of a side that waits for the echo of its own beat
}

// Timing derives the interval and the timeouts that keep a detection inside
// the window whatever the phase at which a fault strikes. With the window
// [lo, hi], one-way delay d, round-trip jitter J, margin m and interval D:
//
//   - Silence T since the last heard: arrivals are at most D + J apart, and
//     bytes beyond the cut arrive up to d after it, so T_D is in (T-D-J, T+d].
//     T = hi - m - d.
//   - Echo timer t from the sending of the oldest unanswered beat: that beat
//     left between 2d before the cut and D after it, so T_D is in [t-2d, t+D).
//     t = lo + m + 2d.
//   - Both bounds: D <= min(T - J - lo - m, hi - m - t), rounded down to half
//     a second (below that, to ten milliseconds).
//   - The first beat is heard a round trip after the session began, on the side
//     that was asked for it: T >= 2d + m.
//
// A window that leaves no room for an interval is an error that says what
// upper bound would do.
func (p Profile) Timing() (Timing, error) {
	if err := p.Window.Validate(); err != nil {
		return Timing{}, err
	}
	lo, hi := p.LowerBound(), p.Window.Hi
	t := Timing{
		Silence:   hi - p.Margin - p.Delay,
		EchoTimer: lo + p.Margin + 2*p.Delay,
	}
	longest := min(t.Silence-p.Jitter-lo-p.Margin, hi-p.Margin-t.EchoTimer)
	t.Interval = roundInterval(longest)
	first := t.Silence - 2*p.Delay - p.Margin // what is left when the first beat is heard
	if t.Interval <= 0 || first < 0 {
		missing := max(shortestInterval-longest, -first)
		return Timing{}, fmt.Errorf("window %v is too narrow for a delay of %v, a jitter of %v and a margin of %v: raise its upper bound to %v",
			p.Window, p.Delay, p.Jitter, p.Margin, p.wideEnough(missing))
	}
	return t, nil
}

// roundInterval rounds down to half a second, below that to ten milliseconds.
func roundInterval(d time.Duration) time.Duration {
	if d < 500*time.Millisecond {
		return d.Truncate(shortestInterval)
	}
	return d.Truncate(500 * time.Millisecond)
}

// shortestInterval is the shortest that Timing derives.
const shortestInterval = 10 * time.Millisecond

// wideEnough is an upper bound that makes room for an interval which is missing
// that much: also in Custom, where a tenth of what the window grows goes to the
// margins.
func (p Profile) wideEnough(missing time.Duration) time.Duration {
	missing = missing * 10 / 9
	const step = 10 * time.Millisecond
	return (p.Window.Hi + missing + step).Truncate(step)
}
