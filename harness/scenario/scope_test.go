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
	for _, p := range policies(t)[:4] { // the others have intervals of their own
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
	all := policies(t)
	beating := scenario.Scenario{}
	chosen := scenario.Scenario{Policies: []string{"none", "push"}}
	for i, want := range []struct{ beating, chosen bool }{
		{true, false}, {true, false}, {true, true}, {false, true},
		{}, {}, {}, {}, {}, {}, // their probes ask the kernel
	} {
		if beating.AppliesTo(all[i]) != want.beating || chosen.AppliesTo(all[i]) != want.chosen {
			t.Errorf("%s: want %v", all[i].Name, want)
		}
	}
}
