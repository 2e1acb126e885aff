package tune

import (
	"context"
	"encoding/json"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// record is a history of some days on a lossy network.
func record(t *testing.T, side heartbeat.Side, beats int) History {
	t.Helper()
	h, err := Record(t.Context(), lossy(), side, 2*time.Second, beats, 1)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func of(t *testing.T, c Comparison, name string) Tuned {
	t.Helper()
	for _, x := range c.Tuned {
		if x.Family == name {
			return x
		}
	}
	t.Fatalf("no %s in %+v", name, c.Tuned)
	return Tuned{}
}

// Everything is tuned to the rate, as near as the history tells; a fixed timeout
// pays for the jitter that an echo timer does not see, and the same detector under
// two names is no worse than itself.
func TestComparisonAtOneMistakeRate(t *testing.T) {
	m := lossy()
	m.Delay.Latency, m.Delay.Jitter = 500*time.Millisecond, 400*time.Millisecond
	h, err := Record(t.Context(), m, heartbeat.ClientSide, 2*time.Second, 200_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	twin := family(t, "fixed")
	twin.Name = "twin"
	families := []Family{family(t, "fixed"), family(t, "missed"), family(t, "echo-timer"), twin}
	demanded := Rate{150, day} // between what two lost in a row make, and three
	c, err := h.Compare(t.Context(), Equal{Mistakes: demanded}, families)
	if err != nil {
		t.Fatal(err)
	}
	borne := demanded.PerDay() * h.Long().Hours() / 24
	bests := 0
	for _, x := range c.Tuned {
		if x.Why != "" {
			t.Errorf("%s: %s", x.Family, x.Why)
			continue
		}
		made := float64(x.Rate.Mistakes)
		if made > borne || made < 0.8*borne && x.Family != "missed" {
			t.Errorf("%s makes %v mistakes, want %.1f or little less", x.Family, made, borne)
		}
		if d := x.Detection; d.Median < d.Least || d.Median > d.Most || d.P99 < d.Median || d.Max < d.P99 || d.Crashes < 50_000 {
			t.Errorf("%s: %+v", x.Family, d)
		}
		if x.Against == nil {
			bests++
		}
	}
	if bests != 1 {
		t.Errorf("%d are the best, want 1", bests)
	}
	if fixed, twin := of(t, c, "fixed"), of(t, c, "twin"); !reflect.DeepEqual(fixed.Against, twin.Against) || fixed.Detection != twin.Detection {
		t.Errorf("twins differ: %+v, %+v", fixed, twin)
	}
	if fixed, timer := of(t, c, "fixed"), of(t, c, "echo-timer"); fixed.Against == nil || !fixed.Against.Shown || fixed.Detection.Median < timer.Detection.Median+30*time.Millisecond {
		t.Errorf("fixed %+v, %+v, want it later than echo-timer's %v", fixed.Detection, fixed.Against, timer.Detection)
	}
	if missed := of(t, c, "missed"); !missed.Apart {
		t.Error("missed counts whole beats, and nobody says so")
	}
}

func TestComparisonsAreTheSameForASeedAndSurviveJSON(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var texts []string
	for _, cores := range []int{1, 3} {
		runtime.GOMAXPROCS(cores)
		c, err := record(t, heartbeat.ClientSide, 20_000).Compare(t.Context(), Equal{Mistakes: Rate{60, day}}, Families())
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] {
		t.Error("the same seed makes another comparison")
	}
	var read Comparison
	if err := json.Unmarshal([]byte(texts[0]), &read); err != nil {
		t.Fatal(err)
	}
	if text, _ := json.Marshal(read); string(text) != texts[0] {
		t.Errorf("written %s\nread %s", texts[0], text)
	}
}

// around are the largest value of a family's parameter that keeps the bound and
// the next one, which breaks it. The worst detection does not grow evenly: of a
// learning detector it jumps where one more run of losses is learned from.
func around(c Comparison, family string, bound time.Duration) (kept, broken float64) {
	broken = math.Inf(1)
	for _, p := range c.Points {
		switch {
		case p.Family != family:
		case p.Max <= bound:
			kept = max(kept, p.Value)
		default:
			broken = min(broken, p.Value)
		}
	}
	return kept, broken
}

// All detect within the bound, and none could be more patient.
func TestComparisonAtOneDetectionTime(t *testing.T) {
	h := record(t, heartbeat.ClientSide, 50_000)
	const bound = 7 * time.Second
	c, err := h.Compare(t.Context(), Equal{Detection: bound}, Families())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range c.Tuned {
		if x.Why != "" {
			t.Errorf("%s: %s", x.Family, x.Why)
		}
		if most := x.Detection.Max; most > bound {
			t.Errorf("%s takes up to %v, want %v or less", x.Family, most, bound)
		}
		if kept, broken := around(c, x.Family, bound); broken > 1.005*kept && x.Family != "missed" {
			t.Errorf("%s is set to %v, and could be more patient: %v is the next that was seen to break the bound", x.Family, kept, broken)
		}
	}
	// Three beats fit a silence of 6.8 s, but a threshold, without a pause, learns
	// from losses to wait longer than it may: less is left for the rest.
	if phi := of(t, c, "phi"); phi.Against == nil || !phi.Against.Shown || phi.Against.P >= 0.01 {
		t.Errorf("%+v, want more mistakes shown", phi)
	}
}

func TestComparisonsThatTellNothingAreRefused(t *testing.T) {
	h := record(t, heartbeat.ClientSide, 10_000)
	_, err := h.Compare(t.Context(), Equal{Mistakes: Rate{1, 30 * day}}, Families())
	if err == nil || !strings.Contains(err.Error(), "want at least 10: 12,960,001 beats or more") {
		t.Errorf("%v, want how many beats would do", err)
	}
}

func TestWhatCannotBeTunedSaysWhy(t *testing.T) {
	h := record(t, heartbeat.ServerSide, 20_000)
	c, err := h.Compare(t.Context(), Equal{Detection: 10 * time.Millisecond}, Families())
	if err == nil || !strings.Contains(err.Error(), "no detector can be tuned to a detection within 10ms on beats every 2s: want ") {
		t.Errorf("%v, want what would do", err)
	}
	for _, x := range c.Tuned {
		if x.Family == "echo-timer" {
			t.Error("the server has an echo timer, and sends no beats")
		}
		if !strings.Contains(x.Why, "it may take") {
			t.Errorf("%s: %q, want how long it takes", x.Family, x.Why)
		}
	}
	if says := strings.Join(Conclude(c), " "); !strings.Contains(says, "fixed cannot be tuned to it") || !strings.Contains(says, "Nothing could be compared.") {
		t.Errorf("%s", says)
	}
}

// A family whose parameter does not reach as far is not tuned to it, and where none is,
// or none makes a mistake, nothing can be said. What is said would do does.
func TestADetectionThatTellsNothingIsRefused(t *testing.T) {
	h := record(t, heartbeat.ClientSide, 20_000)
	c, err := h.Compare(t.Context(), Equal{Detection: 1_000_000 * time.Hour}, Families())
	if err == nil || !strings.Contains(err.Error(), "no detector can be tuned to a detection within 1000000h0m0s") {
		t.Fatalf("%v, want a refusal", err)
	}
	for _, x := range c.Tuned {
		if !strings.Contains(x.Why, "it takes no more than") {
			t.Errorf("%s: %q, want how long it takes", x.Family, x.Why)
		}
	}
	_, advice, ok := strings.Cut(err.Error(), "want ")
	bounds := strings.Fields(strings.ReplaceAll(advice, ",", ""))
	if !ok || len(bounds) < 3 {
		t.Fatalf("%v, want what would do", err)
	}
	for _, text := range []string{bounds[0], bounds[2]} { // 1.45s to 8.2s
		within, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Compare(t.Context(), Equal{Detection: within}, Families()); err != nil {
			t.Errorf("took the advice, and still: %v", err)
		}
	}
}

func TestAnInterruptedComparisonIsPartial(t *testing.T) {
	h := record(t, heartbeat.ClientSide, 20_000)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	c, err := h.Compare(ctx, Equal{Detection: 9 * time.Second}, Families())
	if err == nil || len(c.Tuned) != 0 {
		t.Errorf("%d families, %v, want none and an error", len(c.Tuned), err)
	}
}

// A family counts as tuned once it is, and not as soon as something is known of it.
func TestAnInterruptedFamilyIsNotHalfTuned(t *testing.T) {
	h := record(t, heartbeat.ClientSide, 20_000)
	e := Equal{Mistakes: Rate{60, day}}
	for _, f := range []Family{family(t, "fixed"), family(t, "missed")} {
		full := h.tune(t.Context(), e, f)
		looks := 0
		for ; ; looks++ {
			c := h.tune(&ending{t.Context(), looks}, e, f)
			if !c.done {
				continue
			}
			if knob, want := c.scores[c.chosen].knob, full.scores[full.chosen].knob; knob != want {
				t.Errorf("%s: set to %v after %d looks, want %v", f.Name, knob, looks, want)
			}
			break
		}
		if looks < 5 {
			t.Errorf("%s is tuned after %d looks: nothing was interrupted", f.Name, looks)
		}
	}
}

// By hand: of ten mistakes one is the best's: 2 (1 + 10) / 1024 = 0.0215. Of as many,
// nothing is shown.
func TestMistakesOfTwoByHand(t *testing.T) {
	with := func(n int) Tuned { return Tuned{Rate: MistakeRate{Mistakes: n}} }
	d := fewer(with(9), with(1), 0.05)
	if math.Abs(d.P-22.0/1024) > 1e-9 || !d.Shown || d.Ratio != 9 {
		t.Errorf("%+v, want p = 0.0215, shown", d)
	}
	if d := fewer(with(9), with(1), 0.05/7); d.Shown {
		t.Error("shown, though one in seven such tests would be by chance")
	}
	if d := fewer(with(5), with(5), 0.05); d.P != 1 || d.Shown {
		t.Errorf("%+v, want p = 1", d)
	}
	if d := fewer(with(0), with(0), 0.05); d.P != 1 || d.Shown {
		t.Errorf("%+v of none, want p = 1", d)
	}
}

// Where the truth is known: of two fixed timeouts that are told to differ by
// nothing but their names no difference is shown, whatever the seed; chance shows
// some in one of twenty.
func TestNoDifferenceIsShownWhereThereIsNone(t *testing.T) {
	shown := 0
	for seed := range uint64(20) {
		m := sim.Model{Name: "m", Delivery: sim.UDP, Delay: lossy().Delay, Loss: sim.Loss{Rate: 0.1}}
		// Echo timer and Chen see the same here: both know when beats left.
		h, err := Record(t.Context(), m, heartbeat.ClientSide, 2*time.Second, 20_000, seed)
		if err != nil {
			t.Fatal(err)
		}
		c, err := h.Compare(t.Context(), Equal{Mistakes: Rate{60, day}}, []Family{family(t, "echo-timer"), family(t, "chen")})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range c.Tuned {
			if x.Against != nil && x.Against.Shown {
				shown++
			}
		}
	}
	if shown > 4 { // of 20 at 5 %: more than 4 in 0.3 % of all cases
		t.Errorf("a difference is shown %d times of 20", shown)
	}
}

// One of 5000 beats is missed, 12 years after the first: the block that it lies in
// is counted without an overflow.
func TestALongHistoryIsCutIntoBlocks(t *testing.T) {
	h := History{Side: heartbeat.ServerSide, Interval: day, Beats: 5000}
	for n := range uint64(5000) {
		if at := int64(n) * int64(day); n != 4450 {
			h.arrivals = append(h.arrivals, arrival{n, at, at})
		}
	}
	s := h.score(detect.Fixed{Timeout: 36 * time.Hour})
	if s.mistakes != 1 || s.each[44] != 1 {
		t.Errorf("%d mistakes, by block %v, want one, in block 44", s.mistakes, s.each)
	}
}

func TestAHistoryIsACenturyAtMost(t *testing.T) {
	for _, row := range []struct {
		interval time.Duration
		beats    int
	}{{8 * time.Hour, 500_000}, {100 * 365 * day, 2}, {0, 1}, {time.Second, 0}} {
		_, err := Record(t.Context(), lossy(), heartbeat.ServerSide, row.interval, row.beats, 1)
		if err == nil || !strings.Contains(err.Error(), "a century at most") {
			t.Errorf("%d beats every %v: %v", row.beats, row.interval, err)
		}
	}
}

// A server hears beats, a client echoes.
func TestAConclusionSaysWhatWasHeard(t *testing.T) {
	for side, want := range map[heartbeat.Side]string{heartbeat.ClientSide: "the same 7 echoes of 9 beats", heartbeat.ServerSide: "the same 7 of 9 beats"} {
		c := Comparison{History: History{Side: side, Arrivals: 7, Beats: 9}, Tuned: []Tuned{{Family: "fixed"}}}
		if says := strings.Join(Conclude(c), " "); !strings.Contains(says, want) {
			t.Errorf("%s: no %q in %s", side, want, says)
		}
	}
}
