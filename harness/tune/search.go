package tune

import (
	"context"
	"math"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flatline-go/flatline/heartbeat"
)

// search is for the largest interval with which a family keeps the demands.
type search struct {
	d     Demands
	f     Family
	left  []time.Duration // to try
	best  float64         // the fewest mistakes per day that were seen
	tried bool            // an interval keeps the window
	r     Recommendation
	done  bool

	replays int             // on the capture, that it broke
	second  *Recommendation // that makes the fewest mistakes of those; nil: none
}

// mostReplays is how many intervals are tried for a burst in the capture: they get
// shorter, until the interval no longer matters.
const mostReplays = 12

// next takes the next interval that keeps the window and, as far as formulas
// tell, and the capture, the mistakes; false: there is none, and the search is done, or
// ctx ended, and it is not. Of a family without a formula, an interval is left out with
// which a fixed timeout would make too many: rare mistakes are more than a simulation
// can show. Where the capture has mistakes for every interval, the one with the fewest
// is taken: it says by itself what it is worth.
func (s *search) next(ctx context.Context) bool {
	for len(s.left) > 0 && s.replays < mostReplays && ctx.Err() == nil {
		interval := s.left[0]
		s.left = s.left[1:]
		fit := s.f.fit(s.d, interval)
		if !fit.within(s.d.Profile) {
			continue
		}
		predicted, known := s.d.predict(ctx, s.f, fit, interval)
		guess := predicted
		if !known {
			guess = s.d.guess(ctx, fit, interval)
		}
		if guess > s.d.Mistakes.PerDay() {
			s.miss(guess)
			continue
		}
		if known {
			s.r.Predicted = &predicted
		}
		s.r.Policy, s.r.Detection = s.d.policy(s.f, fit, interval), fit.detection
		s.r.Overhead = overhead(s.r.Policy.Probe, interval, s.d.Connections)
		s.r = s.d.replayed(ctx, s.r)
		if s.r.Replay == nil || s.d.avoidable(s.r.Replay) <= s.d.Mistakes.PerDay() {
			return true
		}
		s.replays++
		if s.second == nil || s.r.Replay.Rate.Mistakes < s.second.Replay.Rate.Mistakes {
			second := s.r
			s.second = &second
		}
	}
	if ctx.Err() != nil {
		return false
	}
	if s.second != nil {
		s.r, s.second, s.left = *s.second, nil, nil
		return true
	}
	s.done = true
	if why := s.d.forgets(max(shortest, s.d.Interval)); why != "" {
		s.r = s.r.without("%s", why)
	} else if trip := 2 * s.d.Profile.Delay; s.d.silence() < trip {
		s.r = s.r.without("the window leaves a silence of %v, and the first beat may take a round trip, %v", max(0, s.d.silence()), trip)
	} else if s.tried {
		s.r = s.r.without("at best %s mistakes, and %v are demanded", PerDay(s.best), s.d.Mistakes)
	} else {
		s.r = s.r.without("no interval keeps its detections within %v at every phase", s.d.Profile.Window)
	}
	return false
}

// miss takes note of how many mistakes an interval makes.
func (s *search) miss(perDay float64) {
	if !s.tried {
		s.tried, s.best = true, math.Inf(1)
	}
	s.best = min(s.best, perDay)
}

// pilot is how many beats show that an interval makes far too many mistakes.
const pilot = 500_000

// find ends all searches, or as many as ctx allows. Those that try the same
// interval share its arrivals.
func (d Demands) find(ctx context.Context, searches []*search, o Options) {
	going := advance(ctx, searches)
	for len(going) > 0 && ctx.Err() == nil {
		var all errgroup.Group
		all.SetLimit(runtime.GOMAXPROCS(0))
		for _, group := range byInterval(going) {
			all.Go(func() error {
				d.try(ctx, group, o)
				return nil
			})
		}
		_ = all.Wait()
		going = advance(ctx, going)
	}
}

// advance are those searches that are not done, and have something to try.
func advance(ctx context.Context, searches []*search) (going []*search) {
	more := make([]bool, len(searches))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range searches {
		if s.done {
			continue
		}
		all.Go(func() error {
			more[i] = s.next(ctx)
			return nil
		})
	}
	_ = all.Wait()
	for i, s := range searches {
		if more[i] {
			going = append(going, s)
		}
	}
	return going
}

// try simulates what searches of one interval have found. A search is done if a
// formula has approved of it, or if few enough mistakes were seen.
func (d Demands) try(ctx context.Context, group []*search, o Options) {
	beats := d.beatsFor(group[0].r.Policy.Interval, o)
	stages := []int{min(pilot, beats), beats}
	if !slices.ContainsFunc(group, func(s *search) bool { return s.r.Predicted == nil }) {
		stages = stages[1:]
	}
	for i, beats := range stages {
		last := i == len(stages)-1
		var policies []heartbeat.Policy
		for _, s := range group {
			policies = append(policies, s.r.Policy)
		}
		checks := d.checks(ctx, policies, beats, o.Seed)
		if ctx.Err() != nil {
			return
		}
		var left []*search
		for i, s := range group {
			s.r.Check = &checks[i]
			switch {
			case s.r.Predicted != nil, last && checks[i].Rate.PerDay <= d.Mistakes.PerDay():
				s.done = last
			case checks[i].Rate.Least > d.Mistakes.PerDay(), last:
				s.miss(checks[i].Rate.PerDay)
				continue
			}
			left = append(left, s)
		}
		if group = left; len(group) == 0 {
			return
		}
	}
}

// byInterval puts searches of the same interval together.
func byInterval(searches []*search) [][]*search {
	var out [][]*search
	at := map[time.Duration]int{}
	for _, s := range searches {
		i, known := at[s.r.Policy.Interval]
		if !known {
			i = len(out)
			at[s.r.Policy.Interval] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], s)
	}
	return out
}
