package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
)

// proofs hold what the network says of each fault against the fault's Must.
func (v view) proofs() []Check {
	var checks []Check
	number := 0
	for _, step := range v.Header.Scenario.Faults {
		if step.Fault.Kind.OfPeer() {
			continue
		}
		applied, struck, leaked := false, false, false
		all := network.Strike{Forgotten: network.Never} // what its strikes did, together
		for _, s := range v.strikes {
			if s.Fault == number {
				applied, struck = true, struck || v.struckBy(step.Fault.Kind, s)
				leaked = leaked || v.leaks(step.Fault.Kind, s)
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
// dial that was lost beside it proves nothing.
func (v view) struckBy(kind scenario.Kind, s network.Strike) bool {
	open := slices.DeleteFunc(slices.Clone(v.links), func(l network.Link) bool { return !l.OpenAt(s.On) })
	if kind == scenario.Latency || len(open) == 0 {
		return s.Struck()
	}
	return s.Shuffled() || s.Struck() && slices.ContainsFunc(open, func(l network.Link) bool {
		return l.Up.Withheld+l.Down.Withheld > 0 || l.Up.Ended != network.Never || l.Down.Ended != network.Never ||
			l.Up.HungUp >= s.On || l.Down.HungUp >= s.On
	})
}

// leaks says whether bytes passed a way while it was cut. Of a strike whose network
// did not count them, one that was never healed shows it by its links.
func (v view) leaks(kind scenario.Kind, s network.Strike) bool {
	up, down := kind.Cuts()
	return up && s.PassedUp > 0 || down && s.PassedDown > 0 ||
		s.Off == network.Never && slices.ContainsFunc(v.links, func(l network.Link) bool {
			return up && l.Up.LastPassed > s.On || down && l.Down.LastPassed > s.On
		})
}

func describe(s network.Strike) string {
	var did []string
	say := func(n int64, what string) {
		if n > 0 {
			did = append(did, fmt.Sprintf("%d %s", n, what))
		}
	}
	say(s.WithheldUp, "bytes withheld from the server")
	say(s.WithheldDown, "bytes withheld from the client")
	say(int64(s.Closings), "closings withheld")
	say(int64(s.Dials), "dials lost")
	say(int64(s.Ended), "connections ended")
	say(s.Delayed, "chunks delayed")
	say(s.Doubled, "datagrams doubled")
	say(s.Overtaken, "datagrams overtaken")
	say(s.Rebound, "flows moved to another address")
	if len(did) == 0 {
		return "it touched nothing"
	}
	return strings.Join(did, ", ")
}
