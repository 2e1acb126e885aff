package toxiproxy

import (
	"fmt"
	"time"
)

// Instants of a server elsewhere are on a clock of its own. Each proof says what
// that clock reads, so that a round trip shows how far it is ahead of ours: it
// was read between our question and its answer. So the middle of the two is
// wrong by half the round trip at most. A path takes a few readings before its
// first connection, keeps the one with the shortest round trip, and maps all
// instants by that one: what the server says of their order and distance stays
// exact.

// readings is how many a path takes.
const readings = 8

// drift bounds how fast two clocks move apart: quartz is good for 100 in a
// million, and there are two.
const drift = 200e-6

// A reading is what one round trip shows of the server's clock.
type reading struct {
	at    int64         // when, in the middle of the round trip, since the epoch
	ahead time.Duration // the server's clock minus ours
	err   time.Duration // bounds the error of ahead: half the round trip
}

func (s seen) reading() reading {
	at := s.sent + (s.back-s.sent)/2
	return reading{at: at, ahead: time.Duration(s.Now - at), err: time.Duration(s.back-s.sent+1) / 2}
}

// readClock takes the readings and returns the best.
func (p *path) readClock() (best reading, err error) {
	for i := range readings {
		s, err := p.readProof()
		if err != nil {
			return best, err
		}
		if r := s.reading(); i == 0 || r.err < best.err {
			best = r
		}
	}
	return best, nil
}

// hold is by how much an instant that r maps may be wrong, at the time of a
// later reading: by r's error and what the clocks have drifted since. It is an
// error if the two readings can't both be right.
func (r reading) hold(later reading) (uncertainty time.Duration, err error) {
	since := time.Duration(later.at - r.at)
	uncertainty = r.err + time.Duration(drift*float64(since))
	if apart := later.ahead - r.ahead; apart.Abs() > uncertainty+later.err {
		return 0, fmt.Errorf("the server's clock and ours moved apart by %v in %v, more than %v: did one of the machines sleep, or the server start again?",
			apart, since, uncertainty+later.err)
	}
	return uncertainty, nil
}
