package session

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Config is what the sessions of one end have in common. It must not change
// while a Machine uses it.
type Config struct {
	Side Side
	Mode Mode
	// Interval is the time between two beats of this side; 0: it sends none.
	Interval time.Duration
	// SenderJitter is the share of Interval, below 1, by which each may be shortened
	// at random, as BFD's senders do (RFC 5880, 6.8.7: 0.25); 0: none is, and
	// beats keep a grid.
	SenderJitter float64
	// Echoes says whether this side answers the peer's beats.
	Echoes bool
	// Detector makes each session's detector; nil: the peer is never suspected.
	Detector detect.Config
	// HandshakeTimeout is how long to wait for the peer's hello; more than 0.
	HandshakeTimeout time.Duration
	// MaxQueued is the most bytes of data, headers included, that wait in
	// each direction.
	MaxQueued int
	// Datagrams says that each frame travels by itself: it may be lost, doubled
	// or overtaken, and nothing tells of an end but a bye. See "Datagrams" in the
	// package documentation.
	Datagrams bool
	// Observer is told of every event as it happens; nil: nobody is.
	Observer func(Event)
}

// Machine is one side of one session. Its owner tells it what happens, and
// when; the machine answers with events, with frames (Pending, Next), and with
// the instant at which it wants to be woken (WakeAt). Any call may change both
// answers.
//
// Instants are nanoseconds since an epoch of the owner's choice. They should
// not go backwards: one before the latest that the machine knows counts as
// that latest one.
//
// A Machine is not safe for concurrent use.
type Machine struct {
	cfg      *Config
	detector detect.Detector // nil: none
	id       uint64
	err      error // why the session ended; nil: it has not
	state    state

	latest   int64      // the latest instant that we know of
	giveUp   int64      // while greeting: when to stop waiting for a hello
	again    int64      // while greeting over datagrams: when to say hello again
	nextBeat int64      // while up: the next instant of our grid
	random   *rand.Rand // shortens intervals; nil: none was shortened yet

	beats    uint64 // beats sent: the next one's number
	answered uint64 // our beats that were answered: the next echo's least number
	heard    uint64 // beats heard: the number that the next one must have; of datagrams, the least that is new
	echoes   uint64 // echoes sent: the next one's number
	dataIn   uint64 // data frames heard, likewise
	dataOut  uint64 // and sent

	last struct { // what was heard last
		seq uint64
		at  int64
		typ Type
	}

	// What waits to be sent, beside the echoes from number echoes to heard.
	hello, beat bool
	bye         Reason
	out         queue

	cameUp    bool
	saysBye   bool
	suspected bool
	in        queue // heard, not yet received
}

type state uint8

const (
	fresh    state = iota // not started
	greeting              // waiting for the peer's hello
	up
	ended
)

// New makes a machine that is not started. id is the session's id where the
// client makes it, any number but 0; 0 where the server does.
func New(cfg *Config, id uint64) *Machine {
	return &Machine{cfg: cfg, id: id}
}

// Start begins the session: the connection stands, and nothing was sent or
// heard yet. The client says hello.
func (m *Machine) Start(now int64) {
	if m.state != fresh {
		return
	}
	now = m.at(now)
	m.state = greeting
	m.giveUp = now + int64(m.cfg.HandshakeTimeout)
	m.again = now + int64(helloAgain)
	m.hello = m.cfg.Side == Client
}

// Refuse is the server's other beginning: it says that it has too many
// sessions, and that is all.
func (m *Machine) Refuse(now int64) {
	if m.state == fresh {
		m.end(Down, &RefusedError{By: m.cfg.Side}, ReasonBusy, m.at(now))
	}
}

// Wake lets time pass: call it at WakeAt, or whenever now is not before it. A
// beat falls due, a deadline passes.
//
// Instants of the beat grid that passed unused, because we were late, are
// skipped: there are no bursts, and numbers rise by one all the same.
func (m *Machine) Wake(now int64) {
	now = m.at(now)
	if m.Overdue(now) {
		if m.state == greeting {
			m.end(Down, &HandshakeError{Peer: m.cfg.Side.Peer(), After: m.cfg.HandshakeTimeout}, ReasonGaveUp, now)
			return
		}
		m.suspect(now)
	}
	if m.repeatsHello() && now >= m.again {
		m.hello = true
		m.again = now + int64(helloAgain)
	}
	if m.state == up && m.cfg.Interval > 0 && now >= m.nextBeat {
		m.beat = true
		m.nextBeat = m.afterBeat(m.nextBeat, now)
	}
}

// WakeAt is when Wake wants to be called; false: no need to.
func (m *Machine) WakeAt() (instant int64, ok bool) {
	switch m.state {
	case greeting:
		if m.repeatsHello() {
			return min(m.giveUp, m.again), true
		}
		return m.giveUp, true
	case up:
		instant, ok = m.deadline()
		if m.cfg.Interval > 0 && (!ok || m.nextBeat < instant) {
			return m.nextBeat, true
		}
		return instant, ok
	default:
		return 0, false
	}
}

// Overdue says whether Wake(now) would find the peer wanting: no hello, or a
// suspicion. A late reader is not a dead peer: before it calls Wake, the owner
// hears what its receive buffer may hold.
func (m *Machine) Overdue(now int64) bool {
	now = max(now, m.latest) // as Wake would have it
	switch m.state {
	case greeting:
		return now >= m.giveUp
	case up:
		deadline, ok := m.deadline()
		return ok && now >= deadline
	default:
		return false
	}
}

// Stalled says that the owner stood still in [from, to], so that what was not
// heard then says nothing about the peer. Call it before Hear of what arrived
// meanwhile, and before Wake.
func (m *Machine) Stalled(from, to int64) {
	if m.state != greeting && m.state != up {
		return
	}
	to = m.at(to)
	m.emitEvent(Event{At: from, What: Stalled, To: to})
	if m.state == greeting {
		m.giveUp += max(0, to-from)
		return
	}
	if m.detector != nil {
		m.detector.Stalled(from, to)
		m.reconsider(to)
	}
}

// Gone ends the session because the connection has ended without a bye. err
// says how: io.EOF, a reset.
func (m *Machine) Gone(err error, now int64) {
	if m.state != ended {
		m.end(Down, &ClosedError{Peer: m.cfg.Side.Peer(), Err: err}, 0, m.at(now))
	}
}

// Stuck ends the session because the connection has taken nothing of what we
// write for so long: the peer does not read.
func (m *Machine) Stuck(long time.Duration, now int64) {
	if m.state != ended {
		m.end(Down, &UnreadError{
			Reader: m.cfg.Side.Peer(),
			Detail: fmt.Sprintf("a write made no progress for %v", long),
		}, 0, m.at(now))
	}
}

// Leave ends the session in order: what is queued still goes out, then a bye.
func (m *Machine) Leave(now int64) {
	if m.state == ended {
		return
	}
	if m.state != up {
		m.hello = false
	}
	m.end(Closed, ErrClosed, ReasonLeft, m.at(now))
}

// Queue takes payload, which is the machine's from now on, for the peer. The
// error is ErrQueueFull, or Err after the end. The session must be up.
func (m *Machine) Queue(payload []byte) error {
	if m.err != nil {
		return m.err
	}
	if !m.out.push(payload, m.cfg.MaxQueued) {
		return ErrQueueFull
	}
	return nil
}

// Receive is the oldest payload heard and not yet received; false: there is
// none. It goes on after the session's end until all is received.
func (m *Machine) Receive() ([]byte, bool) { return m.in.pop() }

// Pending says whether Next has a frame.
func (m *Machine) Pending() bool {
	return m.hello || m.beat || m.bye != 0 || m.echoes < m.heard && m.answers() || len(m.out.payloads) > 0
}

// Next takes the next frame to write, which counts as sent at now: call it
// just before the write. Data comes after all else, and a bye last. false: there
// is none.
func (m *Machine) Next(now int64) (f Frame, ok bool) {
	now = m.at(now)
	switch {
	case m.hello:
		m.hello = false
		f = Frame{Type: Hello, Seq: m.id}
	case m.echoes < m.heard && m.answers():
		f = Frame{Type: Echo, Seq: m.echoes}
		m.echoes++
	case m.beat:
		m.beat = false
		f = Frame{Type: Beat, Seq: m.beats}
		m.beats++
	case len(m.out.payloads) > 0:
		p, _ := m.out.pop()
		f = Frame{Type: Data, Seq: m.dataOut, Payload: p}
		m.dataOut++
	case m.bye != 0:
		f = Frame{Type: Bye, Seq: uint64(m.bye)}
		m.bye = 0
	default:
		return Frame{}, false
	}
	m.emitFrame(Sent, f.Type, f.Seq, now)
	if f.Type == Beat && m.detector != nil {
		m.detector.Sent(f.Seq, now)
		m.reconsider(now)
	}
	return f, true
}

// ID is the session's id; 0 at a server that has not heard a hello.
func (m *Machine) ID() uint64 { return m.id }

// CameUp says whether the session is up, or was before it ended.
func (m *Machine) CameUp() bool { return m.cameUp }

// Unreceived says whether Receive has a payload.
func (m *Machine) Unreceived() bool { return len(m.in.payloads) > 0 }

// SaysBye says whether it was this side that ended the session, with a bye that
// was sent or is Pending.
func (m *Machine) SaysBye() bool { return m.saysBye }

// Suspects says whether this side suspects its peer; of a session that has
// ended, whether that is why.
func (m *Machine) Suspects() bool { return m.suspected }

// Err is why the session ended; nil: it has not.
func (m *Machine) Err() error { return m.err }

// answers says whether we answer beats: not when we have said goodbye.
func (m *Machine) answers() bool { return m.cfg.Echoes && m.state == up }

// at keeps instants from going backwards.
func (m *Machine) at(now int64) int64 {
	m.latest = max(m.latest, now)
	return m.latest
}

// deadline is the instant of the next suspicion; false: there is none to come.
func (m *Machine) deadline() (int64, bool) {
	if m.detector == nil || m.suspected {
		return 0, false
	}
	return m.detector.Deadline()
}

func (m *Machine) suspect(now int64) {
	deadline, _ := m.detector.Deadline()
	what := m.last.typ.String()
	if m.last.typ != Hello {
		what = fmt.Sprintf("%s %d", what, m.last.seq)
	}
	detail := fmt.Sprintf("nothing heard for %v since %s at %s; deadline %s: %s",
		time.Duration(now-m.last.at).Round(time.Millisecond), what, seconds(m.last.at),
		seconds(deadline), m.detector.Explain())
	m.suspected = true
	m.emitEvent(Event{At: now, What: Suspect, Detail: detail})
	if m.cfg.Mode == Act {
		m.end(Down, &SilentError{Peer: m.cfg.Side.Peer(), Detail: detail}, ReasonGaveUp, now)
	}
}

// reconsider drops a suspicion once the deadline lies in the future again.
func (m *Machine) reconsider(now int64) {
	if !m.suspected {
		return
	}
	if deadline, ok := m.detector.Deadline(); !ok || deadline > now {
		m.suspected = false
		m.emit(Trust, now)
	}
}

// end ends the session. Only who leaves in order still sends what it owes.
func (m *Machine) end(what What, err error, bye Reason, now int64) {
	if bye != ReasonLeft {
		m.hello = false
		m.out = queue{}
	}
	m.beat = false
	m.bye, m.saysBye = bye, bye != 0
	m.state, m.err = ended, err
	e := Event{At: now, What: what, Cause: CauseOf(err)}
	if what == Down {
		e.Detail = err.Error()
	}
	m.emitEvent(e)
}

// seconds writes an instant for people.
func seconds(ns int64) string { return fmt.Sprintf("%.3fs", float64(ns)/1e9) }
