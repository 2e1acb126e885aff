package judge

import (
	"fmt"
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
		applied, struck := false, false
		var proof network.Strike
		for _, s := range v.strikes {
			if s.Fault == number {
				applied, proof, struck = true, s, struck || v.struckBy(step.Fault.Kind, s)
			}
		}
		number++
		c := Check{Side: trace.Network, Expected: fmt.Sprintf("%s to strike", step.Fault.Kind), Actual: describe(proof)}
		c.Held = applied && (struck || step.Must == scenario.MayStrike)
		if step.Must == scenario.MustNotStrike {
			c.Expected = fmt.Sprintf("%s to find nothing to do", step.Fault.Kind)
			c.Held = applied && !struck && !proof.Struck() && proof.Forgotten == network.Never
		}
		if leak := v.leak(step.Fault.Kind, proof); applied && leak != "" {
			c.Held, c.Actual = false, leak
		}
		if !applied {
			c.Actual = "it was never applied"
		}
		checks = append(checks, c)
	}
	return checks
}

// struckBy says whether a strike did something to the connection that was in
// use: a dial that was lost beside it proves nothing.
func (v view) struckBy(kind scenario.Kind, s network.Strike) bool {
	l, known := v.linkAt(s.On)
	if kind == scenario.Latency || !known {
		return s.Struck()
	}
	return s.Struck() && (l.Up.Withheld+l.Down.Withheld > 0 || l.Up.Ended != network.Never || l.Down.Ended != network.Never ||
		l.Up.HungUp >= s.On || l.Down.HungUp >= s.On)
}

// leak says what passed a cut that was never healed, if anything did.
func (v view) leak(kind scenario.Kind, s network.Strike) string {
	up, down := kind.Cuts()
	if s.Off != network.Never {
		return "" // what passed later may have passed after it
	}
	for _, l := range v.links {
		if up && l.Up.LastPassed > s.On || down && l.Down.LastPassed > s.On {
			return "bytes passed all the same"
		}
	}
	return ""
}

func describe(s network.Strike) string {
	var did []string
	add := func(n int64, what string) {
		if n > 0 {
			did = append(did, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(s.WithheldUp, "bytes withheld from the server")
	add(s.WithheldDown, "bytes withheld from the client")
	add(int64(s.Closings), "closings withheld")
	add(int64(s.Dials), "dials lost")
	add(int64(s.Ended), "connections ended")
	add(s.Delayed, "chunks delayed")
	if len(did) == 0 {
		return "it touched nothing"
	}
	return strings.Join(did, ", ")
}
