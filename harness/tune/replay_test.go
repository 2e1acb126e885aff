package tune

import (
	"slices"
	"testing"
	"time"
)

// punctual beats have no delay.
func punctual(int) time.Duration { return 0 }

// onCapture are demands on a capture of beats every second.
func onCapture(t *testing.T, beats int, lost func(i int) bool) Demands {
	t.Helper()
	d := measured(t, csv(beats, punctual, lost)).Apply(demands(), 50*time.Millisecond)
	d.Mistakes = Rate{1, 30 * day}
	return d
}

func recommended(t *testing.T, d Demands, family string) Recommendation {
	t.Helper()
	r, err := Recommend(t.Context(), d, []string{family}, Options{Seed: 1, Beats: FewestBeats})
	if err != nil || len(r) != 1 || !r[0].Fits() {
		t.Fatalf("%+v, %v", r, err)
	}
	return r[0]
}

// An outage of 30 s in each hour is a loss of less than 1 %, which any of the
// detectors bears where it comes beat by beat.
func TestAnOutageIsAMistakeOfEveryFamily(t *testing.T) {
	d := onCapture(t, 24*3600, func(i int) bool { return i%3600 >= 1000 && i%3600 < 1030 })
	silences := d.Unbearable()
	if len(silences) != 24 || silences[0].Long.Round(time.Second) != 31*time.Second || silences[0].After%3600 != 999 {
		t.Errorf("silences %+v, want 24 of 31s", silences)
	}
	for _, family := range FamilyNames() {
		r := recommended(t, d, family)
		if r.Replay == nil || r.Replay.Rate.Mistakes != 24 || r.Verdict(d.Mistakes) != Broken {
			t.Errorf("%s: %+v, %s, want 24 mistakes", family, r.Replay, r.Verdict(d.Mistakes))
		}
	}
}

// Beats every second that are missing for 9 s say that the way was dead for 8 s, from
// the first of them to the last: a window that leaves 8.8 s may bear that.
func TestASilenceIsUnbearableOnlyForSure(t *testing.T) {
	for lost, want := range map[int]int{9: 0, 10: 1} {
		d := onCapture(t, 3600, func(i int) bool { return i >= 1000 && i < 1000+lost })
		if got := d.Unbearable(); len(got) != want {
			t.Errorf("%d beats: %+v, want %d", lost, got, want)
		}
	}
}

// Bursts that the window leaves room for make beats more frequent: the fewer a burst
// takes between two that arrive, the shorter the silence.
func TestABurstMakesTheIntervalShorter(t *testing.T) {
	d := onCapture(t, 24*3600, func(i int) bool { return i%3600 >= 1000 && i%3600 < 1007 })
	if silences := d.Unbearable(); len(silences) != 0 {
		t.Errorf("silences %+v, want none: they are of 8s", silences)
	}
	calm := d
	calm.way = nil
	for _, family := range []string{"fixed", "echo-timer", "chen", "phi"} {
		r, without := recommended(t, d, family), recommended(t, calm, family)
		if r.Replay.Rate.Mistakes != 0 || r.Policy.Interval >= without.Policy.Interval || d.replay(t.Context(), without.Policy).Rate.Mistakes == 0 {
			t.Errorf("%s: every %v, %+v; without the capture every %v", family, r.Policy.Interval, r.Replay, without.Policy.Interval)
		}
		// A day without a mistake shows 4 a day, not one in a month.
		if often := (Rate{4, day}); r.Replay.Rate.verdict(often) != Kept || r.Verdict(d.Mistakes) != Unsure {
			t.Errorf("%s: %s and %s", family, r.Replay.Rate.verdict(often), r.Verdict(d.Mistakes))
		}
	}
	if days := d.Mistakes.Shows().Hours() / 24; days < 110 || days > 112 {
		t.Errorf("%v days show it, want 111", days)
	}
}

// The fate of beats is that of the capture's nearest.
func TestBeatsMeetWhatTheCaptureDid(t *testing.T) {
	const ms = time.Millisecond
	w := newWay(float64(100*ms), []went{{number: 7}, {number: 8, late: int64(5 * ms)}, {number: 11}, {number: 12}, {number: 12, late: int64(ms)}})
	for _, row := range []struct {
		name            string
		interval, shift time.Duration
		want            []arrival
	}{
		{"as often", 100 * ms, 0, []arrival{{0, 0, 10}, {1, 100, 115}, {4, 400, 410}, {5, 500, 510}}},
		{"half as often", 200 * ms, 0, []arrival{{0, 0, 10}, {2, 400, 410}}},
		{"half as often, later", 200 * ms, 100 * ms, []arrival{{0, 0, 15}, {2, 400, 410}}},
		{"more often", 40 * ms, 200 * ms, []arrival{{4, 160, 170}, {5, 200, 210}, {6, 240, 250}, {7, 280, 290}, {8, 320, 330}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []arrival
			w.beats(t.Context(), row.interval, row.shift, 10*ms, func(a arrival) {
				got = append(got, arrival{a.seq, a.left / int64(ms), a.at / int64(ms)})
			})
			if !slices.Equal(got, row.want) {
				t.Errorf("%v, want %v", got, row.want)
			}
		})
	}
}

func TestOvertakenBeatsAreNotHeard(t *testing.T) {
	w := newWay(100, []went{{number: 0, late: 250}, {number: 1}, {number: 2}, {number: 3, late: 10}})
	var got []uint64
	w.beats(t.Context(), 100, 0, 0, func(a arrival) { got = append(got, a.seq) })
	if !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("%v, want what was not overtaken", got)
	}
}

// So many beats show what fewer did not.
func TestNeededBeatsShowIt(t *testing.T) {
	d := demands()
	d.Mistakes = Rate{1, 7 * day}
	r := recommended(t, d, "fixed")
	n := r.Needs(d.Mistakes)
	if r.Verdict(d.Mistakes) != Unsure || n <= FewestBeats || n > 10_000_000 {
		t.Fatalf("%s, %d beats", r.Verdict(d.Mistakes), n)
	}
	again, err := Recommend(t.Context(), d, []string{"fixed"}, Options{Seed: 1, Beats: n})
	if err != nil || again[0].Check.Beats != n || again[0].Verdict(d.Mistakes) != Kept {
		t.Errorf("%+v, %v", again, err)
	}
	r.Predicted = new(d.Mistakes.PerDay())
	if n := r.Needs(d.Mistakes); n != 0 {
		t.Errorf("%d beats, where no number is enough", n)
	}
}
