package tune

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/words"
)

// Rate is how many mistakes are borne in how long: 1/30d, also in JSON.
type Rate struct {
	Count float64 // more than 0
	Per   time.Duration
}

// units are those of a Rate; time.ParseDuration's stand beside them.
var units = map[string]time.Duration{
	"d": day, "day": day,
	"w": 7 * day, "week": 7 * day,
	"month": 30 * day,
	"y":     365 * day, "year": 365 * day,
	"h": time.Hour, "hour": time.Hour,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute,
	"s": time.Second, "second": time.Second,
}

const day = 24 * time.Hour

// The bounds of the time between two mistakes: what is rarer cannot be told
// from never, and what is more frequent is no detector.
const (
	shortestRecurrence = time.Second
	longestRecurrence  = 200 * 365 * day
)

var inUnits = regexp.MustCompile(`^([0-9]*\.?[0-9]*)([a-z]+?)s?$`)

// ParseRate reads what String writes, and the like: 1/30d, 2/week, 0.5/h, with
// the units s, m, h, d, w, month (30 d) and y (365 d), or their names.
func ParseRate(text string) (Rate, error) {
	count, per, ok := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(count), 64)
	if !ok || err != nil {
		return Rate{}, fmt.Errorf("%q, want how many mistakes in how long, such as 1/30d, 2/week or 1/y", text)
	}
	d, long, ok := parsePer(strings.TrimSpace(per))
	if long {
		return Rate{}, fmt.Errorf("%q, want at least one in 200 years", text)
	}
	if !ok {
		return Rate{}, fmt.Errorf("%q: %q is no time, want one such as 30d, week, 12h or y", text, per)
	}
	if !(n > 0) || d <= 0 { // NaN is neither
		return Rate{}, fmt.Errorf("%q, want more than 0 mistakes in more than no time, such as 1/30d: no detector is free of mistakes on a network that loses", text)
	}
	if every := float64(d) / n; every < float64(shortestRecurrence) || every > float64(longestRecurrence) {
		return Rate{}, fmt.Errorf("%q, want at most one mistake per second, and at least one in 200 years", text)
	}
	return Rate{n, d}, nil
}

// parsePer reads a time in units; long says that it is one, but more than a
// Duration has room for.
func parsePer(text string) (d time.Duration, long, ok bool) {
	if d, err := time.ParseDuration(text); err == nil {
		return d, false, true
	}
	m := inUnits.FindStringSubmatch(text)
	if m == nil {
		return 0, false, false
	}
	unit, known := units[m[2]]
	number := 1.0
	if m[1] != "" {
		var err error
		if number, err = strconv.ParseFloat(m[1], 64); err != nil && !errors.Is(err, strconv.ErrRange) {
			return 0, false, false
		}
	}
	ns := number * float64(unit)
	if ns >= math.MaxInt64 {
		return 0, known, false
	}
	return time.Duration(ns), false, known
}

// UnmarshalText reads what ParseRate does.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRate(string(text))
	return err
}

// MarshalText writes what String does.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Recurrence is the mean time between two mistakes.
func (r Rate) Recurrence() time.Duration { return time.Duration(float64(r.Per) / r.Count) }

// PerDay is the rate as a number of mistakes per day.
func (r Rate) PerDay() float64 { return r.Count * float64(day) / float64(r.Per) }

// String is "1/30d".
func (r Rate) String() string {
	per := r.Per.String()
	const year = 365 * day
	switch {
	case r.Per == day:
		per = "d"
	case r.Per == year:
		per = "y"
	case r.Per%year == 0:
		per = fmt.Sprintf("%dy", r.Per/year)
	case r.Per == time.Hour:
		per = "h"
	case r.Per%day == 0:
		per = fmt.Sprintf("%dd", r.Per/day)
	case r.Per%time.Hour == 0:
		per = fmt.Sprintf("%dh", r.Per/time.Hour)
	}
	return strconv.FormatFloat(r.Count, 'f', -1, 64) + "/" + per
}

// PerDay is a rate as people say it: "1/30d", or "2.5/d" where there are many.
func PerDay(perDay float64) string {
	switch {
	case perDay <= 0:
		return "0"
	case perDay >= 1:
		return words.Number(perDay) + "/d"
	case perDay < 1/(100*365.0):
		return "<1/100y"
	case perDay < 1.0/365:
		return "1/" + words.Number(1/perDay/365) + "y"
	default:
		return "1/" + words.Number(1/perDay) + "d"
	}
}
