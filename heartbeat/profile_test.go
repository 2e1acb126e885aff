package heartbeat

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

func TestTiming(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	tests := []struct {
		name    string
		profile Profile
		want    Timing
	}{
		{
			name: "strict", profile: Strict(),
			want: Timing{Interval: 2 * s, Silence: 8550 * ms, EchoTimer: 6750 * ms},
		},
		{
			name: "standard", profile: Standard(),
			want: Timing{Interval: 7 * s, Silence: 38700 * ms, EchoTimer: 31600 * ms},
		},
		{
			name: "a window of the user's", profile: Custom(Window{Lo: 12 * s, Hi: 15 * s}),
			want: Timing{Interval: 2 * s, Silence: 14550 * ms, EchoTimer: 12750 * ms},
		},
		{
			name: "without a lower bound", profile: Custom(Window{Hi: 9 * s}),
			want: Timing{Interval: 2 * s, Silence: 8550 * ms, EchoTimer: 6750 * ms},
		},
		{
			name: "less than half a second", profile: Custom(Window{Lo: 4 * s, Hi: 5 * s}),
			want: Timing{Interval: 200 * ms, Silence: 4650 * ms, EchoTimer: 4650 * ms},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.profile.Timing()
			if err != nil || got != tt.want {
				t.Errorf("got %+v (%v), want %+v", got, err, tt.want)
			}
		})
	}
}

func TestTimingRefuses(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	tests := []struct {
		name    string
		profile Profile
		want    string
	}{
		{name: "an empty window", profile: Custom(Window{}), want: "want 0s <= lower bound < upper bound"},
		{name: "a window the wrong way round", profile: Custom(Window{Lo: 9 * s, Hi: 6 * s}), want: "window 9s..6s: want"},
		{
			name: "a narrow window", profile: Custom(Window{Lo: 6 * s, Hi: 6500 * ms}),
			want: "window 6s..6.5s is too narrow for a delay of 300ms, a jitter of 400ms and a margin of 25ms: raise its upper bound to 6.79s",
		},
		{
			name: "a narrow window without a lower bound", profile: Custom(Window{Hi: 790 * ms}),
			want: "window ..790ms is too narrow for a delay of 300ms, a jitter of 400ms and a margin of 13.166666ms: raise its upper bound to 950ms",
		},
		{
			name: "a silence that ends before the first beat is heard", profile: Custom(Window{Lo: 1, Hi: 790 * ms}),
			want: "window 1ns..790ms is too narrow for a delay of 300ms, a jitter of 400ms and a margin of 39.499999ms: raise its upper bound to 1s",
		},
		{
			name:    "a network too slow for the window",
			profile: Profile{Window: Window{Lo: 6 * s, Hi: 9 * s}, Delay: 2 * s, Margin: 150 * ms},
			want:    "a delay of 2s",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.profile.Timing()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			_, advice, ok := strings.Cut(err.Error(), "raise its upper bound to ")
			if !ok {
				return
			}
			// The advice must be good, and not far too much.
			hi, err := time.ParseDuration(advice)
			if err != nil {
				t.Fatal(err)
			}
			wider := func(hi time.Duration) error {
				p := tt.profile
				if p.Name != "" {
					p = Custom(Window{Lo: p.Window.Lo, Hi: hi})
				}
				p.Window.Hi = hi
				_, err := p.Timing()
				return err
			}
			if err := wider(hi); err != nil {
				t.Errorf("took the advice %v, and still: %v", hi, err)
			}
			if less := tt.profile.Window.Hi + (hi-tt.profile.Window.Hi)*3/4; wider(less) == nil {
				t.Errorf("was told %v where %v does", hi, less)
			}
		})
	}
}

// A window without a lower bound bears all that one with a lower bound does, and
// its numbers change little where two thirds of it become too much.
func TestNoLowerBoundIsTheLeastOfAll(t *testing.T) {
	before := time.Duration(0)
	for hi := 700 * time.Millisecond; hi < 12*time.Second; hi += 10 * time.Millisecond {
		without, err := Custom(Window{Hi: hi}).Timing()
		if with, no := Custom(Window{Lo: 1, Hi: hi}).Timing(); no == nil && err != nil {
			t.Errorf("1ns..%v has a beat every %v, but ..%[1]v: %[3]v", hi, with.Interval, err)
		}
		if without.Interval < before {
			t.Errorf("..%v has a beat every %v, a narrower one every %v", hi, without.Interval, before)
		}
		before = without.Interval
	}
}

// detectionsInside says whether both sides detect inside window. The margin is
// there for a real machine; in virtual time, detections must keep out of it.
func detectionsInside(t *testing.T, sim simulation, window Window, margin time.Duration) bool {
	t.Helper()
	found := sim.suspicions(t, sim.cut+window.Hi+time.Minute)
	ok := true
	for _, side := range []Side{ClientSide, ServerSide} {
		at, suspected := found[side]
		switch d := at - sim.cut; {
		case sim.policy.Detector(side) == nil && !suspected:
		case !suspected:
			t.Errorf("%s: never suspected", side)
		case d < window.Lo+margin || d > window.Hi-margin:
			ok = false
			t.Logf("%s, delay %v to %v, cut at %v (far %v), seed %d: detected after %v, window %v with a margin of %v",
				side, sim.lo, sim.hi, sim.cut, sim.far, sim.seed, d, window, margin)
		}
	}
	return ok
}

// A detection falls into the window whatever the phase of the fault, on either
// side, on the worst network of the profile.
func TestDetectionsFallIntoTheWindow(t *testing.T) {
	profiles := append(Profiles(),
		Custom(Window{Lo: 12 * time.Second, Hi: 15 * time.Second}),
		Custom(Window{Hi: 9 * time.Second}),
		Custom(Window{Hi: 3 * time.Second}),
		Custom(Window{Hi: 950 * time.Millisecond}),
		Custom(Window{Lo: 4 * time.Second, Hi: 5 * time.Second}),
	)
	for _, profile := range profiles {
		policies, err := Policies(profile)
		if err != nil {
			t.Fatal(err)
		}
		for _, policy := range policies {
			if policy.Probe.AsksKernel() {
				continue // no session takes it
			}
			t.Run(policy.Key(), func(t *testing.T) {
				window := profile.Window
				window.Lo = profile.LowerBound()
				interval := max(policy.Interval, time.Second)
				for _, delay := range []struct{ lo, hi time.Duration }{
					{0, 0},
					{profile.Delay, profile.Delay},
					{profile.Delay - profile.Jitter/2, profile.Delay},
					{0, profile.Jitter / 2},
				} {
					for phase := range 40 {
						for _, far := range []bool{false, true} {
							// Detectors that learn have heard of little, or of much.
							heard := []time.Duration{1, 5, 25}[phase%3]
							sim := simulation{
								policy: policy, lo: delay.lo, hi: delay.hi, seed: uint64(phase), far: far,
								cut: heard*interval + interval*time.Duration(phase)/40 + time.Duration(phase%3-1),
							}
							if !detectionsInside(t, sim, window, profile.Margin) {
								t.Fatal("outside the window")
							}
						}
					}
				}
			})
		}
	}
}

// The naive choice, a timeout of three and a half intervals and an echo timer
// of two and a half, leaves the window of strict on a network of 200 +- 100 ms.
func TestNaiveTimingMissesTheWindow(t *testing.T) {
	const ms = time.Millisecond
	policies, err := Policies(Strict())
	if err != nil {
		t.Fatal(err)
	}
	naive := policies[0]
	naive.Interval = 2500 * ms
	naive.Client = detect.EchoTimer{Timeout: 6250 * ms}
	naive.Server = detect.Fixed{Timeout: 8750 * ms}
	var early, late time.Duration
	for phase := range 2000 {
		for _, far := range []bool{false, true} {
			sim := simulation{
				policy: naive, lo: 100 * ms, hi: 300 * ms, seed: uint64(phase), far: far,
				cut: 12500*ms + naive.Interval*time.Duration(phase)/2000,
			}
			found := sim.suspicions(t, time.Minute)
			if d := found[ClientSide] - sim.cut; early == 0 || d < early {
				early = d
			}
			late = max(late, found[ServerSide]-sim.cut)
		}
	}
	if window := Strict().Window; early >= window.Lo || late <= window.Hi {
		t.Errorf("detected after %v to %v; want both ends outside %v", early, late, window)
	}
	t.Logf("detected after %v to %v", early, late)
}
