package heartbeat

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestBuiltInPoliciesAreValid(t *testing.T) {
	for _, profile := range Profiles() {
		policies, err := Policies(profile)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, p := range policies {
			if err := p.Validate(); err != nil {
				t.Error(err)
			}
			keys = append(keys, p.Key())
		}
		var want []string
		for _, name := range []string{
			"echo-timer", "fixed", "push", "server-echo-timer", "missed",
			"chen", "bertier", "phi", "phi-logistic", "exponential", "none",
			"urgent", "keepalive", "keepalive-default", "user-timeout", "socket-state", "tcp-info",
		} {
			want = append(want, name+"/"+profile.Name)
		}
		if !reflect.DeepEqual(keys, want) {
			t.Errorf("policies %v, want %v", keys, want)
		}
	}
}

func TestPoliciesOfANarrowWindow(t *testing.T) {
	if _, err := Policies(Custom(Window{Hi: 1})); err == nil {
		t.Error("no error for a window of a nanosecond")
	}
}

func TestPolicySurvivesJSON(t *testing.T) {
	policies, err := Policies(Strict())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range policies {
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Policy
		if err := json.Unmarshal(b, &got); err != nil || got != want {
			t.Errorf("%s: read %+v (%v), want %+v", b, got, err, want)
		}
	}
}

func TestPolicyOfAnUnknownDetector(t *testing.T) {
	var p Policy
	err := json.Unmarshal([]byte(`{"name":"x","client_detector":{"name":"psi"}}`), &p)
	if err == nil || !strings.Contains(err.Error(), `read policy: read detector: unknown name "psi", known: fixed, echo-timer`) {
		t.Errorf("error %v", err)
	}
}

func TestDirectionIncludes(t *testing.T) {
	for d, want := range map[Direction][2]bool{
		FromClient: {true, false}, FromServer: {false, true}, FromBoth: {true, true}, FromNobody: {false, false}, "": {},
	} {
		if got := [2]bool{d.Includes(ClientSide), d.Includes(ServerSide)}; got != want {
			t.Errorf("%q includes client and server: %v, want %v", d, got, want)
		}
	}
}
