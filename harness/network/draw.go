package network

import (
	"math/rand/v2"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
)

// Way is a direction of a link.
type Way int

// The ways of a link.
const (
	Up   Way = iota // from the client to the server
	Down            // from the server to the client
)

// Sequence is the source of one link's delays, one way: the same on every
// network for the same seed and link. Links are counted from 0.
func Sequence(seed uint64, link int, way Way) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(link)<<1|uint64(way))) // #nosec G404 -- reproducible on purpose
}

// Draw is the next delay; a negative draw counts as 0. Uniform: in [Latency -
// Jitter, Latency + Jitter], both included. Normal: mean Latency, deviation
// Jitter.
func (d Delay) Draw(random *rand.Rand) time.Duration {
	if d.Law == scenario.Normal {
		return max(0, d.Latency+time.Duration(random.NormFloat64()*float64(d.Jitter)))
	}
	return max(0, d.Latency-d.Jitter+time.Duration(random.Int64N(2*int64(d.Jitter)+1)))
}
