package tune

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/capture"
)

// csv is a capture of beats every second, by a clock that is 0.01 % fast.
func csv(beats int, delay func(i int) time.Duration, lost func(i int) bool) string {
	var b strings.Builder
	b.WriteString("seq,arrived_ns\n")
	for i := range beats {
		if lost(i) {
			continue
		}
		at := float64(time.Duration(i)*time.Second+delay(i)) * 1.0001
		fmt.Fprintf(&b, "%d,%d\n", i, int64(at)+1e9)
	}
	return b.String()
}

func measured(t *testing.T, text string) Measured {
	t.Helper()
	r, err := capture.NewReader(strings.NewReader(text), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Measure(r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// What a capture was made with is what is measured: delays uniform over 200 ms, of
// a variance of 0.2^2 / 12, and a loss of 5 %.
func TestMeasureFindsTheNetworkAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m := measured(t, csv(50_000,
		func(int) time.Duration { return time.Duration(random.Int64N(int64(200 * time.Millisecond))) },
		func(i int) bool { return i > 0 && random.Float64() < 0.05 }))
	if d := m.Spread - 200*time.Millisecond; d.Abs() > 4*time.Millisecond {
		t.Errorf("spread %v, want 200ms", m.Spread)
	}
	if want := 0.04 / 12; math.Abs(m.Variance/want-1) > 0.02 {
		t.Errorf("variance %v, want %v", m.Variance, want)
	}
	if math.Abs(m.Loss-0.05) > 0.004 || m.Bursts {
		t.Errorf("loss %v in bursts: %t, want 0.05, without", m.Loss, m.Bursts)
	}
	d := m.Apply(demands(), 0)
	if d.Profile.Delay != m.Spread || d.Profile.Jitter != 2*m.Spread || d.Loss != m.Loss || d.Validate() != nil {
		t.Errorf("%+v", d)
	}
	if d := m.Apply(demands(), time.Second); d.Profile.Delay != time.Second {
		t.Errorf("delay %v, want the one that is known", d.Profile.Delay)
	}
}

func TestMeasureSeesBursts(t *testing.T) {
	m := measured(t, csv(10_000, func(int) time.Duration { return 0 }, func(i int) bool { return i%2000 > 1994 && i < 9000 }))
	if !m.Bursts || m.Longest != 5 {
		t.Errorf("%+v, want bursts of 5", m)
	}
}

func TestMeasureWantsArrivals(t *testing.T) {
	r, err := capture.NewReader(strings.NewReader(csv(10, func(int) time.Duration { return 0 }, func(int) bool { return false })), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Measure(r); err == nil || !strings.Contains(err.Error(), "10 arrivals, want at least 20") {
		t.Errorf("%v", err)
	}
}
