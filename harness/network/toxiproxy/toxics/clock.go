package toxics

import (
	"math"
	"time"
)

// base is the zero of all instants of this process.
var base = time.Now()

// Base is the instant from which the toxics of this process count nanoseconds.
// It has a monotonic reading.
func Base() time.Time { return base }

// forever is an instant that doesn't come.
const forever = math.MaxInt64

func clock() int64 { return instant(time.Now()) }

func instant(t time.Time) int64 { return int64(t.Sub(base)) }

func timestamp(instant int64) time.Time { return base.Add(time.Duration(instant)) }
