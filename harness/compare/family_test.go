package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/heartbeat"
)

// run is the report of some policies at phases, each repeated: a detection is half
// a second into the window at the latest phase and 2s later at the first, and off
// by what the network and the machine do. All of NEW may be later by slower.
func run(random *rand.Rand, policies int, phases []float64, repeat int, slower func(policy int) time.Duration) report.Report {
	var r report.Report
	for policy := range policies {
		name := fmt.Sprintf("p%02d/strict", policy)
		for _, phase := range phases {
			for n := range repeat {
				took := 8500*time.Millisecond - time.Duration(phase*float64(2*time.Second))
				took += slower(policy) + time.Duration(random.NormFloat64()*float64(30*time.Millisecond))
				rec := trial(n, took)
				rec.Trial, rec.Policy, rec.Phase = fmt.Sprintf("%s.%g.%d", name, phase, n), name, phase
				for _, side := range Sides {
					rec.Of(side).Recovery = new(time.Duration(random.ExpFloat64() * float64(time.Second)))
				}
				if random.IntN(5) == 0 {
					rec.Client.Mistakes = 1
				}
				r.Records = append(r.Records, rec)
			}
		}
		r.Matrix = append(r.Matrix, report.Cell{
			Scenario: "cable-pull", Policy: fmt.Sprintf("p%02d", policy), Profile: "strict", Window: heartbeat.Strict().Window,
			Network: "toxiproxy", Subject: "pair", Verdict: judge.Held,
		})
	}
	return r
}

func no(int) time.Duration { return 0 }

// Two runs of the same thing show a change in at most Alpha of all comparisons,
// whatever is in them.
func TestTheSameTwiceIsNoChange(t *testing.T) {
	const pairs = 120
	for _, row := range []struct {
		policies, repeat int
		phases           []float64
	}{
		{policies: 1, repeat: 5, phases: []float64{0.5}},
		{policies: 10, repeat: 3, phases: []float64{0.05, 0.5, 0.95}},
		{policies: 4, repeat: 2, phases: []float64{0.1, 0.3, 0.5, 0.7, 0.9}},
		{policies: 2, repeat: 1, phases: []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}},
	} {
		random := rand.New(rand.NewPCG(1, uint64(row.policies)))
		changed, worse := 0, 0
		for range pairs {
			c := Runs(run(random, row.policies, row.phases, row.repeat, no), run(random, row.policies, row.phases, row.repeat, no))
			for _, test := range c.tests() {
				if test.Shown {
					changed++
					break
				}
			}
			if len(c.Regressions()) > 0 {
				worse++
			}
		}
		// Three deviations of the binomial law above: 1 in 700 runs of a test at
		// exactly Alpha would exceed them.
		most := int(pairs*Alpha + 3*math.Sqrt(pairs*Alpha*(1-Alpha)))
		t.Logf("%+v: %d of %d changed, %d worse", row, changed, pairs, worse)
		if changed > most || worse > most {
			t.Errorf("%+v: of %d comparisons of the same %d show a change, and %d a regression; want at most %d", row, pairs, changed, worse, most)
		}
	}
}

// 300 ms of a window of 3 s are found in one policy of ten, though phases move a
// detection by up to 2 s, and nothing is said of the others.
func TestASlowdownIsFound(t *testing.T) {
	slower := func(policy int) time.Duration {
		if policy == 3 {
			return 300 * time.Millisecond
		}
		return 0
	}
	for _, row := range []struct {
		repeat int
		phases []float64
	}{
		{repeat: 2, phases: []float64{0.1, 0.3, 0.5, 0.7, 0.9}},
		{repeat: 4, phases: []float64{0.05, 0.5, 0.95}},
	} {
		random := rand.New(rand.NewPCG(2, 2))
		found, others := 0, 0
		const pairs = 40
		for range pairs {
			c := Runs(run(random, 10, row.phases, row.repeat, no), run(random, 10, row.phases, row.repeat, slower))
			both, other := 0, 0
			for _, r := range c.Regressions() {
				if strings.HasPrefix(r, "cable-pull under p03/strict: the ") && strings.Contains(r, "'s T_D went from") {
					both++
				} else {
					other++
				}
			}
			found += both / 2
			others += min(1, other)
		}
		t.Logf("%+v: found %d, others in %d", row, found, others)
		if found < 38 || others > 4 {
			t.Errorf("%+v: found in %d of %d comparisons, others are said to be worse in %d; want 38 or more, and few", row, found, pairs, others)
		}
	}
}

// What could not be told is said, with how many trials it takes: with so many it
// is told.
func TestHowManyWouldDo(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	slower := func(int) time.Duration { return 300 * time.Millisecond }
	phases := []float64{0.05, 0.5, 0.95}
	few := Runs(run(random, 10, phases, 1, no), run(random, 10, phases, 1, slower))
	d := few.Rows[0].Client.Detection
	if d.Shown || d.Enough == 0 || d.Enough%len(phases) != 0 || len(few.Regressions()) > 0 {
		t.Fatalf("%+v", d)
	}
	if said := few.Rows[0].Client.Measures()[0]; said.Change != fmt.Sprintf("too few to tell: %d would do", d.Enough) || said.Test.String() != "n=3" {
		t.Errorf("%+v", said)
	}
	repeat := d.Enough / len(phases)
	if want := fmt.Sprintf("had too few trials to tell: %d at each phase, in both runs, would do (--repeat %[1]d)", repeat); !strings.Contains(few.Legend(), want) {
		t.Errorf("%s\nwant %s", few.Legend(), want)
	}
	if got, want := few.Headline(), "No regression; 0 of 48 measures changed in 10 cells; 48 with too few trials to tell."; got != want {
		t.Errorf("headline %q, want %q", got, want)
	}
	for more, enough := range map[int]bool{repeat: true, repeat - 1: false} {
		c := Runs(run(random, 10, phases, more, no), run(random, 10, phases, more, slower))
		if d := c.Rows[0].Client.Detection; d.Shown != enough || d.few() == enough {
			t.Errorf("repeated %d times: %+v", more, d)
		}
	}
}

// More trials at a late phase in one run are no change.
func TestPhasesAreNotHeldAgainstEachOther(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	both := func(early, late int) report.Report {
		r, more := run(random, 1, []float64{0.05}, early, no), run(random, 1, []float64{0.95}, late, no)
		r.Records = append(r.Records, more.Records...)
		return r
	}
	c := Runs(both(3, 20), both(20, 3))
	if d := c.Rows[0].Client.Detection; d.Shown || d.NBase != 23 || d.few() {
		t.Errorf("%+v", d)
	}
}

// One bad trial of five is no phase's room; the phase that is nearest to a bound is.
func TestRoomIsThatOfTheNearestPhase(t *testing.T) {
	var r report.Report
	for i, took := range []time.Duration{7500, 7500, 7500, 7500, 8999} {
		r.Records = append(r.Records, trial(i, took*time.Millisecond))
	}
	for i, took := range []time.Duration{8000, 8100, 8200} {
		rec := trial(i, took*time.Millisecond)
		rec.Phase = 0.05
		r.Records = append(r.Records, rec)
	}
	r.Matrix = run(rand.New(rand.NewPCG(5, 5)), 1, nil, 0, no).Matrix
	r.Matrix[0].Policy = "fixed"
	if d := Runs(r, r).Rows[0].Client.Detection; *d.BaseRoom != 900*time.Millisecond || *d.NewRoom != 900*time.Millisecond {
		t.Errorf("room from %v to %v, want 900ms", *d.BaseRoom, *d.NewRoom)
	}
}

func TestHolm(t *testing.T) {
	of := func(ps ...float64) (all []*Test) {
		for _, p := range ps {
			all = append(all, &Test{NBase: 9, NNew: 9, P: p, phases: 1, least: 1e-6})
		}
		return all
	}
	all := of(0.04, 0.01, 0.03, 0.005)
	for range 2 { // tests that can show nothing cost nothing
		correct(all)
		for i, want := range []struct {
			p     float64
			shown bool
		}{{0.06, false}, {0.03, true}, {0.06, false}, {0.02, true}} {
			if math.Abs(all[i].Corrected-want.p) > 1e-12 || all[i].Shown != want.shown {
				t.Errorf("%g: %+v", all[i].P, all[i])
			}
		}
		for range 50 {
			all = append(all, &Test{NBase: 3, NNew: 3, P: 0.1, phases: 1, least: 0.1, apart: 0.1})
		}
	}
	one := of(1.0000000000000002)
	if correct(one); one[0].Corrected != 1 {
		t.Errorf("%+v", one[0])
	}
}
