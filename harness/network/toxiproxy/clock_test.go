package toxiproxy

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// However a round trip is shared out between the way there and the way back, the
// reading is right within what it says.
func TestReadingsAreRightWithinTheirError(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		ahead := random.Int64N(2e12) - 1e12
		sent := random.Int64N(1e10)
		there, back := random.Int64N(1e7), random.Int64N(1e7)
		s := seen{sent: sent, back: sent + there + back}
		s.Now = sent + there + ahead
		r := s.reading()
		if wrong := r.ahead - time.Duration(ahead); wrong.Abs() > r.err {
			t.Fatalf("%v there, %v back: wrong by %v, more than %v", there, back, wrong, r.err)
		}
		if r.err > time.Duration(there+back)/2+1 {
			t.Fatalf("error %v of a round trip of %v", r.err, time.Duration(there+back))
		}
	}
}

func TestReadingHolds(t *testing.T) {
	r := reading{at: int64(time.Second), ahead: time.Hour, err: time.Millisecond}
	for _, row := range []struct {
		name  string
		later reading
		want  time.Duration // 0: an error
	}{
		{"at once", reading{at: int64(time.Second), ahead: time.Hour, err: 5 * time.Millisecond}, time.Millisecond},
		{"after ten seconds", reading{at: int64(11 * time.Second), ahead: time.Hour, err: time.Millisecond}, 3 * time.Millisecond},
		{"drifted as far as clocks may", reading{at: int64(11 * time.Second), ahead: time.Hour + 4*time.Millisecond, err: time.Millisecond}, 3 * time.Millisecond},
		{"drifted further", reading{at: int64(11 * time.Second), ahead: time.Hour + 4*time.Millisecond + 1, err: time.Millisecond}, 0},
		{"started again", reading{at: int64(11 * time.Second), ahead: 0, err: time.Millisecond}, 0},
	} {
		got, err := r.hold(row.later)
		if got != row.want || (err != nil) != (row.want == 0) {
			t.Errorf("%s: %v, %v, want %v", row.name, got, err, row.want)
		}
		if err != nil && !strings.Contains(err.Error(), "moved apart by") {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}
