package heartbeat

import (
	"math"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// adaptive are the policies whose detectors learn what to expect. The client
// beats and the server echoes; both sides have the same detector.
//
// An estimate from few intervals is off by a part of the network's jitter J. The
// seeds that those have who learn intervals keep the deadline's error to e = J/3
// at the first interval, and to less with each that follows. So with the window
// [lo, hi], one-way delay d and margin m:
//
//	the silence that is allowed, T = hi - m - d - e
//	the interval, D <= hi - lo - 2m - J - d - 2e
//
// and T_D lies in (T - e - D - J, T + e + d], as in Profile.Timing. On the
// profile's network:
//
//   - chen: alpha = T - D.
//   - phi, phi-logistic: threshold 8; the least deviation is the larger one of
//     the seeds', D/4, and J, which no intervals exceed; the pause is what is
//     left of T.
//   - exponential: T = threshold x ln 10 x D. The mean's error comes T/D times
//     into the deadline, so the first estimate counts for 3 T/D intervals, at
//     least 20.
//   - bertier: the pause is lo + m + J, for its own alpha comes on top. That
//     follows the errors of the latest arrivals: some 0.4 s on the profile's
//     network, where delays are drawn one by one; more, and no promise, where
//     they alternate.
//
// On a worse network than the profile's, all of them wait longer; whether
// that is what a user wants is what comparisons are for. A window too narrow
// for one of these policies does without it.
func adaptive(p Profile) []Policy {
	lo, hi := p.LowerBound(), p.Window.Hi
	e := p.Jitter / 3
	silence := (hi - p.Margin - p.Delay - e).Truncate(shortestInterval)
	interval := min(hi-lo-2*p.Margin-p.Jitter-p.Delay-2*e, silence/3).Truncate(500 * time.Millisecond)
	if interval <= 0 {
		return nil
	}
	deviation := max(interval/4, p.Jitter)
	phi := detect.Phi{Interval: interval, Threshold: 8, MinDeviation: deviation}
	phi.Pause = (silence - detect.Patience(phi)).Truncate(shortestInterval)
	logistic := detect.PhiLogistic{Interval: interval, Threshold: 8, MinDeviation: deviation}
	logistic.Pause = (silence - detect.Patience(logistic)).Truncate(shortestInterval)
	prior := max(20, int(3*silence/interval)+1)
	var policies []Policy
	for _, c := range []detect.Config{
		detect.Chen{Interval: interval, Margin: silence - interval},
		detect.Bertier{Interval: interval, Pause: lo + p.Margin + p.Jitter},
		phi,
		logistic,
		detect.Exponential{Interval: interval, Prior: prior, Threshold: math.Floor(1000*silence.Seconds()/(interval.Seconds()*math.Ln10)) / 1000},
	} {
		if c.Validate() != nil {
			continue // there is no room for a pause
		}
		policies = append(policies, Policy{
			Name: c.Name(), Profile: p, Probe: ProbeEcho, Beats: FromClient, Interval: interval, Client: c, Server: c,
		})
	}
	return policies
}

// missed counts k beats, at an interval of its own: k of them are the silence
// that Profile.Timing allows, T = k D, and with k as small as can be one less
// still lies in the window, (k-1) D >= lo + m + J. A window too narrow for a
// hundred has no such policy.
func missed(p Profile) []Policy {
	for k := time.Duration(2); k <= 100; k++ {
		interval := ((p.Window.Hi - p.Margin - p.Delay) / k).Truncate(shortestInterval)
		if interval > 0 && (k-1)*interval-p.Jitter >= p.LowerBound()+p.Margin {
			c := detect.Missed{Interval: interval, Count: int(k)}
			return []Policy{{
				Name: c.Name(), Profile: p, Probe: ProbeEcho, Beats: FromClient, Interval: interval, Client: c, Server: c,
			}}
		}
	}
	return nil
}
