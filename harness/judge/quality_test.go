package judge_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// heard are a client's events, in nanoseconds: its session is up at 0, and then
// it hears a beat at each instant.
func heard(at ...int64) []trace.Event {
	events := []trace.Event{{Side: "client", What: trace.Up}}
	for seq, at := range at {
		events = append(events, trace.Event{T: at, Side: "client", What: trace.Heard, Kind: "beat", Seq: uint64(seq)})
	}
	return events
}

// every is heard, at every step from from to to.
func every(step, from, to int64) (at []int64) {
	for ; from <= to; from += step {
		at = append(at, from)
	}
	return at
}

// worth is what a timeout of 10 ns is worth.
func worth(truth judge.Truth, events []trace.Event, end int64) judge.Quality {
	m := judge.NewMany([]detect.Config{detect.Fixed{Timeout: 10}}, truth)
	m.Tell("client", events)
	return m.End(end)[0]
}

// want compares what is printed, so that rows can leave pointers out.
func wantQuality(t *testing.T, got judge.Quality, want string) {
	t.Helper()
	show := func(d *time.Duration) string {
		if d == nil {
			return "-"
		}
		return fmt.Sprint(int64(*d))
	}
	s := fmt.Sprintf("alive %d mistakes %d T_M %s longest %d T_MR %s closest %s T_D %s left %s", got.Alive, got.Mistakes,
		show(got.MistakeTime), got.Longest, show(got.Recurrence), show(got.Closest), show(got.Detection), show(got.Left))
	if s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// Beats at 5, 15, 27, 30 and 60, timeout 10, observed until 65. Deadlines: 15,
// at which the next beat comes: no mistake; 25, 2 before the next: a mistake of
// 2; 37, in time; 40, 20 before the next: a mistake of 20; 70, 5 after the end.
func TestQualityByHand(t *testing.T) {
	q := worth(judge.Truth{}, heard(5, 15, 27, 30, 60), 65)
	// T_M = (2 + 20) / 2, T_MR = 40 - 25.
	wantQuality(t, q, "alive 65 mistakes 2 T_M 11 longest 20 T_MR 15 closest 0 T_D - left 5")
	if want := 1 - 22./65; math.Abs(*q.Accuracy-want) > 1e-15 {
		t.Errorf("P_A %v, want %v", *q.Accuracy, want)
	}
	if want := 2 / 65e-9 * 3600; math.Abs(*q.PerHour/want-1) > 1e-12 {
		t.Errorf("%v mistakes per hour, want %v", *q.PerHour, want)
	}
}

func TestAMistakeBeginsAfterItsDeadline(t *testing.T) {
	for _, row := range []struct {
		name  string
		grace time.Duration
		next  int64 // the arrival after the one at 5, whose deadline is 15
		want  string
	}{
		{name: "one before it", next: 14, want: "alive 20 mistakes 0 T_M - longest 0 T_MR - closest 1 T_D - left 4"},
		{name: "at it", next: 15, want: "alive 20 mistakes 0 T_M - longest 0 T_MR - closest 0 T_D - left 5"},
		{name: "one after it", next: 16, want: "alive 20 mistakes 1 T_M 1 longest 1 T_MR - closest 0 T_D - left 6"},
		{name: "at the end of the grace", grace: 3, next: 18, want: "alive 20 mistakes 0 T_M - longest 0 T_MR - closest 0 T_D - left 8"},
		{name: "after the grace, from the deadline on", grace: 3, next: 19, want: "alive 20 mistakes 1 T_M 4 longest 4 T_MR - closest 0 T_D - left 9"},
	} {
		t.Run(row.name, func(t *testing.T) {
			wantQuality(t, worth(judge.Truth{Grace: row.grace}, heard(5, row.next), 20), row.want)
		})
	}
}

// The cable is out from 100 to 200, and what it held is on its way for up to 5
// more; so of 300, 195 are time alive. Beats come every 5 from 0 to 95, and again
// from the given instants on; the suspicion begins at 95 + 10.
func TestQualityOverACut(t *testing.T) {
	cut := judge.Truth{Cuts: []judge.Span{{From: 100, To: 200}}, Late: 5, Origin: new(int64(100))}
	unexcused, uncounted := cut, cut
	unexcused.Unexcused, uncounted.Origin = true, nil
	before := every(5, 0, 95)
	for _, row := range []struct {
		name   string
		truth  judge.Truth
		before []int64 // nil: every 5 from 0 to 95
		after  []int64
		want   string
	}{
		{
			name: "detected, then trusted again", truth: cut, after: every(5, 203, 298),
			want: "alive 195 mistakes 0 T_M - longest 0 T_MR - closest 5 T_D 5 left 8",
		},
		{
			name: "nothing to count from", truth: uncounted, after: every(5, 203, 298),
			want: "alive 195 mistakes 0 T_M - longest 0 T_MR - closest 5 T_D - left 8",
		},
		{
			name: "to the end of the session", truth: cut,
			want: "alive 195 mistakes 0 T_M - longest 0 T_MR - closest 5 T_D 5 left -195",
		},
		{ // 105 to 150 did not last; 160 did.
			name: "the suspicion that lasts counts", truth: cut, after: append([]int64{150}, every(5, 203, 298)...),
			want: "alive 195 mistakes 0 T_M - longest 0 T_MR - closest 5 T_D 60 left 8",
		},
		{ // 104 was 1 before the deadline.
			name: "a close call in a cut is none", truth: cut, before: append(every(5, 0, 95), 104), after: every(5, 203, 298),
			want: "alive 195 mistakes 0 T_M - longest 0 T_MR - closest 5 T_D 14 left 8",
		},
		{ // The last beat was heard at 80: suspected from 90 on, wrongly until 100.
			name: "a mistake that became right", truth: cut, before: every(5, 0, 80), after: every(5, 203, 298),
			want: "alive 195 mistakes 1 T_M 10 longest 10 T_MR - closest 0 T_D 0 left 8",
		},
		{ // 203 + 10 is 1 before 214: a mistake. Between 90 and 213 are 105 that don't count.
			name: "time between mistakes is time alive", truth: cut, before: every(5, 0, 80), after: append([]int64{203}, every(5, 214, 299)...),
			want: "alive 195 mistakes 2 T_M 5 longest 10 T_MR 18 closest 0 T_D 0 left 9",
		},
		{ // From 105 to 203 it suspects.
			name: "nothing excuses", truth: unexcused, after: every(5, 203, 298),
			want: "alive 300 mistakes 1 T_M 98 longest 98 T_MR - closest 0 T_D 5 left 8",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.before == nil {
				row.before = before
			}
			wantQuality(t, worth(row.truth, heard(append(row.before, row.after...)...), 300), row.want)
		})
	}
}

// A side that acts on a mistake has no session until its next is up. Its mistake,
// from 15 on, lasts until then: 15 to 40. A suspicion that a cut excuses ends
// with its session: alive are 0 to 12, and 40 to 49.
func TestAMistakeThatEndedASession(t *testing.T) {
	events := append(heard(5),
		trace.Event{T: 16, Side: "client", What: trace.Down},
		trace.Event{T: 40, Side: "client", What: trace.Up, Session: "b"},
		trace.Event{T: 42, Side: "server", What: trace.Down, Session: "b"}, // another's
	)
	wantQuality(t, worth(judge.Truth{}, events, 49), "alive 49 mistakes 1 T_M 25 longest 25 T_MR - closest 0 T_D - left 1")
	cut := judge.Truth{Cuts: []judge.Span{{From: 12, To: 30}}, Origin: new(int64(12))}
	wantQuality(t, worth(cut, events, 49), "alive 21 mistakes 0 T_M - longest 0 T_MR - closest 1 T_D 3 left 1")
}

// Its next session is up long after: the time between counts for nothing. Both
// are mistaken, from 15 on and from 1010 on. Where the first ends for another
// reason than the mistake, the mistake ends with it.
func TestTheTimeWithoutASessionCountsForNothing(t *testing.T) {
	for _, row := range []struct {
		name string
		end  trace.What
		want string
	}{
		{name: "closed in order", end: trace.Closed, want: "alive 40 mistakes 2 T_M 7 longest 10 T_MR 15 closest 0 T_D - left -"},
		{name: "lost by the mistake", end: trace.Down, want: "alive 1020 mistakes 2 T_M 497 longest 985 T_MR 995 closest 0 T_D - left -"},
	} {
		t.Run(row.name, func(t *testing.T) {
			events := append(heard(5),
				trace.Event{T: 20, Side: "client", What: row.end},
				trace.Event{T: 1000, Side: "client", What: trace.Up, Session: "b"},
				trace.Event{T: 1020, Side: "client", What: trace.Closed, Session: "b"})
			wantQuality(t, worth(judge.Truth{}, events, 2000), row.want)
		})
	}
}

// From 20 to 1000 there is no session, and then two at once, which are mistaken from
// 1010 on, and with the second from 1015 on.
func TestTwoSessionsAfterNone(t *testing.T) {
	events := append(heard(5),
		trace.Event{T: 20, Side: "client", What: trace.Closed},
		trace.Event{T: 1000, Side: "client", What: trace.Up, Session: "b"},
		trace.Event{T: 1005, Side: "client", What: trace.Up, Session: "c"})
	wantQuality(t, worth(judge.Truth{}, events, 1020), "alive 55 mistakes 3 T_M 6 longest 10 T_MR 10 closest 0 T_D - left -10")
}

// Sessions a and b are up at once: it is the newer that a cut at 100 meets, by
// whatever name, and if it is mute, the cut is not detected. Of what is left until
// a deadline, the least counts.
func TestConcurrentSessions(t *testing.T) {
	truth := judge.Truth{Cuts: []judge.Span{{From: 100, To: 200}}, Origin: new(int64(100)), Unexcused: true}
	up := func(at int64, session string) trace.Event {
		return trace.Event{T: at, Side: "client", Session: session, What: trace.Up}
	}
	beat := func(at int64, session string) trace.Event {
		return trace.Event{T: at, Side: "client", Session: session, What: trace.Heard, Kind: "beat"}
	}
	for _, row := range []struct {
		name      string
		events    []trace.Event
		detection int64 // 0: none
		left      int64
	}{
		{name: "the newer has the later name", events: []trace.Event{up(0, "a"), up(1, "b"), beat(95, "a"), beat(98, "b")}, detection: 8, left: -195},
		{name: "the newer has the earlier name", events: []trace.Event{up(0, "b"), up(1, "a"), beat(95, "b"), beat(98, "a")}, detection: 8, left: -195},
		{name: "one that comes up later", events: []trace.Event{up(0, "a"), beat(95, "a"), up(101, "b")}, detection: 5, left: -195},
		{name: "one that comes up at that instant", events: []trace.Event{up(0, "a"), beat(95, "a"), up(100, "b")}, detection: 10, left: -195},
		{name: "one that was over before", events: []trace.Event{up(0, "a"), up(1, "b"), beat(95, "a"), {T: 99, Side: "client", Session: "b", What: trace.Closed}}, detection: 5, left: -195},
		{name: "one that is over at that instant", events: []trace.Event{up(0, "a"), up(1, "b"), beat(95, "a"), {T: 100, Side: "client", Session: "b", What: trace.Closed}}, left: -195},
	} {
		t.Run(row.name, func(t *testing.T) {
			q := worth(truth, row.events, 300)
			if q.Detection == nil && row.detection != 0 || q.Detection != nil && int64(*q.Detection) != row.detection || int64(*q.Left) != row.left {
				t.Errorf("detection %v, left %v; want %d and %d", q.Detection, *q.Left, row.detection, row.left)
			}
		})
	}
}

// The side acted at 16, within the grace: what ends a session is no sign of life.
func TestTheEndOfASessionKnowsNoGrace(t *testing.T) {
	events := append(heard(5), trace.Event{T: 16, Side: "client", What: trace.Down})
	wantQuality(t, worth(judge.Truth{Grace: 3}, events, 20), "alive 20 mistakes 1 T_M 5 longest 5 T_MR - closest 0 T_D - left -")
}

// A deadline that something heard moved into the past makes a suspicion from
// then on, not from before: until then the peer was trusted.
func TestADeadlineMovedIntoThePast(t *testing.T) {
	m := judge.NewMany([]detect.Config{backwards{}}, judge.Truth{})
	m.Tell("client", heard(5, 20, 30))
	wantQuality(t, m.End(30)[0], "alive 30 mistakes 1 T_M 10 longest 10 T_MR - closest 0 T_D - left 70")
}

// backwards has deadlines that depend on the beat: 100, 7 and 100 again.
type backwards struct{ detect.Fixed }

func (backwards) New() detect.Detector { return &goesBack{Detector: detect.Fixed{Timeout: 1}.New()} }

type goesBack struct {
	detect.Detector
	heard int
}

func (g *goesBack) Heard(detect.Kind, uint64, int64) { g.heard++ }

func (g *goesBack) Deadline() (int64, bool) {
	if g.heard == 2 {
		return 7, true
	}
	return 100, true
}

// Our own stall from 8 to 28 moves the deadline from 15 to 35. What is heard in
// between is no concern of it.
func TestAStallIsTheSidesOwn(t *testing.T) {
	events := append(heard(5), trace.Event{T: 8, To: 28, Side: "client", What: trace.Stall})
	events = append(events, heard(5, 35)[2])
	wantQuality(t, worth(judge.Truth{}, events, 40), "alive 40 mistakes 0 T_M - longest 0 T_MR - closest 0 T_D - left 5")
}

// The peer is suspected from 15 on. A stall from 20 to 40 moves the deadline to
// 35, which is over as well when the side hears of it.
func TestAStallThatComesTooLate(t *testing.T) {
	events := append(heard(5), trace.Event{T: 20, To: 40, Side: "client", What: trace.Stall})
	events = append(events, heard(5, 50)[2])
	wantQuality(t, worth(judge.Truth{}, events, 55), "alive 55 mistakes 1 T_M 35 longest 35 T_MR - closest 0 T_D - left 5")
}

// Its memory does not grow with what it is told.
func TestManyAllocatesNothingPerEvent(t *testing.T) {
	m := judge.NewMany([]detect.Config{detect.Fixed{Timeout: 10}, detect.Fixed{Timeout: 2}}, judge.Truth{})
	m.Tell("client", heard(0))
	allocations := func(events int64) float64 {
		batch := heard(every(3, 3, 3*events)...)[1:]
		m.Tell("client", batch) // so that the batch has its size
		return testing.AllocsPerRun(10, func() { m.Tell("client", batch) })
	}
	few, many := allocations(100), allocations(10000)
	if many > few+1 {
		t.Errorf("%v allocations for 10000 events, %v for 100", many, few)
	}
}
