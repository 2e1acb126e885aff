package sim_test

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// oneWay is a policy whose client pushes beats, and whose server hears them; the
// detectors that matter watch.
func oneWay(interval time.Duration) heartbeat.Policy {
	return heartbeat.Policy{
		Name: "one-way", Profile: heartbeat.Strict(), Probe: heartbeat.ProbePush, Beats: heartbeat.FromClient, Interval: interval,
	}
}

// known is what a test knows, and no detector: when beats left and arrived.
type known struct {
	interval time.Duration
	start    int64   // when beat 0 left
	offsets  []int64 // A_i - D i, of the beats of the newest session
}

// sender watches the side that beats.
type sender struct{ *known }

func (sender) Name() string                     { return "sender" }
func (sender) Validate() error                  { return nil }
func (s sender) New() detect.Detector           { return s }
func (sender) Start(int64)                      {}
func (s sender) Sent(seq uint64, now int64)     { s.start = now - int64(seq)*int64(s.interval) }
func (sender) Heard(detect.Kind, uint64, int64) {}
func (sender) Stalled(int64, int64)             {}
func (sender) Deadline() (int64, bool)          { return 0, false }
func (sender) Explain() string                  { return "" }

// spy is Chen's detector, and tells the test what it heard.
type spy struct {
	detect.Chen
	*known
}

func (s spy) New() detect.Detector {
	s.offsets = s.offsets[:0]
	return spying{s.Chen.New(), s.known}
}

type spying struct {
	detect.Detector
	*known
}

func (s spying) Heard(kind detect.Kind, seq uint64, now int64) {
	s.Detector.Heard(kind, seq, now)
	s.offsets = append(s.offsets, now-int64(seq)*int64(s.interval))
}

// Chen's bound: T_D <= E(delay) + alpha + D, with the detector's own estimate of
// the mean delay at that moment: the mean over the newest beats that it has. The
// test computes it from when these left and arrived.
func TestChensBoundHoldsInEveryCrash(t *testing.T) {
	const (
		crashes  = 100_000
		interval = time.Second
		alpha    = 400 * time.Millisecond
		samples  = 8
	)
	crash := scenario.Scenario{ // what was sent before it still arrives
		Faults:  []scenario.Step{{Fault: scenario.Fault{Kind: scenario.HalfOpenUp}}},
		Observe: "5s",
	}
	model := sim.Model{
		Delivery: sim.UDP, Loss: sim.Loss{Rate: .05},
		Delay: sim.Delay{Law: sim.Normal, Latency: 500 * time.Millisecond, Jitter: 100 * time.Millisecond},
	}
	var detected, violated, suspected atomic.Int64
	var closest atomic.Int64
	closest.Store(math.MaxInt64)
	each(crashes, func(i int) {
		k := &known{interval: interval}
		r, err := sim.Run(context.Background(), sim.Setup{
			Policy: oneWay(interval), Mode: heartbeat.Observe, Model: model, Scenario: crash, Seed: uint64(i),
			Life: time.Duration(i%20) * interval, Phase: float64(i%997) / 996,
			Watch: []sim.Detectors{{Client: sender{k}, Server: spy{detect.Chen{Interval: interval, Margin: alpha, Samples: samples}, k}}},
		})
		if err != nil || len(r.Watched[0].Server.Detections) != 1 {
			t.Errorf("crash %d: %v, %+v", i, err, r.Watched)
			return
		}
		detected.Add(1)
		newest := k.offsets[max(0, len(k.offsets)-samples):]
		var sum int64
		for _, o := range newest {
			sum += o - k.start
		}
		estimate := time.Duration(math.Ceil(float64(sum) / float64(len(newest))))
		took := r.Watched[0].Server.Detections[0]
		if took == 0 {
			suspected.Add(1) // by mistake, and the crash made it right
		}
		left := estimate + alpha + interval - took
		if left < 0 {
			violated.Add(1)
			t.Errorf("crash %d: detected after %v, the bound is %v + %v + %v", i, took, estimate, alpha, interval)
		}
		for c := closest.Load(); int64(left) < c && !closest.CompareAndSwap(c, int64(left)); c = closest.Load() {
		}
	})
	// A bound that is never nearly reached would be no test of the detector.
	if detected.Load() != crashes || violated.Load() > 0 || time.Duration(closest.Load()) > 5*time.Millisecond || suspected.Load() > crashes/10 {
		t.Errorf("of %d crashes %d were detected, %d beyond the bound, the closest %v below it; %d were suspected before",
			crashes, detected.Load(), violated.Load(), time.Duration(closest.Load()), suspected.Load())
	}
}

// each does n things, on all cores.
func each(n int, do func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

// nfds is NFD-S: at the freshness point of beat i, Shift after it left, the peer
// is suspected unless that beat or a later one was heard. It has to know when beats
// leave, which no detector in the field does: so it lives here.
type nfds struct {
	*known
	shift time.Duration
}

func (nfds) Name() string           { return "nfd-s" }
func (nfds) Validate() error        { return nil }
func (n nfds) New() detect.Detector { return &fresh{nfds: n} }

type fresh struct {
	nfds
	any    bool
	latest uint64 // of the beats heard
}

func (*fresh) Start(int64)          {}
func (*fresh) Sent(uint64, int64)   {}
func (*fresh) Stalled(int64, int64) {}
func (*fresh) Explain() string      { return "" }

func (f *fresh) Heard(_ detect.Kind, seq uint64, _ int64) {
	if !f.any || seq > f.latest {
		f.any, f.latest = true, seq
	}
}

// Deadline is the freshness point of the beat after the latest heard.
func (f *fresh) Deadline() (int64, bool) {
	return f.start + int64(f.latest+1)*int64(f.interval) + int64(f.shift), f.any
}

// theorem5 is the quality of NFD-S by Chen, Toueg and Aguilera (2002), theorem 5,
// in seconds, for a loss of p and delays that are longer than x with tail(x).
func theorem5(interval, shift, p float64, tail func(float64) float64) (recurrence, duration, accuracy float64) {
	k := int(math.Ceil(shift / interval))
	u := func(x float64) float64 {
		product := 1.0
		for j := 0; j <= k; j++ {
			product *= p + (1-p)*tail(shift+x-float64(j)*interval)
		}
		return product
	}
	q := (1 - p) * (1 - tail(shift+interval))
	// u has a corner where a delay may be 0.
	corner := float64(k)*interval - shift
	integral := quad.Fixed(u, 0, corner, 200, nil, 0) + quad.Fixed(u, corner, interval, 200, nil, 0)
	return interval / (q * u(0)), integral / (q * u(0)), 1 - integral/interval
}

func TestNFDSIsAsTheClosedFormSays(t *testing.T) {
	const (
		trials   = 64
		interval = 1.0
	)
	for _, row := range []struct{ shift, mean, loss float64 }{
		{shift: 1, mean: .2, loss: .02},
		{shift: 1.5, mean: .3, loss: .1},
		{shift: .4, mean: .1, loss: .01},
	} {
		var recurrence, duration, accuracy [trials]float64
		each(trials, func(i int) {
			k := &known{interval: time.Second}
			r, err := sim.Run(context.Background(), sim.Setup{
				Policy: oneWay(time.Second), Mode: heartbeat.Observe, Seed: uint64(i), Life: 40_000 * time.Second,
				Model: sim.Model{Delivery: sim.UDP, Loss: sim.Loss{Rate: row.loss}, Delay: sim.Delay{Law: sim.Exponential, Jitter: seconds(row.mean)}},
				Watch: []sim.Detectors{{Client: sender{k}, Server: nfds{k, seconds(row.shift)}}},
			})
			if err != nil {
				t.Error(err)
				return
			}
			m := r.Watched[0].Server
			recurrence[i] = m.Between.Seconds() / float64(m.Gaps)
			duration[i] = m.Mistaken.Seconds() / float64(m.Mistakes)
			accuracy[i], _ = m.Accuracy()
		})
		wantR, wantD, wantA := theorem5(interval, row.shift, row.loss, func(x float64) float64 { return math.Exp(-max(0, x) / row.mean) })
		for _, is := range []struct {
			what string
			x    [trials]float64
			want float64
		}{{"T_MR", recurrence, wantR}, {"T_M", duration, wantD}, {"P_A", accuracy, wantA}} {
			mean, sd := stat.MeanStdDev(is.x[:], nil)
			half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: trials - 1}.Quantile(1-.001/2) * sd / math.Sqrt(trials)
			t.Logf("shift %v, mean delay %v, loss %v: %s %.6g ± %.2g, closed form %.6g", row.shift, row.mean, row.loss, is.what, mean, half, is.want)
			if math.Abs(mean-is.want) > half {
				t.Errorf("shift %v, mean delay %v, loss %v: %s is %.6g ± %.2g (99.9 %%), the closed form says %.6g", row.shift, row.mean, row.loss, is.what, mean, half, is.want)
			}
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
