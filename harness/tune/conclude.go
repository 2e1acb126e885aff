package tune

import (
	"fmt"
	"strings"

	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// Conclude says in sentences what a comparison shows, and what it does not.
func Conclude(c Comparison) []string {
	var out, alike, worse []string
	best := ""
	for _, t := range c.Tuned {
		switch {
		case t.Why != "":
			out = append(out, fmt.Sprintf("%s cannot be tuned to it: %s.", t.Family, t.Why))
		case t.Against == nil:
			best = t.Family
		case t.Against.Shown:
			worse = append(worse, t.Family)
		default:
			alike = append(alike, t.Family)
		}
		if t.Apart && t.Why == "" {
			out = append(out, fmt.Sprintf("%s counts whole beats: it keeps what was asked for, and has nothing nearer to it.", t.Family))
		}
	}
	if best == "" {
		return append(out, "Nothing could be compared.")
	}
	is, more := "detects soonest", "detect later"
	if c.Equal.Detection > 0 {
		is, more = "makes the fewest mistakes", "make more"
	}
	switch {
	case len(alike)+len(worse) == 0:
	case len(worse) == 0:
		out = append(out, "No difference is shown between any of them.")
	case len(alike) == 0:
		out = append(out, fmt.Sprintf("%s %s; all others %s.", best, is, more))
	default:
		out = append(out, fmt.Sprintf("%s %s, but no difference to %s is shown; %s %s.", best, is, strings.Join(alike, ", "), strings.Join(worse, ", "), more))
	}
	h, of := c.History, "echoes of"
	if h.Side == heartbeat.ServerSide {
		of = "of" // it hears the beats themselves
	}
	out = append(out, fmt.Sprintf("All heard the same %s %s %s beats, %s days, on %s, seed %d. T_D is after a crash of the peer at any phase: what it sent before still arrives.",
		words.Count(h.Arrivals), of, words.Count(h.Beats), words.Number(h.Long().Hours()/24), h.Model.Name, h.Seed))
	if c.Equal.Detection > 0 {
		return append(out, "Intervals of mistakes are exact (Poisson). A difference is shown where as uneven a split of the mistakes of two is improbable, by an exact binomial test, p < 0.05 shared by all tests.")
	}
	return append(out, fmt.Sprintf("Intervals of mistakes are exact (Poisson); those of T_D are of %d bootstrap samples of the history in %d blocks, each detector tuned anew on each, and differences are paired. A difference is shown where its interval, at 95 %% shared by all, leaves out 0.",
		resamples, blocks))
}
