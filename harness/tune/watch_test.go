package tune

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// lossy is a datagram network that loses and delays.
func lossy() sim.Model {
	return sim.Model{
		Name: "lossy", Delivery: sim.UDP,
		Delay: sim.Delay{Law: sim.Uniform, Latency: 200 * time.Millisecond, Jitter: 100 * time.Millisecond},
		Loss:  sim.Loss{Rate: 0.05},
	}
}

// A second judge, with other code, counts the same mistakes in the same time, of
// every detector.
func TestTheJudgeCountsTheSameMistakes(t *testing.T) {
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		h, err := Record(t.Context(), lossy(), side, 2*time.Second, 20_000, 3)
		if err != nil {
			t.Fatal(err)
		}
		var configs []detect.Config
		for _, f := range Families() {
			if f.Name == "echo-timer" && side == heartbeat.ServerSide {
				continue
			}
			for _, knob := range f.Grid(h.Interval)[:9] {
				if c := f.Turn(h.Interval, knob); c.Validate() == nil {
					configs = append(configs, c)
				}
			}
		}
		many := judge.NewMany(configs, judge.Truth{Grace: 0})
		events := []trace.Event{{Side: side, What: trace.Up}}
		next := uint64(0)
		for _, a := range h.arrivals {
			for ; side == heartbeat.ClientSide && int64(next)*int64(h.Interval) <= a.at; next++ {
				events = append(events, trace.Event{T: int64(next) * int64(h.Interval), Side: side, What: trace.Sent, Kind: "beat", Seq: next})
			}
			events = append(events, trace.Event{T: a.at, Side: side, What: trace.Heard, Kind: h.kind().String(), Seq: a.seq})
		}
		many.Tell(side, events)
		total := 0
		for i, q := range many.End(h.arrivals[len(h.arrivals)-1].at) {
			s := h.score(configs[i])
			total += s.mistakes
			if s.mistakes != q.Mistakes {
				t.Errorf("%s, %s %+v: %d mistakes, the judge counts %d", side, configs[i].Name(), configs[i], s.mistakes, q.Mistakes)
			}
			if mistaken := 1 - s.accuracy; math.Abs(mistaken-(1-*q.Accuracy)) > 1e-3*mistaken+1e-9 {
				t.Errorf("%s, %s: P_A %v, the judge says %v", side, configs[i].Name(), s.accuracy, *q.Accuracy)
			}
		}
		if total < 10_000 {
			t.Errorf("%d mistakes show little", total)
		}
	}
}

// What arrives at the very instant of the deadline is heard first. Without delays
// every whole number of beats ends at such an instant, and all who count mistakes
// count the same: the watch, the judge, and who watches in the simulation.
func TestWhatArrivesAtTheDeadlineIsHeardFirst(t *testing.T) {
	const interval, beats, seed = 2 * time.Second, 20_000, 3
	m := sim.Model{Name: "at once", Delivery: sim.UDP, Loss: sim.Loss{Rate: 0.2}}
	h, err := Record(t.Context(), m, heartbeat.ServerSide, interval, beats, seed)
	if err != nil {
		t.Fatal(err)
	}
	configs := []detect.Config{
		detect.Fixed{Timeout: 2 * interval}, detect.Fixed{Timeout: 3 * interval},
		detect.Missed{Interval: interval, Count: 2}, detect.Missed{Interval: interval, Count: 3},
	}
	events := []trace.Event{{Side: h.Side, What: trace.Up}}
	for _, a := range h.arrivals {
		events = append(events, trace.Event{T: a.at, Side: h.Side, What: trace.Heard, Kind: h.kind().String(), Seq: a.seq})
	}
	many := judge.NewMany(configs, judge.Truth{})
	many.Tell(h.Side, events)
	judged := many.End(h.arrivals[len(h.arrivals)-1].at)
	setup := sim.Setup{
		Policy: heartbeat.Policy{
			Name: "watched", Profile: heartbeat.Strict(), Probe: heartbeat.ProbeEcho, Beats: heartbeat.FromClient, Interval: interval,
		},
		Mode: heartbeat.Observe, Model: m, Seed: seed, Life: beats * interval,
	}
	for _, c := range configs {
		setup.Watch = append(setup.Watch, sim.Detectors{Server: c})
	}
	simulated, err := sim.Run(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range configs {
		watched := h.score(c).mistakes
		if watched != judged[i].Mistakes || watched != simulated.Watched[i].Server.Mistakes {
			t.Errorf("%s %+v: %d mistakes, the judge counts %d, the simulation %d", c.Name(), c, watched, judged[i].Mistakes, simulated.Watched[i].Server.Mistakes)
		}
		lost := 2 + i%2 // so many in a row are a mistake, after one that is heard
		if least, most := poisson(watched); least > beats*math.Pow(0.2, float64(lost))*0.8 || most < beats*math.Pow(0.2, float64(lost))*0.8 {
			t.Errorf("%s %+v: %d mistakes, of 20000 beats of which %d in a row are lost", c.Name(), c, watched, lost)
		}
	}
}

// Beats every 2 s without delay, a timeout of 5 s: what crashes at c after beat n
// is suspected 5 s after that beat left.
func TestCrashesByHand(t *testing.T) {
	w := newWatch(detect.Fixed{Timeout: 5 * time.Second}, detect.Beat, 2*time.Second, 1, bounds{int64(4 * time.Second), int64(4500 * time.Millisecond)})
	for n := range uint64(5) {
		at := int64(n) * 2e9
		w.hear(arrival{n, at, at})
	}
	// The first crash, at the very instant of beat 0, is before it.
	const golden = 0.6180339887498949
	var want []time.Duration
	for n := 1; n < 4; n++ {
		_, phase := math.Modf(float64(n) * golden)
		want = append(want, 5*time.Second-time.Duration(int64(phase*2e9)))
	}
	if !slices.Equal(w.crashes, want) {
		t.Errorf("T_D %v, want %v", w.crashes, want)
	}
	early, late := 0, 0
	for _, d := range want {
		if d < 4*time.Second {
			early++
		}
		if d > 4500*time.Millisecond {
			late++
		}
	}
	if w.early != early || w.late != late || early == 0 || late == 0 {
		t.Errorf("%d early and %d late, want %d and %d", w.early, w.late, early, late)
	}
}

// A peer that crashes while it is suspected is detected at once.
func TestACrashDuringASuspicionIsDetectedAtOnce(t *testing.T) {
	w := newWatch(detect.Fixed{Timeout: 2500 * time.Millisecond}, detect.Beat, 2*time.Second, 1, bounds{})
	w.hear(arrival{0, 0, 0})
	w.hear(arrival{4, 8e9, 8e9}) // 1 to 3 were lost
	if len(w.mistakes) != 1 || w.mistakes[0] != 2.5e9 || w.mistaken != 5.5e9 {
		t.Errorf("mistakes %v, for %v", w.mistakes, w.mistaken)
	}
	// Crashes 1 to 3 come at 3.24, 4.47 and 7.71 s, after the suspicion of 2.5 s.
	if want := []time.Duration{0, 0, 0}; !slices.Equal(w.crashes, want) {
		t.Errorf("T_D %v, want %v", w.crashes, want)
	}
}

// An echo timer's deadline is that of the oldest unanswered beat, sent before the
// crash or after it: T_D lies in [t - 2d, t + D).
func TestCrashesOfAnEchoTimer(t *testing.T) {
	m := lossy()
	m.Loss = sim.Loss{}
	h, err := Record(t.Context(), m, heartbeat.ClientSide, 2*time.Second, 20_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := h.score(detect.EchoTimer{Timeout: 5 * time.Second})
	least, most := s.took[0], s.took[len(s.took)-1]
	// The crash is at the server's end, one delay of 0.1 s to 0.3 s from the client.
	if lo, hi := 5*time.Second-300*time.Millisecond, 7*time.Second-100*time.Millisecond; least < lo || most >= hi || least > lo+50*time.Millisecond || most < hi-50*time.Millisecond {
		t.Errorf("T_D %v to %v, want nearly all of %v to %v", least, most, lo, hi)
	}
}

// What TCP sends again after a crash did not leave a peer that crashed: a silence
// is never longer than its timeout and a delay.
func TestACrashEndsRetransmissions(t *testing.T) {
	m := lossy()
	m.Delivery, m.Loss = sim.TCP, sim.Loss{Rate: 0.2}
	h, err := Record(t.Context(), m, heartbeat.ServerSide, 2*time.Second, 50_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := h.score(detect.Fixed{Timeout: 20 * time.Second})
	if most, want := s.took[len(s.took)-1], 20*time.Second+300*time.Millisecond; most > want {
		t.Errorf("T_D up to %v, want at most %v", most, want)
	}
	if h.Arrivals != h.Beats {
		t.Errorf("%d of %d beats arrived, want all: TCP loses none", h.Arrivals, h.Beats)
	}
}
