// Package scenario has failures as data: what happens to the network or to a
// peer, when, and what each side is expected to make of it.
//
// A Scenario says nothing of sockets, clocks or test frameworks, so the same
// one runs live behind a proxy, in the kernel, in containers or in virtual
// time. Its times are Spans, such as "0.4*lo" or "T - D + 1s", that are
// resolved against the policy under test.
package scenario

import "github.com/flatline-go/flatline/heartbeat"

// Scenario is one failure and its claim.
type Scenario struct {
	// Name is the scenario's name in flags, files and reports: lower case
	// words with hyphens.
	Name string `json:"name"`
	// Claim is one sentence that the expectations, taken together, prove.
	Claim string `json:"claim"`
	// Params are the names that the Spans may use beside the policy's own, and
	// that `--set name=value` changes.
	Params []Param `json:"params,omitempty"`
	// Policies are the names of the policies that it applies to; empty: every
	// policy with a probe that does not ask the kernel.
	Policies []string `json:"policies,omitempty"`
	// Beats says whose beats those policies must have; empty: anybody's.
	Beats []heartbeat.Direction `json:"beats,omitempty"`
	// Mode is that of all its trials, if it is heartbeat.Observe; the zero one: the
	// plan's is.
	Mode heartbeat.Mode `json:"mode,omitempty"`
	// Delay is the network's own, from the first byte to the last.
	Delay Delay `json:"delay,omitzero"`
	// Traffic is the application's data; zero: none but what checks recovery.
	Traffic Traffic `json:"traffic,omitzero"`
	// Faults are applied at their offsets from the strike.
	Faults []Step `json:"faults"`
	// Phases at which to strike, in [0, 1]; empty: 0.05, 0.5 and 0.95.
	Phases []float64 `json:"phases,omitempty"`
	// Observe is how long after the strike the trial lasts, at most: a trial
	// ends sooner once a recovery that it waits for has happened.
	Observe Span `json:"observe"`
	// Expect is what must hold.
	Expect []Expectation `json:"expect"`
}

// NetworkFaults are the kinds of the faults that a network has to bring about, in
// the order of its network.Setup.
func (s Scenario) NetworkFaults() []Kind {
	var kinds []Kind
	for _, step := range s.Faults {
		if !step.Fault.Kind.OfPeer() {
			kinds = append(kinds, step.Fault.Kind)
		}
	}
	return kinds
}

// DefaultPhases are just after an arrival, half way, and just before the next.
func DefaultPhases() []float64 { return []float64{0.05, 0.5, 0.95} }

// Param is a value that a user may change.
type Param struct {
	Name    string `json:"name"`
	Default Span   `json:"default"`
	Usage   string `json:"usage"` // half a sentence, lower case
}

// Traffic is application data in both directions while the scenario runs: the
// client sends numbered messages and the server answers each.
type Traffic struct {
	Every Span `json:"every,omitempty"` // "": no traffic
	From  Span `json:"from,omitempty"`  // offset from the strike; may be negative
	Until Span `json:"until,omitempty"`
}

// Step is a fault and its time.
type Step struct {
	Fault Fault `json:"fault"`
	At    Span  `json:"at,omitempty"`  // offset from the strike; "": at it
	For   Span  `json:"for,omitempty"` // more than 0; "": until the trial ends
	Must  Must  `json:"must"`
}

// Must says what the network has to prove of a fault.
type Must string

// A fault that breaks its Must fails the trial.
const (
	MustStrike    Must = "strike"     // bytes, closings or dials were withheld, ended or delayed by it
	MustNotStrike Must = "not-strike" // it was armed and found nothing to do
	MayStrike     Must = "may-strike" // it was armed: nobody knows whether the sides send anything
)
