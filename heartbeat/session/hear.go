package session

import (
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Hear takes in a frame that arrived at now, just after the read. A frame that
// the protocol does not allow here ends the session.
func (m *Machine) Hear(f Frame, now int64) {
	if m.state == ended {
		return
	}
	now = m.at(now)
	m.emitFrame(Heard, f.Type, f.Seq, now)
	m.last.typ, m.last.seq, m.last.at = f.Type, f.Seq, now
	switch {
	case f.Type == Bye:
		m.hearBye(Reason(f.Seq), now)
	case (f.Type == Hello) != (m.state == greeting):
		m.hearOutOfPlace(f, now)
	case f.Type == Hello:
		m.hearHello(f.Seq, now)
	case f.Type == Beat:
		m.hearBeat(f.Seq, now)
	case f.Type == Echo:
		m.hearEcho(f.Seq, now)
	case f.Type == Data:
		m.hearData(f.Seq, f.Payload, now)
	}
}

// Misheard ends the session at a stream that holds no frame: err is the
// decoder's.
func (m *Machine) Misheard(err error, now int64) {
	if m.state != ended {
		m.nonsense(err, m.at(now))
	}
}

func (m *Machine) hearHello(id uint64, now int64) {
	if id == 0 || m.cfg.Side == Client && id != m.id {
		m.nonsense(m.wrongID(id), now)
		return
	}
	m.id = id
	m.state, m.cameUp = up, true
	m.hello = m.cfg.Side == Server
	if m.cfg.Detector != nil {
		m.detector = m.cfg.Detector.New()
		m.detector.Start(now)
	}
	m.beat = m.cfg.Interval > 0 // beat 0 leaves at once
	if m.beat {
		m.nextBeat = m.afterBeat(now, now)
	}
	m.emit(Up, now)
}

func (m *Machine) hearBeat(seq uint64, now int64) {
	switch {
	case m.cfg.Datagrams && seq >= m.heard: // those between are lost, or late; one echo answers all
		m.echoes, m.heard = seq, seq+1
	case m.cfg.Datagrams: // overtaken, or heard before
	case seq == m.heard:
		m.heard++
	default:
		m.nonsense(wrongNumber(Beat, seq, m.heard), now)
		return
	}
	m.alive(detect.Beat, seq, now)
}

func (m *Machine) hearEcho(seq uint64, now int64) {
	if seq >= m.beats || seq < m.answered && !m.cfg.Datagrams {
		m.nonsense(m.wrongEcho(seq), now)
		return
	}
	m.answered = max(m.answered, seq+1)
	m.alive(detect.Echo, seq, now)
}

func (m *Machine) hearData(seq uint64, payload []byte, now int64) {
	if seq != m.dataIn && !m.cfg.Datagrams {
		m.nonsense(wrongNumber(Data, seq, m.dataIn), now)
		return
	}
	m.dataIn++
	m.alive(detect.Data, seq, now)
	if !m.in.push(payload, m.cfg.MaxQueued) && !m.cfg.Datagrams { // a datagram that finds no room is lost
		m.end(Down, m.unread(len(payload)), ReasonUnread, now)
	}
}

func (m *Machine) hearBye(why Reason, now int64) {
	peer := m.cfg.Side.Peer()
	switch why {
	case ReasonLeft:
		m.end(Closed, &ClosedError{Peer: peer, Announced: true}, 0, now)
	case ReasonGaveUp:
		m.end(Down, &GaveUpError{Peer: peer}, 0, now)
	case ReasonNonsense:
		m.end(Down, &MisreadError{Peer: peer}, 0, now)
	case ReasonUnread:
		m.end(Down, &UnreadError{Reader: peer, Detail: "so it says"}, 0, now)
	case ReasonBusy:
		m.end(Down, &RefusedError{By: peer}, 0, now)
	default:
		m.nonsense(wrongReason(why), now)
	}
}

// alive tells the detector of a sign of life.
func (m *Machine) alive(kind detect.Kind, seq uint64, now int64) {
	if m.detector != nil {
		m.detector.Heard(kind, seq, now)
		m.reconsider(now)
	}
}

func (m *Machine) nonsense(err error, now int64) {
	m.end(Down, &NonsenseError{Peer: m.cfg.Side.Peer(), Err: err}, ReasonNonsense, now)
}
