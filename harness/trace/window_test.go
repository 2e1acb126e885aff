package trace_test

import (
	"slices"
	"testing"

	"github.com/flatline-go/flatline/harness/trace"
)

func TestWindowOrdersWhatIsNearlyInOrder(t *testing.T) {
	const n = 10 * trace.Room
	for _, row := range []struct {
		name     string
		moved    int // the event of this instant comes `by` events late
		by       int
		disorder int
		refused  bool
	}{
		{name: "in order"},
		{name: "two in each other's place", moved: 3, by: 1, disorder: 1},
		{name: "late by the room", moved: 2*trace.Room + 5, by: trace.Room, disorder: 1},
		{name: "later than anything is held", moved: 2*trace.Room + 5, by: 2*trace.Room + 1, refused: true},
		{name: "later than anything that is passed on as it comes", moved: 5, by: 2*trace.Room - 5, refused: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			var in []int64
			for at := range int64(n) {
				in = append(in, at)
			}
			in = slices.Insert(slices.Delete(in, row.moved, row.moved+1), row.moved+row.by, int64(row.moved))
			var w trace.Window
			var out []int64
			refused := 0
			take := func(ready []trace.Event) {
				for _, e := range ready {
					out = append(out, e.T)
				}
			}
			for _, at := range in {
				ready, ok := w.Add(trace.Event{T: at})
				take(ready)
				if !ok {
					refused++
				}
			}
			take(w.Rest())
			if (refused == 1) != row.refused || refused > 1 || len(out) != n-refused || !slices.IsSorted(out) {
				t.Errorf("%d refused, %d passed on, sorted %v; want all %d but those refused", refused, len(out), slices.IsSorted(out), n)
			}
			if w.Disorder != row.disorder {
				t.Errorf("disorder %d, want %d", w.Disorder, row.disorder)
			}
		})
	}
}

func TestWindowKeepsTheOrderOfAnInstant(t *testing.T) {
	var w trace.Window
	for _, e := range []trace.Event{{T: 1, Seq: 1}, {T: 0, Seq: 2}, {T: 1, Seq: 3}, {T: 0, Seq: 4}} {
		if _, ok := w.Add(e); !ok {
			t.Fatal("refused", e)
		}
	}
	var seqs []uint64
	for _, e := range w.Rest() {
		seqs = append(seqs, e.Seq)
	}
	if !slices.Equal(seqs, []uint64{2, 4, 1, 3}) {
		t.Errorf("got %v", seqs)
	}
}
