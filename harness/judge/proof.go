package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
)

// proofs hold what the network says of each fault against the fault's Must.
func (v view) proofs() []Check {
	var checks []Check
	number := 0
	for _, step := range v.Header.Scenario.Faults {
		if step.Fault.Kind.OfPeer() {
			continue
		}
		applied, struck, leaked, unknown := false, false, false, false
		all := network.Strike{Forgotten: network.Never} // what its strikes did, together
		for _, s := range v.strikes {
			if s.Fault == number {
				applied, struck = true, struck || v.struckBy(step.Fault.Kind, s)
				leaked = leaked || leaks(step.Fault.Kind, s)
				unknown = unknown || !proves(step.Fault.Kind, s)
				add(&all, s)
			}
		}
		number++
		c := Check{Side: trace.Network, Expected: fmt.Sprintf("%s to strike", step.Fault.Kind), Actual: describe(all)}
		c.Held = applied && (struck || step.Must == scenario.MayStrike)
		if step.Must == scenario.MustNotStrike {
			c.Expected = fmt.Sprintf("%s to find nothing to do", step.Fault.Kind)
			c.Held = applied && !all.Struck() && all.Forgotten == network.Never
		}
		if unknown {
			c.Held, c.Actual = false, "the network does not count what passes a cut"
		}
		if leaked {
			c.Held, c.Actual = false, "bytes passed all the same"
		}
		if !applied {
			c.Actual = "it was never applied"
		}
		checks = append(checks, c)
	}
	return checks
}

// add adds what a strike did to what others of the same fault did.
func add(all *network.Strike, s network.Strike) {
	all.WithheldUp += s.WithheldUp
	all.WithheldDown += s.WithheldDown
	all.Closings += s.Closings
	all.Dials += s.Dials
	all.Ended += s.Ended
	all.Delayed += s.Delayed
	all.Doubled += s.Doubled
	all.Overtaken += s.Overtaken
	all.Rebound += s.Rebound
	if all.Forgotten == network.Never {
		all.Forgotten = s.Forgotten
	}
}

// struckBy says whether a strike did something to a connection that was in use: a
// dial that was lost beside it proves nothing, nor does what others did to it.
func (v view) struckBy(kind scenario.Kind, s network.Strike) bool {
	open := slices.DeleteFunc(slices.Clone(v.links), func(l network.Link) bool { return !l.OpenAt(s.On) })
	if kind == scenario.Latency || len(open) == 0 {
		return s.Struck()
	}
	during := func(at int64) bool { return at >= s.On && (s.Off == network.Never || at <= s.Off) }
	return s.Shuffled() || s.Struck() && slices.ContainsFunc(open, func(l network.Link) bool {
		// A link's Withheld are those of all strikes.
		return s.WithheldUp > 0 && l.Up.Withheld > 0 || s.WithheldDown > 0 && l.Down.Withheld > 0 ||
			during(l.Up.Ended) || during(l.Down.Ended) || during(l.Up.HungUp) || during(l.Down.HungUp)
	})
}

// proves says whether the network counted what passed a strike, or had nothing to cut.
func proves(kind scenario.Kind, s network.Strike) bool {
	up, down := kind.Cuts()
	return s.Counted || !up && !down
}

// leaks says whether bytes passed a way while it was cut.
func leaks(kind scenario.Kind, s network.Strike) bool {
	up, down := kind.Cuts()
	return up && s.PassedUp > 0 || down && s.PassedDown > 0
}

func describe(s network.Strike) string {
	var did []string
	say := func(n int64, what, how string) {
		if n > 0 {
			did = append(did, words.Plural(int(n), what)+" "+how)
		}
	}
	say(s.WithheldUp, "byte", "withheld from the server")
	say(s.WithheldDown, "byte", "withheld from the client")
	say(int64(s.Closings), "closing", "withheld")
	say(int64(s.Dials), "dial", "lost")
	say(int64(s.Ended), "connection", "ended")
	say(s.Delayed, "chunk", "delayed")
	say(s.Doubled, "datagram", "doubled")
	say(s.Overtaken, "datagram", "overtaken")
	say(s.Rebound, "flow", "moved to another address")
	if len(did) == 0 {
		return "it touched nothing"
	}
	return strings.Join(did, ", ")
}
