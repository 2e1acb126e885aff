package heartbeat

import (
	"slices"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Policies are the built-in policies for a profile, in the order in which
// reports show them.
//
//   - echo-timer: the client beats and times the echoes; the server, which
//     only answers, uses a fixed timeout.
//   - fixed: the client beats, the server echoes, each suspects after a fixed
//     silence.
//   - push: both beat, nobody answers, each suspects after a fixed silence.
//   - server-echo-timer: echo-timer with the parts changed: the server beats.
//   - missed: each side suspects after a number of beats that did not come.
//   - chen, bertier, phi, phi-logistic, exponential: the client beats, the
//     server echoes, and each side learns what to expect; see adaptive.go for
//     their numbers.
//   - none: nobody beats and nobody suspects; the control.
//
// The others are controls too: no session takes them, because their probes ask
// the kernel. In each the client asks, once per interval.
//
//   - urgent: it writes an out-of-band byte.
//   - keepalive: the kernel probes, as Profile.Keepalive says.
//   - keepalive-default: as KeepaliveDefault says.
//   - user-timeout: it beats, more often than in the others, and the kernel
//     times the acknowledgements.
//   - socket-state: it looks at the connection's flags.
//   - tcp-info: it looks at what Linux's TCP_INFO says.
//
// A window too narrow for the numbers of keepalive, user-timeout, missed or one
// of those that learn does without that policy.
//
// The error is Profile.Timing's.
func Policies(p Profile) ([]Policy, error) {
	t, err := p.Timing()
	if err != nil {
		return nil, err
	}
	silence := detect.Fixed{Timeout: t.Silence}
	fixed := Policy{
		Name: "fixed", Profile: p, Probe: ProbeEcho, Beats: FromClient,
		Interval: t.Interval, Client: silence, Server: silence,
	}
	echoTimer := fixed
	echoTimer.Name = "echo-timer"
	echoTimer.Client = detect.EchoTimer{Timeout: t.EchoTimer}

	push := fixed
	push.Name, push.Probe, push.Beats = "push", ProbePush, FromBoth

	byServer := echoTimer
	byServer.Name, byServer.Beats = "server-echo-timer", FromServer
	byServer.Client, byServer.Server = echoTimer.Server, echoTimer.Client

	none := Policy{Name: "none", Profile: p, Probe: ProbeNone, Beats: FromNobody}
	return slices.Concat([]Policy{echoTimer, fixed, push, byServer}, missed(p), adaptive(p), []Policy{none}, naive(p, t)), nil
}
