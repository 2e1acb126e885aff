package scenario

import (
	"fmt"
	"slices"

	"github.com/flatline-go/flatline/heartbeat"
)

// Fault is what happens to the network or to a peer.
type Fault struct {
	Kind Kind `json:"kind"`
	// Idle and Mode belong to IdleDrop.
	Idle Span     `json:"idle,omitempty"`
	Mode DropMode `json:"mode,omitempty"`
	// Delay belongs to Latency: the network's delay while the fault lasts.
	// Toward is the side that everything reaches late; "": both.
	Delay  Delay          `json:"delay,omitzero"`
	Toward heartbeat.Side `json:"toward,omitempty"`
	// Side belongs to Leave and Reset: who ends the connection.
	Side heartbeat.Side `json:"side,omitempty"`
}

// Kind is the kind of a fault. The zero Kind is none.
type Kind string

// The faults. Up is from the client to the server.
const (
	// CablePull withholds every byte and every closing, in both directions.
	CablePull Kind = "cable-pull"
	// HalfOpenUp does so from the client to the server only.
	HalfOpenUp Kind = "half-open-up"
	// HalfOpenDown does so from the server to the client only.
	HalfOpenDown Kind = "half-open-down"
	// IdleDrop is a stateful firewall that forgets a flow on which no byte
	// passed, in either direction, for Idle.
	IdleDrop Kind = "idle-drop"
	// Latency replaces the network's delay.
	Latency Kind = "latency"
	// Leave makes Side end its session and say so.
	Leave Kind = "leave"
	// Reset makes Side's connection end by an RST, without a word.
	Reset Kind = "reset"
)

// Kinds are all faults.
func Kinds() []Kind {
	return []Kind{CablePull, HalfOpenUp, HalfOpenDown, IdleDrop, Latency, Leave, Reset}
}

// OfPeer says whether the fault happens to a peer; the others happen to the
// network.
func (k Kind) OfPeer() bool { return k == Leave || k == Reset }

// validate refuses a kind that there is not, and what f's kind lacks or would
// ignore.
func (f Fault) validate() error {
	switch {
	case !slices.Contains(Kinds(), f.Kind):
		return fmt.Errorf("unknown fault %q, known: %s", f.Kind, join(Kinds()))
	case f.Kind.OfPeer() && f.Side.Peer() == "":
		return fmt.Errorf("fault %s: side is %q, want %s or %s", f.Kind, f.Side, heartbeat.ClientSide, heartbeat.ServerSide)
	case !f.Kind.OfPeer() && f.Side != "":
		return fmt.Errorf("fault %s: side belongs to %s and %s", f.Kind, Leave, Reset)
	case f.Kind == IdleDrop && (f.Idle == "" || f.Mode == ""):
		return fmt.Errorf("fault %s: want an idle time and a mode", f.Kind)
	case f.Kind != IdleDrop && (f.Idle != "" || f.Mode != ""):
		return fmt.Errorf("fault %s: idle and mode belong to %s", f.Kind, IdleDrop)
	case f.Kind != Latency && (f.Delay != Delay{} || f.Toward != ""):
		return fmt.Errorf("fault %s: delay and toward belong to %s", f.Kind, Latency)
	default:
		return nil
	}
}

// Cuts says which directions the fault withholds.
func (k Kind) Cuts() (up, down bool) {
	return k == CablePull || k == HalfOpenUp, k == CablePull || k == HalfOpenDown
}

// DropMode is what a firewall does to a flow that it has forgotten.
type DropMode string

// The modes of IdleDrop.
const (
	DropSilent      DropMode = "silent"        // withholds everything after
	DropResetOnSend DropMode = "reset-on-send" // ends the connection of who sends next; the other side learns nothing
	DropResetAtIdle DropMode = "reset-at-idle" // ends both at once, at the timeout
)

// Delay is a one-way delay, the same law in each direction, first in first
// out. The zero Delay is none.
type Delay struct {
	Latency Span `json:"latency,omitempty"` // the mean
	Jitter  Span `json:"jitter,omitempty"`  // uniform: half the width; normal: the deviation
	Law     Law  `json:"law,omitempty"`     // "": uniform
}

// Law is the distribution of a delay.
type Law string

// The laws; a negative draw counts as 0.
const (
	Uniform Law = "uniform" // in [Latency - Jitter, Latency + Jitter]
	Normal  Law = "normal"
)

// WorstDelay is the worst network of a profile: 200 +- 100 ms for the built-in
// ones. Each way varies by a quarter of the round trip's jitter to both sides.
func WorstDelay() Delay { return Delay{Latency: "d - 0.25*J", Jitter: "0.25*J"} }
