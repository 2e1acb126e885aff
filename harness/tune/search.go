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
}

// next takes the next interval that keeps the window and, as far as formulas
// tell, the mistakes; false: there is none, and the search is done, or ctx ended,
// and it is not. Of a family without one, an interval is left out with which a fixed timeout would make too
// many: rare mistakes are more than a simulation can show.
func (s *search) next(ctx context.Context) bool {
	for len(s.left) > 0 && ctx.Err() == nil {
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
		return true
	}
	if ctx.Err() != nil {
		return false
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
	var going []*search
	for _, s := range searches {
		if s.next(ctx) {
			going = append(going, s)
		}
	}
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
		var again []*search
		for _, s := range going {
			if !s.done && s.next(ctx) {
				again = append(again, s)
			}
		}
		going = again
	}
}

// try simulates what searches of one interval have found. A search is done if a
// formula has approved of it, or if few enough mistakes were seen.
func (d Demands) try(ctx context.Context, group []*search, o Options) {
	stages := []int{pilot, d.beatsFor(group[0].r.Policy.Interval, o)}
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
