package datagram

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestWindow(t *testing.T) {
	tests := []struct {
		name   string
		taken  []uint64
		n      uint64
		fresh  bool
		newest bool
	}{
		{name: "the first", n: 0, fresh: true, newest: true},
		{name: "the first comes late", taken: []uint64{5}, n: 0, fresh: true},
		{name: "twice", taken: []uint64{0}, n: 0},
		{name: "a gap", taken: []uint64{0}, n: 1000, fresh: true, newest: true},
		{name: "in the gap, within 64", taken: []uint64{0, 100}, n: 37, fresh: true},
		{name: "in the gap, beyond", taken: []uint64{0, 100}, n: 36},
		{name: "an old one after a jump by 64", taken: []uint64{0, 64}, n: 0},
		{name: "taken before a jump by 63", taken: []uint64{0, 63}, n: 0},
		{name: "the last number there is", n: math.MaxUint64},
		{name: "the last but one", n: math.MaxUint64 - 1, fresh: true, newest: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var w window
			for _, n := range tt.taken {
				if !w.fresh(n) {
					t.Fatalf("%d is not fresh", n)
				}
				w.mark(n)
			}
			if got := w.fresh(tt.n); got != tt.fresh {
				t.Fatalf("%d is fresh: %v, want %v", tt.n, got, tt.fresh)
			}
			if tt.fresh && w.mark(tt.n) != tt.newest {
				t.Errorf("%d is the newest: %v, want %v", tt.n, !tt.newest, tt.newest)
			}
		})
	}
}

// The window takes what a list of all that it took says: what was never taken,
// and is not older than the newest by 64 or more.
func TestWindowIsAList(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	for range 1000 {
		var w window
		taken, newest := map[uint64]bool{}, uint64(0)
		for at := uint64(0); at < 300; {
			at += random.Uint64N(4) * random.Uint64N(30) / 10
			n := at - min(at, random.Uint64N(80))
			want := !taken[n] && (n >= newest || newest-n < 64 || len(taken) == 0)
			if got := w.fresh(n); got != want {
				t.Fatalf("%d is fresh: %v, want %v; newest is %d", n, got, want, newest)
			}
			if want {
				if got := w.mark(n); got != (n > newest || len(taken) == 0) {
					t.Fatalf("%d is the newest: %v; that is %d", n, got, newest)
				}
				taken[n], newest = true, max(n, newest)
			} else {
				at++
			}
		}
	}
}
