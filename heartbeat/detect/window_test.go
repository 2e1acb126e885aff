package detect

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The deviation is that of exact arithmetic, also with the largest samples in
// the largest window, and however often the window has slid.
func TestSpreadIsExact(t *testing.T) {
	tests := []struct {
		name   string
		window int
		adds   int
		sample func(rng *rand.Rand) int64
	}{
		{name: "one", window: 5, adds: 1, sample: func(rng *rand.Rand) int64 { return rng.Int64N(1000) }},
		{name: "slid", window: 5, adds: 123, sample: func(rng *rand.Rand) int64 { return rng.Int64N(1000) - 500 }},
		{name: "far from zero", window: 100, adds: 1000, sample: func(rng *rand.Rand) int64 { return 1e14 + rng.Int64N(10) }},
		{name: "constant", window: 7, adds: 100, sample: func(*rand.Rand) int64 { return -1e13 - 1 }},
		{name: "largest", window: mostSamples, adds: mostSamples + 1, sample: func(*rand.Rand) int64 { return farthest }},
		{
			name: "largest, both ways", window: mostSamples, adds: 2*mostSamples + 7,
			sample: func(rng *rand.Rand) int64 { return farthest * (1 - 2*rng.Int64N(2)) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 0))
			s := spread{window: newWindow(tt.window)}
			var all []int64
			for range tt.adds {
				all = append(all, tt.sample(rng))
				s.add(all[len(all)-1])
			}
			mean, deviation := exact(all[max(0, len(all)-tt.window):])
			if s.mean() != mean {
				t.Errorf("mean %v, want %v", s.mean(), mean)
			}
			if got := s.deviation(); math.Abs(got-deviation) > 1e-14*deviation {
				t.Errorf("deviation %v, want %v", got, deviation)
			}
		})
	}
}

func exact(samples []int64) (mean, deviation float64) {
	n, sum, squares := big.NewInt(int64(len(samples))), new(big.Int), new(big.Int)
	for _, x := range samples {
		b := big.NewInt(x)
		sum.Add(sum, b)
		squares.Add(squares, new(big.Int).Mul(b, b))
	}
	mean, _ = new(big.Rat).SetFrac(sum, n).Float64()
	squares.Mul(squares, n)
	variance, _ := new(big.Float).SetInt(squares.Sub(squares, new(big.Int).Mul(sum, sum))).Float64()
	return mean, math.Sqrt(variance) / float64(len(samples))
}
