package session

import "math/rand/v2"

// afterBeat is when the beat after the one that was due leaves: on the grid, and
// later than now.
func (m *Machine) afterBeat(due, now int64) int64 {
	interval := int64(m.cfg.Interval)
	if m.cfg.SenderJitter <= 0 {
		return due + (max(0, now-due)/interval+1)*interval
	}
	interval -= m.shortened()
	if due+interval > now {
		return due + interval
	}
	return now + interval
}

// shortened is by how much the next interval is: at random, but the same in
// every session of that id.
func (m *Machine) shortened() int64 {
	if m.random == nil {
		var stream uint64 // of its own for each side: they must not keep step
		if m.cfg.Side == Server {
			stream = 1
		}
		m.random = rand.New(rand.NewPCG(m.id, stream))
	}
	return m.random.Int64N(1 + int64(m.cfg.SenderJitter*float64(m.cfg.Interval)))
}
