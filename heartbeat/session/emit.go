package session

// The emitters take as little of the stack as they can while nobody observes:
// a server's idle sessions cost a stack each.

func (m *Machine) emit(what What, now int64) {
	if m.cfg.Observer != nil {
		m.emitEvent(Event{At: now, What: what})
	}
}

func (m *Machine) emitFrame(what What, t Type, seq uint64, now int64) {
	if m.cfg.Observer != nil {
		m.observeFrame(what, t, seq, now)
	}
}

// observeFrame is apart so that emitFrame, which runs with every frame, is no call.
func (m *Machine) observeFrame(what What, t Type, seq uint64, now int64) {
	m.emitEvent(Event{At: now, What: what, Type: t, Seq: seq})
}

func (m *Machine) emitEvent(e Event) {
	if m.cfg.Observer != nil {
		e.Side, e.Session = m.cfg.Side, m.id
		m.cfg.Observer(e)
	}
}
