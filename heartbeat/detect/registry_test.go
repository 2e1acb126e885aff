package detect_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

func TestNamedSurvivesJSON(t *testing.T) {
	tests := []struct {
		json   string
		config detect.Config
	}{
		{json: `null`, config: nil},
		{json: `{"name":"fixed","params":{"timeout_ns":8550000000}}`, config: detect.Fixed{Timeout: 8550 * time.Millisecond}},
		{json: `{"name":"echo-timer","params":{"timeout_ns":1}}`, config: detect.EchoTimer{Timeout: 1}},
		{json: `{"name":"missed","params":{"interval_ns":1,"count":2}}`, config: detect.Missed{Interval: 1, Count: 2}},
		{
			json:   `{"name":"chen","params":{"interval_ns":1,"margin_ns":2,"samples":3}}`,
			config: detect.Chen{Interval: 1, Margin: 2, Samples: 3},
		},
		{
			json:   `{"name":"bertier","params":{"interval_ns":1,"pause_ns":2,"samples":3,"gamma":0.4,"beta":5,"phi":6}}`,
			config: detect.Bertier{Interval: 1, Pause: 2, Samples: 3, Gamma: .4, Beta: 5, Phi: 6},
		},
		{
			json:   `{"name":"phi","params":{"interval_ns":1,"threshold":2.5,"samples":3,"min_deviation_ns":4,"pause_ns":5}}`,
			config: detect.Phi{Interval: 1, Threshold: 2.5, Samples: 3, MinDeviation: 4, Pause: 5},
		},
		{
			json:   `{"name":"phi-logistic","params":{"interval_ns":1,"threshold":2.5,"samples":3,"min_deviation_ns":4,"pause_ns":5}}`,
			config: detect.PhiLogistic{Interval: 1, Threshold: 2.5, Samples: 3, MinDeviation: 4, Pause: 5},
		},
		{
			json:   `{"name":"exponential","params":{"interval_ns":1,"threshold":2.5,"samples":3,"prior":2}}`,
			config: detect.Exponential{Interval: 1, Threshold: 2.5, Samples: 3, Prior: 2},
		},
	}
	for _, tt := range tests {
		b, err := json.Marshal(detect.Named{Config: tt.config})
		if err != nil || string(b) != tt.json {
			t.Errorf("%v: wrote %s (%v), want %s", tt.config, b, err, tt.json)
		}
		got := detect.Named{Config: detect.Fixed{Timeout: 5}}
		if err := json.Unmarshal([]byte(tt.json), &got); err != nil || got.Config != tt.config {
			t.Errorf("%s: read %v (%v), want %v", tt.json, got.Config, err, tt.config)
		}
	}
}

// Each known detector is found under a name of its own, and then wants
// parameters that it can accept.
func TestEveryKnownDetectorIsReadByName(t *testing.T) {
	for _, c := range detect.Configs() {
		var got detect.Named
		err := json.Unmarshal([]byte(`{"name":"`+c.Name()+`"}`), &got)
		if err == nil || !strings.HasPrefix(err.Error(), "detector "+c.Name()+": ") {
			t.Errorf("%s: error %v, want one of its own", c.Name(), err)
		}
	}
}

func TestNamedRefuses(t *testing.T) {
	tests := []struct{ json, want string }{
		{json: `{"name":"psi"}`, want: `unknown name "psi", known: fixed, echo-timer`},
		{json: `{"name":"fixed","params":{"timeout":1}}`, want: `read detector fixed: json: unknown field "timeout"`},
		{json: `{"name":"fixed","params":{"timeout_ns":-5}}`, want: `detector fixed: timeout is -5ns, want 1ns to 24h0m0s`},
		{json: `{"name":"echo-timer"}`, want: `detector echo-timer: timeout is 0s, want 1ns to 24h0m0s`},
		{json: `7`, want: `read detector: json: cannot unmarshal number`},
	}
	for _, tt := range tests {
		var n detect.Named
		if err := json.Unmarshal([]byte(tt.json), &n); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.json, err, tt.want)
		}
		if n.Config != nil {
			t.Errorf("%s: refused, yet read %v", tt.json, n.Config)
		}
	}
}

func TestKindSurvivesText(t *testing.T) {
	for _, k := range []detect.Kind{detect.Beat, detect.Echo, detect.Data} {
		var got detect.Kind
		if err := got.UnmarshalText([]byte(k.String())); err != nil || got != k {
			t.Errorf("%v: read %v (%v)", k, got, err)
		}
	}
	k := detect.Beat
	if err := k.UnmarshalText([]byte("hello")); err != nil || k != 0 {
		t.Errorf("hello: read %v (%v), want the zero Kind", k, err)
	}
}
