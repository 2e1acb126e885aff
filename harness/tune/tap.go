package tune

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// A tap is told what a detector is told, and passes it on as arrivals. It never
// suspects. As a detect.Config it makes itself: for one session only.
type tap struct {
	kind    detect.Kind
	beats   uint64                      // how many count
	origin  func() int64                // when beat 0 left
	left    func(seq uint64) int64      // when a beat or an echo left the peer
	sent    func(seq uint64, now int64) // nil: nobody asks
	arrived func(arrival)
}

func (t *tap) Name() string                 { return "tap" }
func (t *tap) Validate() error              { return nil }
func (t *tap) New() detect.Detector         { return t }
func (t *tap) MarshalJSON() ([]byte, error) { return json.Marshal(struct{}{}) }
func (t *tap) Start(int64)                  {}
func (t *tap) Stalled(int64, int64)         {}
func (t *tap) Deadline() (int64, bool)      { return 0, false }
func (t *tap) Explain() string              { return "tap: never suspects" }

func (t *tap) Sent(seq uint64, now int64) {
	if t.sent != nil {
		t.sent(seq, now)
	}
}

func (t *tap) Heard(kind detect.Kind, seq uint64, now int64) {
	if kind == t.kind && seq < t.beats {
		t.arrived(arrival{seq: seq, left: t.left(seq), at: now - t.origin()})
	}
}

// onceMore is the arrival with the instant at which it left the peer for the last time: TCP
// sends again what was lost, which a peer that crashed meanwhile does not. reach
// is the longest that a delay nearly ever is.
func (a arrival) onceMore(m sim.Model, reach int64) arrival {
	if m.Delivery == sim.TCP {
		a.left = max(a.left, a.at-reach)
	}
	return a
}

// reach is the longest delay of a law, or where there is none, what all but one
// in a thousand keep.
func reach(d sim.Delay) time.Duration {
	const beyond = 1e-3
	switch d.Law {
	case sim.Normal:
		return d.Latency + portion(d.Jitter, distuv.UnitNormal.Quantile(1-beyond))
	case sim.Exponential:
		return d.Latency + portion(d.Jitter, -math.Log(beyond))
	case sim.Pareto:
		return d.Latency + portion(d.Jitter, (d.Shape-1)*(math.Pow(beyond, -1/d.Shape)-1))
	default:
		return d.Latency + d.Jitter
	}
}

// recent is how many beats may be under way at once.
const recent = 1 << 12

// run simulates a pair that lives: the client beats so often, the server answers.
// client is told of echoes, and server of beats, in order of time; either may be
// nil. Instants are counted from beat 0.
func run(ctx context.Context, m sim.Model, interval time.Duration, beats int, seed uint64, client, server func(arrival)) error {
	var origin int64
	var answered [recent]int64
	began := func() int64 { return origin }
	far := int64(reach(m.Delay) + m.ReorderBy)
	atServer := &tap{
		kind: detect.Beat, beats: uint64(beats), origin: began,
		left: func(seq uint64) int64 { return int64(seq) * int64(interval) },
		arrived: func(a arrival) {
			answered[a.seq%recent] = a.at
			if server != nil {
				server(a.onceMore(m, far))
			}
		},
	}
	atClient := &tap{
		kind: detect.Echo, beats: uint64(beats), origin: began,
		left: func(seq uint64) int64 { return answered[seq%recent] },
		sent: func(seq uint64, now int64) {
			if seq == 0 {
				origin = now
			}
		},
		arrived: func(a arrival) {
			if client != nil {
				client(a.onceMore(m, far))
			}
		},
	}
	_, err := sim.Run(ctx, sim.Setup{
		Policy: heartbeat.Policy{
			Name: "tap", Profile: heartbeat.Strict(), Probe: heartbeat.ProbeEcho, Beats: heartbeat.FromClient, Interval: interval,
		},
		Mode: heartbeat.Observe, Model: m, Seed: seed,
		Life:  time.Duration(beats) * interval,
		Watch: []sim.Detectors{{Client: atClient, Server: atServer}},
	})
	return err
}
