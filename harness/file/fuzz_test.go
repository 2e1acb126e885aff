package file

import (
	"bytes"
	"testing"

	"github.com/flatline-go/flatline/heartbeat"
)

// Whatever a file has, it is values that make sense or an error.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(read(f, "policies.yaml")))
	f.Add([]byte(read(f, "scenarios.yaml")))
	f.Add([]byte(read(f, "everything.yaml")))
	f.Add([]byte(read(f, "networks.yaml")))
	f.Add([]byte("policies: &a [*a]\n---\n? [x]\n: {<<: *a}"))
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if models, err := Networks(bytes.NewReader(text), "f"); (err == nil) == (len(models) == 0) {
			t.Errorf("%d network models, error %v", len(models), err)
		}
		own, err := Policies(bytes.NewReader(text), "f")
		if (err == nil) == (len(own) == 0) {
			t.Errorf("%d policies, error %v", len(own), err)
		}
		for _, p := range own {
			if err := p.Validate(); err != nil {
				t.Error(err)
			}
		}
		scenarios, err := Scenarios(bytes.NewReader(text), "f", nil, policies)
		if (err == nil) == (len(scenarios) == 0) {
			t.Errorf("%d scenarios, error %v", len(scenarios), err)
		}
	})
}
