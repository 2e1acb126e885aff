package judge

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Judge holds a trace against its scenario's expectations.
func Judge(t trace.Trace) Record {
	v := newView(t)
	r := blank(t.Header)
	r.Took = time.Duration(v.end)
	r.Client, r.Server = v.measure(heartbeat.ClientSide), v.measure(heartbeat.ServerSide)
	r.Strikes, r.Checks, r.Stalls = v.strikes, v.checks(), v.stalls()
	r.Reached = v.reached()
	if v.byWire() {
		r.Connections = v.connections()
	}
	r.Verdict, r.Reason = v.verdict(r)
	return r
}

// Unmeasured is the record of a trial that was not run, for that reason.
func Unmeasured(h trace.Header, reason string) Record {
	r := blank(h)
	r.Verdict, r.Reason = NotMeasurable, reason
	return r
}

// blank is a record with what the header says.
func blank(h trace.Header) Record {
	return Record{
		Schema: Schema, Trial: h.Trial, Scenario: h.Scenario.Name, Claim: h.Scenario.Claim,
		Policy: h.Policy.Key(), Window: h.Window, Mode: h.Mode, Network: h.Network, Subject: h.Subject,
		Phase: h.Phase, RoundTrip: roundTrip(h), Seed: h.Seed, Started: h.Epoch, Attempt: 1, Versions: h.Versions,
	}
}

// roundTrip is the Record's. A span that means nothing, of an edited trace, counts
// as none.
func roundTrip(h trace.Header) time.Duration {
	delay := h.Scenario.Delay
	latency, _ := delay.Latency.Eval(h.Params)
	jitter, _ := delay.Jitter.Eval(h.Params)
	if delay.Law == scenario.Normal {
		jitter *= 3
	}
	return 2 * (latency + jitter)
}

// verdict is what all the checks come to, and why. A trial whose own detectors were
// not the pure ones breaks by what that cannot explain, and by nothing else.
func (v view) verdict(r Record) (Verdict, string) {
	apart := v.impure()
	by := apart.most(heartbeat.ClientSide, heartbeat.ServerSide)
	var doubtful, explained *Check
	overloaded := ""
	for _, c := range r.Checks {
		switch {
		case v.doubtful(c):
			doubtful = cmp.Or(doubtful, &c)
		case c.Broken():
			side := v.explains(apart, c)
			why, much := v.overloaded(c)
			switch {
			case side != "" && explained == nil:
				by, explained = side, &c
			case side != "":
			case !much:
				return Broken, c.Sentence()
			default:
				overloaded = cmp.Or(overloaded, why)
			}
		}
	}
	if overloaded != "" {
		return Inconclusive, overloaded
	}
	if doubtful != nil {
		return Inconclusive, v.inconclusive(*doubtful)
	}
	if by != "" {
		why := fmt.Sprintf("the %s and its pure detector are %v apart on the same trace, more than a quarter of the profile's margin (%v)",
			by, apart[by].Round(time.Millisecond), v.limit())
		if explained != nil {
			why += ", which may be why this broke: " + explained.Sentence()
		}
		return Failed, why
	}
	if slices.ContainsFunc(r.Checks, func(c Check) bool { return c.That != "" && c.Held }) {
		return Held, ""
	}
	return NotMeasurable, v.unmeasured(r)
}

// overloaded says whether c broke on a machine that stood still for so much of the
// time in small pieces that no doubt of a single time explains it.
func (v view) overloaded(c Check) (why string, much bool) {
	until := Span{v.whole().From, c.rests.To} // what came later cannot have brought it
	if c.due > 0 {
		until.To = min(until.To, c.due)
	}
	of := until.To - until.From
	stood := time.Duration(of - beside(spansOf(v.stalls()), until.From, until.To))
	if _, much := Overload([]Stall{{For: stood}}, time.Duration(of)); !much {
		return "", false
	}
	return fmt.Sprintf("the machine stood still for %v of %v, which may be why this broke: %s", milli(int64(stood)), milli(of), c.Sentence()), true
}

// unmeasured is why nothing could be held against an expectation.
func (v view) unmeasured(r Record) string {
	for _, c := range r.Checks {
		switch excused := func(l Connection) bool { return l.Of(c.Side).Excused }; {
		case c.That == scenario.StaysUp && c.Unmeasured:
			return c.Sentence()
		case c.That != scenario.HangsUp:
		case slices.ContainsFunc(r.Connections, excused): // never seen, but no never either
			return fmt.Sprintf("not measurable on %s: the %s %s", v.Header.Network, c.Side, c.Actual)
		default:
			return c.Sentence()
		}
	}
	return "none of the scenario's expectations can be measured on this subject: it does not tell what happens inside it"
}

// Sentence is the check as one line.
func (c Check) Sentence() string {
	return fmt.Sprintf("%s: expected %s, but %s", c.who(), c.Expected, c.Actual)
}

func (c Check) who() string { return string(cmp.Or(c.Side, "trial")) }
