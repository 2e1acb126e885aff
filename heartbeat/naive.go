package heartbeat

import (
	"fmt"
	"math"
	"time"
)

// The probes that a session doesn't use: each asks the kernel, of a plain
// connection. They are controls, to be measured beside the others.
const (
	ProbeUrgent      Probe = "urgent"       // one out-of-band byte 0xFF; an error of the write is the answer
	ProbeKeepalive   Probe = "keepalive"    // the kernel's SO_KEEPALIVE
	ProbeUserTimeout Probe = "user-timeout" // TCP_USER_TIMEOUT, and a one-way beat for it to watch
	ProbeSocketState Probe = "socket-state" // local flags only: getpeername and SO_ERROR
	ProbeTCPInfo     Probe = "tcp-info"     // local state only: what Linux's TCP_INFO says
)

// AsksKernel says whether p is a probe of the kernel's, not of a session's.
func (p Probe) AsksKernel() bool {
	switch p {
	case ProbeUrgent, ProbeKeepalive, ProbeUserTimeout, ProbeSocketState, ProbeTCPInfo:
		return true
	}
	return false
}

// BeatSize is the bytes that one beat carries, without TCP's headers: 0 where
// nothing is sent, or only headers, which the kernel sends by itself.
func (p Probe) BeatSize() int {
	switch p {
	case ProbeUrgent, ProbeUserTimeout:
		return 1
	case ProbeNone, ProbeKeepalive, ProbeSocketState, ProbeTCPInfo:
		return 0
	}
	return HeaderSize
}

// naive are the policies whose probe asks the kernel, for a profile and what it
// derives.
func naive(p Profile, t Timing) []Policy {
	urgent := Policy{Name: "urgent", Profile: p, Probe: ProbeUrgent, Beats: FromClient, Interval: t.Interval}

	keepalive := Policy{Name: "keepalive", Profile: p, Probe: ProbeKeepalive, Beats: FromClient}
	var keepaliveFits, timeoutFits bool
	keepalive.Keepalive, keepaliveFits = p.Keepalive()
	byDefault := keepalive
	byDefault.Name, byDefault.Keepalive = "keepalive-default", KeepaliveDefault()

	byTimeout := urgent
	byTimeout.Name, byTimeout.Probe = "user-timeout", ProbeUserTimeout
	byTimeout.UserTimeout, byTimeout.Interval, timeoutFits = userTimeout(p, t)

	socketState := urgent
	socketState.Name, socketState.Probe = "socket-state", ProbeSocketState
	tcpInfo := urgent
	tcpInfo.Name, tcpInfo.Probe = "tcp-info", ProbeTCPInfo
	policies := []Policy{urgent}
	if keepaliveFits {
		policies = append(policies, keepalive)
	}
	policies = append(policies, byDefault)
	if timeoutFits {
		policies = append(policies, byTimeout)
	}
	return append(policies, socketState, tcpInfo)
}

// validateKernel says what is wrong with what the kernel is asked for.
func (p Policy) validateKernel() error {
	if p.Probe.AsksKernel() && (p.Client != nil || p.Server != nil) {
		return fmt.Errorf("policy %s: probe %q with a detector, which would hear nothing: the kernel decides; want none", p.Name, p.Probe)
	}
	switch {
	case p.Probe == ProbeKeepalive:
		if err := p.Keepalive.validate(); err != nil {
			return fmt.Errorf("policy %s: %w", p.Name, err)
		}
	case p.Keepalive != Keepalive{}:
		return fmt.Errorf("policy %s: probe %q with a keepalive: want it only with the probe %q", p.Name, p.Probe, ProbeKeepalive)
	}
	const most = math.MaxInt32 * time.Millisecond
	switch {
	case p.Probe == ProbeUserTimeout:
		if p.UserTimeout < time.Millisecond || p.UserTimeout > most {
			return fmt.Errorf("policy %s: user timeout is %v, want 1ms to %v", p.Name, p.UserTimeout, most)
		}
	case p.UserTimeout != 0:
		return fmt.Errorf("policy %s: probe %q with a user timeout: want it only with the probe %q", p.Name, p.Probe, ProbeUserTimeout)
	}
	return nil
}
