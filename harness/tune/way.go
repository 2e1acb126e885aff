package tune

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"
)

// way is what a capture shows of the way that its beats went: which of them arrived,
// and how late. Lost beats, bursts and stalls are in it as they were.
type way struct {
	interval float64       // between two beats, in nanoseconds by the clock that stamped the arrivals
	went     []went        // what arrived, in order of numbers
	silences []Silence     // those in which a beat at least was missing
	long     time.Duration // from the first beat to the last
}

// went is a beat that arrived, so many nanoseconds later than with the least delay.
type went struct {
	number uint64
	late   int64
}

// Silence is a stretch of a capture in which nothing arrived.
type Silence struct {
	After uint64        `json:"after"`    // the number of the beat that was heard last before it, as in the file
	Began time.Duration `json:"began_ns"` // from the first arrival on
	Long  time.Duration `json:"long_ns"`  // until the next arrival
}

// newWay puts what went in order: of a beat that arrived twice, the first counts.
func newWay(interval float64, all []went) *way {
	slices.SortStableFunc(all, func(a, b went) int { return cmp.Compare(a.number, b.number) })
	all = slices.CompactFunc(all, func(a, b went) bool { return a.number == b.number })
	return &way{
		interval: interval, went: all,
		long: time.Duration(interval * float64(all[len(all)-1].number-all[0].number+1)),
	}
}

// beats are what would have been heard of beats that leave interval apart, the first
// of them shift after the capture's first. Instants are counted from it, and least is
// the least delay.
//
// A beat that leaves between two of the capture's shares the fate of the nearer one:
// it is lost if that was, or as late. So the share of what is lost, how long the
// way was dead, and how late it made beats stay what they were, whatever the
// interval. What happened between two beats of the capture, it does not show.
func (w *way) beats(ctx context.Context, interval, shift, least time.Duration, tell func(arrival)) (sent int) {
	first := float64(w.went[0].number)
	var under []arrival // way, each later than the one before it
	next := 0
	for seq := uint64(0); ; seq++ {
		left := int64(seq) * int64(interval)
		since := left + int64(shift)
		if since >= int64(w.long) || seq%4096 == 0 && ended(ctx) {
			break
		}
		number := uint64(first + math.Floor(float64(since)/w.interval+0.5))
		for next < len(w.went) && w.went[next].number < number {
			next++
		}
		// What is here before this beat can be is not overtaken any more.
		here := 0
		for here < len(under) && under[here].at <= left+int64(least) {
			tell(under[here])
			here++
		}
		under = under[here:]
		if next == len(w.went) || w.went[next].number != number {
			continue
		}
		a := arrival{seq: seq, left: left, at: left + int64(least) + w.went[next].late}
		for len(under) > 0 && under[len(under)-1].at > a.at {
			under = under[:len(under)-1] // overtaken: no detector listens to it
		}
		under = append(under, a)
		sent = int(seq) + 1
	}
	for _, a := range under {
		tell(a)
	}
	return sent
}
