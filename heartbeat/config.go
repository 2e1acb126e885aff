package heartbeat

import (
	"fmt"
	"time"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// Config is what clients and servers have in common. The zero Config is usable.
type Config struct {
	// Policy says who beats, how often, and when each side suspects the other.
	// Both ends must use the same. The zero Policy: echo-timer/standard. One
	// whose probe asks the kernel is refused.
	Policy Policy
	// Mode is what a session does about a suspicion. The zero Mode is Act.
	Mode Mode
	// Epoch is instant 0 of all events. The zero Time: when the client or
	// server is made.
	Epoch time.Time
	// HandshakeTimeout bounds the wait for the peer's hello and, before that,
	// a client's dial. 0: 2 s.
	HandshakeTimeout time.Duration
	// WriteTimeout is how long a write may make no progress, because the peer
	// doesn't read, before the session ends with an *UnreadError; the verdict
	// falls within twice that time. It should be longer than the detectors'
	// timeouts, so that these speak first where nobody is left to read.
	// 0: twice the upper bound of the policy's window, at least 10 s.
	WriteTimeout time.Duration
	// MaxPayload is the most bytes of data that one frame may carry, sent or
	// heard. Both ends must use the same. A payload counts as a sign of life
	// once all of it has arrived, so that one which takes the network longer
	// than a detector's timeout looks like silence. Over datagrams it is what
	// one has room for, at most. 0: 64 KiB.
	MaxPayload int
	// MaxQueued is the most bytes of data that wait in a session, in each
	// direction, with HeaderSize more for each payload. 0: 1 MiB.
	MaxQueued int
	// Observer is told of everything that happens, in order within a session,
	// by that session's goroutines: it must be quick, and must not call the
	// session. nil: nobody is told.
	Observer func(session.Event)
	// OnUp is called for each session that comes up, in a goroutine of its
	// own. It may stay for as long as the session lasts.
	OnUp func(*Session)
	// OnDown is called after the end of each session that was up, once OnUp
	// has returned, in a goroutine of its own: the place to clean up what
	// belonged to the session. The error is Session.Err's.
	OnDown func(*Session, error)
}

// maxPayload is the largest MaxPayload.
const maxPayload = 1 << 30

// complete fills in the defaults and says what is wrong, if anything.
func (c Config) complete() (Config, error) {
	if c.Policy.Name == "" && c.Policy.Probe == "" {
		builtin, err := Policies(Standard())
		if err != nil {
			return c, err
		}
		c.Policy = builtin[0]
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = 2 * time.Second
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = max(10*time.Second, 2*c.Policy.Profile.Window.Hi)
	}
	if c.MaxPayload == 0 {
		c.MaxPayload = 64 << 10
	}
	if c.MaxQueued == 0 {
		c.MaxQueued = max(1<<20, c.MaxPayload+HeaderSize)
	}
	switch {
	case c.Policy.Probe.AsksKernel():
		return c, fmt.Errorf("policy %s: probe %q asks the kernel, and a session beats: want %s, %s or %s",
			c.Policy.Name, c.Policy.Probe, ProbeEcho, ProbePush, ProbeNone)
	case c.Mode != Act && c.Mode != Observe:
		return c, fmt.Errorf("mode is %d, want Act or Observe", c.Mode)
	case c.HandshakeTimeout < 0:
		return c, fmt.Errorf("handshake timeout is %v, want 0 (2s) or more", c.HandshakeTimeout)
	case c.WriteTimeout < 0:
		return c, fmt.Errorf("write timeout is %v, want 0 (from the policy's window) or more", c.WriteTimeout)
	case c.MaxPayload < 0 || c.MaxPayload > maxPayload:
		return c, fmt.Errorf("max payload is %d bytes, want 0 (64 KiB) to %d", c.MaxPayload, maxPayload)
	case c.MaxQueued < c.MaxPayload+HeaderSize:
		return c, fmt.Errorf("max queued is %d bytes, want 0 (1 MiB) or at least max payload and a header, %d",
			c.MaxQueued, c.MaxPayload+HeaderSize)
	}
	return c, c.Policy.Validate()
}
