package report

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// watched is a record of a trial by the wire with a connection for each time
// after which the client hung up; 0: it never did. The server did nothing.
func watched(w heartbeat.Window, after ...time.Duration) judge.Record {
	r := cablePull("watched", 0.5, 0, 0)
	r.Policy, r.Window, r.Subject = "watched/"+w.String(), w, "command"
	r.Trial = "cable-pull.watched"
	r.Trace = "traces/" + r.Trial + ".jsonl"
	r.Client, r.Server = judge.Measures{}, judge.Measures{}
	r.Output = []string{"output/" + r.Trial + ".client.log"}
	r.Strikes = []network.Strike{{On: 3 * second, Off: 23 * second}}
	c := judge.Check{That: scenario.HangsUp, Side: heartbeat.ClientSide, Held: true, Expected: "to hang up within " + w.String(), Actual: "as the wire says"}
	if len(after) > 0 && !slices.Contains(after, 0) {
		r.Client.End = new(slices.Max(after))
	}
	for i, d := range after {
		connection := judge.Connection{Name: fmt.Sprintf("link %d", i+1), Client: judge.Ending{For: 20 * time.Second}, Server: judge.Ending{For: 20 * time.Second}}
		if d > 0 {
			connection.Client = judge.Ending{After: new(d), Cause: "hung up"}
			connection.Server = judge.Ending{After: new(d), Cause: "peer closed"}
			r.Client.Detection = new(d) // of the last that it looked at
		}
		if w.Hi > 0 && (d == 0 || !w.Contains(d)) {
			c.Held = false
		}
		r.Connections = append(r.Connections, connection)
	}
	r.Checks = []judge.Check{c}
	if r.Verdict, r.Reason = judge.Held, ""; !c.Held {
		r.Verdict, r.Reason = judge.Broken, c.Sentence()
	}
	return r
}

// wire is the trace of a watched record: connections born at 0 s, a fault at 3 s.
func wire(r judge.Record) trace.Trace {
	h := trace.Header{
		Schema: trace.Schema, Trial: r.Trial, Window: r.Window, Epoch: start,
		Scenario: scenario.Scenario{Name: "cable-pull", Expect: []scenario.Expectation{{That: scenario.HangsUp, Side: heartbeat.ClientSide}}},
		Policy:   heartbeat.Policy{Name: "watched", Profile: heartbeat.Profile{Name: r.Window.String()}, Probe: "own", Beats: heartbeat.FromBoth},
	}
	var events []trace.Event
	for i, c := range r.Connections {
		link := network.Link{Born: int64(i), Up: network.Untouched(), Down: network.Untouched()}
		link.Up.Passed, link.Up.LastPassed, link.Down.Passed, link.Down.LastPassed = 26, 2*second, 30, 2*second
		if after := c.Client.After; after != nil {
			link.Up.HungUp = 3*second + int64(*after)
			link.Up.Closed = 23*second + int64(i)
			events = append(events, trace.Event{T: link.Up.HungUp, Side: trace.Network, Session: c.Name, What: trace.HangUp, Kind: "client"})
		}
		events = append(events, trace.Event{T: int64(i), Side: trace.Network, Session: c.Name, What: trace.Dial, Link: &link})
	}
	events = append(events,
		trace.Event{T: 2 * second, Side: heartbeat.ServerSide, What: trace.Armed, Detail: "it fires in 4m58s"},
		trace.Event{T: 3 * second, Side: trace.Network, What: trace.FaultOn, Kind: "cable-pull", Strike: &network.Strike{On: 3 * second}},
		trace.Event{T: 23 * second, Side: trace.Network, What: trace.FaultOff, Kind: "cable-pull", Strike: &network.Strike{On: 3 * second, Off: 23 * second, Closings: 1}},
		trace.Event{T: 22 * second, Side: heartbeat.ClientSide, What: trace.Exit, Detail: "the client, npm, exited with code 0"},
		trace.Event{T: 24 * second, Side: trace.Harness, What: trace.End})
	trace.Sort(events)
	return trace.Trace{Header: h, Events: events}
}

// withWires is a folder with watched records, their traces, and the report.
func withWires(t *testing.T, records ...judge.Record) string {
	t.Helper()
	dir := folder(t, records...)
	for _, r := range records {
		put(t, filepath.Join(dir, r.Trace), jsonl(t, wire(r)))
	}
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The matrix, the dots, the strip and the summary say one time of a side: that
// of the connection that was noticed last.
func TestOneTimeOfASide(t *testing.T) {
	window := heartbeat.Window{Hi: 10 * time.Second}
	mistaken := watched(window, 9332*time.Millisecond, 2177*time.Millisecond)
	mistaken.Client.Mistakes = 3 // short connections that it closed in order, before the fault
	onlyEnded := watched(window, 0)
	onlyEnded.Checks[0].Held, onlyEnded.Verdict = true, judge.Held
	onlyEnded.Connections[0].Client = judge.Ending{After: new(5 * time.Second), Cause: "ended by the network"}
	onlyEnded.Client.End = new(5 * time.Second)
	kept := watched(window, 0)
	kept.Checks[0].Held, kept.Verdict = true, judge.Held // the firewall forgot nothing
	unseen := watched(window, 0)
	unseen.Checks[0].Unmeasured, unseen.Verdict = true, judge.Held
	for _, row := range []struct {
		name   string
		record judge.Record
		cell   string
		dot    float64 // -1: none
		missed bool
		strip  string
	}{
		{"the latest of two", watched(window, 9332*time.Millisecond, 2177*time.Millisecond), "9.332/9.332/9.332", 9.332, false, "9.332 s"},
		{"too late on one", watched(heartbeat.Window{Hi: 5 * time.Second}, 9332*time.Millisecond, 2177*time.Millisecond), "9.332/9.332/9.332", 9.332, false, "9.332 s"},
		{"never on one", watched(window, 0, 2177*time.Millisecond), "-", -1, true, "1 never detected"},
		{"no window", watched(heartbeat.Window{}, 9332*time.Millisecond), "9.332/9.332/9.332", 9.332, false, ""},
		{"no window, and mistakes", func() judge.Record { r := mistaken; r.Window = heartbeat.Window{}; return r }(), "9.332/9.332/9.332", 9.332, false, ""},
		{"the network ended it", onlyEnded, "5.000/5.000/5.000", 5, false, "5.000 s"},
		{"nothing was struck", kept, "-", -1, false, ""},
		{"not measured", unseen, "-", -1, false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := gather(t, row.record)
			if got := r.Matrix[0].Client.Detection.String(); got != row.cell {
				t.Errorf("the matrix says %s, want %s", got, row.cell)
			}
			side := r.pageData().Trials[0].Client
			switch {
			case row.dot < 0 && side.Dot != nil, row.dot >= 0 && (side.Dot == nil || *side.Dot != row.dot):
				t.Errorf("the dot is at %v, want %g", side.Dot, row.dot)
			case side.Missed != row.missed:
				t.Errorf("missed: %v, want %v", side.Missed, row.missed)
			}
			strip := ""
			for _, n := range r.strip() {
				if strings.HasPrefix(n.What, "Worst client") {
					strip = n.Value
				}
			}
			if strip != row.strip {
				t.Errorf("the strip says %q, want %q", strip, row.strip)
			}
		})
	}
}

// What was timed before an interruption is said wherever the trial is, and of who
// never hung up in what time.
func TestAnInterruptedTrialSaysWhatItSaw(t *testing.T) {
	cut := watched(heartbeat.Window{}, 1686*time.Millisecond)
	cut.Connections[0].Server = judge.Ending{For: 12 * time.Second}
	cut.Connections = append(cut.Connections, judge.Connection{Name: "link 2", Client: judge.Ending{Unstruck: true, For: 12 * time.Second}, Server: judge.Ending{For: 12 * time.Second, Unseen: 5 * time.Second}})
	cut = with(cut, judge.Interrupted, "the run was interrupted")
	r := gather(t, cut)
	c := r.Matrix[0]
	if got, want := c.Client.Took()+" "+c.Server.Took()+" "+c.Sentence(), "1.686/1.686/1.686 never in 12.000 s 1 interrupted"; got != want {
		t.Errorf("the matrix says %q, want %q", got, want)
	}
	if page := r.Markdown(); !strings.Contains(page, "| watched | 1 interrupted | 1.686/1.686/1.686 | never in 12.000 s | - | - | - | - | - |") ||
		!strings.Contains(page, "| hung up after 1.686 s | never hung up in 12.000 s |") ||
		!strings.Contains(page, "| was not struck: the firewall forgot nothing, as bytes came often enough | could not be seen to hang up from 5.000 s on: ") {
		t.Error(page)
	}
	d := r.pageData()
	if client := d.Trials[0].Client; client.Dot == nil || *client.Dot != 1.686 || *client.Detection != 1.686 {
		t.Errorf("the page's trial has %+v", client)
	}
	if server := d.Trials[0].Server; server.Never != "never in 12.000 s" || server.Missed || d.Cells[0].Server.Never != server.Never {
		t.Errorf("the page has %+v and %+v", server, d.Cells[0].Server)
	}
	if n := r.strip()[2]; n.Value != "none" || len(r.Summary.Detections) != 0 {
		t.Errorf("what was interrupted was judged: %+v, %+v", n, r.Summary.Detections)
	}
}

// A side that hung up in one trial and not in another did both.
func TestNeverStandsBesideTimes(t *testing.T) {
	did, didNot := watched(heartbeat.Window{}, 2*time.Second), watched(heartbeat.Window{}, 3*time.Second, 0)
	didNot.Phase = 0.75
	excused := watched(heartbeat.Window{}, 0)
	excused.Connections[0].Client.Excused, excused.Phase = true, 0.8 // it is not known what it would have done
	c := gather(t, did, didNot, excused).Matrix[0]
	if got, want := c.Client.Took(), "2.000/2.000/2.000\n1 never"; got != want {
		t.Errorf("the client: %q, want %q", got, want)
	}
	kept := watched(heartbeat.Window{}, 0)
	kept.Checks[0].That = scenario.StaysUp
	if got := gather(t, kept).Matrix[0].Client.Took(); got != "-" {
		t.Errorf("nothing was to hang up: %q", got)
	}
}

// Without a window nothing is expected, and nothing has held.
func TestWithoutAWindowNothingIsExpected(t *testing.T) {
	timed := watched(heartbeat.Window{}, 9332*time.Millisecond)
	timed.Checks = append(timed.Checks, judge.Check{Side: "network", Expected: "cable-pull to strike", Held: true})
	r := gather(t, timed)
	if got, want := r.Summary.Headline(), "Only timed: 1 trial without a window to hold."; got != want || r.ExitCode() != 0 {
		t.Errorf("exit code %d, %q, want %q", r.ExitCode(), got, want)
	}
	if n := r.strip()[2]; n.Value != "none" || n.Bad {
		t.Errorf("%+v", n)
	}
	lost := watched(heartbeat.Window{})
	lost.Checks[0].Held, lost.Verdict = false, judge.Broken // it had no connection when the fault struck
	if got, want := gather(t, lost).Summary.Headline(), "Broken: 1 of 1 trial; 0 of 1 expectation held."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	window := heartbeat.Window{Hi: 10 * time.Second}
	for _, row := range []struct {
		policy string
		window heartbeat.Window
		want   string
	}{
		{"fixed/strict", window, "fixed/strict ..10s"},
		{"watched/..10s", window, "watched/..10s"},
		{"watched/no window", heartbeat.Window{}, "watched/no window"},
	} {
		if got := Title(row.policy, row.window); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}

// Every file names each connection, who ended it and when, and what the processes
// printed.
func TestConnectionsAreInEveryFile(t *testing.T) {
	window := heartbeat.Window{Hi: 10 * time.Second}
	rec := watched(window, 9332*time.Millisecond, 0, 2177*time.Millisecond)
	dir := withWires(t, rec)
	for name, want := range map[string][]string{
		MarkdownFile: {
			"## Hang-ups, by connection", "| link 1 | hung up after 9.332 s | got the other's closing after 9.332 s | output/cable-pull.watched.client.log |",
			"| link 2 | never hung up in 20.000 s | never hung up in 20.000 s |", "| link 3 | hung up after 2.177 s |",
		},
		JUnitFile: {`<property name="link 1" value="client hung up after 9.332 s; server got the other&#39;s closing after 9.332 s">`},
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s has no %q:\n%s", name, w, text)
			}
		}
	}
	d := embedded(t, readPage(t, dir)).Trials[0]
	want := []linkData{
		{"link 1", "hung up after 9.332 s", "got the other's closing after 9.332 s"},
		{"link 2", "never hung up in 20.000 s", "never hung up in 20.000 s"},
		{"link 3", "hung up after 2.177 s", "got the other's closing after 2.177 s"},
	}
	if !reflect.DeepEqual(d.Links, want) || !slices.Equal(d.Output, rec.Output) {
		t.Errorf("the page has %+v and %q", d.Links, d.Output)
	}
}

// The detection's mark stands at the hang-up that it was taken from, and the
// window where the time begins to count.
func TestTimelineOfTwoConnections(t *testing.T) {
	window := heartbeat.Window{Hi: 10 * time.Second}
	rec := watched(window, 9332*time.Millisecond, 2177*time.Millisecond)
	line := newTimeline(wire(rec), rec)
	var got []string
	for _, m := range line.Marks {
		got = append(got, fmt.Sprintf("%s %s %g %s", m.What, m.Side, m.At, m.Says))
	}
	want := []string{
		"detection client 9.332 9.332 s (link 1)",
		"hangup client 2.177 link 2", "hangup client 9.332 link 1",
		"dial client -3 link 1: the client connected; in all 26 bytes to the server, 30 to the client",
		"dial client -2.999999999 link 2: the client connected; in all 26 bytes to the server, 30 to the client",
		"armed server -1 the server's kernel has a keepalive timer: it fires in 4m58s",
		"exit client 19 the client, npm, exited with code 0",
		"closing server 20 link 1: the client's closing reached the server",
		"closing server 20.000000001 link 2: the client's closing reached the server",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if want := []band{{"client", 0, 10}}; !slices.Equal(line.Windows, want) {
		t.Errorf("window %+v, want %+v", line.Windows, want)
	}

	// Counted from the last byte, a second before the fault.
	late := wire(rec)
	late.Header.Scenario.Expect[0].From = scenario.FromLastByte
	for i := range rec.Connections {
		*rec.Connections[i].Client.After += time.Second
	}
	*rec.Client.End += time.Second
	line = newTimeline(late, rec)
	if m := line.Marks[0]; m.At != 9.332 || m.Says != "10.332 s (link 1)" {
		t.Errorf("%+v", m)
	}
	if want := []band{{"client", -1, 9}}; !slices.Equal(line.Windows, want) {
		t.Errorf("window %+v, want %+v", line.Windows, want)
	}

	// One that the fault did not strike was no detection, though it took as long.
	beside := watched(window, 9332*time.Millisecond, 9332*time.Millisecond)
	beside.Connections[0].Client.Unstruck = true
	if m := newTimeline(wire(beside), beside).Marks[0]; m.Says != "9.332 s (link 2)" {
		t.Errorf("%+v, want link 2", m)
	}

	none := watched(heartbeat.Window{}, 2177*time.Millisecond)
	if line := newTimeline(wire(none), none); line.Windows != nil {
		t.Errorf("a window where there is none: %+v", line.Windows)
	}
	never := watched(window, 0)
	tr := wire(never)
	tr.Header.Scenario.Expect[0].From = scenario.FromLastByte
	for i, e := range tr.Events {
		if e.What == trace.FaultOn {
			tr.Events[i].Strike = &network.Strike{LastPassedUp: second, LastPassedDown: 2 * second}
		}
	}
	if line, want := newTimeline(tr, never), []band{{"client", -1, 9}}; !slices.Equal(line.Windows, want) {
		t.Errorf("never noticed: window %+v, want %+v", line.Windows, want)
	}
}

// What nobody counted is no 0: mistakes of a side that tells nothing, and beats
// that are not ours.
func TestWhatIsNotCountedIsNotShown(t *testing.T) {
	foreign := watched(heartbeat.Window{}, 2177*time.Millisecond)
	foreign.Client.Uncounted, foreign.Server.Uncounted = true, true
	kernel := cablePull("keepalive", 0.5, 7*time.Second, 7*time.Second)
	for _, side := range sides {
		kernel.Of(side).BeatsPerHour, kernel.Of(side).BytesPerHour = 0, 0
	}
	oneWay := cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	oneWay.Server.BeatsPerHour, oneWay.Server.BytesPerHour = 0, 0
	half := cablePull("own", 0.5, 7*time.Second, 7*time.Second)
	half.Server.Uncounted = true
	r := gather(t, foreign, kernel, oneWay, half)
	page := r.Markdown()
	for _, want := range []string{
		"| cable-pull | watched | 1 held | 2.177/2.177/2.177 | - | - | - | - | - | - |",
		"| cable-pull | keepalive | 1 held | 7.000/7.000/7.000 | 7.000/7.000/7.000 | 0 + 0 | 1.750/1.750 | 1.750/1.750 | - | - |",
		"| cable-pull | push | 1 held | 7.000/7.000/7.000 | 7.000/7.000/7.000 | 0 + 0 | 1.750/1.750 | 1.750/1.750 | 1800 (28800) | 0 (0) |",
		"| cable-pull | own | 1 held | 7.000/7.000/7.000 | 7.000/7.000/7.000 | 0 + - |",
	} {
		if !strings.Contains(strings.Join(strings.Fields(page), " "), want) {
			t.Errorf("report.md has no row %s:\n%s", want, page)
		}
	}
	junit, err := r.JUnit()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(junit), `.mistakes"`); got != 5 {
		t.Errorf("junit.xml has %d numbers of mistakes, want 5", got)
	}
}
