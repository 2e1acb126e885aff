package tune

import (
	"math"
	"testing"
	"time"
)

// The paper's own example (Chen, Toueg and Aguilera 2002, section 5): a detection
// within 30 s where the mean delay is 0.02 s, a mistake in 30 days at most, of 60
// s at most, with a loss of 0.01 and a variance of 0.02 s^2, gives an interval of
// 9.71 s and a margin of 20.27 s.
func TestConfigureIsThePapersExample(t *testing.T) {
	targets := Targets{Detection: 29980 * time.Millisecond, Recurrence: 30 * day, Duration: time.Minute}
	interval, margin, ok := Configure(targets, 0.01, 0.02, 10*time.Millisecond)
	if want := 9700 * time.Millisecond; !ok || interval != want || margin != targets.Detection-want {
		// 9.709 s is not a multiple of 10 ms; 9.71 s does not do.
		t.Errorf("interval %v, margin %v, %t, want %v and the rest", interval, margin, ok, want)
	}
	interval, _, _ = Configure(targets, 0.01, 0.02, time.Millisecond)
	if want := 9709 * time.Millisecond; interval != want {
		t.Errorf("interval %v, want %v", interval, want)
	}
}

// By hand: T = 4 s, D = 1.5 s, so ceil(T/D) - 1 = 2 factors, at 2.5 s and 1 s, with V = 1
// and p = 0.1: 1.5 (1 + 6.25)/(1 + 0.625) (1 + 1)/(1 + 0.1).
func TestRecurrenceBoundByHand(t *testing.T) {
	got := recurrenceBound(4*time.Second, 1500*time.Millisecond, 0.1, 1)
	if want := 1.5 * 7.25 / 1.625 * 2 / 1.1; math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestRecurrenceBoundAtItsEdges(t *testing.T) {
	for _, row := range []struct {
		name           string
		interval       time.Duration
		loss, variance float64
		want           float64
	}{
		{"one beat fits", 4 * time.Second, 0.1, 1, 4},
		{"nothing is lost or late", time.Second, 0, 0, math.Inf(1)},
		{"all is late", time.Second, 0, 1e12, 1},
	} {
		if got := recurrenceBound(4*time.Second, row.interval, row.loss, row.variance); math.Abs(got-row.want) > 1e-6 {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

// f is not monotone: where a bisection would stop, a larger interval does as well.
func TestConfigureFindsTheLargestInterval(t *testing.T) {
	targets := Targets{Detection: 8 * time.Second, Recurrence: time.Hour, Duration: time.Minute}
	const loss, variance = 0.01, 1e-4
	step := 10 * time.Millisecond
	got, _, ok := Configure(targets, loss, variance, step)
	if !ok {
		t.Fatal("none")
	}
	falls, rises := false, false
	last := math.Inf(1)
	for d := step; d <= targets.Detection; d += step {
		f := recurrenceBound(targets.Detection, d, loss, variance)
		rises = rises || falls && f > last
		falls = falls || f < last
		last = f
		if d > got && f >= targets.Recurrence.Seconds() {
			t.Fatalf("%v does, and is larger than %v", d, got)
		}
	}
	if !falls || !rises {
		t.Error("f is monotone here: the test shows nothing")
	}
}

func TestConfigureKeepsItsBounds(t *testing.T) {
	targets := Targets{Detection: 8 * time.Second, Recurrence: time.Minute, Duration: time.Minute, Longest: time.Second}
	if got, _, _ := Configure(targets, 0.01, 1e-4, 10*time.Millisecond); got != time.Second {
		t.Errorf("interval %v, want the longest, 1s", got)
	}
	// D <= g M: with g nearly 1 and M = 0.5 s that is just below 0.5 s.
	targets.Duration = 500 * time.Millisecond
	if got, _, _ := Configure(targets, 0, 1e-4, time.Millisecond); got != 499*time.Millisecond {
		t.Errorf("interval %v, want 499ms", got)
	}
	// No interval makes a network that loses nearly all of it good.
	targets = Targets{Detection: time.Second, Recurrence: 100 * 365 * day, Duration: time.Minute}
	if got, _, ok := Configure(targets, 0.99, 1, 10*time.Millisecond); ok {
		t.Errorf("interval %v, want none", got)
	}
}
