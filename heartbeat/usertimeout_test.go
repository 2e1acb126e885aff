package heartbeat

import (
	"testing"
	"time"
)

func TestUserTimeoutOfAProfile(t *testing.T) {
	const ms = time.Millisecond
	for _, row := range []struct {
		name              string
		profile           Profile
		timeout, interval time.Duration
		fits              bool
	}{
		// t = 6.75. 9 - .15 - 6.75 - 2*(.6 + .2) = .5.
		{name: "strict", profile: Strict(), timeout: 6750 * ms, interval: 500 * ms, fits: true},
		// t = 31.6. 40 - 1 - 31.6 - 1.6 = 5.8: 5.5.
		{name: "standard", profile: Standard(), timeout: 31600 * ms, interval: 5500 * ms, fits: true},
		{
			name:    "no delay: 8.85 - 6.15 - .4 = 2.3, and Timing's is 2",
			profile: Profile{Window: Strict().Window, Margin: 150 * ms, Jitter: 700 * ms},
			timeout: 6150 * ms, interval: 2 * time.Second, fits: true,
		},
		// m = .125, t = 6.725. 8.5 - .125 - 6.725 - 1.6 = .05.
		{name: "narrow", profile: Custom(Window{Lo: 6 * time.Second, Hi: 8500 * ms}), timeout: 6725 * ms, interval: 50 * ms, fits: true},
		// m = .1, t = 6.7, T = 7.6, Timing's D = min(7.6 - .4 - 6.1, 7.9 - 6.7) = 1.1: 1.
		// 7.9 - 6.7 - 1.6 < 0: U = 7.9 - 1.6 - 1.
		{name: "too narrow", profile: Custom(Window{Lo: 6 * time.Second, Hi: 8 * time.Second}), timeout: 5300 * ms, interval: time.Second},
	} {
		timing, err := row.profile.Timing()
		if err != nil {
			t.Fatal(err)
		}
		timeout, interval, fits := userTimeout(row.profile, timing)
		if timeout != row.timeout || interval != row.interval || fits != row.fits {
			t.Errorf("%s: %v, %v, fits %v; want %v, %v, %v", row.name, timeout, interval, fits, row.timeout, row.interval, row.fits)
		}
	}
}
