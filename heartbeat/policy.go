package heartbeat

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// Probe is how a side asks whether its peer lives.
type Probe string

// The probes of sessions; ProbeUrgent and those after it ask the kernel.
const (
	ProbeEcho Probe = "echo" // a beat, answered by an echo
	ProbePush Probe = "push" // a one-way beat
	ProbeNone Probe = "none" // nobody asks
)

var probes = []Probe{
	ProbeEcho, ProbePush, ProbeNone,
	ProbeUrgent, ProbeKeepalive, ProbeUserTimeout, ProbeSocketState, ProbeTCPInfo,
}

// Direction says which sides send beats.
type Direction string

// Who sends beats.
const (
	FromClient Direction = "client"
	FromServer Direction = "server"
	FromBoth   Direction = "both"
	FromNobody Direction = "none"
)

// Includes says whether side sends beats.
func (d Direction) Includes(side Side) bool {
	return d == FromBoth || string(d) == string(side)
}

// LeastInterval is the shortest Interval: no scheduler keeps a grid that is much
// finer, so that fewer beats would leave than the policy says.
const LeastInterval = time.Millisecond

// Policy is how a session finds out that its peer is gone: who sends beats,
// how often, and what each side concludes from what it hears. It is the unit
// that reports compare.
type Policy struct {
	Name    string    `json:"name"`
	Profile Profile   `json:"profile"`
	Probe   Probe     `json:"probe"`
	Beats   Direction `json:"beats"`
	// Interval is the time between two beats of a side: beat n leaves at
	// start + n x Interval, whatever else is sent. Where a side only looks, it
	// is the time between two looks. LeastInterval or more; 0 only where nobody
	// beats, or the kernel does so by itself (ProbeKeepalive).
	Interval time.Duration `json:"interval_ns"`
	// SenderJitter is the share of Interval, from 0 to less than 1, by which
	// each is shortened at random, so that many senders don't fall into step
	// (RFC 5880, 6.8.7: 0.25). Then beats keep no grid. 0: they do.
	SenderJitter float64 `json:"sender_jitter,omitempty"`
	// Keepalive belongs to ProbeKeepalive; zero: none.
	Keepalive Keepalive `json:"keepalive,omitzero"`
	// UserTimeout belongs to ProbeUserTimeout: how long the kernel waits for
	// an acknowledgement, 1 ms to 24 days. 0: none.
	UserTimeout time.Duration `json:"user_timeout_ns,omitempty"`
	// Client and Server are the sides' detectors; nil: that side never
	// suspects its peer.
	Client detect.Config `json:"-"`
	Server detect.Config `json:"-"`
}

// Key is "name/profile".
func (p Policy) Key() string { return p.Name + "/" + p.Profile.Name }

// Detector is the configuration of side's detector; nil: none.
func (p Policy) Detector(side Side) detect.Config {
	if side == ClientSide {
		return p.Client
	}
	return p.Server
}

// Session is what the policy makes of side's sessions. Mode, HandshakeTimeout,
// MaxQueued and Observer are whoever's who runs them.
func (p Policy) Session(side Side) session.Config {
	c := session.Config{Side: side, Echoes: p.Probe == ProbeEcho, Detector: p.Detector(side)}
	if p.Beats.Includes(side) {
		c.Interval, c.SenderJitter = p.Interval, p.SenderJitter
	}
	return c
}

// Validate says what is wrong with the policy, if anything.
func (p Policy) Validate() error {
	if !slices.Contains(probes, p.Probe) {
		return fmt.Errorf("policy %s: probe %q: want one of %q", p.Name, p.Probe, probes)
	}
	switch p.Beats {
	case FromClient, FromServer, FromBoth, FromNobody:
	default:
		return fmt.Errorf("policy %s: beats from %q: want %s, %s, %s or %s",
			p.Name, p.Beats, FromClient, FromServer, FromBoth, FromNobody)
	}
	beats := p.Beats != FromNobody
	if (p.Probe == ProbeNone) == beats {
		return fmt.Errorf("policy %s: probe %q with beats from %q: want beats exactly where there is a probe", p.Name, p.Probe, p.Beats)
	}
	if beats && p.Probe != ProbeKeepalive {
		switch {
		case p.Interval <= 0:
			return fmt.Errorf("policy %s: interval is %v, want more than 0", p.Name, p.Interval)
		case p.Interval < LeastInterval:
			return fmt.Errorf("policy %s: interval is %v, want %v or more", p.Name, p.Interval, LeastInterval)
		}
	}
	if !(p.SenderJitter >= 0 && p.SenderJitter < 1) { // NaN is neither
		return fmt.Errorf("policy %s: sender jitter is %g, want 0 or more, and less than 1", p.Name, p.SenderJitter)
	}
	if err := p.validateKernel(); err != nil {
		return err
	}
	for _, side := range []Side{ClientSide, ServerSide} {
		c := p.Detector(side)
		if c == nil {
			continue
		}
		if err := c.Validate(); err != nil {
			return fmt.Errorf("policy %s: %w", p.Name, err)
		}
		_, needsEchoes := c.(detect.EchoTimer)
		if needsEchoes && (p.Probe != ProbeEcho || !p.Beats.Includes(side)) {
			return fmt.Errorf("policy %s: the %s's detector is %s, which would never suspect: it wants the probe %q and beats from the %s",
				p.Name, side, c.Name(), ProbeEcho, side)
		}
		if !p.Hears(side) {
			return fmt.Errorf("policy %s: the %s has a detector, and would suspect for ever: nothing is sent to it; want beats from the %s, or the probe %q",
				p.Name, side, side.Peer(), ProbeEcho)
		}
		if patience := detect.Patience(c); patience > 0 && patience <= p.Interval {
			return fmt.Errorf("policy %s: the %s's %s allows %v of silence, want more than the interval of %v", p.Name, side, c.Name(), patience, p.Interval)
		}
	}
	return nil
}

// Hears says whether side is sent beats or echoes.
func (p Policy) Hears(side Side) bool {
	switch p.Probe {
	case ProbeEcho:
		return p.Beats != FromNobody
	case ProbePush:
		return p.Beats.Includes(side.Peer())
	default:
		return false
	}
}

// policyJSON is Policy with its detectors named, as records and traces keep it.
type policyJSON struct {
	plainPolicy
	Client detect.Named `json:"client_detector"`
	Server detect.Named `json:"server_detector"`
}

type plainPolicy Policy

// MarshalJSON writes each detector as {"name": ..., "params": {...}}.
func (p Policy) MarshalJSON() ([]byte, error) {
	return json.Marshal(policyJSON{plainPolicy(p), detect.Named{Config: p.Client}, detect.Named{Config: p.Server}})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Policy) UnmarshalJSON(b []byte) error {
	var j policyJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	*p = Policy(j.plainPolicy)
	p.Client, p.Server = j.Client.Config, j.Server.Config
	return nil
}
