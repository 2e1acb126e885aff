package kernel

import "testing"

func TestAStretchCountsEachByteOnce(t *testing.T) {
	type part struct {
		from uint32
		n    int
		want int64
	}
	for _, row := range []struct {
		name  string
		first uint32
		parts []part
	}{
		{"in order", 10, []part{{10, 5, 5}, {15, 5, 5}}},
		{"again", 10, []part{{10, 5, 5}, {10, 5, 0}, {12, 2, 0}}},
		{"overlapping", 10, []part{{10, 5, 5}, {12, 5, 2}}},
		{"a hole that is filled", 10, []part{{20, 5, 5}, {10, 10, 10}, {10, 15, 0}}},
		{"a hole that is filled in parts", 10, []part{{20, 5, 5}, {12, 3, 3}, {10, 4, 2}, {10, 15, 5}}},
		{"nothing", 10, []part{{9, 0, 0}, {10, 1, 1}}},
		{"past the last number", 0xfffffffe, []part{{0xfffffffe, 4, 4}, {2, 3, 3}, {0xffffffff, 2, 0}}},
		{"a hole past the last number", 0xfffffffe, []part{{1, 2, 2}, {0xfffffffe, 3, 3}}},
	} {
		var s stretch
		s.begin(row.first)
		for _, p := range row.parts {
			if got := s.add(p.from, p.n); got != p.want {
				t.Errorf("%s: %d bytes from %d are %d new ones, want %d", row.name, p.n, p.from, got, p.want)
			}
		}
		if len(s.holes) > 0 && row.name != "nothing" {
			t.Errorf("%s: holes %v are left", row.name, s.holes)
		}
	}
}
