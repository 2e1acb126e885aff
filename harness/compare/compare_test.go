package compare

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// trial is a record of a pulled cable under fixed/strict, in which both sides
// had to detect within 6s..9s, and did after took.
func trial(n int, took time.Duration) judge.Record {
	w := heartbeat.Strict().Window
	r := judge.Record{
		Schema: judge.Schema, Trial: fmt.Sprintf("cable-pull.fixed.strict.0.5.%d", n), Scenario: "cable-pull",
		Policy: "fixed/strict", Window: w, Network: "toxiproxy", Subject: "pair", Phase: 0.5, Seed: 7, Attempt: 1,
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Took: 17 * time.Second, Verdict: judge.Held,
		Versions: map[string]string{"flatline": "v1.2.3"},
	}
	for _, side := range Sides {
		r.Of(side).Detection = new(took)
		r.Of(side).Recovery = new(took / 8)
		slack := min((took - w.Lo).Abs(), (w.Hi - took).Abs())
		held := w.Contains(took)
		r.Checks = append(r.Checks, judge.Check{That: scenario.Detects, Side: side, Held: held, Slack: &slack})
		if !held {
			r.Verdict = judge.Broken
		}
	}
	return r
}

// trials are some whose detections are a millisecond apart.
func trials(n int, from time.Duration, change func(*judge.Record)) []judge.Record {
	var out []judge.Record
	for i := range n {
		r := trial(i, from+time.Duration(i)*time.Millisecond)
		if change != nil {
			change(&r)
		}
		out = append(out, r)
	}
	return out
}

// stored is the report of records, as a run makes it.
func stored(t *testing.T, records []judge.Record) report.Report {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "records"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i, r := range records {
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "records", fmt.Sprintf("%d.json", i)), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := report.Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEqualRunsShowNothing(t *testing.T) {
	for _, n := range []int{1, 3, 4, 30} {
		r := stored(t, trials(n, 7*time.Second, func(r *judge.Record) { r.Client.Mistakes = 1 }))
		c := Runs(r, r)
		if len(c.Rows) != 1 || len(c.Notes)+len(c.Regressions())+len(c.Unclear())+len(c.OnlyBase)+len(c.OnlyNew) > 0 {
			t.Fatalf("n=%d: %+v", n, c)
		}
		for _, side := range Sides {
			for _, m := range c.Rows[0].Of(side).Measures() {
				unchanged := "~"
				if n < 5 {
					unchanged = "too few to tell: 5 would do"
				}
				if m.Change != unchanged || m.Base != m.New || m.Test.P != 1 || m.Test.NBase != n || m.Test.NNew != n {
					t.Errorf("n=%d: the %s's %+v", n, side, m)
				}
			}
		}
	}
}

// The least P of n and n values is 2/C(2n,n): 1 and 1: 1; 2: 0.33; 3: 0.1;
// 4: 2/70 = 0.0286; 5: 2/252 = 0.0079. A detection and a recovery on two sides are
// four tests.
func TestFewTrialsShowNothing(t *testing.T) {
	for _, row := range []struct {
		base, new int
		shown     bool
		said      string
	}{
		{1, 1, false, "n=1"},
		{2, 2, false, "n=2"},
		{3, 3, false, "n=3"},
		{3, 30, false, "n=3+30"}, // 2/C(33,3) = 0.0004: three trials may all be of one bad minute
		{4, 4, false, "n=4"},
		{4, 5, false, "n=4+5"},        // 2/C(9,4) = 2/126
		{4, 6, true, "p=0.038 n=4+6"}, // 2/C(10,4) = 2/210
		{5, 5, true, "p=0.032 n=5"},
	} {
		c := Runs(stored(t, trials(row.base, 7*time.Second, nil)), stored(t, trials(row.new, 8500*time.Millisecond, nil)))
		d := c.Rows[0].Client.Detection
		if d.Shown != row.shown || d.Test.String() != row.said {
			t.Errorf("%d+%d: shown %v, %s; want %v, %s", row.base, row.new, d.Shown, d.Test, row.shown, row.said)
		}
		if few := strings.HasPrefix(c.Rows[0].Client.Measures()[0].Change, "too few to tell: 5 would do"); few == row.shown {
			t.Errorf("%d+%d: too few %v", row.base, row.new, few)
		}
		if got := len(c.Regressions()) > 0; got != row.shown {
			t.Errorf("%d+%d: regressions %q", row.base, row.new, c.Regressions())
		}
	}
}

// BASE detects after 7.002s in the middle: the room is 1.002s, to 6s.
func TestATimeIsWorseAgainstItsWindowOnly(t *testing.T) {
	base := stored(t, trials(5, 7*time.Second, nil))
	for _, row := range []struct {
		name  string
		from  time.Duration
		shown bool
		room  time.Duration
		worse bool
	}{
		{"the same", 7 * time.Second, false, 1002 * time.Millisecond, false},
		{"slower, to the middle", 7500 * time.Millisecond, true, 1498 * time.Millisecond, false},
		{"slower, as far from the other bound", 7996 * time.Millisecond, true, 1002 * time.Millisecond, false},
		{"a tenth of the room less", 6900 * time.Millisecond, true, 902 * time.Millisecond, false},
		{"more than a tenth less", 6899 * time.Millisecond, true, 901 * time.Millisecond, true},
		{"near the upper bound", 8900 * time.Millisecond, true, 98 * time.Millisecond, true},
		{"beyond it", 9100 * time.Millisecond, true, -102 * time.Millisecond, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := Runs(base, stored(t, trials(5, row.from, nil))).Rows[0].Server.Detection
			if d.Shown != row.shown || *d.BaseRoom != 1002*time.Millisecond || *d.NewRoom != row.room || d.Worse() != row.worse {
				t.Errorf("shown %v, room from %v to %v, worse %v", d.Shown, *d.BaseRoom, *d.NewRoom, d.Worse())
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	as := func(v judge.Verdict) func(*judge.Record) { return func(r *judge.Record) { r.Verdict = v } }
	for _, row := range []struct {
		base, new      judge.Verdict
		worse, unclear bool
	}{
		{judge.Held, judge.Held, false, false},
		{judge.Held, judge.Broken, true, false},
		{judge.Held, judge.Failed, true, false},
		{judge.Held, judge.Inconclusive, false, true},
		{judge.Held, judge.Interrupted, false, true},
		{judge.Held, judge.NotMeasurable, false, true},
		{judge.NotMeasurable, judge.Held, false, false},
		{judge.NotMeasurable, judge.Broken, true, false},
		{judge.Inconclusive, judge.Held, false, false},
		{judge.Inconclusive, judge.Inconclusive, false, false},
		{judge.Inconclusive, judge.Broken, true, false},
		{judge.Failed, judge.Broken, true, false},
		{judge.Broken, judge.Broken, false, false},
		{judge.Broken, judge.Failed, false, false},
		{judge.Broken, judge.Held, false, false},
	} {
		c := Runs(stored(t, trials(1, 7*time.Second, as(row.base))), stored(t, trials(1, 7*time.Second, as(row.new))))
		if worse, unclear := len(c.Regressions()) > 0, len(c.Unclear()) > 0; worse != row.worse || unclear != row.unclear {
			t.Errorf("%s, then %s: worse %v, unclear %v", row.base, row.new, worse, unclear)
		}
	}
}

func TestCellsOfOneRunAreListed(t *testing.T) {
	other := func(r *judge.Record) { r.Scenario, r.Trial = "idle-drop", "idle-drop" }
	both := append(trials(2, 7*time.Second, nil), trials(1, 7*time.Second, other)...)
	one := stored(t, trials(2, 7*time.Second, nil))
	want := []Lone{{"idle-drop", []string{"fixed/strict"}}}
	if c := Runs(stored(t, both), one); len(c.Rows) != 1 || !reflect.DeepEqual(c.OnlyBase, want) || len(c.OnlyNew) > 0 {
		t.Errorf("%+v", c)
	}
	if c := Runs(one, stored(t, both)); len(c.Rows) != 1 || !reflect.DeepEqual(c.OnlyNew, want) || len(c.OnlyBase) > 0 {
		t.Errorf("%+v", c)
	}
	c := Runs(one, stored(t, trials(1, 7*time.Second, other)))
	if got, want := c.Headline(), "Nothing to compare: the runs have no scenario under the same policy; 0 of 0 measures changed in 0 cells; 1 unclear; 2 in one run only."; got != want {
		t.Errorf("headline %q, want %q", got, want)
	}
}

func TestWhatElseDiffersIsSaid(t *testing.T) {
	base := stored(t, trials(2, 7*time.Second, nil))
	for _, row := range []struct {
		name   string
		change func(*judge.Record)
		want   string
	}{
		{"seed", func(r *judge.Record) { r.Seed = 8 }, "Different seeds in 2 of 2 trials: what is random was drawn anew."},
		{"network", func(r *judge.Record) { r.Network = "kernel" }, "Different networks: toxiproxy, then kernel."},
		{"subject", func(r *judge.Record) { r.Subject = "processes" }, "Different subjects: pair, then processes."},
		{"mode", func(r *judge.Record) { r.Mode = heartbeat.Observe }, "Different modes: act, then observe."},
		{"window", func(r *judge.Record) { r.Window.Lo = 5 * time.Second }, "Different windows: 6s..9s, then 5s..9s."},
		{"version", func(r *judge.Record) { r.Versions = map[string]string{"flatline": "v2.0.0"} }, "Different flatline: v1.2.3, then v2.0.0."},
		{"phase", func(r *judge.Record) { r.Phase = 0.75 }, "Different phases, or numbers of trials at a phase, in 1 of 1 cells: only phases that both runs have are compared."},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Runs(base, stored(t, trials(2, 7*time.Second, row.change)))
			if len(c.Rows) != 1 || !slices.Equal(c.Notes, []string{row.want}) {
				t.Errorf("notes %q, want %q", c.Notes, row.want)
			}
		})
	}
}

// A phase moves a detection by more than any change that is worth to be found.
func TestPhasesOfOneRunAreLeftOut(t *testing.T) {
	late := func(r *judge.Record) { r.Phase, r.Trial = 0.05, r.Trial+".late" }
	base := stored(t, trials(5, 7*time.Second, nil))
	now := stored(t, append(trials(2, 7*time.Second, nil), trials(20, 8*time.Second, late)...))
	if d := Runs(base, now).Rows[0].Client.Detection; d.Shown || d.NNew != 2 {
		t.Errorf("%+v", d)
	}
}

// The same scenario on two networks is two cells, each with its own partner.
func TestNetworksKeepTheirOwn(t *testing.T) {
	kernel := func(r *judge.Record) { r.Network, r.Trial = "kernel", r.Trial+".kernel" }
	r := stored(t, append(trials(1, 7*time.Second, nil), trials(1, 8*time.Second, kernel)...))
	c := Runs(r, r)
	if len(c.Rows) != 2 || len(c.Notes) > 0 {
		t.Fatalf("%+v", c)
	}
	for _, row := range c.Rows {
		if d := row.Client.Detection; d.Base.Median != d.New.Median {
			t.Errorf("%+v", d)
		}
	}
	one := stored(t, trials(1, 7*time.Second, nil))
	if c := Runs(r, one); len(c.Rows) != 1 || len(c.Notes) > 0 || len(c.OnlyBase) != 1 {
		t.Errorf("the kernel's cell has a partner on toxiproxy: %+v", c)
	}
}

func TestMistakesAreCounted(t *testing.T) {
	none := stored(t, trials(5, 7*time.Second, nil))
	many := stored(t, trials(5, 7*time.Second, func(r *judge.Record) { r.Client.Mistakes = 2 }))
	c := Runs(none, many)
	if m := c.Rows[0].Client.Mistakes; !m.Shown || m.Base != 0 || m.New != 10 {
		t.Errorf("%+v", m)
	}
	measures := c.Rows[0].Client.Measures()
	if m := measures[len(measures)-1]; m.What != "mistakes" || m.Change != "+10" {
		t.Errorf("%+v", m)
	}
	for _, m := range c.Rows[0].Server.Measures() {
		if m.What == "mistakes" {
			t.Errorf("none is worth no line: %+v", m)
		}
	}
}

func TestMarkdownSaysAll(t *testing.T) {
	base := stored(t, trials(5, 7*time.Second, nil))
	now := stored(t, trials(5, 9100*time.Millisecond, func(r *judge.Record) { r.Seed = 8 }))
	page := Runs(base, now).Markdown()
	for _, want := range []string{
		"# 3 regressions; 4 of 4 measures changed in 1 cell.\n",
		"- cable-pull under fixed/strict: 5 broken, was 5 held\n",
		"- cable-pull under fixed/strict: the client's T\\_D went from 7.002s to 9.102s (p=0.032 n=5), and its least room from 1.002s to -102ms\n",
		"- Different seeds in 5 of 5 trials",
		"| cable-pull | fixed/strict | client | T\\_D | 7.002s | 9.102s | +2.1s | p=0.032 n=5 |\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	hostile := stored(t, trials(1, 7*time.Second, func(r *judge.Record) { r.Scenario = "a|b\n# c" }))
	if page := Runs(hostile, hostile).Markdown(); strings.Contains(page, "\n# c") || !strings.Contains(page, `| a\|b\\n# c |`) {
		t.Errorf("a hostile name:\n%s", page)
	}
}

// byWire makes r one of hang-ups within a window without a lower bound.
func byWire(r *judge.Record) {
	r.Policy, r.Window, r.Checks = "watched/..10s", heartbeat.Window{Hi: 10 * time.Second}, r.Checks[:1]
	took := *r.Client.Detection
	r.Checks[0] = judge.Check{That: scenario.HangsUp, Side: heartbeat.ClientSide, Held: took <= 10*time.Second, Slack: new((10*time.Second - took).Abs())}
	r.Connections = []judge.Connection{{Name: "link 1", Client: judge.Ending{After: &took, Cause: "hung up"}}}
	r.Client.End = &took
	r.Server = judge.Measures{}
}

// A hang-up by the wire has room to lose, as any detection.
func TestHangUpsHaveRoom(t *testing.T) {
	c := Runs(stored(t, trials(5, 3500*time.Millisecond, byWire)), stored(t, trials(5, 9500*time.Millisecond, byWire)))
	if got := c.Regressions(); len(got) != 1 || !strings.Contains(got[0], "the client's T_D went from 3.502s to 9.502s") || !strings.Contains(got[0], "its least room from 6.498s to 498ms") {
		t.Errorf("%q", got)
	}
}

// The time of an end that is expected is compared like a detection's.
func TestEndsAreCompared(t *testing.T) {
	ends := func(r *judge.Record) {
		took := *r.Client.Detection
		r.Client = judge.Measures{End: &took}
		r.Checks[0] = judge.Check{That: scenario.Ends, Side: heartbeat.ClientSide, Held: true, Slack: new(9*time.Second - took)}
	}
	c := Runs(stored(t, trials(5, 6500*time.Millisecond, ends)), stored(t, trials(5, 8500*time.Millisecond, ends)))
	var said []string
	for _, m := range c.Rows[0].Client.Measures() {
		said = append(said, m.What+" "+m.Change)
	}
	if want := []string{"end +2s"}; !reflect.DeepEqual(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
	if got := c.Regressions(); len(got) != 1 || !strings.Contains(got[0], "the client's end went from 6.502s to 8.502s") {
		t.Errorf("%q", got)
	}
}

func TestPartsOfARunAreNoted(t *testing.T) {
	whole := stored(t, trials(2, 7*time.Second, nil))
	part, incomplete := whole, whole
	part.Summary.Shards = []harness.Shard{{Index: 1, Of: 2}}
	incomplete.Summary.Split = part.Summary.Split
	incomplete.Summary.MissingShards = []harness.Shard{{Index: 2, Of: 2}}
	for _, row := range []struct {
		base, new report.Report
		want      []string
	}{
		{whole, part, []string{"Different parts of a run: the whole, then shard 1/2."}},
		{part, part, []string{}},
		{incomplete, whole, []string{"BASE is incomplete: shard 2/2 is missing."}},
	} {
		if got := Runs(row.base, row.new).Notes; !slices.Equal(got, row.want) {
			t.Errorf("notes %q, want %q", got, row.want)
		}
	}
}

// What NEW no longer tells is no good news.
func TestWhatNewCannotTellIsUnclear(t *testing.T) {
	become := func(v judge.Verdict) func(*judge.Record) { return func(r *judge.Record) { r.Verdict = v } }
	base := stored(t, trials(4, 7*time.Second, nil))
	other := func(r *judge.Record) { r.Trial, r.Scenario = "other."+r.Trial, "other" }
	both := stored(t, append(trials(4, 7*time.Second, nil), trials(1, 7*time.Second, other)...))
	few := base
	few.Summary.Missing = 2
	cut := base
	cut.Summary.CutOff = true
	split := base
	split.Summary.Shards, split.Summary.MissingShards = []harness.Shard{{Index: 1, Of: 2}}, []harness.Shard{{Index: 2, Of: 2}}
	mute := stored(t, trials(4, 7*time.Second, become(judge.NotMeasurable)))
	for _, row := range []struct {
		name      string
		base, new report.Report
		want      []string
	}{
		{"held, then not measurable", base, mute, []string{"cable-pull under fixed/strict: not measurable, was 4 held"}},
		{"held, then inconclusive", base, stored(t, trials(4, 7*time.Second, become(judge.Inconclusive))), []string{"cable-pull under fixed/strict: 4 inconclusive, was 4 held"}},
		{"not measurable in both", mute, mute, nil},
		{"gone", both, base, []string{"other under fixed/strict: not in NEW, was 1 held"}},
		{"new", base, both, nil},
		{"gone, and nobody could tell", stored(t, append(trials(4, 7*time.Second, nil), trials(1, 7*time.Second, func(r *judge.Record) { other(r); r.Verdict = judge.NotMeasurable })...)), base, nil},
		{"trials without a record", base, few, []string{"NEW is incomplete: 2 of its trials left no record"}},
		{"a shard that is missing", base, split, []string{"NEW is incomplete: shard 2/2 is missing"}},
		{"a shard that was missing", split, base, nil},
		{"cut off", base, cut, []string{"NEW was cut off: nobody knows how many of its trials left no record"}},
		{"cut off before", cut, base, nil},
	} {
		if got := Runs(row.base, row.new).Unclear(); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
