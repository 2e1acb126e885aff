package tune

import (
	"fmt"
	"math"
	"time"

	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// The kernel's own families: no detector of ours, so nothing to simulate. Their
// numbers are computed from the rules of Linux.
const (
	Keepalive   = "keepalive"
	UserTimeout = "user-timeout"
)

// keepalive is SO_KEEPALIVE by heartbeat.Profile's arithmetic. Each probe that
// is lost, or whose answer is, is followed by another; Count of them in a row
// are a mistake. Probes are not sent again.
func (d Demands) keepalive() Recommendation {
	r := Recommendation{Family: Keepalive, By: Computed}
	k, fits, why := d.probing()
	if why != "" {
		return r.without("%s", why)
	}
	r.Policy = heartbeat.Policy{
		Name: "tuned-" + Keepalive, Profile: d.Profile, Probe: heartbeat.ProbeKeepalive, Beats: heartbeat.FromClient, Keepalive: k,
	}
	r.Detection = k.Detection(d.Profile.Delay)
	r.Overhead = overhead(heartbeat.ProbeKeepalive, k.Idle, d.Connections)
	if err := r.Policy.Validate(); err != nil {
		return r.without("%v", err)
	}
	if !fits && d.Interval > 0 {
		return r.without("with a probe every %v detections take %s, and the window is %v", d.Interval, rangeOf(r.Detection), d.Profile.Window)
	}
	if !fits {
		return r.without("whole seconds don't fit: the nearest are idle %v, interval %v, %s, with a detection after %v to %v",
			k.Idle, k.Interval, words.Plural(k.Count, "probe"), r.Detection.Lo.Round(time.Millisecond), r.Detection.Hi.Round(time.Millisecond))
	}
	r.Predicted = new(perDay(math.Pow(d.echoes().loss, float64(k.Count)), k.Idle))
	return d.checkRate(r)
}

// probing is the profile's keepalive with an idle time that is the interval, if one
// is demanded, or else suits the firewall. fits says whether whole seconds keep the
// window, and why what else they do not keep; "": all.
func (d Demands) probing() (k heartbeat.Keepalive, fits bool, why string) {
	k, fits = d.Profile.Keepalive()
	if d.Interval > 0 {
		k.Idle = d.Interval
		fits = fits && k.Detection(d.Profile.Delay).Hi <= d.Profile.Window.Hi-d.Profile.Margin
		if k.Idle%time.Second != 0 {
			k.Idle = max(time.Second, k.Idle.Truncate(time.Second))
			return k, fits, fmt.Sprintf("a kernel's keepalive counts in whole seconds, and cannot probe every %v", d.Interval)
		}
	} else if d.Firewall.Idle > 0 {
		k.Idle = max(time.Second, min(k.Idle, d.Firewall.Interval(d.Profile.Delay).Truncate(time.Second)))
	}
	if why = d.forgets(max(k.Idle, k.Interval)); why != "" && d.Interval == 0 {
		why = fmt.Sprintf("a kernel's keepalive probes every %v at most, and does not keep this connection open: %s", max(k.Idle, k.Interval), why)
	}
	return k, fits, why
}

// perDay is a rate of what happens with that probability, once per interval.
func perDay(probability float64, interval time.Duration) float64 {
	return probability * float64(day) / float64(interval)
}

// rtoMin is Linux's least time to the first retransmission (TCP_RTO_MIN).
const rtoMin = 200 * time.Millisecond

// userTimeout is TCP_USER_TIMEOUT over a beat, by the arithmetic of heartbeat's
// policies. A beat of which every transmission is lost, or every
// acknowledgement, is a mistake: they leave at 0, r, 3r, 7r and so on, with r
// the retransmission time, until U after the first of them.
func (d Demands) userTimeout() Recommendation {
	r := Recommendation{Family: UserTimeout, By: Computed}
	policies, err := heartbeat.Policies(d.Profile)
	if err != nil {
		return r.without("%v", err)
	}
	for _, p := range policies {
		if p.Name != UserTimeout {
			continue
		}
		p.Name = "tuned-" + UserTimeout
		if d.Firewall.Idle > 0 {
			p.Interval = max(shortest, min(p.Interval, d.Firewall.Interval(d.Profile.Delay)))
		}
		if d.Interval > 0 {
			p.Interval = d.Interval
		}
		if why := d.forgets(p.Interval); why != "" {
			return r.without("%s", why)
		}
		retransmission := 2*d.Profile.Delay + rtoMin
		sent := 1
		for at := retransmission; at < retransmission+p.UserTimeout; at = 2*at + retransmission {
			sent++
		}
		r.Detection = heartbeat.Window{Lo: p.UserTimeout - 2*d.Profile.Delay, Hi: p.UserTimeout + p.Interval + 2*retransmission}
		if r.Detection.Hi > d.Profile.Window.Hi-d.Profile.Margin {
			return r.without("with a beat every %v it may take %v", p.Interval, r.Detection.Hi)
		}
		r.Policy = p
		r.Overhead = overhead(p.Probe, p.Interval, d.Connections)
		r.Predicted = new(perDay(math.Pow(d.echoes().loss, float64(sent)), p.Interval))
		return d.checkRate(r)
	}
	return r.without("the window is too narrow: a retransmission timer decides, of up to %v twice", 2*d.Profile.Delay+rtoMin)
}

// checkRate refuses what makes too many mistakes by computation.
func (d Demands) checkRate(r Recommendation) Recommendation {
	if *r.Predicted > d.Mistakes.PerDay() {
		return r.without("%s would make %s mistakes, and %v are demanded", r.Family, PerDay(*r.Predicted), d.Mistakes)
	}
	return r
}

// without is r for a family that has nothing to recommend, and why.
func (r Recommendation) without(format string, args ...any) Recommendation {
	r.Why = fmt.Sprintf(format, args...)
	r.Policy, r.Detection, r.Overhead, r.Check, r.Replay = heartbeat.Policy{}, heartbeat.Window{}, Overhead{}, nil, nil
	return r
}
