package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// What no trial could meet, or break, is known before anything runs. The window is
// 6s..9s.
func TestValidateRefusesWhatMakesNoSense(t *testing.T) {
	strict := scenario.Scope{"lo": 6 * time.Second, "hi": 9 * time.Second, "D": 2 * time.Second}
	pull := func(at, lasts scenario.Span) scenario.Step {
		return scenario.Step{Fault: scenario.Fault{Kind: scenario.CablePull}, At: at, For: lasts, Must: scenario.MustStrike}
	}
	reset := scenario.Step{Fault: scenario.Fault{Kind: scenario.Reset, Side: heartbeat.ServerSide}, Must: scenario.MustStrike}
	is := func(that scenario.Outcome) scenario.Expectation { return scenario.Expectation{That: that} }
	within := func(that scenario.Outcome, from scenario.Origin, lo, hi scenario.Span) scenario.Expectation {
		return scenario.Expectation{That: that, From: from, Within: scenario.Range{Lo: lo, Hi: hi}}
	}
	by := func(side heartbeat.Side, e scenario.Expectation) scenario.Expectation { e.Side = side; return e }
	under := func(policy string, e scenario.Expectation) scenario.Expectation {
		e.Policies = []string{policy}
		return e
	}
	on := func(network string, e scenario.Expectation) scenario.Expectation {
		e.Networks = []string{network}
		return e
	}
	for _, row := range []struct {
		name    string
		scope   scenario.Scope // nil: strict
		faults  []scenario.Step
		observe scenario.Span // "": 20s
		expect  []scenario.Expectation
		want    string // "": valid
	}{
		{name: "no time", faults: []scenario.Step{pull("", "0s")}, expect: []scenario.Expectation{is(scenario.Detects)}, want: "fault cable-pull: for is 0s, want more than 0; without for it lasts until the trial ends"},
		{name: "no time, in beats", faults: []scenario.Step{pull("", "2*D - 4s")}, expect: []scenario.Expectation{is(scenario.Detects)}, want: "for is 0s"},
		{name: "no time of what does not last", faults: []scenario.Step{{Fault: reset.Fault, For: "0s", Must: scenario.MustStrike}}, expect: []scenario.Expectation{is(scenario.Ends)}, want: "for is 0s, and it does not last"},

		{name: "no fault, and none expected", expect: []scenario.Expectation{is(scenario.Unnoticed), is(scenario.Mistakes), is(scenario.StaysUp)}},
		{name: "detects nothing", expect: []scenario.Expectation{is(scenario.Unnoticed), is(scenario.Detects)}, want: "scenario s: expectation 2 (detects): there is no fault, want one under faults"},
		{name: "recovers of nothing", expect: []scenario.Expectation{is(scenario.Recovers)}, want: "expectation 1 (recovers): there is no fault"},
		{name: "hangs up for nothing", expect: []scenario.Expectation{is(scenario.HangsUp)}, want: "expectation 1 (hangs-up): there is no fault"},

		{name: "all of the window", faults: []scenario.Step{pull("", "")}, observe: "hi", expect: []scenario.Expectation{is(scenario.Detects)}},
		{name: "a part of it", faults: []scenario.Step{pull("", "")}, observe: "hi - 1ms", expect: []scenario.Expectation{is(scenario.Detects)}, want: "expectation 1 (detects): its window's upper bound, 9s, ends 9s after the strike, and observe is 8.999s: want an observe of 9s or more"},
		{name: "a part of it, of a later fault", faults: []scenario.Step{pull("2s", "")}, observe: "10s", expect: []scenario.Expectation{is(scenario.HangsUp)}, want: "expectation 1 (hangs-up): its window's upper bound, 9s, ends 11s after the strike, and observe is 10s"},
		{name: "from the first of two", faults: []scenario.Step{pull("5s", ""), reset}, observe: "9s", expect: []scenario.Expectation{is(scenario.Detects)}},
		{name: "without a window", scope: scenario.Scope{}, faults: []scenario.Step{pull("", "")}, observe: "1s", expect: []scenario.Expectation{is(scenario.HangsUp)}},
		{name: "within its own", faults: []scenario.Step{pull("", "")}, observe: "3s", expect: []scenario.Expectation{within(scenario.Detects, "", "", "3s")}},
		{name: "beyond its own", faults: []scenario.Step{pull("", "")}, observe: "3s", expect: []scenario.Expectation{within(scenario.Ends, "", "1s", "4s")}, want: "expectation 1 (ends): its within's hi, 4s, ends 4s after the strike, and observe is 3s: want an observe of 4s or more"},
		{name: "a lower bound beyond", faults: []scenario.Step{pull("", "")}, observe: "3s", expect: []scenario.Expectation{within(scenario.Ends, "", "4s", "")}, want: "its within's lo, 4s"},
		{name: "the wrong way round", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{within(scenario.Ends, "", "2s", "1s")}, want: "within 2s..1s, want the lower bound first"},

		{name: "an end", faults: []scenario.Step{pull("1s", "10s"), reset}, expect: []scenario.Expectation{within(scenario.Recovers, "", "", "9s")}},
		{name: "no end", faults: []scenario.Step{reset, pull("", "")}, expect: []scenario.Expectation{is(scenario.Recovers)}, want: "expectation 1 (recovers): it counts from the faults' end, and fault 2 (cable-pull) has none: want for, how long it lasts"},
		{name: "no end to count from", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{within(scenario.Ends, scenario.FromHeal, "", "1s")}, want: "expectation 1 (ends): it counts from the faults' end"},
		{name: "an end that is too late", faults: []scenario.Step{pull("10s", "10s")}, expect: []scenario.Expectation{is(scenario.Recovers)}, want: "fault 1 (cable-pull) ends 20s after the strike, and observe is 20s: want an observe that is longer"},
		{name: "too little time to recover in", faults: []scenario.Step{pull("1s", "10s")}, expect: []scenario.Expectation{within(scenario.Recovers, "", "", "9001ms")}, want: "its within's hi, 9.001s, ends 20.001s after the strike"},

		{name: "noticed and not", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{is(scenario.Detects), by(heartbeat.ServerSide, is(scenario.Unnoticed))}, want: "scenario s: expectations 1 (detects) and 2 (unnoticed) contradict each other: a side that does the one has noticed something; want one of them, or different sides, policies or networks"},
		{name: "by the other side", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{by(heartbeat.ClientSide, is(scenario.Detects)), by(heartbeat.ServerSide, is(scenario.Unnoticed))}},
		{name: "under another policy", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{under("a", is(scenario.Detects)), under("b", is(scenario.Unnoticed))}},
		{name: "under the same policy", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{under("a", is(scenario.Unnoticed)), is(scenario.Ends)}, want: "expectations 1 (unnoticed) and 2 (ends) contradict"},
		{name: "on another network", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{on("kernel", is(scenario.Detects)), on("relay", is(scenario.Unnoticed))}},
		{name: "unnoticed mistakes", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{is(scenario.Unnoticed), {That: scenario.Mistakes, Count: 2}}, want: "a side with mistakes (count is 2) has noticed something"},
		{name: "unnoticed, without a mistake", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{is(scenario.Mistakes), is(scenario.Unnoticed)}},
		{name: "two counts", expect: []scenario.Expectation{is(scenario.Mistakes), {That: scenario.Mistakes, Count: 2}}, want: "count is 0, and 2"},
		{name: "up and hung up", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{is(scenario.HangsUp), is(scenario.StaysUp)}, want: "a side that hangs up does not stay up"},
		{name: "up, and timed", scope: scenario.Scope{}, faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{is(scenario.HangsUp), is(scenario.StaysUp), is(scenario.Unnoticed)}},
		{name: "here and not here", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{is(scenario.CanaryArrives), is(scenario.CanaryWithheld)}, want: "it is the same byte"},
		{name: "two times", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{within(scenario.Detects, "", "", "2s"), is(scenario.Detects)}, want: "no time is within both"},
		{name: "two times that meet", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{within(scenario.Ends, "", "", "2s"), within(scenario.Ends, "", "2s", "")}},
		{name: "two times from two instants", faults: []scenario.Step{pull("", "1s")}, expect: []scenario.Expectation{within(scenario.Ends, "", "", "2s"), within(scenario.Ends, scenario.FromHeal, "3s", "")}},
		{name: "two causes", faults: []scenario.Step{pull("", "")}, expect: []scenario.Expectation{
			{That: scenario.Ends, Causes: []heartbeat.Cause{session.Silent}}, {That: scenario.Ends, Causes: []heartbeat.Cause{session.Vanished}},
		}, want: "no cause is among both"},
	} {
		s := scenario.Scenario{Name: "s", Claim: "C.", Observe: row.observe, Faults: row.faults, Expect: row.expect}
		if s.Observe == "" {
			s.Observe = "20s"
		}
		scope := row.scope
		if scope == nil {
			scope = strict
		}
		err := s.Validate(scope)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
}
