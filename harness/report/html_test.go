package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

func TestTimeline(t *testing.T) {
	r := cablePull("fixed", 0.5, 7550*time.Millisecond, 7550*time.Millisecond)
	got := newTimeline(history(r.Trial), r)
	heard := func(at float64) *float64 { return &at }
	// The fault struck at 3 s, which is 0 here; 8.55 s after the last arrival at
	// -1 the deadline passes at 7.55.
	want := timeline{
		Zero: "the fault", End: 10,
		Frames: []frame{
			{"beat", 0, "client", -3, heard(-3)}, {"echo", 0, "server", -3, heard(-3)},
			{"beat", 1, "client", -1, heard(-1)}, {"echo", 1, "server", -1, heard(-1)},
			{"beat", 2, "client", 1, nil},
		},
		Reigns: []reign{
			{"client", -3, -1, 5.55}, {"client", -1, 7.55, 7.55},
			{"server", -3, -1, 5.55}, {"server", -1, 7.55, 7.55},
		},
		Windows: []band{{"", 6, 9}},
		Faults:  []faultRow{{"cable-pull", 0, 9, "16 bytes withheld on the way up, 2 closings withheld"}},
		Marks: []mark{
			{"detection", "client", 7.55, "7.550 s"}, {"detection", "server", 7.55, "7.550 s"},
			{"up", "client", -3, ""}, {"up", "server", -3, ""},
			{"suspect", "client", 7.55, "nothing heard since 2s"}, {"down", "client", 7.55, "peer went silent"}, {"hangup", "client", 7.55, "a"},
			{"suspect", "server", 7.55, "nothing heard since 2s"}, {"down", "server", 7.55, "peer went silent"}, {"hangup", "server", 7.55, "a"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A beat of an old session is not the beat of that number in the next one.
func TestFramesOfTwoSessions(t *testing.T) {
	tr := trace.Trace{Events: []trace.Event{
		{T: 1, Side: heartbeat.ClientSide, Session: "a", What: trace.Sent, Kind: "beat", Seq: 7},
		{T: 2, Side: heartbeat.ClientSide, Session: "b", What: trace.Sent, Kind: "beat", Seq: 7},
		{T: 3, Side: heartbeat.ServerSide, Session: "b", What: trace.Heard, Kind: "beat", Seq: 7},
		// Who hears a hello has no session yet.
		{T: 4, Side: heartbeat.ClientSide, Session: "c", What: trace.Sent, Kind: "hello", Seq: 9},
		{T: 5, Side: heartbeat.ServerSide, What: trace.Heard, Kind: "hello", Seq: 9},
	}}
	var got []string
	for _, f := range frames(tr, func(ns int64) float64 { return float64(ns) }) {
		got = append(got, fmt.Sprint(f.Sent, f.Heard != nil))
	}
	if want := []string{"1 false", "2 true", "4 true"}; !reflect.DeepEqual(got, want) {
		t.Errorf("sent and heard: %q, want %q", got, want)
	}
}

func TestLongTimelineKeepsTheFault(t *testing.T) {
	tr := history("long")
	for seq := range uint64(3000) {
		tr.Events = append(tr.Events, trace.Event{T: -int64(seq) * second, Side: heartbeat.ClientSide, Session: "a", What: trace.Sent, Kind: "data", Seq: seq})
	}
	trace.Sort(tr.Events)
	line := newTimeline(tr, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
	if n := len(line.Frames); n == 0 || n > mostFrames || line.Frames[n-1].Sent != 1 {
		t.Errorf("%d frames, the last %+v", n, line.Frames[n-1])
	}
	if !strings.HasSuffix(line.Missing, " of 3005 frames are left out") {
		t.Errorf("says %q", line.Missing)
	}
}

// A trace that is cut off is drawn as far as it goes, and the page says so.
func TestTimelineOfATraceThatIsCutOff(t *testing.T) {
	rec := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	for _, row := range []struct {
		name string
		less int // lines
		want string
	}{{"whole", 0, ""}, {"cut off", 1, "the trace is cut off: its end is missing"}} {
		tr := history(rec.Trial)
		tr.Events = tr.Events[:len(tr.Events)-row.less]
		dir := t.TempDir()
		put(t, filepath.Join(dir, rec.Trace), jsonl(t, tr))
		line := (&traceFolder{dir: dir}).timeline(rec)
		if line.Missing != row.want || len(line.Frames) == 0 {
			t.Errorf("%s: says %q, want %q, and has %d frames", row.name, line.Missing, row.want, len(line.Frames))
		}
	}
}

// embedded is the data in a page.
func embedded(t *testing.T, page []byte) pageData {
	t.Helper()
	found := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindSubmatch(page)
	if found == nil {
		t.Fatal("no data in the page")
	}
	var d pageData
	if err := json.Unmarshal(found[1], &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func readPage(t *testing.T, dir string) []byte {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(dir, HTMLFile))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestPageHasWhatItTakesToTrustIt(t *testing.T) {
	page := string(readPage(t, withTraces(t, everything()...)))
	for _, want := range []string{
		"<h1>Broken: 2 of 9 trials", `<html lang="en">`, "toxiproxy 2.12.0", "go1.26", "n 16, p50 100µs",
		"the harness stood still for 50ms", "<td>fixed timeout 8.55s</td>", "1 never detected", "Redistribution and use",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestFailuresComeFirstWithTheirTimelines(t *testing.T) {
	d := embedded(t, readPage(t, withTraces(t, everything()...)))
	var got []judge.Verdict
	for _, i := range d.Failures {
		got = append(got, d.Trials[i].Verdict)
		if d.Timelines[i].Zero == "" || len(d.Trials[i].Story) == 0 || d.Trials[i].Repeat == "" {
			t.Errorf("trial %s lacks its timeline, its story or its command", d.Trials[i].ID)
		}
	}
	if want := []judge.Verdict{judge.Broken, judge.Broken, judge.Failed}; !reflect.DeepEqual(got, want) {
		t.Errorf("failures %q, want %q", got, want)
	}
}

func TestTimelinesEndWhereThereIsNoRoom(t *testing.T) {
	var records []judge.Record
	for i := range 4 {
		r := cablePull("fixed", float64(i), 7*time.Second, 7*time.Second)
		if i == 3 {
			r = cablePull("fixed", float64(i), 7*time.Second, 10*time.Second)
		}
		records = append(records, r)
	}
	dir := withTraces(t, records...)
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	one, err := json.Marshal(newTimeline(history("x"), records[3]))
	if err != nil {
		t.Fatal(err)
	}
	folder := traceFolder{dir: dir}
	lines := r.timelines(&folder, len(one)+100)
	if _, ok := lines[3]; len(lines) != 1 || !ok {
		t.Errorf("timelines of %d trials, want only the failure's", len(lines))
	}
	if len(folder.policies) != 1 {
		t.Errorf("policies %+v, want one", folder.policies)
	}
}

// A record may be anybody's: it names no file outside its report's folder.
func TestTracesOutsideTheFolderAreNotRead(t *testing.T) {
	for _, path := range []string{"../secret.jsonl", "traces/../../secret.jsonl", "traces/link.jsonl", "traces", "traces/none.jsonl"} {
		r := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
		r.Trace = path
		dir := folder(t, r)
		put(t, filepath.Join(dir, "traces", "a"), "")
		secret := filepath.Join(filepath.Dir(dir), "secret.jsonl")
		put(t, secret, jsonl(t, history("secret")))
		if err := os.Symlink(secret, filepath.Join(dir, "traces", "link.jsonl")); err != nil {
			t.Log(err) // not everybody may make links on every system
		}
		line := (&traceFolder{dir: dir}).timeline(r)
		if line.Zero != "" || line.Missing == "" {
			t.Errorf("%s: %+v", path, line)
		}
	}
}

// Whatever stands in names, the page has the scripts that we put there, its
// data is JSON, and no more.
func TestPageShowsTextAsItIs(t *testing.T) {
	scriptTag := regexp.MustCompile(`(?i)<script`)
	want := len(scriptTag.FindAllString(string(readPage(t, withTraces(t, everything()...))), -1))
	for name, evil := range hostile {
		t.Run(name, func(t *testing.T) {
			page := readPage(t, withTraces(t, attack(evil), with(attack(evil), judge.Failed, evil)))
			if got := len(scriptTag.FindAll(page, -1)); got != want {
				t.Errorf("%d script elements, want %d", got, want)
			}
			if d := embedded(t, page); d.Trials[0].ID != shown(evil+"t") {
				t.Errorf("trial %q, want %q", d.Trials[0].ID, shown(evil+"t"))
			}
			page = page[:bytes.LastIndex(page, []byte("</script>\n<script>"+asset(scripts[1])[:20]))]
			page = page[:bytes.LastIndex(page, []byte("<script>"))]
			for _, bad := range []string{"<img", "<b>", "alert(1)</script>", "\u202e", "\u2066", "\u200f", "\x00", "\x1b"} {
				if strings.Contains(string(page), bad) {
					t.Errorf("%q in the page", bad)
				}
			}
		})
	}
}

// The page rounds a time once, as the other reports do.
func TestThePageHasWholeTimes(t *testing.T) {
	const took = 7_749_462_675 * time.Nanosecond // 7.7495, by ten thousandths
	d := gather(t, cablePull("fixed", 0.5, took, took)).pageData()
	for _, got := range []float64{d.Cells[0].Client.Detection[1], *d.Trials[0].Client.Dot, *d.Trials[0].Server.Detection} {
		if got != 7.749462675 {
			t.Errorf("%v in the page", got)
		}
	}
}

// A line of the strip ends after a dot of a name, and not in a number.
func TestNamesBreakAtTheirDots(t *testing.T) {
	for text, want := range map[string]string{
		"in cable-pull.fixed.strict.0.98.run11":   "in cable-pull.<wbr>fixed.<wbr>strict.<wbr>0.98.<wbr>run11",
		"0.350 s inside 9s, window 6s..9s; n 30.": "0.350 s inside 9s, window 6s..9s; n 30.",
		"<b>.x&y": "&lt;b&gt;.x&amp;y",
	} {
		if got := string(breakable(text)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
