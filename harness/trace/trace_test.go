package trace_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

func header(t *testing.T) trace.Header {
	t.Helper()
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	return trace.Header{
		Schema: trace.Schema, Trial: "a.b", Scenario: scenario.Scenario{Name: "a"}, Policy: policies[0],
		Mode: heartbeat.Observe, Epoch: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
	}
}

func TestReadReturnsWhatWasRecorded(t *testing.T) {
	var file strings.Builder
	rec, err := trace.NewRecorder(&file, header(t))
	if err != nil {
		t.Fatal(err)
	}
	rec.Record(trace.Event{T: 20, Side: "client", What: trace.Heard, Kind: "echo", Seq: 3, Stamp: "after read"})
	rec.Record(trace.Event{T: 10, Side: trace.Network, What: trace.FaultOn})
	rec.Record(trace.Event{T: 20, Side: "server", What: trace.Down, Cause: "peer closed"})
	recorded, err := rec.Close()
	if err != nil {
		t.Fatal(err)
	}
	rec.Record(trace.Event{T: 30}) // after the end: no part of it
	read, err := trace.Read(strings.NewReader(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read, recorded) {
		t.Errorf("read %+v\nrecorded %+v", read, recorded)
	}
	if len(read.Events) != 3 || read.Events[0].T != 10 || read.Events[1].Side != "client" {
		t.Errorf("events not in order of time: %+v", read.Events)
	}
}

func TestReadNamesTheLine(t *testing.T) {
	var file strings.Builder
	if _, err := trace.NewRecorder(&file, header(t)); err != nil {
		t.Fatal(err)
	}
	good := file.String()
	const end = `{"t_ns": 9, "side": "harness", "event": "end"}` + "\n"
	const late = `{"t_ns": 10, "side": "client", "event": "canary"}` + "\n"
	for _, row := range []struct{ name, file, want string }{
		{name: "empty", file: "", want: "line 1: the file is empty"},
		{name: "no JSON", file: "hello\n", want: "line 1: "},
		{name: "foreign schema", file: `{"schema": 7}` + "\n", want: "line 1: schema 7, this version reads 1"},
		{name: "bad event", file: good + `{"t_ns": 1}` + "\n" + `{"t_ns": "x"}` + "\n", want: "line 3: "},
		{name: "header cut off", file: good[:20], want: "line 1: "},
		{name: "two traces", file: good + `{"t_ns": 1}` + "\n" + good + `{"t_ns": 1}` + "\n", want: "line 3: a second header: one trace at a time"},
		{name: "two whole traces", file: good + end + good + end, want: "line 3: a second header"},
		{name: "two whole traces, one without its header", file: good + end + late + end, want: "line 4: a second end: one trace at a time"},
		{name: "before the trace", file: good + `{"t_ns": 1}` + "\n" + `{"t_ns": -5}` + "\n", want: "line 3: t_ns -5: before the trace began"},
		{name: "before the trace, on another clock", file: good + `{"t_ns": -5, "uncertainty_ns": 4}` + "\n", want: "line 2: t_ns -5"},
	} {
		_, err := trace.Read(strings.NewReader(row.file))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.name, err, row.want)
		}
	}
}

// A clock elsewhere may be behind by as much as it is uncertain. In older traces
// the network's proofs came after the end; in those that were put in order of time,
// whatever is later.
func TestReadTakesWhatTheHarnessWrites(t *testing.T) {
	var file strings.Builder
	if _, err := trace.NewRecorder(&file, header(t)); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`{"t_ns": -5, "uncertainty_ns": 5, "side": "client", "event": "sent"}`,
		`{"t_ns": 9, "side": "harness", "event": "end"}`,
		`{"t_ns": 3, "side": "network", "session": "link 1", "event": "dial"}`,
		`{"t_ns": 10, "side": "client", "event": "canary"}`,
	} {
		file.WriteString(line + "\n")
	}
	if read, err := trace.Read(strings.NewReader(file.String())); err != nil || len(read.Events) != 4 || !read.Ended() {
		t.Errorf("%+v, %v: want all four", read.Events, err)
	}
}

func TestReadTakesATraceThatWasCutOff(t *testing.T) {
	var file strings.Builder
	rec, err := trace.NewRecorder(&file, header(t))
	if err != nil {
		t.Fatal(err)
	}
	rec.Record(trace.Event{T: 1})
	rec.Record(trace.Event{T: 2})
	if _, err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	read, err := trace.Read(strings.NewReader(file.String()[:file.Len()-5]))
	if err != nil || len(read.Events) != 1 {
		t.Errorf("got %d events, %v; want the whole one", len(read.Events), err)
	}
}

// The end of the observation is the last line of a trace, so that none is cut off
// unseen; in older ones the network's proofs came after it.
func TestWhole(t *testing.T) {
	var file strings.Builder
	rec, err := trace.NewRecorder(&file, header(t))
	if err != nil {
		t.Fatal(err)
	}
	rec.Record(trace.Event{T: 30, Side: trace.Network, What: trace.Dial, Detail: `"end"`})
	rec.End(20)
	rec.End(25)
	rec.Record(trace.Event{T: 30})
	recorded, err := rec.Close()
	if err != nil || !recorded.Ended() || len(recorded.Events) != 2 || recorded.Events[0].T != 20 {
		t.Fatalf("%+v, %v: want one end, and nothing recorded after it", recorded.Events, err)
	}
	lines := strings.SplitAfter(file.String(), "\n")
	head, dial, end := lines[0], lines[1], lines[2]
	for _, row := range []struct {
		name, file string
		want       bool
	}{
		{"as recorded", head + dial + end, true},
		{"older", head + end + dial, true},
		{"with spaces", head + `{"event": "end"}` + "\n", true},
		{"cut off in the last line", head + dial + end[:len(end)-1], false},
		{"cut off in mid-line", head + dial[:10], false},
		{"older, cut off in mid-line", head + end + dial[:10], false},
		{"without its last line", head + dial, false},
		{"the header alone", head, false},
		{"empty", "", false},
	} {
		if got, err := trace.Whole(strings.NewReader(row.file)); err != nil || got != row.want {
			t.Errorf("%s: %v, %v, want %v", row.name, got, err, row.want)
		}
	}
	if _, err := trace.Whole(iotest.ErrReader(errFull)); !errors.Is(err, errFull) {
		t.Errorf("a disk's error is lost: %v", err)
	}
}

func TestWaitSeesOldAndNewEvents(t *testing.T) {
	rec, err := trace.NewRecorder(nil, header(t))
	if err != nil {
		t.Fatal(err)
	}
	wait := func(ctx context.Context, seq uint64) error {
		_, err := rec.Wait(ctx, func(e trace.Event) bool { return e.Seq == seq })
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rec.Record(trace.Event{Seq: 1})
	if err := wait(ctx, 1); err != nil {
		t.Errorf("an event of the past: %v", err)
	}
	done := make(chan error)
	go func() { done <- wait(ctx, 2) }()
	rec.Record(trace.Event{Seq: 2})
	if err := <-done; err != nil {
		t.Errorf("an event of the future: %v", err)
	}
	cancelled, stop := context.WithCancel(ctx)
	stop()
	if err := wait(cancelled, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(b []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestCloseReportsALostEvent(t *testing.T) {
	rec, err := trace.NewRecorder(&full{left: 2}, header(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		rec.Record(trace.Event{})
	}
	tr, err := rec.Close()
	if !errors.Is(err, errFull) || len(tr.Events) != 3 {
		t.Errorf("got %d events and %v, want all 3 in memory and the disk's error", len(tr.Events), err)
	}
}
