package network_test

import (
	"math"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

func TestDelaysAreReproducible(t *testing.T) {
	law := network.Delay{Latency: 200 * time.Millisecond, Jitter: 100 * time.Millisecond, Law: scenario.Uniform}
	draws := func(seed uint64, link int, d network.Way) (all [5]time.Duration) {
		random := network.Sequence(seed, link, d)
		for i := range all {
			all[i] = law.Draw(random)
		}
		return all
	}
	// A trace names a seed: these numbers may never change.
	want := [5]time.Duration{271_509_117, 292_143_026, 127_258_742, 117_701_745, 137_085_284}
	if got := draws(42, 0, network.Up); got != want {
		t.Errorf("seed 42: %v, want %v", got, want)
	}
	seen := map[[5]time.Duration]bool{}
	for _, seed := range []uint64{1, 2, math.MaxUint64} {
		for link := range 3 {
			for _, d := range []network.Way{network.Up, network.Down} {
				seen[draws(seed, link, d)] = true
			}
		}
	}
	if len(seen) != 18 {
		t.Errorf("%d different sequences, want 18", len(seen))
	}
}

func TestDelaysStayInTheirRange(t *testing.T) {
	const ms = time.Millisecond
	for _, row := range []struct {
		name        string
		law         network.Delay
		least, most time.Duration
		mean, sd    time.Duration // of the law, negative draws counting as 0
	}{
		{"none", network.Delay{Law: scenario.Uniform}, 0, 0, 0, 0},
		{"constant", network.Delay{Latency: 5 * ms, Law: scenario.Uniform}, 5 * ms, 5 * ms, 5 * ms, 0},
		{"constant normal", network.Delay{Latency: 5 * ms, Law: scenario.Normal}, 5 * ms, 5 * ms, 5 * ms, 0},
		{
			// The deviation of a uniform law is half its width over sqrt 3.
			"uniform", network.Delay{Latency: 200 * ms, Jitter: 100 * ms, Law: scenario.Uniform},
			100 * ms, 300 * ms, 200 * ms, 57735 * time.Microsecond,
		},
		{
			// Half are 0, the others have mean 50: sd = 100 sqrt(1/6 - 1/16).
			"uniform, cut at 0", network.Delay{Jitter: 100 * ms, Law: scenario.Uniform},
			0, 100 * ms, 25 * ms, 32275 * time.Microsecond,
		},
		{
			"normal", network.Delay{Latency: 200 * ms, Jitter: 20 * ms, Law: scenario.Normal},
			0, time.Second, 200 * ms, 20 * ms,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			const n = 20_000
			random := network.Sequence(1, 0, network.Up)
			var sum, squares float64
			for range n {
				d := row.law.Draw(random)
				if d < row.least || d > row.most {
					t.Fatalf("drew %v, want %v..%v", d, row.least, row.most)
				}
				sum += float64(d)
				squares += float64(d) * float64(d)
			}
			mean := sum / n
			sd := math.Sqrt(max(0, squares/n-mean*mean))
			// Four standard errors of either estimate.
			if allowed := 4 * float64(row.sd) / math.Sqrt(n); math.Abs(mean-float64(row.mean)) > allowed {
				t.Errorf("mean %v, want %v", time.Duration(mean), row.mean)
			}
			if allowed := 0.03 * float64(row.sd); math.Abs(sd-float64(row.sd)) > allowed+1e3 {
				t.Errorf("deviation %v, want %v", time.Duration(sd), row.sd)
			}
		})
	}
}
