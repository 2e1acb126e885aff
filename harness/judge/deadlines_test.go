package judge_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

func TestReigns(t *testing.T) {
	event := func(at int64, what trace.What, kind string, seq uint64) trace.Event {
		return trace.Event{T: at, Side: heartbeat.ClientSide, Session: "a", What: what, Kind: kind, Seq: seq}
	}
	// Beats at 0, 10 and 20; the first is answered at 3, the others never.
	events := []trace.Event{
		event(0, trace.Up, "", 0),
		event(0, trace.Sent, "beat", 0),
		event(3, trace.Heard, "echo", 0),
		event(10, trace.Sent, "beat", 1),
		event(20, trace.Sent, "beat", 2),
	}
	down := event(25, trace.Down, "", 0)
	for _, row := range []struct {
		name   string
		config detect.Config
		events []trace.Event
		want   []judge.Reign
	}{
		{name: "no detector", events: events},
		// Silence: each deadline is 24 after what was heard; coming up counts.
		{
			name: "silence", config: detect.Fixed{Timeout: 24 * time.Nanosecond}, events: append(events, down),
			want: []judge.Reign{{0, 3, 24}, {3, 25, 27}},
		},
		{
			name: "silence, to the deadline", config: detect.Fixed{Timeout: 20 * time.Nanosecond}, events: append(events, down),
			want: []judge.Reign{{0, 3, 20}, {3, 23, 23}},
		},
		{
			name: "silence, to the trace's end", config: detect.Fixed{Timeout: 24 * time.Nanosecond}, events: events,
			want: []judge.Reign{{0, 3, 24}, {3, 20, 27}},
		},
		// Its own beats: none after the answer, until the next beat leaves.
		{
			name: "echo timer", config: detect.EchoTimer{Timeout: 30 * time.Nanosecond}, events: append(events, down),
			want: []judge.Reign{{0, 3, 30}, {10, 25, 40}},
		},
		{
			name: "a session after another", config: detect.EchoTimer{Timeout: 30 * time.Nanosecond},
			events: append(events, down,
				trace.Event{T: 40, Side: heartbeat.ClientSide, Session: "b", What: trace.Up},
				trace.Event{T: 41, Side: heartbeat.ClientSide, Session: "b", What: trace.Sent, Kind: "beat"},
				trace.Event{T: 50, Side: trace.Harness, What: trace.End}),
			want: []judge.Reign{{0, 3, 30}, {10, 25, 40}, {41, 50, 71}},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			tr := trace.Trace{Header: trace.Header{Policy: heartbeat.Policy{Client: row.config}}, Events: row.events}
			if got := judge.Reigns(tr, heartbeat.ClientSide); !reflect.DeepEqual(got, row.want) {
				t.Errorf("%v, want %v", got, row.want)
			}
		})
	}
}
