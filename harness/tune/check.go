package tune

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Check is what the simulation says of a recommendation: of the side that made
// more mistakes, and of both sides' detections.
type Check struct {
	Seed  uint64         `json:"seed"`
	Beats int            `json:"beats"`
	Side  heartbeat.Side `json:"side"`
	Rate  MistakeRate    `json:"rate"`
	// Crashes is how many were tried, at phases spread evenly over the interval;
	// Early and Late how many of them were noticed before the window, and after
	// it. Where the last beats before a crash were lost, it is noticed the sooner.
	Crashes int `json:"crashes"`
	Early   int `json:"early"`
	Late    int `json:"late"`
	// Detection is the range of T_D that was seen.
	Detection heartbeat.Window `json:"detection"`
	// Err is what went wrong; "": nothing.
	Err string `json:"err,omitempty"`
}

// Verdict is what a check says about a demand.
type Verdict string

// The verdicts.
const (
	Kept   Verdict = "kept"      // the confidence interval lies within what is demanded
	Broken Verdict = "broken"    // it lies outside
	Unsure Verdict = "not shown" // neither: too few beats to tell
)

// Verdict says whether the mistakes that were seen are within the demand.
func (c Check) Verdict(demanded Rate) Verdict {
	if c.Err != "" || c.Beats == 0 {
		return Unsure
	}
	return c.Rate.verdict(demanded)
}

func (r MistakeRate) verdict(demanded Rate) Verdict {
	switch {
	case r.Most <= demanded.PerDay():
		return Kept
	case r.Least > demanded.PerDay():
		return Broken
	default:
		return Unsure
	}
}

// Verdict is what all that was tried says together: a demand is kept if the
// simulation keeps it, where there is one, and the replay on the capture as well.
// Broken is what one of them breaks. "": nothing was tried. A kernel's user timeout is
// never shown to be kept: see standIns.
func (r Recommendation) Verdict(demanded Rate) Verdict {
	var all []Verdict
	if r.Check != nil {
		all = append(all, r.Check.Verdict(demanded))
	}
	if r.Replay != nil {
		all = append(all, r.Replay.Rate.verdict(demanded))
		if r.Family == UserTimeout {
			all = append(all, Unsure)
		}
	}
	for _, v := range []Verdict{Broken, Unsure, Kept} {
		if slices.Contains(all, v) {
			return v
		}
	}
	return ""
}

const (
	// enough times the recurrence that is demanded is simulated, if the limit
	// allows it: as many mistakes may be seen, and 3.7 times would show that the
	// demand is kept if there were none.
	enough = 10
	// FewestBeats are simulated in any case: fewer say nothing.
	FewestBeats = 100_000
	// UsualBeats are simulated at most, where nobody asks for more.
	UsualBeats = 10_000_000
	// crashes are tried on each side.
	crashes = 10_000
)

// beatsFor is how many beats are simulated: those that the options ask for, or as many
// as tell whether an interval keeps the demands, and no more than usual.
func (d Demands) beatsFor(interval time.Duration, o Options) int {
	wanted := float64(o.Beats)
	if o.Beats == 0 {
		wanted = min(UsualBeats, enough*float64(d.Mistakes.Recurrence())/float64(interval))
	}
	most := float64(math.MaxInt64 / 4 / int64(interval))
	return int(min(most, max(FewestBeats, wanted)))
}

// Needs is how many beats of the recommendation would very likely show that the
// demand is kept, if mistakes go on as they are predicted to, or were seen to; 0: no
// number would, or not in centuries.
func (r Recommendation) Needs(demanded Rate) int {
	if r.Check == nil || r.Policy.Interval <= 0 {
		return 0
	}
	perDay := r.Check.Rate.PerDay
	if r.Predicted != nil && r.By == ClosedForm {
		perDay = *r.Predicted
	}
	for days := r.Check.Rate.In.Hours() / 24; days < Longest.Hours()/24; days *= 1.1 {
		expected := perDay * days
		_, most := poisson(int(math.Ceil(expected + 1.645*math.Sqrt(expected)))) // of 95 in a hundred simulations
		if most <= demanded.PerDay()*days {
			return int(days * day.Seconds() / r.Policy.Interval.Seconds())
		}
	}
	return 0
}

// checks simulates policies of one interval, all on the same arrivals.
func (d Demands) checks(ctx context.Context, policies []heartbeat.Policy, beats int, seed uint64) []Check {
	interval := policies[0].Interval
	w := bounds{int64(d.Profile.Window.Lo), int64(d.Profile.Window.Hi)}
	every := max(1, uint64(beats/crashes))
	clients, servers := make([]*watch, len(policies)), make([]*watch, len(policies))
	for i, p := range policies {
		clients[i] = newWatch(p.Client, detect.Echo, interval, every, w)
		servers[i] = newWatch(p.Server, detect.Beat, interval, every, w)
	}
	tell := func(all []*watch) func(arrival) {
		return func(a arrival) {
			for _, w := range all {
				w.hear(a)
			}
		}
	}
	err := run(ctx, d.model(), interval, beats, seed, tell(clients), tell(servers))
	out := make([]Check, len(policies))
	for i := range out {
		out[i] = checkOf(clients[i], servers[i])
		out[i].Seed, out[i].Beats = seed, beats
		out[i].Rate = rateOf(out[i].Rate.Mistakes, time.Duration(beats)*interval)
		if err != nil && ctx.Err() == nil {
			out[i].Err = err.Error()
		}
	}
	return out
}

// checkOf is what two sides come to.
func checkOf(client, server *watch) Check {
	c := Check{Side: heartbeat.ClientSide}
	c.Rate.Mistakes = len(client.mistakes)
	if len(server.mistakes) > c.Rate.Mistakes {
		c.Side, c.Rate.Mistakes = heartbeat.ServerSide, len(server.mistakes)
	}
	all := slices.Concat(client.crashes, server.crashes)
	c.Crashes, c.Early, c.Late = len(all), client.early+server.early, client.late+server.late
	if len(all) > 0 {
		c.Detection = heartbeat.Window{Lo: slices.Min(all), Hi: slices.Max(all)}
	}
	return c
}
