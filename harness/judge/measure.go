package judge

import (
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// measure is everything that one side did.
func (v view) measure(side trace.Side) Measures {
	m := Measures{Phase: v.phase(side)}
	if v.byWire() {
		v.measureHangUps(side, &m)
	} else if origin, ok := v.detectionOrigin(side); ok {
		if at, why, ok := v.suspicion(side); ok {
			m.Detection, m.Why = since(at, origin), why
		}
		if at, cause, ok := v.ending(side); ok {
			m.End, m.Cause = since(at, origin), cause
		}
		if at, ok := v.hangUp(side); ok && at >= v.fault {
			m.HangUp = since(at, origin)
		}
	}
	v.measureMistakes(side, &m)
	v.measureRecovery(side, &m)
	m.BeatsPerHour = v.beatsPerHour(side)
	m.BytesPerHour = m.BeatsPerHour * float64(v.Header.Policy.Probe.BeatSize())
	m.HarnessError = worst(v.lapses(side))
	m.Closest, m.Doubt = v.closest(side), v.doubt(side, v.whole())
	return m
}

// measureHangUps measures side over all connections that the fault struck: by the
// latest of each kind of end, as soon as there is none left. Where nothing was
// dead a hang-up is no detection.
func (v view) measureHangUps(side trace.Side, m *Measures) {
	for _, c := range v.connections() {
		e := c.Of(side)
		switch {
		case e.Unstruck:
			continue
		case e.After == nil:
			m.End, m.Cause, m.HangUp = nil, "", nil
			return
		}
		if m.End == nil || *e.After > *m.End {
			m.End, m.Cause = e.After, e.Cause
		}
		if e.Cause == network.HungUp && (m.HangUp == nil || *e.After > *m.HangUp) {
			m.HangUp = e.After
		}
	}
	if m.HangUp != nil && !v.expects(scenario.StaysUp, "") {
		m.Detection, m.Why = m.HangUp, network.HungUp
	}
}

// detectionOrigin is what the scenario counts side's detection from.
func (v view) detectionOrigin(side trace.Side) (int64, bool) {
	for _, e := range v.expectations() {
		if (e.That == scenario.Detects || e.That == scenario.HangsUp) && (e.Side == "" || e.Side == side) {
			return v.origin(e.From, side)
		}
	}
	return v.fault, v.struck
}

// expectations are those that apply to the trace's policy, on its network.
func (v view) expectations() []scenario.Expectation {
	return v.Header.Scenario.Expected(v.Header.Policy.Name, v.Header.Network)
}

// measureMistakes counts side's suspicions of a live peer: those that its Truth
// does not excuse. A side that tells nothing is mistaken if it hangs up where the
// scenario wants it not to; elsewhere nobody can say why it did.
func (v view) measureMistakes(side trace.Side, m *Measures) {
	if !v.tells(side) {
		m.Uncounted = v.excuses(side) && !v.expects(scenario.StaysUp, side)
		for _, l := range v.links {
			at, cause := l.Over(side)
			if !m.Uncounted && v.counts(l) && cause == network.HungUp && at <= v.end {
				m.Mistakes++
			}
		}
		return
	}
	t := newTally(v.truth(side))
	for i, e := range v.Events {
		if e.Side == side && e.What == trace.Suspect {
			t.mistake(Span{e.T, v.trusted(i)})
		}
	}
	q := t.quality()
	m.Mistakes, m.MistakeTime = q.Mistakes, q.MistakeTime
}

// trusted is when the suspicion at index i was over: trusted again, or its session
// closed in order, or, where it ended the session, the side's next one up; at the
// latest at the trace's end.
func (v view) trusted(i int) int64 {
	suspect := v.Events[i]
	over := false // its session is
	for _, e := range v.Events[i:] {
		switch {
		case e.T >= v.end:
			return v.end
		case e.Side != suspect.Side:
		case e.Session == suspect.Session && (e.What == trace.Trust || e.What == trace.Closed):
			return e.T
		case e.Session == suspect.Session && e.What == trace.Down:
			over = true
		case over && e.What == trace.Up:
			return e.T
		}
	}
	return v.end
}

// beatsPerHour is the side's traffic as the policy prescribes it: its own beats
// and its echoes of the peer's. A subject that tells nothing sends none of them.
func (v view) beatsPerHour(side trace.Side) float64 {
	p := v.Header.Policy
	if !v.tells(side) || p.Interval <= 0 || p.Probe.BeatSize() == 0 {
		return 0 // the beats are not ours, or nobody beats, or who asks sends nothing
	}
	perHour := 0.0
	if p.Beats.Includes(side) {
		perHour += time.Hour.Seconds() / p.Interval.Seconds()
	}
	if p.Probe == heartbeat.ProbeEcho && p.Beats.Includes(side.Peer()) {
		perHour += time.Hour.Seconds() / p.Interval.Seconds()
	}
	return perHour
}
