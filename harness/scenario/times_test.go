package scenario_test

import (
	"strings"
	"testing"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// What could not be applied is known before anything runs.
func TestValidateRefusesFaultsOutOfTime(t *testing.T) {
	step := func(kind scenario.Kind, at, lasts scenario.Span) scenario.Step {
		s := scenario.Step{Fault: scenario.Fault{Kind: kind}, At: at, For: lasts, Must: scenario.MayStrike}
		if kind.OfPeer() {
			s.Fault.Side, s.Must = heartbeat.ServerSide, scenario.MustStrike
		}
		return s
	}
	flap := func(at scenario.Place) scenario.Step {
		return scenario.Step{Fault: scenario.Fault{Kind: scenario.LinkFlap, Where: at, Out: "100ms", Every: "500ms"}, Must: scenario.MayStrike}
	}
	for _, row := range []struct {
		name  string
		steps []scenario.Step
		want  string // "": valid
	}{
		{name: "one after the other", steps: []scenario.Step{step(scenario.CablePull, "", "1s"), step(scenario.HalfOpenUp, "1s", "1s")}},
		{name: "a crash behind a pulled cable", steps: []scenario.Step{step(scenario.CablePull, "", ""), step(scenario.Crash, "1s", "")}},
		{name: "a cable and a reset", steps: []scenario.Step{step(scenario.CablePull, "", ""), step(scenario.Reset, "1s", "")}},
		{name: "two resets", steps: []scenario.Step{step(scenario.Reset, "", ""), step(scenario.Reset, "1s", "")}},
		{name: "two cables", steps: []scenario.Step{step(scenario.CablePull, "", "2s"), {Fault: scenario.Fault{Kind: scenario.CablePull, Where: scenario.AtServer}, At: "1s", Must: scenario.MayStrike}}},
		{name: "one way of a cable, and another cable", steps: []scenario.Step{step(scenario.HalfOpenUp, "", "2s"), {Fault: scenario.Fault{Kind: scenario.CablePull, Where: scenario.Middle}, At: "1s", Must: scenario.MayStrike}}},
		{name: "the links of both hosts", steps: []scenario.Step{flap(scenario.AtClient), flap(scenario.AtServer)}},
		{name: "one host's link twice", steps: []scenario.Step{flap(scenario.AtServer), flap(scenario.AtServer)}, want: "overlap"},
		{name: "too late", steps: []scenario.Step{step(scenario.CablePull, "3s", "1s")}, want: "fault cable-pull: at is 3s, want less than the 3s of observe"},
		{name: "one cable twice", steps: []scenario.Step{step(scenario.CablePull, "", "2s"), step(scenario.HalfOpenUp, "1s", "1s")}, want: "faults cable-pull (0s to 2s) and half-open-up (1s to 2s) overlap"},
		{name: "for ever, and again", steps: []scenario.Step{step(scenario.CablePull, "", ""), step(scenario.CablePull, "1s", "1s")}, want: "overlap"},
		{name: "killed while it is stopped", steps: []scenario.Step{step(scenario.Freeze, "", "2s"), step(scenario.Crash, "1s", "")}, want: "faults freeze (0s to 2s) and crash (1s to 3s) overlap"},
		{name: "a leave of who stands still", steps: []scenario.Step{step(scenario.Freeze, "", "2s"), step(scenario.Leave, "1s", "")}, want: "faults freeze (0s to 2s) and leave (1s to 1s) overlap"},
		{name: "a latency each way and one way", steps: []scenario.Step{step(scenario.Latency, "", "2s"), {Fault: scenario.Fault{Kind: scenario.Latency, Toward: heartbeat.ClientSide}, At: "1s", Must: scenario.MayStrike}}, want: "overlap"},
		{name: "the client's cable by two names", steps: []scenario.Step{step(scenario.CablePull, "", "2s"), {Fault: scenario.Fault{Kind: scenario.CablePull, Where: scenario.AtClient}, At: "1s", Must: scenario.MayStrike}}, want: "overlap"},
		{name: "a crash that may be none", steps: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.Crash, Side: heartbeat.ServerSide}, Must: scenario.MustNotStrike}}, want: `fault crash: must is "not-strike", want strike`},
		{name: "a reset that lasts", steps: []scenario.Step{step(scenario.Reset, "", "1s")}, want: "fault reset: for is 1s, and it does not last"},
	} {
		err := scenario.Scenario{Name: "s", Claim: "C.", Observe: "3s", Faults: row.steps, Expect: []scenario.Expectation{{That: scenario.Unnoticed}}}.Validate(scenario.Scope{})
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
}
