package detecttest

import (
	"math/rand/v2"
	"testing"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

// event is one call to a detector.
type event struct {
	what     string // "sent", "stall", or "heard"
	kind     detect.Kind
	seq      uint64
	at, from int64
}

func (e event) tell(d detect.Detector, epoch int64) {
	switch e.what {
	case "sent":
		d.Sent(e.seq, epoch+e.at)
	case "stall":
		d.Stalled(epoch+e.from, epoch+e.at)
	default:
		d.Heard(e.kind, e.seq, epoch+e.at)
	}
}

// history is a peer that is late, loses and repeats frames, goes silent for
// minutes and lies about numbers, and a side that stalls.
func history(rng *rand.Rand, interval int64, n int) []event {
	var events []event
	var now int64
	var sent, beats, echoes uint64
	kinds := []detect.Kind{detect.Beat, detect.Echo}
	rng.Shuffle(2, func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	for range n {
		e := event{what: "heard"}
		now += rng.Int64N(interval)
		switch p := rng.IntN(100); {
		case p < 30:
			e.what, e.seq = "sent", sent
			sent++
		case p < 50:
			e.kind, e.seq = kinds[0], beats
			beats++
		case p < 70:
			e.kind, e.seq = kinds[1], echoes
			echoes++
		case p < 80:
			e.kind = detect.Data
		case p < 85:
			e.what, e.from = "stall", now-rng.Int64N(interval)
			now += rng.Int64N(3 * interval)
		case p < 90: // lost
			beats += rng.Uint64N(5)
			echoes += rng.Uint64N(5)
		case p < 95: // again
			e.kind, e.seq = kinds[0], beats/2
		case p < 98: // silent
			now += rng.Int64N(100 * interval)
			beats += rng.Uint64N(2) * 50
		default:
			e.kind, e.seq = detect.Beat, rng.Uint64()
			if rng.IntN(2) == 0 {
				beats += rng.Uint64N(1 << 20)
			}
		}
		e.at = now
		events = append(events, e)
	}
	return events
}

// Histories checks, after each event of many random histories, the promises
// that hold whatever happens: only differences of instants count, our own beats
// move no deadline, data never moves it back, a stall moves it by no more than
// its length, and a level agrees with it. It needs no Signs.
func (s Suite) Histories(t *testing.T) {
	for seed := range uint64(50) {
		if s.through(t, seed); t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func (s Suite) through(t *testing.T, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	epoch := rng.Int64N(1 << 60)
	d, shifted := s.Config.New(), s.Config.New()
	d.Start(0)
	shifted.Start(epoch)
	for i, e := range history(rng, int64(s.Interval), 300) {
		before, had := d.Deadline()
		e.tell(d, 0)
		e.tell(shifted, epoch)
		after, has := d.Deadline()

		if at, ok := shifted.Deadline(); ok != has || has && at-epoch != after {
			t.Fatalf("event %d, %+v: deadline %d, and %d from %d on", i, e, after, at-epoch, epoch)
		}
		moved := after - before
		switch {
		case !had || !has:
		case e.what == "sent" && moved != 0:
			t.Fatalf("event %d, %+v: our own beat moved the deadline by %d", i, e, moved)
		case e.what == "stall" && (moved < 0 || moved > e.at-e.from):
			t.Fatalf("event %d, %+v: the stall moved the deadline by %d", i, e, moved)
		case e.kind == detect.Data && moved < 0:
			t.Fatalf("event %d, %+v: data moved the deadline by %d", i, e, moved)
		}
		if l, ok := d.(detect.Leveler); ok {
			s.agrees(t, l, e.at)
		}
	}
}

// agrees checks the level around the deadline, and that it never falls.
func (s Suite) agrees(t *testing.T, l detect.Leveler, now int64) {
	t.Helper()
	at := deadline(t, l)
	before, reached := l.Level(at-1), l.Level(at)
	if !(before < s.Threshold && s.Threshold <= reached) {
		t.Fatalf("level %v before the deadline and %v at it, threshold %v", before, reached, s.Threshold)
	}
	if reached > s.Threshold*1.001 {
		t.Fatalf("level %v at the deadline, want the threshold %v", reached, s.Threshold)
	}
	if !(0 <= l.Level(now)) || at > now && l.Level(now) > before || l.Level(at+1e12) < reached {
		t.Fatalf("level %v at %d, %v at the deadline %d, %v long after", l.Level(now), now, reached, at, l.Level(at+1e12))
	}
}
