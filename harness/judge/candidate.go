package judge

import (
	"reflect"
	"slices"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Candidate is a detector to be judged.
type Candidate struct {
	Side     trace.Side   `json:"side,omitempty"` // whose it is; "": the one that a capture was made on
	Detector detect.Named `json:"detector"`
	Policies []string     `json:"policies"` // the names of those that have it on that side
}

// Result is what a candidate is worth.
type Result struct {
	Candidate
	Quality
}

// Candidates are the distinct detectors that policies have on a side.
func Candidates(policies []heartbeat.Policy, side trace.Side) []Candidate {
	var out []Candidate
	for _, p := range policies {
		if c := p.Detector(side); c != nil {
			out = AddCandidate(out, Candidate{Side: side, Detector: detect.Named{Config: c}, Policies: []string{p.Name}})
		}
	}
	return out
}

// AddCandidate adds c to list, or its policies to the same detector there.
func AddCandidate(list []Candidate, c Candidate) []Candidate {
	for i := range list {
		if list[i].Side != c.Side || !reflect.DeepEqual(list[i].Detector, c.Detector) {
			continue
		}
		for _, name := range c.Policies {
			if !slices.Contains(list[i].Policies, name) {
				list[i].Policies = append(list[i].Policies, name)
			}
		}
		return list
	}
	return append(list, c)
}

func configs(candidates []Candidate) []detect.Config {
	var out []detect.Config
	for _, c := range candidates {
		out = append(out, c.Detector.Config)
	}
	return out
}

func results(candidates []Candidate, qualities []Quality) []Result {
	var out []Result
	for i, q := range qualities {
		out = append(out, Result{candidates[i], q})
	}
	return out
}
