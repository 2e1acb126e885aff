package sim_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// rough is a network that has everything.
var rough = sim.Model{
	Delivery: sim.TCP, Delay: sim.Delay{Law: sim.Pareto, Latency: 20 * time.Millisecond, Jitter: 30 * time.Millisecond, Shape: 2},
	Loss:    sim.Loss{Rate: .05, Burst: sim.Burst{Rate: .9, Every: 30 * time.Second, Lasts: 3 * time.Second}},
	Reorder: .1, ReorderBy: 50 * time.Millisecond, Duplicate: .1,
}

var pull = scenario.Scenario{
	Faults:  []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, For: "10s"}},
	Observe: "20s",
	Expect:  []scenario.Expectation{{That: scenario.Detects}, {That: scenario.Recovers}},
}

func setup(tb testing.TB, name string, seed uint64) sim.Setup {
	return sim.Setup{
		Policy: policy(tb, heartbeat.Strict(), name), Model: rough, Scenario: pull, Phase: .3, Life: time.Minute, Seed: seed,
	}
}

func TestASeedDecidesEveryByteOfATrace(t *testing.T) {
	bytesOf := func(delivery sim.Delivery, seed uint64) []byte {
		s := setup(t, "phi", seed)
		s.Model.Delivery = delivery
		events, err := sim.Record(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := trace.Write(&out, trace.Trace{Events: events}); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for _, d := range []sim.Delivery{sim.TCP, sim.UDP} {
		one := bytesOf(d, 1)
		if !bytes.Equal(one, bytesOf(d, 1)) {
			t.Errorf("%s: the same seed gave two traces", d)
		}
		if bytes.Equal(one, bytesOf(d, 2)) {
			t.Errorf("%s: two seeds gave one trace", d)
		}
		if len(one) < 10_000 {
			t.Errorf("%s: the trace has %d bytes, want a whole trial", d, len(one))
		}
	}
}

func TestResultsDoNotDependOnTheNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var sums []sim.Result
	for _, cores := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(cores)
		sum, err := sim.RunMany(context.Background(), 203, func(i int) sim.Setup {
			s := setup(t, "chen", uint64(i))
			s.Mode = heartbeat.Observe
			s.Watch = []sim.Detectors{{Client: detect.Fixed{Timeout: 5 * time.Second}}}
			return s
		})
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, sum)
	}
	for _, sum := range sums[1:] {
		if !reflect.DeepEqual(sum, sums[0]) {
			t.Errorf("got %+v\nwith one core %+v", sum, sums[0])
		}
	}
	if n := sums[0]; n.Trials != 203 || len(n.Client.Detections) < 190 || n.Watched[0].Client.Mistakes == 0 || n.Watched[0].Server.Alive != 0 {
		t.Errorf("got %+v", n)
	}
}

// Who watches is told what the session's own detector is told.
func TestWatchingChangesNothing(t *testing.T) {
	for _, name := range []string{"fixed", "echo-timer", "push", "missed", "chen", "bertier", "phi", "exponential"} {
		s := setup(t, name, 5)
		s.Mode, s.Life = heartbeat.Observe, time.Hour
		alone, err := sim.Run(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		s.Watch = []sim.Detectors{{Client: s.Policy.Client, Server: s.Policy.Server}}
		r, err := sim.Run(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r.Sides, alone.Sides) || !reflect.DeepEqual(r.Watched[0], r.Sides) {
			t.Errorf("%s: the sides came to %+v\nwatched, to %+v\nand who watched them says %+v", name, alone.Sides, r.Sides, r.Watched[0])
		}
		if alone.Client.Mistakes == 0 && name != "push" {
			t.Errorf("%s made no mistake: nothing was compared", name)
		}
	}
}

// A longer life costs no memory.
func TestMemoryIsFlat(t *testing.T) {
	allocated := func(life time.Duration) uint64 {
		s := setup(t, "phi", 1)
		s.Life = life
		s.Model.Delay, s.Model.Loss = sim.Delay{Latency: 20 * time.Millisecond}, sim.Loss{Rate: .01} // no mistake: that costs words
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := sim.Run(context.Background(), s)
		runtime.ReadMemStats(&after)
		if err != nil || r.Client.Mistakes > 0 {
			t.Fatal(err, r.Client.Mistakes)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	short, long := allocated(time.Hour), allocated(100*time.Hour)
	if long > short+4096 {
		t.Errorf("an hour took %d bytes, a hundred hours %d", short, long)
	}
}

func TestInterruptedSumHasWhatThereIs(t *testing.T) {
	ctx, stop := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	sum, err := sim.RunMany(ctx, 10_000, func(i int) sim.Setup {
		if i == 100 {
			stop(why)
		}
		return setup(t, "fixed", uint64(i))
	})
	if !errors.Is(err, why) || sum.Trials == 0 || sum.Trials > 5000 {
		t.Errorf("%d trials, %v", sum.Trials, err)
	}
}

func TestASingleLongTrialCanBeInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	s := setup(t, "fixed", 1)
	s.Life = 100 * 365 * 24 * time.Hour
	if _, err := sim.Run(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestANetworkThatLetsNothingThrough(t *testing.T) {
	s := setup(t, "fixed", 1)
	s.Model = sim.Model{Delivery: sim.TCP, Delay: sim.Delay{Latency: 3 * time.Second}}
	if _, err := sim.Run(context.Background(), s); !errors.As(err, new(sim.NeverUpError)) {
		t.Errorf("got %v", err)
	}
}
