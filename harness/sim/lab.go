package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// lab is what the harness's lab does in a live trial, as a state machine: it
// waits until both sides have heard each other and the phase has come, strikes,
// observes, and ends the trial.
type lab struct {
	up      [2]bool  // a session of that side came up
	ready   [2]bool  // that side has heard what its phase counts from
	hears   [2]bool  // that side hears beats or echoes
	counts  int      // the side whose signs the phase counts from
	sign    int64    // the one that it does; network.Never: there was none yet
	planned int64    // the instant of the strike; network.Never: not known yet
	healed  int64    // when the newest fault ended; 0: none did
	actions []action // what is to be done, see plan
	faults  int      // those that have not struck yet, and those that have not ended but will
	over    bool
	until   int64 // when the observation ended

	recovers bool     // the scenario waits for a recovery
	talks    bool     // the client says something in every new session
	data     [2]int64 // when data was heard last
	canary   int      // the side whose canary is under way, from 1; 0: none
	canaryAt int64
	asleep   [2]int64 // until when a side stands still
	patience time.Duration
}

// action is something that the lab does, at an offset from the strike.
type action struct {
	at   time.Duration
	does deed
	step int           // of a fault
	till int64         // of a say: how long to try
	side int           // of a stall
	last time.Duration // of a stall
}

type deed uint8

const (
	faultOn deed = iota
	faultOff
	speaks
	observes
	stalls
)

// The deeds that are not of the plan, as numbers of an event.
const (
	givesUp   = 1<<64 - 1 - iota // the sides did not hear each other
	canaryEnd                    // nobody heard it
)

func newLab(s *Setup, script script) lab {
	l := lab{planned: network.Never, sign: network.Never, data: [2]int64{network.Never, network.Never}, patience: s.Canary}
	l.recovers = slices.ContainsFunc(s.Scenario.Expected(s.Policy.Name, Name), func(e scenario.Expectation) bool { return e.That == scenario.Recovers })
	for side := range sides {
		l.hears[side] = s.Policy.Hears(sides[side])
	}
	if !l.hears[client] && l.hears[server] {
		l.counts = server
	}
	for i, f := range script.faults {
		l.actions = append(l.actions, action{at: f.at, does: faultOn, step: i})
		if f.lasts > 0 && !f.fault.Kind.OfPeer() {
			l.actions = append(l.actions, action{at: f.at + f.lasts, does: faultOff, step: i})
		}
	}
	for _, at := range script.says {
		l.actions = append(l.actions, action{at: at, does: speaks})
	}
	for _, stall := range merged(s.Stalls) {
		l.actions = append(l.actions, action{at: stall.At, does: stalls, side: slices.Index(sides[:], stall.Side), last: stall.For})
	}
	l.actions = slices.DeleteFunc(l.actions, func(a action) bool { return a.at > script.observe })
	for _, a := range l.actions {
		if a.does == faultOn || a.does == faultOff {
			l.faults++
		}
	}
	slices.SortStableFunc(l.actions, func(a, b action) int { return cmp.Compare(a.at, b.at) })
	var latest time.Duration
	if n := len(l.actions); n > 0 {
		latest = max(0, l.actions[n-1].at)
	}
	l.actions = append(l.actions, action{at: latest, does: observes})
	return l
}

// cameUp notes that side has a session.
func (l *lab) cameUp(w *world, side int) {
	l.up[side] = true
	l.plan(w)
	if l.talks && side == client {
		w.speak(w.now + int64(time.Second))
	}
}

// heard notes a sign of life on a session of side's.
func (w *world) heard(side int, kind detect.Kind) {
	l := &w.lab
	if kind == detect.Data {
		l.data[side] = w.now
		w.recovered()
		if l.canary == 2-side { // of the other side
			w.canaryArrived("arrived")
		}
		return
	}
	l.ready[side] = true
	if l.planned != network.Never || w.now < int64(w.setup.Life) {
		return
	}
	if side == l.counts && l.sign == network.Never {
		l.sign = w.now
	}
	l.plan(w)
}

// plan counts the phase once both sides have heard each other: from the client's
// heard echo; with one-way beats from the receiver's heard beat; without beats
// from the client's coming up.
func (l *lab) plan(w *world) {
	if l.planned != network.Never || !l.up[client] || !l.up[server] {
		return
	}
	for side := range sides {
		if l.hears[side] && !l.ready[side] {
			return
		}
	}
	switch {
	case !l.hears[l.counts]:
		l.planned = max(w.now, int64(w.setup.Life))
	case l.sign != network.Never:
		l.planned = l.sign
	default:
		return
	}
	l.planned += int64(w.setup.Phase * float64(w.interval()))
	for i, a := range l.actions {
		w.push(max(w.now, l.planned+int64(a.at)), uint64(i), uint64(acts))
	}
	w.push(l.planned+int64(w.script.observe), 0, uint64(finishes))
}

// interval is what phases are a share of.
func (w *world) interval() time.Duration {
	if d, ok := w.setup.Scope["D"]; ok {
		return d
	}
	return w.setup.Policy.Interval
}

// act does one of the lab's deeds.
func (w *world) act(e event) error {
	l := &w.lab
	switch e.num {
	case givesUp:
		if l.planned == network.Never {
			return NeverUpError{w.setup.Life + comeUp}
		}
		return nil
	case canaryEnd:
		if l.canary != 0 && e.at == l.canaryAt+int64(l.patience) {
			w.canaryArrived("withheld")
		}
		return nil
	}
	switch a := &l.actions[e.num]; a.does {
	case faultOn:
		return w.strike(a.step)
	case faultOff:
		w.heal(a.step)
	case speaks:
		if a.till == 0 {
			a.till = w.now + int64(time.Second)
		}
		if !w.say() && w.now < a.till {
			w.push(w.now+int64(sayAgain), e.num, uint64(acts))
		}
	case stalls:
		w.freeze(a.side, a.last)
	case observes:
		if l.recovers {
			l.talks = true
			w.say() // the old session may be gone: the next will do
			w.recovered()
		}
	}
	return nil
}

// sayAgain is when a client that has no session yet tries again to speak.
const sayAgain = 5 * time.Millisecond

// speak makes the client say something, and try until then.
func (w *world) speak(till int64) {
	w.lab.actions = append(w.lab.actions, action{does: speaks, till: till})
	w.push(w.now, uint64(len(w.lab.actions)-1), uint64(acts))
}

// recovered ends the observation if the recovery that it waits for has happened.
func (w *world) recovered() {
	l := &w.lab
	if l.talks && l.canary == 0 && min(l.data[client], l.data[server]) >= l.healed {
		w.push(w.now+int64(noticed), 0, uint64(finishes))
	}
}

// noticed is how long after a recovery the lab ends the trial: not at the very
// instant of the fault's end, where nothing delays a message.
const noticed = time.Millisecond

// strike applies a fault.
func (w *world) strike(step int) error {
	w.lab.faults--
	p := w.script.faults[step]
	w.struck(p.fault.Kind)
	if p.fault.Kind.OfPeer() {
		fault := trace.Event{T: w.now, Side: trace.Network, What: trace.FaultOn, Kind: string(p.fault.Kind)}
		w.record(fault)
		side := slices.Index(sides[:], p.fault.Side)
		if p.fault.Kind == scenario.Reset {
			w.reset(side)
		} else {
			w.leave(side)
		}
		w.lab.healed = w.now
		fault.What = trace.FaultOff
		w.record(fault)
		return nil
	}
	if err := w.apply(p.number); err != nil {
		return err
	}
	w.proof(trace.FaultOn, w.strikes[len(w.strikes)-1])
	return nil
}

// heal ends a fault.
func (w *world) heal(step int) {
	w.lab.faults--
	s := w.undo(w.script.faults[step].number)
	w.lab.healed = w.now
	w.proof(trace.FaultOff, s)
	if w.silenceEnds(s) && w.rec == nil && w.recovering() {
		w.finish()
	}
}

// recovering says whether there is nothing left to measure: every fault has struck
// and ended, and what follows is a recovery. Where mistakes are expected in a number
// they count to the end.
func (w *world) recovering() bool {
	inForce := func(s *network.Strike) bool { return s.Off == network.Never }
	return w.lab.faults == 0 && !slices.ContainsFunc(w.strikes, inForce) && w.unexcused == [2]bool{}
}

// proof records what a strike did so far.
func (w *world) proof(what trace.What, s *network.Strike) {
	if w.rec != nil {
		proof := *s
		w.record(trace.Event{T: w.now, Side: trace.Network, What: what, Kind: string(w.script.network[s.Fault].Kind), Strike: &proof})
	}
}

// finish ends the observation; then come the canaries, and the proofs.
func (w *world) finish() {
	if w.lab.canary != 0 || w.lab.over {
		return
	}
	w.decide()
	for side := range sides {
		w.settleMeasures(side)
	}
	w.lab.until = w.now
	if w.rec == nil || w.lab.patience == 0 {
		w.close()
		return
	}
	w.sendCanary(client)
}

func (w *world) sendCanary(side int) {
	w.lab.canary, w.lab.canaryAt = 1+side, w.now
	if !w.queue(side, []byte{0xCA}) {
		w.record(trace.Event{T: w.now, Side: sides[side], What: trace.Canary, Cause: "not sent", Detail: fmt.Sprintf("the %s has no session", sides[side])})
		w.nextCanary()
		return
	}
	w.push(w.now+int64(w.lab.patience), canaryEnd, uint64(acts))
}

func (w *world) canaryArrived(fate string) {
	w.record(trace.Event{T: w.lab.canaryAt, Side: sides[w.lab.canary-1], What: trace.Canary, Cause: fate, To: w.now})
	w.nextCanary()
}

func (w *world) nextCanary() {
	if w.lab.canary == 1+client {
		w.sendCanary(server)
		return
	}
	w.close()
}

// close records everything that the network saw, and the end of the observation,
// which a trace has last. Faults that nobody undid end with the trial.
func (w *world) close() {
	w.lab.over = true
	if w.rec == nil {
		return
	}
	for i, l := range w.links {
		w.expire(l)
		name := fmt.Sprintf("link %d", i+1)
		w.record(trace.Event{T: l.proof.Born, Side: trace.Network, Session: name, What: trace.Dial, Link: &l.proof})
		for side := range sides {
			if at := l.flow(side).HungUp; at != network.Never {
				w.record(trace.Event{T: at, Side: trace.Network, Session: name, What: trace.HangUp, Kind: string(sides[side])})
			}
		}
	}
	for _, s := range w.strikes {
		if s.Off == network.Never {
			w.proof(trace.FaultOff, s)
		}
	}
	w.record(trace.Event{T: w.lab.until, Side: trace.Harness, What: trace.End})
}

// freeze makes a side's loop stand still from now on.
func (w *world) freeze(side int, lasts time.Duration) {
	w.lab.asleep[side] = max(w.lab.asleep[side], w.now+int64(lasts))
	w.push(w.lab.asleep[side], uint64(w.now), tagged(thaws, 0, side, 0, 0))
}

// thaw lets it go on.
func (w *world) thaw(side int, since int64) {
	for _, l := range w.links {
		if l == nil || l.ends[side].state != open {
			continue
		}
		e := &l.ends[side]
		e.machine.Stalled(since, w.now)
		for i := range e.eyes[min(1, len(e.eyes)):] {
			e.eyes[1+i].detector.Stalled(since, w.now)
		}
		w.settle(l, side)
	}
}
