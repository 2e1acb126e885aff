package detect

import (
	"math"
	"testing"
)

// Whatever a peer says of its numbers, sums and products stay in range.
func TestGridBeginsAnewOutOfRange(t *testing.T) {
	tests := []struct {
		name     string
		interval int64
		a        arrival
		held     bool // in range, but far off: not learned, and nothing begins anew
	}{
		{name: "farthest late", interval: 1, a: arrival{seq: 1, at: 1 + farthest}, held: true},
		{name: "later", interval: 1, a: arrival{seq: 1, at: 2 + farthest}},
		{name: "farthest early", interval: 1, a: arrival{seq: farthest, at: 0}, held: true},
		{name: "earlier", interval: 1, a: arrival{seq: 1 + farthest, at: 0}},
		// Modulo 2^64, 2^20 2^44 is 0.
		{name: "a product out of range", interval: 1 << 44, a: arrival{seq: 1 << 20, at: 0}},
	}
	for _, tt := range tests {
		g := newGrid(tt.interval, 8)
		g.learn(arrival{}, math.MaxInt64)
		if _, ok := g.learn(tt.a, math.MaxInt64); ok || g.off != tt.held {
			t.Errorf("%s: learned %v, held %v; want %v", tt.name, ok, g.off, tt.held)
		}
		if next := g.expected(tt.a.seq+1) - tt.a.at; !tt.held && next != tt.interval {
			t.Errorf("%s: next expected after %d, want %d", tt.name, next, tt.interval)
		}
	}
}
