package tune

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// Relaxation is the least by which one demand, and no other, has to give way so
// that a family keeps the others.
type Relaxation struct {
	Demand string `json:"demand"` // "window", "mistakes", ...
	From   string `json:"from"`
	To     string `json:"to"`
}

// String is "mistakes 1/30d -> 1/12.5d".
func (r Relaxation) String() string { return fmt.Sprintf("%s %s -> %s", r.Demand, r.From, r.To) }

// Relax says of each demand by how much it alone would have to be relaxed for
// the family to keep the others, as far as formulas tell; none: it keeps them
// already, or no single one is enough. Where a family has no formula of its
// mistakes, those are left out of it. When ctx ends it returns none, and ctx's
// error.
func Relax(ctx context.Context, d Demands, f Family) ([]Relaxation, error) {
	if d.feasible(ctx, f) {
		return nil, nil
	}
	var out []Relaxation
	add := func(demand, from, to string) { out = append(out, Relaxation{demand, from, to}) }

	lo, hi := d.Profile.Window.Lo, d.Profile.Window.Hi
	if x, ok := least(hi, min(20*hi, 24*time.Hour), func(x time.Duration) bool {
		return d.with(func(d *Demands) { d.Profile.Window.Hi = x }).feasible(ctx, f)
	}); ok {
		add("window's upper bound", hi.String(), x.String())
	}
	if x, ok := least(0, lo, func(x time.Duration) bool {
		return d.with(func(d *Demands) { d.Profile.Window.Lo = lo - x }).feasible(ctx, f)
	}); ok {
		add("window's lower bound", lo.String(), heartbeat.Window{Lo: lo - x, Hi: hi}.Lo.String())
	}
	out = append(out, RelaxMistakes(d, d.bestRate(ctx, f))...)
	if idle := d.Firewall.Idle; idle > 0 {
		if x, ok := least(idle, max(idle, 2*hi+d.Profile.Delay), func(x time.Duration) bool {
			return d.with(func(d *Demands) { d.Firewall.Idle = x }).feasible(ctx, f)
		}); ok {
			add("firewall", idle.String(), x.String())
		}
	}
	if margin := d.Profile.Margin; margin != heartbeat.Custom(d.Profile.Window).Margin { // else it follows
		if x, ok := least(0, margin, func(x time.Duration) bool {
			return d.with(func(d *Demands) { d.Profile.Margin = margin - x }).feasible(ctx, f)
		}); ok {
			add("margin", margin.String(), (margin - x).String())
		}
	}
	if interval := d.Interval; interval > 0 {
		if x, ok := least(0, interval-shortest, func(x time.Duration) bool {
			return d.with(func(d *Demands) { d.Interval = interval - x }).feasible(ctx, f)
		}); ok {
			add("interval", interval.String(), (interval - x).String())
		}
	}
	if jitter := d.Profile.Jitter; jitter > 0 {
		if x, ok := least(0, jitter, func(x time.Duration) bool {
			return d.with(func(d *Demands) { d.Profile.Jitter = jitter - x }).feasible(ctx, f)
		}); ok {
			add("jitter", jitter.String(), (jitter - x).String())
		}
	}
	if delay, jitter := d.Profile.Delay, d.Profile.Jitter; delay > jitter/2 {
		if x, ok := least(0, delay-jitter/2, func(x time.Duration) bool {
			return d.with(func(d *Demands) { d.Profile.Delay = delay - x }).feasible(ctx, f)
		}); ok {
			add("delay", delay.String(), (delay - x).String())
		}
	}
	if d.Loss > 0 {
		if x, ok := d.leastLoss(ctx, f); ok {
			add("loss", words.Percent(d.Loss), words.Percent(x))
		}
	}
	if ctx.Err() != nil { // what was enough was not found out
		return nil, ctx.Err()
	}
	return out, nil
}

// perDayMost is one per shortestRecurrence: what is more frequent is no detector.
const perDayMost = float64(day / shortestRecurrence)

// RelaxMistakes is the relaxation that bears so many mistakes per day; none: they
// are borne already, or there is no bound.
func RelaxMistakes(d Demands, perDay float64) []Relaxation {
	if perDay <= d.Mistakes.PerDay() || perDay > perDayMost {
		return nil
	}
	return []Relaxation{{"mistakes", d.Mistakes.String(), Rate{1, roundRecurrence(perDay)}.String()}}
}

// with is d, changed. A margin that follows from the window goes with it.
func (d Demands) with(change func(*Demands)) Demands {
	follows := d.Profile.Margin == heartbeat.Custom(d.Profile.Window).Margin
	change(&d)
	if follows {
		d.Profile.Margin = heartbeat.Custom(d.Profile.Window).Margin
	}
	return d
}

// feasible says whether some interval keeps the demands, as far as formulas tell.
func (d Demands) feasible(ctx context.Context, f Family) bool {
	return d.bestRate(ctx, f) <= d.Mistakes.PerDay()
}

// bestRate is the fewest mistakes per day that a family can make within the
// window; 0 where no formula tells, +Inf where nothing keeps the window, or was
// not looked for because ctx ended.
func (d Demands) bestRate(ctx context.Context, f Family) float64 {
	best := math.Inf(1)
	for _, interval := range d.intervals(ctx, f) {
		if ctx.Err() != nil {
			return math.Inf(1)
		}
		fit := f.fit(d, interval)
		if !fit.within(d.Profile) {
			continue
		}
		predicted, known := d.predict(ctx, f, fit, interval)
		if !known {
			return 0
		}
		if best = min(best, predicted); best <= d.Mistakes.PerDay() {
			break
		}
	}
	return best
}

// least is the least x in [from, to] that is enough, rounded up to three
// digits, if any is. What is enough may not be monotone; the bisection then finds
// one of the borders, and what it returns is enough in any case.
func least(from, to time.Duration, enough func(time.Duration) bool) (time.Duration, bool) {
	if to <= from || !enough(to) {
		return 0, false
	}
	for to-from > max(time.Millisecond, to/1000) {
		if mid := from + (to-from)/2; enough(mid) {
			to = mid
		} else {
			from = mid
		}
	}
	step := unit(to)
	if up := (to + step - 1).Truncate(step); enough(up) {
		return up, true
	}
	return to, true
}

// leastLoss is the largest loss that would do.
func (d Demands) leastLoss(ctx context.Context, f Family) (float64, bool) {
	enough := func(loss float64) bool { return d.with(func(d *Demands) { d.Loss = loss }).feasible(ctx, f) }
	if !enough(0) {
		return 0, false
	}
	lo, hi := 0.0, d.Loss
	for range 20 {
		if mid := (lo + hi) / 2; enough(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	// Rounded down to three digits.
	scale := math.Pow(10, 2-math.Floor(math.Log10(max(lo, 1e-9))))
	return math.Floor(lo*scale) / scale, true
}

// roundRecurrence is the time between mistakes at that rate per day, rounded down
// so that the rounded rate is borne.
func roundRecurrence(perDay float64) time.Duration {
	every := time.Duration(float64(day) / perDay)
	switch {
	case every > 10*365*day:
		return every.Truncate(365 * day)
	case every > 10*day:
		return every.Truncate(day)
	case every > 10*time.Hour:
		return every.Truncate(time.Hour)
	default:
		return max(time.Second, every.Truncate(time.Second))
	}
}
