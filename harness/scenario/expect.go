package scenario

import "github.com/flatline-go/flatline/heartbeat"

// Expectation is one thing that must hold of a trial.
type Expectation struct {
	That Outcome `json:"that"`
	// Policies are the names that it applies to; empty: all of the scenario's.
	Policies []string `json:"policies,omitempty"`
	// Networks are the names of those that it applies to, where they differ in
	// what is true; empty: all.
	Networks []string `json:"networks,omitempty"`
	// Side that it is about; "": both, each by itself.
	Side heartbeat.Side `json:"side,omitempty"`
	// From is the instant that Within counts from.
	From Origin `json:"from,omitempty"`
	// Within bounds the time from From; zero: the window under test for
	// Detects and HangsUp, else no bound.
	Within Range `json:"within,omitzero"`
	// Causes are the accepted causes of Ends; empty: any.
	Causes []heartbeat.Cause `json:"causes,omitempty"`
	// Count belongs to Mistakes.
	Count int `json:"count,omitempty"`
}

// Outcome is what an expectation is about.
type Outcome string

// The outcomes. "Its session" is the one that was up when the fault struck.
const (
	// Detects: the side suspects its peer itself, within the window. A
	// subject that tells us nothing is timed by its hang-up.
	Detects Outcome = "detects"
	// Ends: the side's session ends, for one of Causes.
	Ends Outcome = "ends"
	// Unnoticed: the side neither suspects nor ends anything in the whole
	// observation.
	Unnoticed Outcome = "unnoticed"
	// Mistakes: the side suspects a live peer exactly Count times.
	Mistakes Outcome = "mistakes"
	// Recovers: after the last fault's end both sides have a new or the same
	// session that hears echoes (or beats) and carries data both ways.
	Recovers Outcome = "recovers"
	// StaysDown: no new session comes up between the first fault's effect and
	// its end.
	StaysDown Outcome = "stays-down"
	// CleansUp: the side has ended every session but the last one that is up.
	CleansUp Outcome = "cleans-up"
	// DataIntact: all messages of the traffic arrived, in order, both ways, on
	// the session that was up when the fault struck.
	DataIntact Outcome = "data-intact"
	// CanaryWithheld and CanaryArrives: the fate of the byte that the lab
	// sends after the observation, from each side.
	CanaryWithheld Outcome = "canary-withheld"
	CanaryArrives  Outcome = "canary-arrives"
	// HangsUp: on each connection that was open when the fault struck, the side
	// hangs up, before the fault ends and within the window. Without a window it
	// is only timed, and may never happen. By the wire alone.
	HangsUp Outcome = "hangs-up"
	// StaysUp: it hangs up none of them in the whole observation.
	StaysUp Outcome = "stays-up"
)

// Outcomes are all of them.
func Outcomes() []Outcome {
	return []Outcome{Detects, Ends, Unnoticed, Mistakes, Recovers, StaysDown, CleansUp, DataIntact, CanaryWithheld, CanaryArrives, HangsUp, StaysUp}
}

// Origin is an instant of a trial.
type Origin string

// The origins. FromFault, the zero one, is the first instant at which the
// first fault took effect.
const (
	FromFault    Origin = ""
	FromLastByte Origin = "last-byte"   // the last byte that passed the network on the side's session
	FromHeal     Origin = "heal"        // the end of the last fault
	FromPeersEnd Origin = "peer-hangup" // the peer's hang-up, as the network saw it
)

// Name names the instant in a sentence.
func (o Origin) Name() string {
	switch o {
	case FromLastByte:
		return "the last byte that passed"
	case FromHeal:
		return "the fault's end"
	case FromPeersEnd:
		return "the peer's hang-up"
	default:
		return "the fault"
	}
}

// Phrase is how a sentence counts from it, with a leading blank.
func (o Origin) Phrase() string { return " of " + o.Name() }

// Range is a closed range of Spans; an empty bound is absent.
type Range struct {
	Lo Span `json:"lo,omitempty"`
	Hi Span `json:"hi,omitempty"`
}
