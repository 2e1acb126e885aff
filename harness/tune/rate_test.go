package tune

import (
	"strings"
	"testing"
	"time"
)

func TestParseRate(t *testing.T) {
	for text, every := range map[string]time.Duration{
		"1/30d": 30 * day, "1/day": day, "2/week": 7 * day / 2, "0.5/h": 2 * time.Hour, "1/y": 365 * day,
		"3/months": 10 * day, "1/1h30m": 90 * time.Minute, "1/2hours": 2 * time.Hour, "10/min": 6 * time.Second, "10000000/y": 3153600 * time.Microsecond, "1 / d": day,
	} {
		r, err := ParseRate(text)
		if err != nil || r.Recurrence() != every {
			t.Errorf("%q: every %v, %v, want %v", text, r.Recurrence(), err, every)
		}
		again, err := ParseRate(r.String())
		if err != nil || again != r {
			t.Errorf("%q: String is %q, which reads as %v, %v", text, r, again, err)
		}
	}
}

func TestParseRateRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"1":        "how many mistakes in how long",
		"":         "how many mistakes in how long",
		"one/day":  "how many mistakes in how long",
		"0/0d":     "more than 0 mistakes in more than no time",
		"0/30d":    "more than 0 mistakes",
		"1/0d":     "more than no time",
		"-1/30d":   "more than 0 mistakes",
		"NaN/30d":  "more than 0 mistakes",
		"1/30x":    `"30x" is no time`,
		"1/":       `"" is no time`,
		"1/250y":   "200 years",
		"100/s":    "one mistake per second",
		"1/1e999y": "is no time",
	} {
		if r, err := ParseRate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want an error with %q", text, r, err, want)
		}
	}
}

func TestPerDayInWords(t *testing.T) {
	for _, row := range []struct {
		perDay float64
		want   string
	}{{0, "0"}, {2.5, "2.5/d"}, {1.0 / 30, "1/30d"}, {1.0 / 730, "1/2y"}, {3056, "3,060/d"}, {1.0 / 43.21, "1/43.2d"}, {1e-9, "<1/100y"}, {1440, "1,440/d"}} {
		if got := PerDay(row.perDay); got != row.want {
			t.Errorf("%v per day: %q, want %q", row.perDay, got, row.want)
		}
	}
}

func TestRatesOfYearsAreSaidInYears(t *testing.T) {
	for text, want := range map[string]string{"1/365d": "1/y", "1/36500d": "1/100y", "2/5y": "2/5y", "1/366d": "1/366d"} {
		if r, err := ParseRate(text); err != nil || r.String() != want {
			t.Errorf("%q: %q, %v, want %q", text, r, err, want)
		}
	}
}
