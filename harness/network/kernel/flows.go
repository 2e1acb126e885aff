package kernel

import (
	"net/netip"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/heartbeat"
)

// flows makes connections of the packets that the router saw, in the order in
// which it saw them. It reads no clock.
type flows struct {
	all     []*flow                  // in the order of their birth
	inside  map[netip.AddrPort]*flow // by the client's address: the newest of it
	outside map[netip.AddrPort]*flow // likewise, by the address that the server sees
	healed  int64                    // when the last fault ended
	strikes []*strikeProof           // in the order of their beginnings
	late    int64                    // how long a packet may be on its way through the router
}

// strikeProof is a strike's, and until when it surely was in force: what comes after
// that may pass before Off.
type strikeProof struct {
	*network.Strike
	until int64 // network.Never: it still is
}

// strike begins a proof. What passed before it has been seen already, or will
// be, by its stamp.
func (f *flows) strike(s *network.Strike) {
	s.LastPassedUp, s.LastPassedDown = network.Never, network.Never
	for _, fl := range f.all {
		s.LastPassedUp = max(s.LastPassedUp, fl.link.Up.LastPassed)
		s.LastPassedDown = max(s.LastPassedDown, fl.link.Down.LastPassed)
	}
	s.Counted = true
	f.strikes = append(f.strikes, &strikeProof{s, network.Never})
}

// ends says that from an instant on a strike is being undone.
func (f *flows) ends(s *network.Strike, now int64) {
	for _, known := range f.strikes {
		if known.Strike == s {
			known.until = now
		}
	}
}

// passedIn says whether a packet passed the strike: it came when that had begun, and
// went on before it was undone. What came before may have been past the cut.
func (s *strikeProof) passedIn(came, went int64) bool {
	return came > s.On && (s.until == network.Never || went < s.until)
}

// flow is one connection.
type flow struct {
	link           network.Link
	client, server netip.AddrPort
	seenAs         netip.AddrPort // the client's address, as the server saw it first
	way            [2]way
	last           int64 // when a packet of any kind passed
	through        int64 // when the client's first did
}

// way is one direction of a flow.
type way struct {
	proof           *network.Flow
	passed, stopped stretch
	underWay        []packet // they came, and have not gone on yet; the oldest first
	reset           int64    // when an RST came of which it is not known yet what it says
	resetPassed     int64    // when that one went on
	says            *int64   // what in the proof an RST that goes on is, once that is known; nil: a closing
	killed          bool     // an RST went on: it ends the connection of who gets it
	queued          int64    // bytes that wait in a host whose cable is out
	guessed         bool     // its hang-up was seen by a look, not by a packet
}

// newFlows are those of a router that makes packets late by at most that much.
func newFlows(delay time.Duration) *flows {
	return &flows{
		inside: map[netip.AddrPort]*flow{}, outside: map[netip.AddrPort]*flow{}, healed: network.Never,
		late: lateness(delay),
	}
}

// lateness is how long a packet may be on its way through a router: a moment, and
// what netem delays it by, whose timers a busy machine makes late as well.
func lateness(delay time.Duration) int64 {
	if delay == 0 {
		return int64(2 * time.Millisecond)
	}
	return int64(delay + 50*time.Millisecond)
}

const (
	upward   = 0 // from the client to the server
	downward = 1
)

func direction(p packet) int {
	if p.up() {
		return upward
	}
	return downward
}

// see takes the next packet.
func (f *flows) see(p packet) {
	fl := f.of(p)
	if fl == nil {
		return
	}
	if p.goes {
		f.went(fl, p)
	} else {
		f.came(fl, p)
	}
}

// of is the connection that a packet belongs to; nil: one that was never seen to
// begin.
func (f *flows) of(p packet) *flow {
	switch {
	case p.side == heartbeat.ClientSide && !p.goes:
		fl := f.inside[p.src]
		if p.opens() && (fl == nil || fl.over()) {
			fl = f.born(p)
		}
		return fl
	case p.side == heartbeat.ClientSide:
		return f.inside[p.dst]
	case !p.goes:
		return f.outside[p.dst]
	}
	if fl := f.outside[p.src]; fl != nil && fl.way[upward].awaits(p) {
		return fl
	}
	// The router has given the client another address, or an old one to another.
	for _, fl := range f.inside {
		if fl.way[upward].awaits(p) {
			f.outside[p.src] = fl
			if !fl.seenAs.IsValid() {
				fl.seenAs = p.src
			}
			return fl
		}
	}
	return f.outside[p.src]
}

func (w *way) awaits(p packet) bool { return slices.ContainsFunc(w.underWay, p.same) }

// arrives takes the first packet under way that is p, and says when it came; false: p
// has not come.
func (w *way) arrives(p packet) (came int64, ok bool) {
	i := slices.IndexFunc(w.underWay, p.same)
	if i < 0 {
		return 0, false
	}
	came = w.underWay[i].at
	w.underWay = slices.Delete(w.underWay, i, i+1)
	return came, true
}

func (f *flows) born(p packet) *flow {
	fl := &flow{
		link:   network.Link{Born: p.at, Dead: true, Up: network.Untouched(), Down: network.Untouched()},
		client: p.src, server: p.dst, last: p.at, through: network.Never,
	}
	for d, proof := range []*network.Flow{&fl.link.Up, &fl.link.Down} {
		fl.way[d] = way{proof: proof, reset: network.Never, resetPassed: network.Never}
	}
	f.all = append(f.all, fl)
	f.inside[p.src] = fl
	return fl
}

// over says whether both ends are done with it.
func (fl *flow) over() bool { return fl.done(upward) && fl.done(downward) }

// done says whether the end that sends that way has hung up, or its connection
// was ended.
func (fl *flow) done(d int) bool {
	own, other := fl.way[d].proof, fl.way[1-d].proof
	return own.HungUp != network.Never || other.Closed != network.Never || other.Ended != network.Never
}

func (f *flows) came(fl *flow, p packet) {
	w := &fl.way[direction(p)]
	w.settle(p.at - f.late)
	w.underWay = append(w.underWay, p)
	if p.has(flagSYN) {
		w.passed.begin(p.seq + 1)
		w.stopped.begin(p.seq + 1)
	}
	switch {
	case p.has(flagFIN):
		if w.hungUp(p.at) {
			w.guessed = false
		}
	case p.has(flagRST) && w.proof.HungUp == network.Never && w.reset == network.Never:
		w.reset = p.at
	}
}

// settle counts the packets that came before an instant and did not go on.
func (w *way) settle(before int64) {
	for len(w.underWay) > 0 && w.underWay[0].at < before {
		w.proof.Withheld += w.stopped.add(w.underWay[0].seq, w.underWay[0].payload)
		w.underWay = w.underWay[1:]
	}
}

// hungUp notes the earliest sign of a hang-up, and says whether this is it.
func (w *way) hungUp(at int64) bool {
	if w.proof.HungUp != network.Never && at >= w.proof.HungUp {
		return false
	}
	w.proof.HungUp = at
	return true
}

func (f *flows) went(fl *flow, p packet) {
	w := &fl.way[direction(p)]
	cameAt, came := w.arrives(p)
	routers := !came // it has not come: the router made it
	w.killed = w.killed || p.has(flagRST)
	switch {
	case p.has(flagRST) && routers:
		set(&w.proof.Ended, p.at)
		return
	case routers:
		return
	}
	fl.last = p.at
	if p.opens() {
		set(&fl.through, p.at)
		fl.link.Dead = false
	}
	if fresh := w.passed.add(p.seq, p.payload); p.payload > 0 {
		f.passed(w, p, fresh, cameAt)
	}
	switch {
	case p.has(flagRST) && w.reset != network.Never:
		set(&w.resetPassed, p.at)
	case p.has(flagRST) && w.says != nil:
		set(w.says, p.at)
	case p.has(flagRST), p.has(flagFIN):
		set(&w.proof.Closed, p.at)
	}
}

func (f *flows) passed(w *way, p packet, fresh, came int64) {
	w.proof.Passed += fresh
	set(&w.proof.FirstPassed, p.at)
	w.proof.LastPassed = p.at
	if f.healed != network.Never && w.proof.Resumed < f.healed && p.at >= f.healed {
		w.proof.Resumed = p.at
	}
	for _, s := range f.strikes {
		switch {
		case !s.passedIn(came, p.at):
		case p.up():
			s.PassedUp += int64(p.payload)
		default:
			s.PassedDown += int64(p.payload)
		}
	}
	for i := len(f.strikes) - 1; i >= 0 && f.strikes[i].On >= p.at; i-- {
		if p.up() {
			f.strikes[i].LastPassedUp = p.at
		} else {
			f.strikes[i].LastPassedDown = p.at
		}
	}
}

// set notes an instant that did not come before.
func set(t *int64, at int64) {
	if *t == network.Never {
		*t = at
	}
}

// plugged counts what waited in a host whose cable is in again.
func (f *flows) plugged() {
	for _, fl := range f.all {
		for d := range fl.way {
			w := &fl.way[d]
			w.proof.Withheld += w.queued
			w.queued = 0
		}
	}
}

// looked takes what a look at the sockets of a flow found at an instant: whether
// the end that sends that way still has its own open. An RST may go on later than
// that.
func (fl *flow) looked(d int, open bool, at int64) {
	w, toIt := &fl.way[d], &fl.way[1-d]
	switch {
	case w.reset == network.Never:
		if !open && !toIt.killed && w.hungUp(at) { // who was reset doesn't hang up
			w.guessed = true
		}
	case at > w.reset:
		// A host that resets what it does not know goes on with its own
		// connection: to the other end, that one was ended by the network.
		w.says = &w.proof.Ended
		if !open {
			w.says = &w.proof.Closed
			w.hungUp(w.reset)
		}
		if w.resetPassed != network.Never {
			set(w.says, w.resetPassed)
		}
		w.reset, w.resetPassed = network.Never, network.Never
	}
}

// proof is what happened until an instant, of which all packets and looks are
// known.
func (f *flows) proof(now int64) (links []network.Link) {
	for _, fl := range f.all {
		for d := range fl.way {
			fl.way[d].settle(now - f.late)
		}
		l := fl.link
		l.Up.Withheld += fl.way[upward].queued
		l.Down.Withheld += fl.way[downward].queued
		links = append(links, l)
	}
	return links
}

// guessed says whether some hang-up was seen by a look only.
func (f *flows) guessed() bool {
	return slices.ContainsFunc(f.all, func(fl *flow) bool { return fl.way[upward].guessed || fl.way[downward].guessed })
}

// tally is what the flows say of a strike: links whose first packet it stopped,
// hang-ups that the other end did not learn of while it lasted, and connections
// that were ended.
func (f *flows) tally(s *network.Strike) {
	s.Dials, s.Closings, s.Ended = 0, 0, 0
	during := func(at int64) bool {
		return at != network.Never && at >= s.On && (s.Off == network.Never || at <= s.Off)
	}
	for _, fl := range f.all {
		if during(fl.link.Born) && (fl.through == network.Never || s.Off != network.Never && fl.through > s.Off) {
			s.Dials++
		}
		for _, p := range []network.Flow{fl.link.Up, fl.link.Down} {
			if during(p.HungUp) && fl.through != network.Never && !during(p.Closed) {
				s.Closings++
			}
			if during(p.Ended) {
				s.Ended++
			}
		}
	}
}

// sides are who sends a direction.
var sides = [2]heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}

// connection is one end of a flow, as its host sees it.
type connection struct{ local, remote netip.AddrPort }

// sockets are the two ends of a flow, by the direction that they send; the zero
// one is not there yet.
func (fl *flow) sockets() (ends [2]connection) {
	ends[upward] = connection{fl.client, fl.server}
	if fl.seenAs.IsValid() && fl.way[downward].passed.begun {
		ends[downward] = connection{fl.server, fl.seenAs}
	}
	return ends
}
