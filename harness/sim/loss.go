package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Loss is which frames are lost, as in the model of Gilbert (1960) and Elliott
// (1963): the network is in one of two states, good or bad, and each has a loss
// rate. The zero Loss is none; without a Burst it is always good, and each frame
// is lost by itself.
//
// The states last for times that are exponentially distributed, and pass whether
// or not anything is sent. (The original counts in bits; beats are seconds
// apart, and a burst does not wait for the next.)
type Loss struct {
	Rate  float64 `json:"rate,omitempty"` // in the good state, 0 to less than 1
	Burst Burst   `json:"burst,omitzero"`
}

// Burst is the bad state; zero: there is none.
type Burst struct {
	Rate  float64       `json:"rate"`     // more than 0, at most 1
	Every time.Duration `json:"every_ns"` // mean time from one's end to the next
	Lasts time.Duration `json:"lasts_ns"` // mean duration
}

// Mean is the share of frames that are lost in the long run, if they are sent
// independently of it.
func (l Loss) Mean() float64 {
	if l.Burst == (Burst{}) {
		return l.Rate
	}
	bad := l.Burst.share()
	return (1-bad)*l.Rate + bad*l.Burst.Rate
}

// share is that of the time in which the network is bad.
func (b Burst) share() float64 { return float64(b.Lasts) / (float64(b.Lasts) + float64(b.Every)) }

func (l Loss) validate() error {
	if !(l.Rate >= 0 && l.Rate < 1) { // NaN is neither
		return fmt.Errorf("loss rate is %g, want 0 to less than 1: at 1 nothing would ever arrive", l.Rate)
	}
	b := l.Burst
	if b == (Burst{}) {
		return nil
	}
	if !(b.Rate > 0 && b.Rate <= 1) {
		return fmt.Errorf("loss rate of a burst is %g, want more than 0, at most 1", b.Rate)
	}
	const rarest = 365 * 24 * time.Hour
	if b.Every <= 0 || b.Every > rarest || b.Lasts <= 0 || b.Lasts > longest {
		return fmt.Errorf("a burst every %v lasts %v, want more than 0 each, at most %v and %v", b.Every, b.Lasts, rarest, longest)
	}
	return nil
}

// weather is the state of a Loss, one way.
type weather struct {
	random *rand.Rand
	at     int64 // when it was looked at last
	bad    bool
}

// begin is the state at an instant of which nothing is known.
func (w *weather) begin(l *Loss, now int64) {
	w.at = now
	w.bad = l.Burst != (Burst{}) && w.random.Float64() < l.Burst.share()
}

// loses says whether a frame that is sent now is lost.
func (w *weather) loses(l *Loss, now int64) bool {
	if l.Rate == 0 && l.Burst.Rate == 0 {
		return false
	}
	return w.draws(l, now)
}

func (w *weather) draws(l *Loss, now int64) bool {
	rate := l.Rate
	if l.Burst.Lasts > 0 {
		w.pass(&l.Burst, now)
		if w.bad {
			rate = l.Burst.Rate
		}
	}
	return rate > 0 && w.random.Float64() < rate
}

// pass lets time pass: a chain of two states is, after dt, bad with probability
// share + (was - share) exp(-dt (1/Every + 1/Lasts)).
func (w *weather) pass(b *Burst, now int64) {
	was := 0.0
	if w.bad {
		was = 1
	}
	fades := math.Exp(-float64(now-w.at) * (1/float64(b.Every) + 1/float64(b.Lasts)))
	share := b.share()
	w.bad = w.random.Float64() < share+(was-share)*fades
	w.at = now
}
