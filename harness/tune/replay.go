package tune

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Replay is what the capture says of a recommendation: of the side that made more
// mistakes, at the worst of the phases that were tried.
type Replay struct {
	Side  heartbeat.Side `json:"side"`
	Beats int            `json:"beats"` // that the capture has room for, of the advised interval
	Rate  MistakeRate    `json:"rate"`
}

// phases are how many places between two of the capture's beats a replay begins at:
// by where a burst meets the beats, it takes one more of them, or one less.
const phases = 4

// replay tells the detectors of a policy what the capture shows, as if the beats had
// left as often as the policy sends them: see way.beats. It is the capture of one
// direction, so echoes are taken to fare as beats do; a client, which needs both
// directions, may do worse.
func (d Demands) replay(ctx context.Context, p heartbeat.Policy) *Replay {
	client, server, interval := standIns(p)
	least := d.Profile.Delay - d.Profile.Jitter/2
	var worst *Replay
	for phase := range time.Duration(phases) {
		var sides []*watch
		for _, s := range []struct {
			config detect.Config
			kind   detect.Kind
		}{{client, detect.Echo}, {server, detect.Beat}} {
			if s.config != nil {
				sides = append(sides, newWatch(s.config, s.kind, interval, 0, bounds{}))
			}
		}
		beats := d.way.beats(ctx, interval, phase*interval/phases, least, func(a arrival) {
			for _, w := range sides {
				w.hear(a)
			}
		})
		for i, w := range sides {
			if worst != nil && len(w.mistakes) <= worst.Rate.Mistakes {
				continue
			}
			worst = &Replay{Side: heartbeat.ClientSide, Beats: beats, Rate: rateOf(len(w.mistakes), d.way.long)}
			if i == 1 || client == nil {
				worst.Side = heartbeat.ServerSide
			}
		}
	}
	return worst
}

// replayed is r with its replay, if it fits and there is a capture.
func (d Demands) replayed(ctx context.Context, r Recommendation) Recommendation {
	if r.Fits() && d.way != nil {
		r.Replay = d.replay(ctx, r.Policy)
	}
	return r
}

// standIns are the detectors of both sides, nil where one would make the same
// mistakes as the other, and what the beat interval is. A kernel's keepalive ends a
// connection on which nothing was heard for its idle time and all its probes, as a
// fixed timeout would. Its user timeout waits for an acknowledgement as an echo timer
// does, but a retransmission must come in time as well: it makes as many mistakes,
// or more.
func standIns(p heartbeat.Policy) (client, server detect.Config, interval time.Duration) {
	switch {
	case p.Probe == heartbeat.ProbeKeepalive:
		k := p.Keepalive
		return detect.Fixed{Timeout: k.Idle + time.Duration(k.Count)*k.Interval}, nil, max(k.Idle, k.Interval)
	case p.Client == nil:
		return detect.EchoTimer{Timeout: p.UserTimeout}, nil, p.Interval
	case reflect.DeepEqual(p.Client, p.Server):
		return nil, p.Server, p.Interval
	default:
		return p.Client, p.Server, p.Interval
	}
}

// Unbearable are the capture's silences, the longest first, in which any detector
// that keeps the window suspects a peer that lives, whatever the interval.
//
// In a silence of S, the way was dead for all but two intervals of the capture at least:
// from the first beat that is missing to the last. To keep the window after a crash, a
// detector must not wait longer than the window leaves; a way that is dead for longer
// than that looks the same to it.
func (d Demands) Unbearable() []Silence {
	if d.way == nil {
		return nil
	}
	var out []Silence
	for _, s := range d.way.silences {
		if s.Long-time.Duration(2*d.way.interval) > d.silence() {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Silence) int { return int(b.Long - a.Long) })
	return out
}

// avoidable says how many mistakes per day of a replay another interval might not
// make.
func (d Demands) avoidable(r *Replay) float64 {
	return rateOf(max(0, r.Rate.Mistakes-len(d.Unbearable())), r.Rate.In).PerDay
}

// Shows is how long a capture or a simulation without any mistake has to be, to show
// that there are at most so many.
func (r Rate) Shows() time.Duration {
	_, most := poisson(0)
	return portion(r.Recurrence(), most)
}
