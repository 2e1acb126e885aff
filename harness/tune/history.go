package tune

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// History is what one side heard of a peer that lived, in virtual time: the same
// arrivals for every detector. It keeps 24 bytes for each.
type History struct {
	Model    sim.Model      `json:"model"`
	Side     heartbeat.Side `json:"side"`
	Interval time.Duration  `json:"interval_ns"`
	Beats    int            `json:"beats"` // that were sent
	Seed     uint64         `json:"seed"`
	Arrivals int            `json:"arrivals"` // that were heard
	arrivals []arrival
}

// Longest is how long a history may be, a century: instants are counted in
// nanoseconds, which have room for three.
const Longest = 100 * 365 * day

// Record simulates a pair whose client beats and whose server answers, and keeps
// what side hears: beats at the server, echoes at the client.
func Record(ctx context.Context, m sim.Model, side heartbeat.Side, interval time.Duration, beats int, seed uint64) (History, error) {
	if interval <= 0 || beats < 1 || time.Duration(beats) > Longest/interval {
		return History{}, fmt.Errorf("record a history: %d beats every %v, want at least one, and a century at most", beats, interval)
	}
	h := History{Model: m, Side: side, Interval: interval, Beats: beats, Seed: seed, arrivals: make([]arrival, 0, beats)}
	keep := func(a arrival) { h.arrivals = append(h.arrivals, a) }
	client, server := keep, (func(arrival))(nil)
	if side == heartbeat.ServerSide {
		client, server = nil, keep
	}
	if err := run(ctx, m, interval, beats, seed, client, server); err != nil {
		return h, fmt.Errorf("record a history: %w", err)
	}
	h.Arrivals = len(h.arrivals)
	return h, nil
}

// Long is how long it is.
func (h History) Long() time.Duration { return time.Duration(h.Beats) * h.Interval }

func (h History) kind() detect.Kind {
	if h.Side == heartbeat.ClientSide {
		return detect.Echo
	}
	return detect.Beat
}

// blocks are how many pieces of equal length a history is cut into where it is
// resampled: long enough to forget each other, and enough to vary.
const blocks = 50

// score is one detector's, on a history.
type score struct {
	knob     float64
	config   detect.Config
	mistakes int
	each     [blocks]int // mistakes by block
	accuracy float64
	took     []time.Duration // T_D of crashes, sorted
}

func (s score) quantile(q float64) time.Duration {
	if len(s.took) == 0 {
		return 0
	}
	return s.took[int(q*float64(len(s.took)-1))]
}

// mostCrashes bounds how many are tried in a history.
const mostCrashes = 100_000

// score holds a detector to the history.
func (h History) score(c detect.Config) score {
	w := newWatch(c, h.kind(), h.Interval, max(1, uint64(h.Beats/mostCrashes)), bounds{})
	for _, a := range h.arrivals {
		w.hear(a)
	}
	s := score{config: c, mistakes: len(w.mistakes), took: w.crashes}
	slices.Sort(s.took)
	block := max(1, int64(h.Long())/blocks)
	for _, at := range w.mistakes {
		s.each[min(blocks-1, at/block)]++
	}
	s.accuracy = 1 - float64(w.mistaken)/float64(h.Long())
	return s
}
