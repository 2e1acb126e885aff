package harness

import (
	"fmt"
	"strings"
	"testing"
)

func TestEveryNameIsInOneShard(t *testing.T) {
	var names []string
	for _, scenario := range []string{"cable-pull", "idle-drop", "latency-step"} {
		for _, policy := range []string{"fixed", "push", "echo-timer", "chen"} {
			for _, phase := range []string{"0.05", "0.5", "0.95"} {
				names = append(names, fmt.Sprintf("%s.%s.strict.%s", scenario, policy, phase))
			}
		}
	}
	for of := 1; of <= 2*len(names); of++ {
		filled := 0
		met := map[string]int{}
		for index := 1; index <= of; index++ {
			before := len(met)
			for _, name := range names {
				if (Shard{index, of}).Has(name) {
					met[name]++
				}
			}
			if len(met) > before {
				filled++
			}
		}
		for _, name := range names {
			if met[name] != 1 {
				t.Errorf("%s is in %d of %d shards", name, met[name], of)
			}
		}
		if of <= 4 && filled != of {
			t.Errorf("%d of %d shards have any of %d names", filled, of, len(names))
		}
	}
	if !(Shard{}).Has("cable-pull") {
		t.Error("the whole run leaves a name out")
	}
}

// Where a name belongs is forever: else shards of two versions would not
// complete each other. SHA-256 of "cable-pull.fixed.strict.0.5" begins with
// 0x07904a5fc7ab0d4d = 545017330144054605: modulo 2, 3 and 10 that is 1, 0, 5.
func TestShardsAreStable(t *testing.T) {
	const name = "cable-pull.fixed.strict.0.5"
	for of, want := range map[int]int{1: 1, 2: 2, 3: 1, 10: 6} {
		for index := 1; index <= of; index++ {
			if got := (Shard{index, of}).Has(name); got != (index == want) {
				t.Errorf("%d/%d: %v", index, of, got)
			}
		}
	}
}

func TestShardText(t *testing.T) {
	for _, text := range []string{"1/1", "2/3", "1000/1000"} {
		var s Shard
		if err := s.UnmarshalText([]byte(text)); err != nil || s.String() != text {
			t.Errorf("%s: %v, %v", text, s, err)
		}
		if written, err := s.MarshalText(); err != nil || string(written) != text {
			t.Errorf("%s: writes %q, %v", text, written, err)
		}
	}
	if got := (Shard{}).String(); got != "" {
		t.Errorf("the whole run is %q", got)
	}
	for _, text := range []string{"", "1", "/", "0/3", "4/3", "-1/3", "1/0", "1/3/5", "a/b", "1/1001", " 1/3"} {
		var s Shard
		if err := s.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "want i/n") || s != (Shard{}) {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
}
