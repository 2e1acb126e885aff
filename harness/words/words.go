// Package words is how numbers and times are said wherever people read them.
package words

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Plural is "1 trial" or "2 trials".
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Count is "12,345": a number of things.
func Count(n int) string { return grouped(strconv.Itoa(n)) }

// Number is a measured number with three digits that count, and never in powers of
// ten: "3,060", "12.4", "0.0213". What is less than a millionth is "<0.000001".
func Number(x float64) string {
	switch {
	case x == 0 || math.IsNaN(x) || math.IsInf(x, 0):
		return fmt.Sprint(x)
	case math.Abs(x) < 1e-6:
		return "<0.000001"
	default:
		return digits(x, 3)
	}
}

// Percent is a share as "0.00755%", with four digits that count. What is less than a
// thousand millionth of a percent is "<0.000000001%".
func Percent(share float64) string {
	const least = 1e-11
	if share > 0 && share < least {
		return "<0.000000001%"
	}
	return digits(100*share, 4) + "%"
}

// digits is a number with so many that count, in full.
func digits(x float64, count int) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', count, 64), 64)
	return grouped(strconv.FormatFloat(rounded, 'f', -1, 64))
}

// grouped sets commas between the thousands of a number.
func grouped(digits string) string {
	start := 0
	if digits[0] == '-' {
		start = 1
	}
	end := start
	for end < len(digits) && digits[end] != '.' {
		end++
	}
	for at := end - 3; at > start; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// Seconds is "7.551 s", with all milliseconds, so that times stand below each
// other.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

// Milli is a time to the millisecond: nobody believes more of a run.
func Milli(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
