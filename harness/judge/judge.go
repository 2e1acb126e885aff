package judge

import (
	"cmp"
	"fmt"
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
		Phase: h.Phase, Seed: h.Seed, Started: h.Epoch, Attempt: 1, Versions: h.Versions,
	}
}

func (v view) verdict(r Record) (Verdict, string) {
	var doubtful *Check
	for _, c := range r.Checks {
		switch {
		case v.doubtful(c):
			if doubtful == nil {
				doubtful = &c
			}
		case c.Broken():
			return Broken, c.Sentence()
		}
	}
	if doubtful != nil {
		return Inconclusive, v.inconclusive(*doubtful)
	}
	for _, c := range r.Checks {
		if c.That == scenario.HangsUp && c.Unmeasured { // never seen, but no never either
			return NotMeasurable, fmt.Sprintf("not measurable on %s: the %s %s", v.Header.Network, c.Side, c.Actual)
		}
	}
	doubt := v.doubt("", v.whole())
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		if e := r.Of(side).HarnessError; e != nil && e.Abs() > v.limit()+doubt {
			return Failed, fmt.Sprintf("the %s and its pure detector are %v apart on the same trace, more than a quarter of the profile's margin (%v)",
				side, e.Round(time.Millisecond), v.limit())
		}
	}
	for _, c := range r.Checks {
		if c.That != "" && c.Held {
			return Held, ""
		}
	}
	return NotMeasurable, "none of the scenario's expectations can be measured on this subject: it does not tell what happens inside it"
}

// Sentence is the check as one line.
func (c Check) Sentence() string {
	return fmt.Sprintf("%s: expected %s, but %s", c.who(), c.Expected, c.Actual)
}

func (c Check) who() string { return string(cmp.Or(c.Side, "trial")) }
