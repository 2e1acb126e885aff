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
	origin, counted := v.detectionOrigin(side)
	if at, why, ok := v.suspicion(side); ok && counted {
		m.Detection, m.Why = since(at, origin), why
	}
	if at, cause, ok := v.ending(side); ok && counted && at >= v.fault {
		m.End, m.Cause = since(at, origin), cause
	}
	if at, ok := v.hangUp(side); ok && counted && at >= v.fault {
		m.HangUp = since(at, origin)
	}
	m.Mistakes, m.MistakeTime = v.mistakes(side)
	if at, ok := v.recovered(side); ok {
		m.Recovery = since(at, v.heal)
	}
	m.BeatsPerHour = v.beatsPerHour(side)
	m.BytesPerHour = m.BeatsPerHour * float64(v.Header.Policy.Probe.BeatSize())
	m.HarnessError = v.harnessError(side)
	m.Closest, m.Doubt = v.closest(side), v.doubt(side, v.whole())
	return m
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

// expectations are those that apply to the trace's policy.
func (v view) expectations() []scenario.Expectation {
	var out []scenario.Expectation
	for _, e := range v.Header.Scenario.Expect {
		if e.AppliesTo(v.Header.Policy.Name) {
			out = append(out, e)
		}
	}
	return out
}

// mistakes counts side's suspicions of a live peer. While a fault withholds
// bytes a suspicion is no mistake - unless the scenario says how many mistakes
// it expects: then nothing in it excuses one.
func (v view) mistakes(side trace.Side) (n int, mean *time.Duration) {
	excused := v.excuses(side)
	if !v.tells(side) {
		return v.mistakesByWire(side, excused), nil
	}
	var total int64
	for i, e := range v.Events {
		if e.Side != side || e.What != trace.Suspect || excused && v.silenced(side, e.T) {
			continue
		}
		n++
		total += v.trustAfter(i) - e.T
	}
	if n > 0 {
		d := time.Duration(total / int64(n))
		mean = &d
	}
	return n, mean
}

// excuses says whether a fault of the scenario justifies a suspicion of side's.
func (v view) excuses(side trace.Side) bool {
	for _, e := range v.expectations() {
		if e.That == scenario.Mistakes && (e.Side == "" || e.Side == side) {
			return false
		}
	}
	return true
}

// mistakesByWire counts the connections that side hung up first while nothing
// kept the peer's bytes from it.
func (v view) mistakesByWire(side trace.Side, excused bool) (n int) {
	for _, l := range v.links {
		mine, peers := l.Up.HungUp, l.Down.HungUp
		if side == heartbeat.ServerSide {
			mine, peers = peers, mine
		}
		first := mine != network.Never && (peers == network.Never || mine < peers)
		if first && !l.Dead && !(excused && v.silenced(side, mine)) {
			n++
		}
	}
	return n
}

// silenced says whether some fault kept the peer's bytes from side at an
// instant, or had until a moment ago: what it held may be a delay away still.
func (v view) silenced(side trace.Side, at int64) bool {
	for _, c := range v.cuts(side) {
		if at >= c.From && at <= c.To+int64(v.late()) {
			return true
		}
	}
	return false
}

// late is how long after a cut's end what it held may still be on its way.
func (v view) late() time.Duration {
	return v.Header.Policy.Profile.Delay + v.Header.Policy.Profile.Margin
}

// cuts are the times in which a fault kept the peer's bytes from side. A
// latency keeps nothing: it is late.
func (v view) cuts(side trace.Side) []Span {
	p := v.Header.Policy
	kinds := v.networkFaults()
	var cuts []Span
	for _, s := range v.strikes {
		if s.Fault >= len(kinds) {
			continue
		}
		up, down := kinds[s.Fault].Cuts()
		toMe, fromMe := down, up
		if side == heartbeat.ServerSide {
			toMe, fromMe = up, down
		}
		// Who beats for echoes hears nothing either when its beats are lost; of
		// a subject with a heartbeat of its own we must assume the same.
		answers := p.Probe != heartbeat.ProbePush
		if toMe || fromMe && answers && !(side == heartbeat.ServerSide && p.Beats == heartbeat.FromClient) || kinds[s.Fault] == scenario.IdleDrop {
			to := s.Off
			if to == network.Never {
				to = endless
			}
			cuts = append(cuts, Span{From: s.On, To: to})
		}
	}
	return cuts
}

// networkFaults are the kinds of the scenario's faults of the network, in the
// order of Strike.Fault.
func (v view) networkFaults() []scenario.Kind {
	var kinds []scenario.Kind
	for _, step := range v.Header.Scenario.Faults {
		if !step.Fault.Kind.OfPeer() {
			kinds = append(kinds, step.Fault.Kind)
		}
	}
	return kinds
}

// trustAfter is when the suspicion at index i was over: trusted again, or, where
// it ended the session, when the side's next one was up; at the latest when a
// fault came to justify it, or at the trace's end.
func (v view) trustAfter(i int) int64 {
	suspect := v.Events[i]
	latest := v.end
	if v.struck && suspect.T < v.fault {
		latest = v.fault
	}
	over := false // its session is
	for _, e := range v.Events[i:] {
		switch {
		case e.T >= latest:
			return latest
		case e.Side != suspect.Side:
		case e.Session == suspect.Session && e.What == trace.Trust:
			return e.T
		case e.Session == suspect.Session && (e.What == trace.Down || e.What == trace.Closed):
			over = true
		case over && e.What == trace.Up:
			return e.T
		}
	}
	return latest
}

// recovered is side's first sign of life after the heal, on a session that
// carries data.
func (v view) recovered(side trace.Side) (int64, bool) {
	if !v.healed {
		return 0, false
	}
	if !v.tells(side) {
		return v.recoveredByWire()
	}
	up := map[string]bool{}
	alive := map[string]int64{}
	for _, e := range v.Events {
		if e.Side != side {
			continue
		}
		switch {
		case e.What == trace.Up:
			up[e.Session] = true
		case e.What == trace.Down || e.What == trace.Closed:
			delete(up, e.Session)
			delete(alive, e.Session)
		case e.What == trace.Heard && e.T >= v.heal && up[e.Session]:
			if _, known := alive[e.Session]; !known {
				alive[e.Session] = e.T
			}
			if e.Kind == "data" {
				return alive[e.Session], true
			}
		}
	}
	return 0, false
}

// recoveredByWire is the first instant after the heal by which one connection
// had carried bytes both ways.
func (v view) recoveredByWire() (first int64, ok bool) {
	for _, l := range v.links {
		if at, carries := l.CarriesSince(v.heal); carries && (!ok || at < first) {
			first, ok = at, true
		}
	}
	return first, ok
}

// beatsPerHour is the side's traffic as the policy prescribes it: its own beats
// and its echoes of the peer's.
func (v view) beatsPerHour(side trace.Side) float64 {
	p := v.Header.Policy
	if p.Interval <= 0 || p.Probe.BeatSize() == 0 {
		return 0 // nobody beats, or who asks sends nothing
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

// harnessError compares side's first suspicion with the pure detector's on the
// same session. Where only one of the two suspects, all the time until the
// session's end is error.
func (v view) harnessError(side trace.Side) *time.Duration {
	config := v.Header.Policy.Detector(side)
	if config == nil || !v.tells(side) {
		return nil
	}
	live := v.first(func(e trace.Event) bool { return e.Side == side && e.What == trace.Suspect })
	if live != nil {
		pure, ok := replay(v.Trace, side, live.Session, config.New(), live.T)
		if !ok {
			pure = 0
		}
		return since(live.T, pure)
	}
	session := v.session(side)
	end := v.end
	if at, _, ended := v.ending(side); ended {
		end = at
	}
	pure, ok := replay(v.Trace, side, session, config.New(), end-int64(heartbeat.Grace))
	if session == "" || !ok {
		return nil
	}
	return since(end, pure)
}
