package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

func policies(t *testing.T) []heartbeat.Policy {
	t.Helper()
	p, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestScopeOfAPolicy(t *testing.T) {
	s := scenario.Scenario{Name: "s", Params: []scenario.Param{
		{Name: "idle", Default: "1.5*D"},
		{Name: "rest", Default: "hi - idle"}, // a later parameter may use an earlier one
	}}
	for _, p := range policies(t)[:4] { // those with the profile's own numbers
		got, err := s.NewScope(p, map[string]scenario.Span{"other": "1s"})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]time.Duration{
			"lo": 6 * time.Second, "hi": 9 * time.Second, "D": 2 * time.Second,
			"T": 8550 * time.Millisecond, "t": 6750 * time.Millisecond,
			"d": 300 * time.Millisecond, "J": 400 * time.Millisecond, "m": 150 * time.Millisecond,
			"idle": 3 * time.Second, "rest": 6 * time.Second,
		} {
			if got[name] != want {
				t.Errorf("%s: %s is %v, want %v", p.Name, name, got[name], want)
			}
		}
	}
}

// T is what a detector allows before it has learned anything: phi's 1.5 s, its
// pause of 4.66 s and 5.612 deviations of 400 ms.
func TestScopeOfADetectorThatLearns(t *testing.T) {
	for _, p := range policies(t) {
		if p.Name != "phi" {
			continue
		}
		got, err := scenario.Scenario{Name: "s"}.NewScope(p, nil)
		if err != nil || got["D"] != 1500*time.Millisecond || got["T"].Truncate(time.Millisecond) != 8404*time.Millisecond {
			t.Errorf("D is %v and T %v (%v), want 1.5s and 8.404s", got["D"], got["T"], err)
		}
	}
}

func TestScopeTakesSetValuesAndThePolicysOwn(t *testing.T) {
	p := policies(t)[1]
	p.Interval = time.Second
	s := scenario.Scenario{Name: "s", Params: []scenario.Param{{Name: "idle", Default: "1.5*D"}}}
	got, err := s.NewScope(p, map[string]scenario.Span{"idle": "D + 1ms"})
	if err != nil || got["idle"] != 1001*time.Millisecond {
		t.Errorf("got %v, %v", got["idle"], err)
	}
	if _, err := s.NewScope(p, map[string]scenario.Span{"idle": "later"}); err == nil || !strings.Contains(err.Error(), "parameter idle") {
		t.Errorf("got %v, want an error that names the parameter", err)
	}
}

func TestAppliesTo(t *testing.T) {
	beating := scenario.Scenario{}
	chosen := scenario.Scenario{Policies: []string{"none", "push"}}
	heard := scenario.Scenario{Beats: []heartbeat.Direction{heartbeat.FromClient, heartbeat.FromBoth}}
	want := map[string][3]bool{ // by beating, chosen, heard
		"echo-timer": {true, false, true}, "push": {true, true, true},
		"server-echo-timer": {true, false, false}, "none": {false, true, false},
		"urgent": {}, "keepalive": {}, "socket-state": {}, // their probes ask the kernel
	}
	for _, p := range policies(t) {
		got := [3]bool{beating.AppliesTo(p), chosen.AppliesTo(p), heard.AppliesTo(p)}
		if w, asked := want[p.Name]; asked && got != w {
			t.Errorf("%s: %v, want %v", p.Name, got, w)
		}
	}
}
