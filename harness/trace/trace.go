// Package trace is the recorded history of a trial: a header and events, as
// offsets from one epoch. A trace is written as it happens, one JSON object
// per line, and is all that a judge needs; any stored trace can be judged
// again.
package trace

import (
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Schema is the version of the format.
const Schema = 1

// Header is the first line of a trace: all that was decided before the trial.
type Header struct {
	Schema   int               `json:"schema"`
	Trial    string            `json:"trial"`
	Scenario scenario.Scenario `json:"scenario"` // its parameters as in the catalogue
	Params   scenario.Scope    `json:"params"`   // what every name in its spans meant, parameters as they were set
	Policy   heartbeat.Policy  `json:"policy"`
	Window   heartbeat.Window  `json:"window"`
	Mode     heartbeat.Mode    `json:"mode"`
	Network  string            `json:"network"`
	Subject  string            `json:"subject"`
	Phase    float64           `json:"phase"` // asked for; the judge reports the real ones
	Seed     uint64            `json:"seed"`
	Interval time.Duration     `json:"interval_ns"`
	Epoch    time.Time         `json:"epoch"` // wall clock at offset 0
	Versions map[string]string `json:"versions"`
}

// Side is who an event is about: heartbeat.ClientSide, heartbeat.ServerSide or Network.
type Side = heartbeat.Side

// The third parties of a trace.
const (
	Network Side = "network"
	Harness Side = "harness" // ourselves: our stalls
)

// Event is one line of a trace after its header.
type Event struct {
	T           int64  `json:"t_ns"`                     // offset from the epoch, monotonic
	Uncertainty int64  `json:"uncertainty_ns,omitempty"` // by how much T may be wrong; 0: a stamp of this process
	Side        Side   `json:"side"`
	Session     string `json:"session,omitempty"`
	What        What   `json:"event"`
	// Kind is beat, echo, data, hello or bye of Sent and Heard; the end (client
	// or server) of HangUp; the fault's kind of FaultOn and FaultOff.
	Kind string `json:"kind,omitempty"`
	Seq  uint64 `json:"seq,omitempty"`
	// Cause says why, of Down and Closed; of Canary: withheld or arrived.
	Cause string `json:"cause,omitempty"`
	// Detail are the detector's numbers, of Suspect; an error's text, of Down; what
	// did not belong there, of Damaged; when the timer fires, of Armed; how a process
	// ended, of Exit; what comes of a kernel's parameters, of Computed; whose fault it is, of
	// FaultOn and FaultOff of a peer's.
	Detail string `json:"detail,omitempty"`
	// Stamp is the side of the system call that T was taken on: "before write",
	// "after read"; empty: no system call.
	Stamp string `json:"stamp,omitempty"`
	// To is the end of a Stall, and of the wait for a Canary.
	To int64 `json:"to_ns,omitempty"`
	// Strike is the network's proof: of FaultOn and FaultOff.
	Strike *network.Strike `json:"strike,omitempty"`
	// Link is a connection's whole story, as far as the trial goes: of Dial.
	Link *network.Link `json:"link,omitempty"`
}

// What happened.
type What string

// The events.
const (
	Up       What = "up"        // hellos both ways: the session counts
	Sent     What = "sent"      // a frame left
	Heard    What = "heard"     // a frame arrived
	Asked    What = "asked"     // a side asked its own kernel, which knew of nothing wrong
	Suspect  What = "suspect"   // the detector's deadline passed
	Trust    What = "trust"     // an observing side changed its mind
	Down     What = "down"      // the session ended without an orderly close
	Closed   What = "closed"    // the session ended in order
	HangUp   What = "hangup"    // an end closed its connection, as the network saw it
	Dial     What = "dial"      // a connection reached the network
	Stall    What = "stall"     // a side's loop, or the harness, stood still in [T, To]
	FaultOn  What = "fault-on"  // took effect
	FaultOff What = "fault-off" // ended
	Damaged  What = "damaged"   // a message of the application arrived, but not as it was sent
	End      What = "end"       // the observation's: what is later is no part of it; recorded last
	Canary   What = "canary"    // a byte that the lab sent to see whether it arrives
	Armed    What = "armed"     // a side's kernel was seen to have a keepalive timer on its connection
	Unseen   What = "unseen"    // whether it has one could not be seen
	Exit     What = "exit"      // a side's process or function ended by itself
	Computed What = "computed"  // what a side's kernel would do by its own parameters, and nobody waited for
)

// Killed is the Cause of a session's Down whose process a fault has killed.
const Killed = "killed"

// Offset is e's time as a duration since the epoch.
func (e Event) Offset() time.Duration { return time.Duration(e.T) }

// Trace is a whole history, its events in the order of their instants.
type Trace struct {
	Header Header
	Events []Event
}

// String names the trace, for errors.
func (t Trace) String() string { return fmt.Sprintf("trace %s", t.Header.Trial) }
