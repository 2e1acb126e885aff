package toxics

import (
	"math/rand/v2"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// sequence is the source of one connection's delays in one direction: the same
// for the same seed and link, the links being counted from 0.
func sequence(seed uint64, link int, d stream.Direction) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(link)<<1|uint64(d))) // #nosec G404 -- reproducible on purpose
}

// draw is the next delay; a negative draw counts as 0. Uniform: in [Latency -
// Jitter, Latency + Jitter], both included. Normal: mean Latency, deviation
// Jitter.
func draw(law network.Delay, random *rand.Rand) time.Duration {
	if law.Law == scenario.Normal {
		return max(0, law.Latency+time.Duration(random.NormFloat64()*float64(law.Jitter)))
	}
	return max(0, law.Latency-law.Jitter+time.Duration(random.Int64N(2*int64(law.Jitter)+1)))
}
