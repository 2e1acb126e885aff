package session

import "time"

// helloAgain is how long a client waits for the answer to a hello that may be
// lost before it says it again.
const helloAgain = 500 * time.Millisecond

// repeatsHello says whether a hello that nobody answers is said again.
func (m *Machine) repeatsHello() bool {
	return m.cfg.Datagrams && m.cfg.Side == Client && m.state == greeting
}

// hearOutOfPlace takes in a hello in a session that is up, or anything else in
// one that is not. Of datagrams that is in order: our answer was lost, or is
// overtaken.
func (m *Machine) hearOutOfPlace(f Frame, now int64) {
	if !m.cfg.Datagrams || f.Type == Hello && f.Seq != m.id {
		m.nonsense(m.outOfPlace(f.Type), now)
		return
	}
	if f.Type == Hello && m.cfg.Side == Server {
		m.hello = true
	}
}
