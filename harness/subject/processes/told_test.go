package processes

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// A child may print 8 MiB at once, and 4 MiB more each second of its trial.
func TestOutputIsBounded(t *testing.T) {
	event := []byte(fmt.Sprintf(`{"t_ns":1,"side":"client","event":"asked","detail":"%s"}`+"\n", strings.Repeat("x", 60<<10)))
	mib := func(n int) []byte { return bytes.Repeat(event, n<<20/len(event)) }
	const tooMuch = "prints more than 8 MiB, and 4 MiB per second"
	for _, row := range []struct {
		name   string
		into   time.Duration // the trial
		prints []byte        // at once
		want   string        // "": it is heard
	}{
		{name: "as much as it may, at once", prints: mib(8)},
		{name: "a minute's, at once", prints: mib(240), want: tooMuch},
		{name: "as much as it may by then", into: 2 * time.Second, prints: mib(15)},
		{name: "more than that", into: 2 * time.Second, prints: mib(240), want: tooMuch},
		{name: "a line that does not end", prints: bytes.Repeat([]byte("x"), 64<<10+1), want: "prints a line of more than 65536 bytes"},
		{name: "no event", prints: []byte("hello, world\n"), want: `prints nonsense in line 1, want events of a trace: "hello, world": `},
	} {
		t.Run(row.name, func(t *testing.T) {
			killed, heard := false, 0
			told := newTold(subject.Setup{Epoch: time.Now().Add(-row.into), Record: func(trace.Event) { heard++ }}, heartbeat.ClientSide, func() { killed = true })
			_, _ = told.Write(row.prints)
			_, _ = told.Write(event) // whom nobody hears any more, if it was too much
			wanted := bytes.Count(row.prints, []byte("\n")) + 1
			if row.want != "" {
				wanted = 0
			}
			err := told.bad()
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.HasPrefix(err.Error(), row.want)) {
				t.Errorf("%v, want %q", err, row.want)
			}
			if killed != (row.want != "") || heard != wanted {
				t.Errorf("killed %v; %d events heard, want %d", killed, heard, wanted)
			}
		})
	}
}

// Its clock is 300 ms ahead of ours: all instants of an event are put on ours.
func TestEventsAreOnOurClock(t *testing.T) {
	for _, row := range []struct {
		name, prints string
		at, to       time.Duration
	}{
		{"an instant", `{"t_ns":5300000000,"side":"client","event":"asked"}`, 5 * time.Second, 0},
		{"a stall", `{"t_ns":5300000000,"to_ns":5350000000,"side":"client","event":"stall"}`, 5 * time.Second, 5050 * time.Millisecond},
	} {
		var got trace.Event
		told := newTold(subject.Setup{Epoch: time.Now().Add(-10 * time.Second), Record: func(e trace.Event) { got = e }}, heartbeat.ClientSide, func() {})
		told.ahead.Store(int64(300 * time.Millisecond))
		_, _ = told.Write([]byte(row.prints + "\n"))
		if told.bad() != nil || got.T != int64(row.at) || got.To != int64(row.to) {
			t.Errorf("%s: %v; from %v to %v, want %v to %v", row.name, told.bad(), time.Duration(got.T), time.Duration(got.To), row.at, row.to)
		}
	}
}
