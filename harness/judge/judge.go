package judge

import (
	"fmt"
	"time"

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
		Phase: h.Phase, Seed: h.Seed, Started: h.Epoch, Attempt: 1, Versions: h.Versions,
	}
}

func (v view) verdict(r Record) (Verdict, string) {
	limit := v.Header.Policy.Profile.Margin / 4
	for _, s := range r.Stalls {
		if s.For > limit && v.matters(s) {
			return Inconclusive, fmt.Sprintf("the %s stood still for %v at %v, more than a quarter of the profile's margin (%v)",
				s.Side, s.For.Round(time.Millisecond), s.At.Round(time.Millisecond), limit)
		}
	}
	if c, broken := r.FirstBroken(); broken {
		return Broken, c.Sentence()
	}
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		if e := r.Of(side).HarnessError; e != nil && e.Abs() > limit {
			return Failed, fmt.Sprintf("the %s and its pure detector are %v apart on the same trace, more than a quarter of the profile's margin (%v)",
				side, e.Round(time.Millisecond), limit)
		}
	}
	for _, c := range r.Checks {
		if c.That != "" && c.Held {
			return Held, ""
		}
	}
	return NotMeasurable, "none of the scenario's expectations can be measured on this subject: it does not tell what happens inside it"
}

// matters says whether a stall can have moved a measure. One that was over well
// before each side's last arrival ahead of the fault cannot, for all deadlines
// rest on what was stamped after it; nor one that began after both sides had
// noticed.
func (v view) matters(s Stall) bool {
	if !v.struck {
		return true
	}
	from, until := v.fault, v.fault
	for _, side := range []trace.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		if e := v.lastHeard(side); e != nil {
			from = min(from, e.T)
		}
		noticed, _, ok := v.suspicion(side)
		if !ok {
			noticed, _, ok = v.ending(side)
		}
		if !ok {
			noticed = v.end
		}
		until = max(until, noticed)
	}
	if s := v.strikes; !v.tells(heartbeat.ClientSide) && len(s) > 0 {
		from = min(from, max(0, s[0].LastPassedUp), max(0, s[0].LastPassedDown))
	}
	return s.At+s.For >= time.Duration(from)-v.Header.Policy.Profile.Margin && s.At <= time.Duration(until)
}

// Sentence is the check as one line.
func (c Check) Sentence() string {
	who := "trial"
	if c.Side != "" {
		who = string(c.Side)
	}
	return fmt.Sprintf("%s: expected %s, but %s", who, c.Expected, c.Actual)
}

func (v view) stalls() []Stall {
	var out []Stall
	for _, e := range v.Events {
		if e.What == trace.Stall {
			out = append(out, Stall{Side: e.Side, At: e.Offset(), For: time.Duration(e.To - e.T)})
		}
	}
	return out
}
