package scenario

import (
	"cmp"
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
	Delay Delay `json:"delay,omitzero"`
	// Percent belongs to Loss, BurstLoss, Duplication and Reordering: of the
	// packets, by chance; above 0, at most 100, in hundredths.
	Percent float64 `json:"percent,omitempty"`
	// Burst belongs to BurstLoss: how many packets are lost in a row, on average;
	// 1 or more.
	Burst float64 `json:"burst,omitempty"`
	// Toward belongs to Latency and those: the way to which side is meant; "":
	// both.
	Toward heartbeat.Side `json:"toward,omitempty"`
	// Where belongs to CablePull and LinkFlap: which cable; "": the client's.
	Where Place `json:"where,omitempty"`
	// Out and Every belong to LinkFlap: how long the link is gone each time, and
	// the time from one loss to the next.
	Out   Span `json:"out,omitempty"`
	Every Span `json:"every,omitempty"`
	// Side belongs to the faults of a peer: whose it is.
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
	// Loss loses packets by chance: the sender's kernel sends them again.
	Loss Kind = "loss"
	// BurstLoss loses packets in a row (Gilbert's channel, of which the bad state
	// lets nothing pass).
	BurstLoss Kind = "burst-loss"
	// Duplication lets packets arrive twice.
	Duplication Kind = "duplication"
	// Reordering lets a packet wait until the next one that takes its way has
	// overtaken it.
	Reordering Kind = "reordering"
	// LinkFlap takes a host's link away and brings it back, again and again.
	LinkFlap Kind = "link-flap"
	// NATRebind is a translator of addresses that forgets its mappings, at once:
	// the client's next packet reaches the server from another port, and the
	// server's reach nobody.
	NATRebind Kind = "nat-rebind"
	// PortBlocked stops new connections to the server; those that are there go on.
	PortBlocked Kind = "port-blocked"
	// Leave makes Side end its session and say so.
	Leave Kind = "leave"
	// Reset makes Side's connection end by an RST, without a word.
	Reset Kind = "reset"
	// Crash kills Side's process: its kernel closes its connections. After the
	// step's For it is started again.
	Crash Kind = "crash"
	// Freeze stops Side's process for the step's For: its kernel still
	// acknowledges.
	Freeze Kind = "freeze"
)

// Kinds are all faults.
func Kinds() []Kind {
	return []Kind{CablePull, HalfOpenUp, HalfOpenDown, IdleDrop, Latency, Loss, BurstLoss, Duplication, Reordering, LinkFlap, NATRebind, PortBlocked, Leave, Reset, Crash, Freeze}
}

// OfPeer says whether the fault happens to a peer; the others happen to the
// network.
func (k Kind) OfPeer() bool { return k == Leave || k == Reset || k.OfProcess() }

// OfProcess says whether it happens to a peer's process.
func (k Kind) OfProcess() bool { return k == Crash || k == Freeze }

// ofChance says whether the fault happens to a share of the packets.
func (k Kind) ofChance() bool {
	return k == Loss || k == BurstLoss || k == Duplication || k == Reordering
}

// validate refuses a kind that there is not, and what f's kind lacks or would
// ignore.
func (f Fault) validate() error {
	switch {
	case !slices.Contains(Kinds(), f.Kind):
		return fmt.Errorf("unknown fault %q, known: %s", f.Kind, join(Kinds()))
	case f.Kind.OfPeer() && f.Side.Peer() == "":
		return fmt.Errorf("fault %s: side is %q, want %s or %s", f.Kind, f.Side, heartbeat.ClientSide, heartbeat.ServerSide)
	case !f.Kind.OfPeer() && f.Side != "":
		return fmt.Errorf("fault %s: side belongs to %s, %s, %s and %s", f.Kind, Leave, Reset, Crash, Freeze)
	case f.Kind == IdleDrop && (f.Idle == "" || f.Mode == ""):
		return fmt.Errorf("fault %s: want an idle time and a mode", f.Kind)
	case f.Kind != IdleDrop && (f.Idle != "" || f.Mode != ""):
		return fmt.Errorf("fault %s: idle and mode belong to %s", f.Kind, IdleDrop)
	case f.Kind != Latency && f.Delay != Delay{}:
		return fmt.Errorf("fault %s: delay belongs to %s", f.Kind, Latency)
	case f.Kind != Latency && !f.Kind.ofChance() && f.Toward != "":
		return fmt.Errorf("fault %s: toward belongs to %s, %s, %s, %s and %s", f.Kind, Latency, Loss, BurstLoss, Duplication, Reordering)
	case f.Kind.ofChance() && !(f.Percent >= 0.01 && f.Percent <= 100): // NaN is neither
		return fmt.Errorf("fault %s: percent is %v, want 0.01 to 100", f.Kind, f.Percent)
	case !f.Kind.ofChance() && f.Percent != 0:
		return fmt.Errorf("fault %s: percent belongs to %s, %s, %s and %s", f.Kind, Loss, BurstLoss, Duplication, Reordering)
	case f.Kind == BurstLoss && !(f.Burst >= 1):
		return fmt.Errorf("fault %s: burst is %v, want 1 or more packets", f.Kind, f.Burst)
	case f.Kind != BurstLoss && f.Burst != 0:
		return fmt.Errorf("fault %s: burst belongs to %s", f.Kind, BurstLoss)
	case f.Kind == LinkFlap && (f.Out == "" || f.Every == ""):
		return fmt.Errorf("fault %s: want out, the time without a link, and every, the time from one loss to the next", f.Kind)
	case f.Kind != LinkFlap && (f.Out != "" || f.Every != ""):
		return fmt.Errorf("fault %s: out and every belong to %s", f.Kind, LinkFlap)
	case f.Kind != CablePull && f.Kind != LinkFlap && f.Where != "":
		return fmt.Errorf("fault %s: where belongs to %s and %s", f.Kind, CablePull, LinkFlap)
	case f.Where != "" && !slices.Contains(places(), f.Where):
		return fmt.Errorf("fault %s: where is %q, want one of %s", f.Kind, f.Where, join(places()))
	case f.Kind == LinkFlap && f.Where == Middle:
		return fmt.Errorf("fault %s: where is %q, want %s or %s: a link belongs to a host", f.Kind, f.Where, AtClient, AtServer)
	default:
		return nil
	}
}

// Cuts says which directions the fault withholds.
func (k Kind) Cuts() (up, down bool) {
	return k == CablePull || k == HalfOpenUp, k == CablePull || k == HalfOpenDown
}

// excludes says whether two faults cannot be in effect at one time: they are of
// the same cable, or of the same process, or the same.
func (f Fault) excludes(g Fault) bool {
	cuts := func(k Kind) bool {
		up, down := k.Cuts()
		return up || down
	}
	at := func(f Fault) Place { return cmp.Or(f.Where, AtClient) }
	switch {
	case cuts(f.Kind) && cuts(g.Kind):
		return at(f) == at(g)
	case f.Kind.OfPeer() && g.Kind.OfPeer():
		return f.Side == g.Side
	default:
		return f.Kind == g.Kind && at(f) == at(g) && (f.Toward == g.Toward || f.Toward == "" || g.Toward == "")
	}
}

// Severs says whether the fault may keep a peer's bytes from a side though it
// does not withhold all of them.
func (k Kind) Severs() bool { return k == IdleDrop || k == NATRebind || k == LinkFlap }

// Place is where a cable is.
type Place string

// The places. A host whose own cable is pulled knows of it: its link has no
// carrier. In the middle nobody does.
const (
	AtClient Place = "client"
	AtServer Place = "server"
	Middle   Place = "middle"
)

func places() []Place { return []Place{AtClient, AtServer, Middle} }

// Silences says whether the fault keeps side from hearing its peer under p. A
// latency does not: everything is late, but comes. Who beats for echoes hears
// nothing either once its beats are lost; of a subject with a heartbeat of its
// own the same must be assumed.
func (k Kind) Silences(side heartbeat.Side, p heartbeat.Policy) bool {
	up, down := k.Cuts()
	toMe, fromMe := down, up
	if side == heartbeat.ServerSide {
		toMe, fromMe = up, down
	}
	answers := p.Probe != heartbeat.ProbePush && !(side == heartbeat.ServerSide && p.Beats == heartbeat.FromClient)
	return toMe || fromMe && answers || k.Severs()
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
