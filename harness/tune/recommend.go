package tune

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Means is where a recommendation comes from.
type Means string

// The means.
const (
	Configured Means = "configurator" // Chen, Toueg and Aguilera's; its bound holds for every law of delay
	ClosedForm Means = "closed form"  // the exact mistake rate, for delays drawn one by one
	Simulated  Means = "simulation"   // intervals were tried, the largest first
	Computed   Means = "computed"     // from the kernel's rules; not simulated
)

// Recommendation is what a family should be told.
type Recommendation struct {
	Family string `json:"family"`
	By     Means  `json:"by"`
	// Policy is a policy of the name "tuned-FAMILY". It is the zero Policy where
	// nothing keeps the demands; then Why says why not.
	Policy heartbeat.Policy `json:"policy"`
	Why    string           `json:"why,omitempty"`
	// Detection is the range of T_D over all phases, on either side, as long as
	// no beat is lost.
	Detection heartbeat.Window `json:"detection"`
	// Predicted is how many mistakes the worse side makes per day, before any
	// simulation: by the configurator a bound, by a closed form exactly; nil:
	// there is no formula.
	Predicted *float64 `json:"predicted_per_day,omitempty"`
	Overhead  Overhead `json:"overhead"`
	// Check is what the simulation says of it; nil: it was not simulated.
	Check *Check `json:"check,omitempty"`
	// Replay is what the capture says of it; nil: there is none.
	Replay *Replay `json:"replay,omitempty"`
}

// Fits says whether there is something to recommend.
func (r Recommendation) Fits() bool { return r.Why == "" }

// Options say how recommendations are made. The zero Options are fine.
type Options struct {
	Seed uint64 // of the simulation
	// Beats is how many are simulated for a family, FewestBeats or more; 0: as many
	// as tell whether it keeps the demands, and UsualBeats at most.
	Beats int
}

// FamilyNames are those that Recommend knows, in its order.
func FamilyNames() []string {
	var names []string
	for _, f := range Families() {
		names = append(names, f.Name)
	}
	return append(names, Keepalive, UserTimeout)
}

// Recommend is a recommendation for each of the families that are named, in the
// order of FamilyNames; without a name, for all. When ctx ends it returns
// those that it has, and ctx's error.
func Recommend(ctx context.Context, d Demands, families []string, o Options) ([]Recommendation, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if o.Beats != 0 && o.Beats < FewestBeats {
		return nil, fmt.Errorf("beats is %d, want %d or more", o.Beats, FewestBeats)
	}
	wanted := func(name string) bool { return len(families) == 0 || slices.Contains(families, name) }
	var searches []*search
	for _, f := range Families() {
		if wanted(f.Name) {
			searches = append(searches, &search{d: d, f: f, left: d.intervals(ctx, f), r: Recommendation{Family: f.Name, By: d.means(f)}})
		}
	}
	d.find(ctx, searches, o)
	var out []Recommendation
	for _, s := range searches {
		if s.done {
			out = append(out, s.r)
		}
	}
	if wanted(Keepalive) {
		out = append(out, d.replayed(ctx, d.keepalive()))
	}
	if wanted(UserTimeout) {
		out = append(out, d.replayed(ctx, d.userTimeout()))
	}
	return out, ctx.Err()
}

// means is how a family's mistakes are known. On a stream a lost beat holds up
// those behind it, and no formula here is of that.
func (d Demands) means(f Family) Means {
	if d.Delivery == sim.TCP {
		return Simulated
	}
	switch f.Name {
	case "chen":
		return Configured
	case "fixed", "missed", "echo-timer":
		return ClosedForm
	}
	return Simulated
}

// predict is how many mistakes per day the worse side makes.
func (d Demands) predict(ctx context.Context, f Family, fit fitted, interval time.Duration) (perDay float64, known bool) {
	switch d.means(f) {
	case Configured:
		echoes := d.echoes()
		least := recurrenceBound(d.target(), interval, echoes.loss, d.variance(echoes, 2))
		return day.Seconds() / least, true
	case ClosedForm:
		server := day.Seconds() / silences(ctx, detect.Patience(fit.server), interval, d.beats().loss, d.beats().law)
		if f.Name == "echo-timer" {
			client := nfds(ctx, fit.client.(detect.EchoTimer).Timeout, interval, d.echoes().loss, d.echoes().law)
			return max(server, client.PerDay()), true
		}
		return max(server, d.guess(ctx, fit, interval)), true
	}
	return 0, false
}

// guess is how many mistakes per day a fixed timeout makes that is as patient as
// the server's detector before it has learned anything; 0 where no formula tells.
func (d Demands) guess(ctx context.Context, fit fitted, interval time.Duration) float64 {
	if d.Delivery == sim.TCP {
		return 0
	}
	return day.Seconds() / silences(ctx, detect.Patience(fit.server), interval, d.echoes().loss, d.echoes().law)
}

// intervals are those to try for a family, the largest first. What counts is how
// many beats fit the silence, so they are the largest for each such number. There
// are none where the window leaves no room, or the firewall.
func (d Demands) intervals(ctx context.Context, f Family) []time.Duration {
	if d.Interval > 0 {
		if d.forgets(d.Interval) != "" {
			return nil
		}
		return []time.Duration{d.Interval}
	}
	longest := d.longestInterval()
	if longest < shortest {
		return nil
	}
	if d.means(f) == Configured {
		out := d.configured(ctx, longest)
		if d.way == nil || len(out) == 0 {
			return out
		}
		return append(out, d.fitting(out[0])...)
	}
	first := digits(longest, 2)
	return append([]time.Duration{first}, d.fitting(first)...)
}

// fitting are the longest intervals, below one, of which so many fit the silence.
func (d Demands) fitting(below time.Duration) []time.Duration {
	var out []time.Duration
	for k := time.Duration(1); k <= mostBeats; k++ {
		fits := digits((d.silence()-d.Profile.Jitter)/k, 2)
		if fits < shortest {
			break
		}
		if fits < below {
			out, below = append(out, fits), fits
		}
	}
	return out
}

// configured is the interval that Chen's configurator finds, or else the one that
// makes the fewest mistakes. Its estimate may be off at both ends.
func (d Demands) configured(ctx context.Context, longest time.Duration) []time.Duration {
	echoes := d.echoes()
	t := Targets{
		Detection: d.target(), Recurrence: d.Mistakes.Recurrence(), Duration: d.Profile.Window.Hi,
		Longest: longest,
	}
	if lo := d.Profile.Window.Lo; lo > 0 {
		t.Longest = min(longest, t.Detection-d.estimate()-d.Profile.Jitter-lo-d.Profile.Margin)
	}
	if t.Longest < shortest {
		return nil
	}
	variance, step := d.variance(echoes, 2), unit(t.Longest)
	if interval, _, ok := configure(ctx, t, echoes.loss, variance, step); ok {
		return []time.Duration{interval}
	}
	best, most := step, 0.0
	for interval := step; interval <= t.Longest && !ended(ctx); interval += step {
		if r := recurrenceBound(t.Detection, interval, echoes.loss, variance); r > most {
			best, most = interval, r
		}
	}
	return []time.Duration{best}
}

const (
	// mostBeats is how many beats a silence may have room for: beyond it, what
	// is wrong is not that there are too few.
	mostBeats = 100
	// shortest is the shortest interval that is recommended.
	shortest = time.Millisecond
)

// unit is the step of intervals of that size.
func unit(d time.Duration) time.Duration {
	u := time.Millisecond
	for d/u >= 1000 {
		u *= 10
	}
	return u
}

// policy is the family's, for heartbeat sessions: the client beats, the server
// answers.
func (d Demands) policy(f Family, fit fitted, interval time.Duration) heartbeat.Policy {
	return heartbeat.Policy{
		Name: "tuned-" + f.Name, Profile: d.Profile, Probe: heartbeat.ProbeEcho, Beats: heartbeat.FromClient,
		Interval: interval, Client: fit.client, Server: fit.server,
	}
}
