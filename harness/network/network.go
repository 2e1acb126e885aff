// Package network is what the lab knows of a network: it carries a subject's
// bytes, applies faults to them, and proves what it did. Each implementation
// has a folder of its own.
package network

import (
	"context"
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Network opens paths. It is safe for concurrent use: one trial, one path.
type Network interface {
	// Name is the network's name in flags and reports.
	Name() string
	// Version says what the network is made of, e.g. "toxiproxy 2.12.0".
	Version() string
	// Supports is nil if the network can apply faults of this kind, else an
	// error whose text says why not and where it can be had.
	Supports(kind scenario.Kind) error
	// SupportsProbe is nil if what the probe finds out on this network is about
	// the peer, else an error whose text says why not and where it can be had.
	SupportsProbe(probe heartbeat.Probe) error
	// Open makes a path that no byte has used yet.
	Open(ctx context.Context, setup Setup) (Path, error)
	// Close ends the network, once all its paths are closed.
	Close() error
}

// Setup is what a path has to be.
type Setup struct {
	Name     string    // unique among the paths that are open
	Upstream string    // the server's address, host:port; of a Hosted path its port counts, and "" is any
	Listen   string    // where clients dial, host:port; "": any free port of 127.0.0.1
	Epoch    time.Time // the zero of all instants, with a monotonic reading
	Seed     uint64    // of the delays
	Delay    Delay     // the path's own, from the first byte
	Faults   []Fault   // all that will be applied, in place but not active
}

// Delay is a scenario.Delay with its spans resolved.
type Delay struct {
	Latency time.Duration
	Jitter  time.Duration
	Law     scenario.Law
}

// Fault is a scenario.Fault of the network with its spans resolved.
type Fault struct {
	Kind    scenario.Kind
	Idle    time.Duration
	Mode    scenario.DropMode
	Delay   Delay
	Percent float64
	Burst   float64        // of BurstLoss: the mean length of a burst, in datagrams
	Toward  heartbeat.Side // of what not all get: on the way to whom; "": both
	Where   scenario.Place
	Out     time.Duration
	Every   time.Duration
}

// UnsupportedError is Open's where the network has faults of that kind, but not
// this one.
type UnsupportedError struct{ Reason string }

func (e UnsupportedError) Error() string { return e.Reason }

// GoneError says that what makes up the network, of another process, has ended: no
// path of it can be asked any more, or closed.
type GoneError struct {
	What string // with an article: "the Toxiproxy at ..."
	Err  error
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("%s does not answer any more: %v", e.What, e.Err)
}

func (e *GoneError) Unwrap() error { return e.Err }

// Path carries one trial's connections. Its methods are called by one
// goroutine at a time, while traffic flows.
type Path interface {
	// Addr is where clients dial, host:port.
	Addr() string
	// Apply makes Setup.Faults[i] active; it returns once it has taken effect.
	Apply(ctx context.Context, i int) error
	// Undo ends it: the network is as it was before, but for what the fault
	// destroyed (links born during a cut, flows that a firewall forgot).
	Undo(ctx context.Context, i int) error
	// Observe is everything that happened so far.
	Observe(ctx context.Context) (Observation, error)
	// Close undoes what is active and leaves nothing behind. The subject's
	// connections are closed by it if they still are open.
	Close(ctx context.Context) error
}

// Never is an instant that did not come.
const Never int64 = -1

// Observation is a path's proof. All instants are nanoseconds since
// Setup.Epoch, or Never.
type Observation struct {
	// Uncertainty bounds the error of all instants; 0 where the network runs
	// in this process.
	Uncertainty time.Duration `json:"uncertainty_ns"`
	Links       []Link        `json:"links"`   // in the order of their birth
	Strikes     []Strike      `json:"strikes"` // one per Apply, in that order
}

// Link is one connection through the network.
type Link struct {
	Born int64 `json:"born_ns"`
	Dead bool  `json:"dead"` // born during a cut: nothing ever passes
	// Forgotten is when a firewall forgot it, or Never; 0: the network does not
	// say of each link.
	Forgotten int64 `json:"forgotten_ns,omitzero"`
	Up        Flow  `json:"up"` // from the client to the server
	Down      Flow  `json:"down"`
}

// Flow is one direction of a link, as the client's end of the network saw it.
type Flow struct {
	Passed      int64 `json:"passed_bytes"`
	FirstPassed int64 `json:"first_passed_ns"`
	LastPassed  int64 `json:"last_passed_ns"`
	// Withheld are the bytes that were ever stopped; those of a healed cut
	// count as Passed too, once they have flowed on.
	Withheld int64 `json:"withheld_bytes"`
	// HungUp is when the sending end closed its connection, whether or not
	// the other end was allowed to learn of it.
	HungUp int64 `json:"hung_up_ns"`
	// Closed is when that closing was passed on to the receiving end.
	Closed int64 `json:"closed_ns"`
	// Ended is when the network itself ended the receiving end's connection
	// without a closing to pass on.
	Ended int64 `json:"ended_ns"`
	// Resumed is when a byte first passed after the last end of a fault.
	Resumed int64 `json:"resumed_ns"`
	// Blind is from when on a hang-up of the sending end could be missed: the
	// network's buffer was full of what it withheld; 0: it never was.
	Blind int64 `json:"blind_ns,omitempty"`
}

// Untouched is a flow that nothing has happened to yet.
func Untouched() Flow {
	return Flow{FirstPassed: Never, LastPassed: Never, HungUp: Never, Closed: Never, Ended: Never, Resumed: Never}
}

// The ways in which a side's end of a link is over.
const (
	HungUp     = "hung up"              // the side closed it itself
	PeerClosed = "peer closed"          // the peer's closing reached it
	CutOff     = "ended by the network" // a firewall's reset
)

// Over is when and why side's end of the link was over: the first of what ends
// it. Never: it was not.
func (l Link) Over(side heartbeat.Side) (at int64, why string) {
	mine, toMe := l.Up, l.Down
	if side == heartbeat.ServerSide {
		mine, toMe = l.Down, l.Up
	}
	at = Never
	for _, end := range []struct {
		at  int64
		why string
	}{{mine.HungUp, HungUp}, {toMe.Closed, PeerClosed}, {toMe.Ended, CutOff}} {
		if end.at != Never && (at == Never || end.at < at) {
			at, why = end.at, end.why
		}
	}
	return at, why
}

// OpenAt says whether the link was in use at an instant: it had carried a byte,
// whoever sent it, and neither end was over before. A dead link never carries
// any.
func (l Link) OpenAt(at int64) bool {
	carried := func(f Flow) bool { return f.FirstPassed != Never && f.FirstPassed <= at }
	if !carried(l.Up) && !carried(l.Down) {
		return false
	}
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		if over, _ := l.Over(side); over != Never && over < at {
			return false
		}
	}
	return true
}

// Carries is the instant by which a link that was born after the end of a fault
// had carried bytes both ways.
func (l Link) Carries(heal int64) (at int64, ok bool) {
	if l.Born < heal {
		return 0, false
	}
	return l.both(l.Up.FirstPassed, l.Down.FirstPassed)
}

// Resumes is the instant by which an older link had carried bytes both ways
// again, after the end of a fault that neither end has closed it for.
func (l Link) Resumes(heal int64) (at int64, ok bool) {
	if l.Born >= heal || l.Up.Resumed < heal || l.Down.Resumed < heal {
		return 0, false
	}
	return l.both(l.Up.Resumed, l.Down.Resumed)
}

func (l Link) both(up, down int64) (at int64, ok bool) {
	at = max(up, down)
	return at, up != Never && down != Never && l.OpenAt(at)
}

// Strike is what one application of a fault did.
type Strike struct {
	Fault int   `json:"fault"` // index into Setup.Faults
	On    int64 `json:"on_ns"` // the instant of effect, both directions alike
	Off   int64 `json:"off_ns"`
	// LastPassed is the last instant at which a byte passed before On, over
	// all links.
	LastPassedUp   int64 `json:"last_passed_up_ns"`
	LastPassedDown int64 `json:"last_passed_down_ns"`
	// Counted says that the network counts what passes a cut; if not, Passed say
	// nothing, and a cut proves nothing.
	Counted bool `json:"counted,omitempty"`
	// Passed are the bytes that passed while it was in force, over all links; those
	// that were past the cut when it began are none.
	PassedUp   int64 `json:"passed_up_bytes,omitempty"`
	PassedDown int64 `json:"passed_down_bytes,omitempty"`
	// What was stopped by it, per direction.
	WithheldUp   int64 `json:"withheld_up_bytes"`
	WithheldDown int64 `json:"withheld_down_bytes"`
	// Closings are hang-ups that the other end was not allowed to learn of;
	// Dials are links born dead; Ended are connections that the network ended.
	Closings int `json:"closings"`
	Dials    int `json:"dials"`
	Ended    int `json:"ended"`
	// Forgotten is when a firewall first forgot a flow; Never elsewhere.
	Forgotten int64 `json:"forgotten_ns"`
	// Delayed are chunks that were held back by the fault's delay.
	Delayed int64 `json:"delayed_chunks"`
	// Doubled are datagrams that passed twice, Overtaken those that others passed
	// by, Rebound flows that went on from another address.
	Doubled   int64 `json:"doubled_datagrams,omitempty"`
	Overtaken int64 `json:"overtaken_datagrams,omitempty"`
	Rebound   int64 `json:"rebound_flows,omitempty"`
}

// Struck says whether the fault did anything.
func (s Strike) Struck() bool {
	return s.WithheldUp+s.WithheldDown+s.Delayed > 0 || s.Closings+s.Dials+s.Ended > 0 || s.Shuffled()
}

// Shuffled says whether it did something to datagrams without stopping any.
func (s Strike) Shuffled() bool { return s.Doubled+s.Overtaken+s.Rebound > 0 }
