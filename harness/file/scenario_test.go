package file

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

func policies(t testing.TB) []heartbeat.Policy {
	t.Helper()
	p, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestScenarios(t *testing.T) {
	got, err := Scenarios(strings.NewReader(read(t, "everything.yaml")), "s.yaml", nil, policies(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []scenario.Scenario{{
		Name: "everything", Claim: "A scenario can have all of its keys.",
		Params:   []scenario.Param{{Name: "idle", Default: "0.5*D", Usage: "idle time"}},
		Policies: []string{"fixed", "echo-timer"},
		Beats:    []heartbeat.Direction{heartbeat.FromClient, heartbeat.FromBoth},
		Mode:     heartbeat.Observe,
		Delay:    scenario.Delay{Latency: "50ms", Jitter: "10ms", Law: scenario.Normal},
		Traffic:  scenario.Traffic{Every: "100ms", From: "-500ms", Until: "1s"},
		Phases:   []float64{0, 0.5, 1},
		Observe:  "hi + 1s",
		Faults: []scenario.Step{
			{Fault: scenario.Fault{Kind: scenario.IdleDrop, Idle: "idle", Mode: scenario.DropResetOnSend}, Must: scenario.MustNotStrike},
			{Fault: scenario.Fault{Kind: scenario.Latency, Delay: scenario.Delay{Latency: "1s"}, Toward: heartbeat.ClientSide}, At: "1s", For: "2s", Must: scenario.MustStrike},
			{Fault: scenario.Fault{Kind: scenario.Reset, Side: heartbeat.ServerSide}, At: "3s", Must: scenario.MustStrike},
			{Fault: scenario.Fault{Kind: scenario.Loss, Percent: 2.5, Toward: heartbeat.ServerSide}, Must: scenario.MayStrike},
			{Fault: scenario.Fault{Kind: scenario.BurstLoss, Percent: 10, Burst: 5}, Must: scenario.MayStrike},
			{Fault: scenario.Fault{Kind: scenario.LinkFlap, Where: scenario.AtServer, Out: "300ms", Every: "1s"}, Must: scenario.MayStrike},
		},
		Expect: []scenario.Expectation{
			{
				That: scenario.Ends, Side: heartbeat.ClientSide, From: scenario.FromPeersEnd, Policies: []string{"fixed"},
				Within: scenario.Range{Lo: "-100ms", Hi: "500ms"}, Causes: []heartbeat.Cause{session.Vanished, session.Left},
			},
			{That: scenario.Mistakes, Count: 2, Networks: []string{"kernel"}},
		},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A key that everything.yaml forgets would be tested nowhere.
func TestEverythingHasEveryKey(t *testing.T) {
	text := read(t, "everything.yaml")
	for _, v := range []any{
		scenario.Scenario{}, scenario.Param{}, scenario.Delay{}, scenario.Traffic{},
		scenario.Step{}, scenario.Fault{}, scenario.Expectation{}, scenario.Range{},
	} {
		p := reflect.New(reflect.TypeOf(v)).Elem()
		for _, f := range fieldsOf(p) {
			if !strings.Contains(text, f.key+":") {
				t.Errorf("%T: no %s", v, f.key)
			}
		}
	}
}

func TestScenariosRefuses(t *testing.T) {
	const rest = ", claim: C., observe: hi, expect: [{that: unnoticed}], faults: [{fault: {kind: cable-pull}, must: strike}]}"
	for _, row := range []struct{ name, item, want string }{
		{name: "unknown mode", item: "{name: a, mode: look" + rest, want: `s.yaml:2:21: mode: mode "look": want act or observe`},
		{name: "a list of modes", item: "{name: a, mode: [act]" + rest, want: `mode: it is a list, want a word`},
		{name: "unknown key", item: "{name: a, fault: []}", want: `s.yaml:2:15: scenarios: unknown key "fault", known: name, claim, params, policies, beats, mode, delay, traffic, faults, phases, observe, expect`},
		{name: "unknown kind", item: "{faults: [{fault: {kind: cable-cut}}]}", want: `s.yaml:2:30: kind: it is "cable-cut", want one of cable-pull, half-open-up, half-open-down, idle-drop, latency, loss, burst-loss, duplication, reordering, link-flap, nat-rebind, port-blocked, leave, reset`},
		{name: "unknown place", item: "{faults: [{fault: {where: attic}}]}", want: `where: it is "attic", want one of client, server, middle`},
		{name: "unknown mode", item: "{faults: [{fault: {mode: loud}}]}", want: `mode: it is "loud", want one of silent, reset-on-send, reset-at-idle`},
		{name: "unknown must", item: "{faults: [{must: hit}]}", want: `must: it is "hit", want one of strike, not-strike, may-strike`},
		{name: "unknown law", item: "{delay: {law: pareto}}", want: `law: it is "pareto", want one of uniform, normal`},
		{name: "unknown side", item: "{expect: [{side: both}]}", want: `side: it is "both", want one of client, server`},
		{name: "unknown outcome", item: "{expect: [{that: dies}]}", want: `that: it is "dies", want one of detects, ends,`},
		{name: "unknown origin", item: "{expect: [{from: fault}]}", want: `from: it is "fault", want one of last-byte, heal, peer-hangup`},
		{name: "unknown cause", item: "{expect: [{causes: [bored]}]}", want: `causes: it is "bored", want one of peer went silent, peer gave up on us,`},
		{name: "scalar for a list", item: "{policies: fixed}", want: `s.yaml:2:16: policies: it is "fixed", want a list`},
		{name: "list for a mapping", item: "{delay: [1s]}", want: `delay: it is a list, want a mapping with some of latency, jitter, law`},
		{name: "number for a span", item: "{observe: 9}", want: `observe: it is 9 (int), want one line of text`},
		{name: "half a count", item: "{expect: [{count: 1.5}]}", want: `count: it is 1.5 (float), want a whole number`},
		{name: "unknown policy", item: "{name: a, policies: [fixed, psi]" + rest, want: `s.yaml:2:33: policies: unknown "psi", known: echo-timer, fixed, push,`},
		{name: "unknown policy of an expectation", item: "{name: a, expect: [{that: detects, policies: [psi]}]}", want: `s.yaml:2:51: policies: unknown "psi", known`},
		{name: "taken name", item: "{name: cable-pull" + rest, want: `s.yaml:2:12: name: there is a scenario cable-pull already, want another name`},
		{name: "name twice", item: "{name: a" + rest + "\n  - {name: a" + rest, want: `s.yaml:3:12: name: there is a scenario a already, want another name`},
		{name: "parameter that no span can name", item: "{name: a, params: [{name: a-b}]}", want: `s.yaml:2:31: name: it is "a-b", want lower case letters, digits and _`},
		{name: "parameter twice", item: "{name: a, params: [{name: x}, {name: x}]}", want: `s.yaml:2:42: name: there is a parameter x already`},
		{name: "reserved parameter", item: "{name: a, params: [{name: hi, default: 1s}]" + rest, want: `s.yaml:2:5: scenario a: parameter hi: that name means something already`},
		{name: "parameter without default", item: "{name: a, params: [{name: x}]" + rest, want: `s.yaml:2:5: scenario a: parameter x= is 0s under echo-timer/strict, want more than 0`},
		{name: "no claim", item: "{name: a, observe: hi}", want: `s.yaml:2:5: scenario "a": want a name, a claim and at least one expectation`},
		{name: "unknown name in a span", item: strings.Replace("{name: a"+rest, "observe: hi", "observe: high", 1), want: `s.yaml:2:5: scenario a: observe: span "high": "high" is neither a duration`},
		{name: "a fault of no time", item: strings.Replace("{name: a"+rest, "must: strike", "for: 0s, must: strike", 1), want: `s.yaml:2:5: scenario a: fault cable-pull: for is 0s, want more than 0; without for it lasts until the trial ends`},
		{name: "a detection of nothing", item: "{name: a, claim: C., observe: hi, expect: [{that: detects}]}", want: `s.yaml:2:5: scenario a: expectation 1 (detects): there is no fault, want one under faults`},
		{name: "a look that is too short", item: strings.Replace("{name: a"+rest, "hi, expect: [{that: unnoticed}", "hi - 1s, expect: [{that: detects}", 1), want: `s.yaml:2:5: scenario a: expectation 1 (detects): its window's upper bound, 9s, ends 9s after the strike, and observe is 8s: want an observe of 9s or more`},
		{name: "a phase of 2", item: "{name: a, phases: [2]" + rest, want: `s.yaml:2:5: scenario a: phase 2, want 0 to 1`},
	} {
		t.Run(row.name, func(t *testing.T) {
			beside := []scenario.Scenario{{Name: "cable-pull"}}
			got, err := Scenarios(strings.NewReader("scenarios:\n  - "+row.item+"\n"), "s.yaml", beside, policies(t))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, error %v; want %q", got, err, row.want)
			}
		})
	}
}

// What others are expected to do need not make sense under a policy, whose times
// are its own; under theirs it has to.
func TestAnExpectationOfOthers(t *testing.T) {
	const text = "scenarios: [{name: a, claim: C., policies: [%s], observe: 1.7s, faults: [{fault: {kind: reset, side: server}, must: strike}], " +
		"expect: [{that: mistakes, policies: [fixed]}, {that: ends, within: {hi: D}, policies: [phi]}, {that: ends, within: {hi: D}, policies: [echo-timer]}]}]"
	for names, want := range map[string]string{"fixed": "", "phi": "", "echo-timer": "expectation 1 (ends): its within's hi, 2s,"} {
		_, err := Scenarios(strings.NewReader(fmt.Sprintf(text, names)), "s", nil, policies(t))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: error %v, want %q", names, err, want)
		}
	}
}

// A scenario may be meant for one policy's window only.
func TestAScenarioThatSuitsOnePolicy(t *testing.T) {
	standard, err := heartbeat.Policies(heartbeat.Standard())
	if err != nil {
		t.Fatal(err)
	}
	const text = "scenarios: [{name: a, claim: C., observe: hi - 20s, expect: [{that: unnoticed}]}]"
	if _, err := Scenarios(strings.NewReader(text), "s", nil, policies(t)); err == nil || !strings.Contains(err.Error(), "observe is -11s, want more than 0") {
		t.Errorf("under strict: error %v", err)
	}
	if _, err := Scenarios(strings.NewReader(text), "s", nil, append(policies(t), standard...)); err != nil {
		t.Errorf("under strict or standard: %v", err)
	}
}
