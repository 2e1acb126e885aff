package heartbeat

import (
	"testing"
	"time"
)

func TestKeepaliveDetection(t *testing.T) {
	for _, row := range []struct {
		name string
		k    Keepalive
		d    time.Duration
		want Window
	}{
		// 3*1 = 3 s after the last answer that could have come, 2 + 3*1 = 5 s
		// after the last that did; measured on two namespaces: 5.07 s.
		{name: "no delay", k: Keepalive{Idle: 2 * time.Second, Interval: time.Second, Count: 3}, want: Window{Lo: 3 * time.Second, Hi: 5 * time.Second}},
		// 3 - 2*0.3, 5 + 0.3.
		{
			name: "a delay", k: Keepalive{Idle: 2 * time.Second, Interval: time.Second, Count: 3}, d: 300 * time.Millisecond,
			want: Window{Lo: 2400 * time.Millisecond, Hi: 5300 * time.Millisecond},
		},
		// The answered probe's timer counts: 4 + 2*4.
		{name: "an interval above the idle time", k: Keepalive{Idle: time.Second, Interval: 4 * time.Second, Count: 2}, want: Window{Lo: 8 * time.Second, Hi: 12 * time.Second}},
		{name: "a delay above all", k: Keepalive{Idle: time.Second, Interval: time.Second, Count: 1}, d: time.Second, want: Window{Hi: 3 * time.Second}},
		// 9*75 = 675 s, 7200 + 675 = 7875 s.
		{name: "Linux's own", k: KeepaliveDefault(), want: Window{Lo: 675 * time.Second, Hi: 7875 * time.Second}},
	} {
		if got := row.k.Detection(row.d); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}

func TestKeepaliveOfAProfile(t *testing.T) {
	const ms = time.Millisecond
	for _, row := range []struct {
		name    string
		profile Profile
		want    Keepalive
		within  Window
		fits    bool
	}{
		// N*1 >= 6 + .15 + .6 = 6.75: 7. I <= 9 - .15 - .3 - 7 = 1.55: 1.
		{
			name: "strict", profile: Strict(), want: Keepalive{Idle: time.Second, Interval: time.Second, Count: 7},
			within: Window{Lo: 6400 * ms, Hi: 8300 * ms}, fits: true,
		},
		// N*1 >= 30 + 1 + .6 = 31.6: 32. I <= 40 - 1 - .3 - 32 = 6.7: 6.
		{
			name: "standard", profile: Standard(), want: Keepalive{Idle: 6 * time.Second, Interval: time.Second, Count: 32},
			within: Window{Lo: 31400 * ms, Hi: 38300 * ms}, fits: true,
		},
		// m = 5. N*V >= 200 + 5 + .6 = 205.6, more than 127 probes: V = 2, N = 103.
		// I <= 300 - 5 - .3 - 206 = 88.7: 88.
		{
			name: "more than 127 s", profile: Custom(Window{Lo: 200 * time.Second, Hi: 300 * time.Second}),
			want:   Keepalive{Idle: 88 * time.Second, Interval: 2 * time.Second, Count: 103},
			within: Window{Lo: 205400 * ms, Hi: 294300 * ms}, fits: true,
		},
		// m = .05. N >= 2.65: 3, but 3 - .05 - .3 = 2.65 leaves no second: N = 1.
		{
			name: "too narrow", profile: Custom(Window{Lo: 2 * time.Second, Hi: 3 * time.Second}),
			want:   Keepalive{Idle: time.Second, Interval: time.Second, Count: 1},
			within: Window{Lo: 400 * ms, Hi: 2300 * ms},
		},
		{
			name: "below a second", profile: Custom(Window{Hi: 900 * ms}),
			want:   Keepalive{Idle: time.Second, Interval: time.Second, Count: 1},
			within: Window{Lo: 400 * ms, Hi: 2300 * ms},
		},
	} {
		got, fits := row.profile.Keepalive()
		if got != row.want || fits != row.fits {
			t.Errorf("%s: %+v, fits %v; want %+v, %v", row.name, got, fits, row.want, row.fits)
		}
		if within := got.Detection(row.profile.Delay); within != row.within {
			t.Errorf("%s: detection within %v, want %v", row.name, within, row.within)
		}
		if err := got.validate(); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// Days are more than the kernel can count: what is left is valid, and no fit.
// A window of a nanosecond, on a network without a delay, is no less of a question.
func TestKeepaliveOfATinyWindow(t *testing.T) {
	k, fits := Profile{Window: Window{Hi: 1}}.Keepalive()
	if err := k.validate(); err != nil || fits {
		t.Errorf("%+v, fits %v: %v", k, fits, err)
	}
}

func TestKeepaliveOfAHugeWindow(t *testing.T) {
	p := Custom(Window{Lo: 100 * 24 * time.Hour, Hi: 200 * 24 * time.Hour})
	k, fits := p.Keepalive()
	if err := k.validate(); err != nil || fits {
		t.Errorf("%+v, fits %v: %v", k, fits, err)
	}
}

// kernel is tcp_keepalive_timer of net/ipv4/tcp_timer.c, without its lateness:
// when it gives up on a connection whose cable is pulled at cut. The last answer
// arrived at 0; each takes d there and d back, and is lost if it has not passed
// the cable by then, at the client's end or (far) at the server's.
func kernel(k Keepalive, d, cut time.Duration, far bool) time.Duration {
	crossing := 2 * d
	if far {
		crossing = d
	}
	var heard, answer time.Duration // answer: when the last one arrives, or 0
	unanswered := 0
	for now := k.Idle; ; {
		if answer > 0 && answer <= now {
			heard, answer, unanswered = answer, 0, 0
		}
		switch {
		case now-heard < k.Idle:
			now = heard + k.Idle
		case unanswered >= k.Count:
			return now
		default:
			unanswered++
			if now+crossing <= cut {
				answer = now + 2*d
			}
			now += k.Interval
		}
	}
}

// At every phase the kernel's verdict lies within Detection, and somewhere
// close to either bound.
func TestKeepaliveDetectionIsTheKernels(t *testing.T) {
	strict, _ := Strict().Keepalive()
	standard, _ := Standard().Keepalive()
	for _, row := range []struct {
		name string
		k    Keepalive
		d    time.Duration
	}{
		{name: "strict", k: strict, d: Strict().Delay},
		{name: "strict without delay", k: strict},
		{name: "standard", k: standard, d: Standard().Delay},
		{name: "default", k: KeepaliveDefault(), d: time.Second},
		{name: "an interval above the idle time", k: Keepalive{Idle: time.Second, Interval: 5 * time.Second, Count: 3}, d: 100 * time.Millisecond},
	} {
		const phases = 5000
		period := max(row.k.Idle, row.k.Interval) + 2*row.d
		within := row.k.Detection(row.d)
		early, late := within.Hi, within.Lo
		for phase := range phases {
			for _, end := range []struct {
				d   time.Duration
				far bool
			}{{d: row.d}, {d: row.d, far: true}, {}} { // d is the most: it may be less
				cut := 20*period + 2*period*time.Duration(phase)/phases
				far := end.far
				got := kernel(row.k, end.d, cut, far) - cut
				if got <= within.Lo || got > within.Hi {
					t.Fatalf("%s: cut at %v (far %v): gave up after %v, want more than %v and at most %v", row.name, cut, far, got, within.Lo, within.Hi)
				}
				early, late = min(early, got), max(late, got)
			}
		}
		if near := 2 * period / phases; early > within.Lo+2*near || late < within.Hi-2*near {
			t.Errorf("%s: gave up after %v to %v; want both bounds of %v to be close", row.name, early, late, within)
		}
	}
}
