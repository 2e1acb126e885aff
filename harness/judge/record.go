// Package judge turns a trace into measures and verdicts: how long each side
// took, by its own events or by its hang-up on the wire, and whether that is
// what the scenario expects. It reads nothing but the trace, so that any
// stored one can be judged again.
//
// Any number of pure detectors can be judged over one history as well: over a
// stored trace (Compare), over arrivals that others recorded (Arrivals), or
// over whatever tells a Many. A Quality is what each is worth.
package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Schema is the version of the record's format.
const Schema = 1

// Record is what the judge says of one trial.
type Record struct {
	Schema   int              `json:"schema"`
	Trial    string           `json:"trial"`
	Scenario string           `json:"scenario"`
	Claim    string           `json:"claim"`
	Policy   string           `json:"policy"` // "name/profile"
	Window   heartbeat.Window `json:"window"`
	Mode     heartbeat.Mode   `json:"mode"`
	Network  string           `json:"network"`
	Subject  string           `json:"subject"`
	Phase    float64          `json:"phase"` // asked for; Measures have the real ones
	// RoundTrip is the longest that the path's own delay makes one, of a normal
	// law with three deviations each way; 0: it has none.
	RoundTrip time.Duration `json:"round_trip_ns,omitempty"`
	Seed      uint64        `json:"seed"`
	Started   time.Time     `json:"started"`
	Took      time.Duration `json:"took_ns"`
	Attempt   int           `json:"attempt"` // from 1; above 1: earlier ones were inconclusive
	Verdict   Verdict       `json:"verdict"`
	// Reason is a sentence where the verdict is not Held: what failed first,
	// what stalled, why it cannot be measured.
	Reason string `json:"reason,omitempty"`
	// Failure is why the trial was not run to its end, where it was not: Verdict and
	// Reason rest on that then, and not on the trace.
	Failure string   `json:"failure,omitempty"`
	Client  Measures `json:"client"`
	Server  Measures `json:"server"`
	// Connections are those that were open when the fault struck, of a trial
	// that is about hang-ups.
	Connections []Connection     `json:"connections,omitempty"`
	Checks      []Check          `json:"checks"`
	Strikes     []network.Strike `json:"strikes"`
	Stalls      []Stall          `json:"stalls,omitempty"`
	// Reached are the connections that were born while a way was cut, and whose
	// opening reached the server all the same.
	Reached int `json:"reached,omitempty"`
	// Trace is the trace's path below the report's folder; Repeat the command
	// that runs this trial again.
	Trace  string `json:"trace,omitempty"`
	Repeat string `json:"repeat,omitempty"`
	// Shares is the trial on whose trace this one was judged, and which ran; "":
	// on its own.
	Shares string `json:"shares,omitempty"`
	// Output are the paths of what the subject's processes printed.
	Output []string `json:"output,omitempty"`
	// Superseded says that a later attempt takes this record's place.
	Superseded bool              `json:"superseded,omitempty"`
	Versions   map[string]string `json:"versions,omitempty"`
}

// Verdict is the outcome of a trial. The zero Verdict is none.
type Verdict string

// The verdicts.
const (
	Held          Verdict = "held"           // every expectation held
	Broken        Verdict = "broken"         // at least one did not
	Inconclusive  Verdict = "inconclusive"   // the harness itself stalled for too long to say
	NotMeasurable Verdict = "not measurable" // this network cannot show it
	Failed        Verdict = "failed"         // the harness could not run the trial, or its detectors are not the pure ones
	Interrupted   Verdict = "interrupted"    // the run was ended from outside
)

// Measures are what one side did. Absent values did not happen. Detection, End and
// HangUp count from what the scenario counts from: the fault or, of a firewall,
// the last byte that passed. In a trial about hang-ups they are the latest over
// all connections that the fault struck, and absent while one of those lived on.
type Measures struct {
	// Phase is where in its own beat interval the fault struck: 0 just after it
	// heard the peer, 1 just before it would have again.
	Phase *float64 `json:"phase,omitempty"`
	// Detection is T_D: the time to the side's own suspicion, or to its own hang-up
	// if it tells us nothing.
	Detection *time.Duration `json:"detection_ns,omitempty"`
	// Why are the numbers behind the suspicion.
	Why string `json:"why,omitempty"`
	// End is the time to the end of the side's session, for Cause.
	End   *time.Duration `json:"end_ns,omitempty"`
	Cause string         `json:"cause,omitempty"`
	// HangUp is the time to the side's hang-up, as the network saw it.
	HangUp *time.Duration `json:"hangup_ns,omitempty"`
	// Mistakes are suspicions of a live peer. MistakeTime is T_M, their mean
	// duration: until trust returned or, for a side that acted, until its next
	// session was up.
	Mistakes    int            `json:"mistakes"`
	MistakeTime *time.Duration `json:"mistake_time_ns,omitempty"`
	// Uncounted says that mistakes were not counted: of a side that tells nothing,
	// nobody can say why it hung up.
	Uncounted bool `json:"mistakes_uncounted,omitempty"`
	// Recovery is from the fault's end to the first sign of life on a session
	// that works; in a trial about hang-ups, until a new connection had carried
	// bytes both ways.
	Recovery *time.Duration `json:"recovery_ns,omitempty"`
	// Resumed is from the fault's end until a connection that was older, and that
	// neither end had closed, had carried bytes both ways again.
	Resumed *time.Duration `json:"resumed_ns,omitempty"`
	// BeatsPerHour and BytesPerHour are the overhead that the policy prescribes
	// to the side: its beats and echoes, without TCP's own headers. 0 where the
	// subject brings its own heartbeat, or the kernel sends the probes.
	BeatsPerHour float64 `json:"beats_per_hour"`
	BytesPerHour float64 `json:"bytes_per_hour"`
	// HarnessError is how much later the side suspected than the pure detector
	// does on the same trace; less than 0: sooner. Of several suspicions, also of
	// those that only one of the two had, it is the one furthest from 0; absent:
	// neither had any.
	HarnessError *time.Duration `json:"harness_error_ns,omitempty"`
	// Closest is the least time that was left until the side would have
	// suspected its peer when something moved its deadline, or at the end.
	Closest *time.Duration `json:"closest_ns,omitempty"`
	// Doubt is by how much any of these times may be wrong, because the harness
	// stood still.
	Doubt time.Duration `json:"doubt_ns,omitempty"`
}

// Check is one expectation, held against the trace for one side.
type Check struct {
	// That is the expectation's outcome; "": the network's proof of a fault.
	That     scenario.Outcome `json:"that,omitempty"`
	Side     trace.Side       `json:"side,omitempty"`
	Expected string           `json:"expected"`
	Actual   string           `json:"actual"`
	Held     bool             `json:"held"`
	// Slack is how much longer or shorter the time that decided it could have
	// been without changing the outcome. Absent: no single time decided it.
	Slack *time.Duration `json:"slack_ns,omitempty"`
	// Doubt is by how much that time may be wrong, because the harness stood
	// still; 0: it did not, for longer than the 10 ms that count as ordinary.
	Doubt time.Duration `json:"doubt_ns,omitempty"`
	// Unmeasured says that it neither held nor broke: Actual says why.
	Unmeasured bool `json:"unmeasured,omitempty"`

	short time.Duration // by how much the observation ended before the time that it had
	rests Span          // where the stamps lie that it rests on
	due   int64         // when what did not happen was too late; 0: it happened, or never is
}

// Stall is a time in which a side's loop, or the harness, stood still.
type Stall struct {
	Side trace.Side    `json:"side"`
	At   time.Duration `json:"at_ns"`
	For  time.Duration `json:"for_ns"`
}

// Of is the measures of a side.
func (r *Record) Of(side heartbeat.Side) *Measures {
	if side == heartbeat.ClientSide {
		return &r.Client
	}
	return &r.Server
}

// Broken says that the expectation was measured and did not hold.
func (c Check) Broken() bool { return !c.Held && !c.Unmeasured }
