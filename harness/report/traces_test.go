package report

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

const second = int64(time.Second)

// history is a trial in which the cable is pulled at 3 s, the client's beat at
// 4 s is lost, and both sides suspect their peers 8.55 s after they last heard
// them at 2 s.
func history(trial string) trace.Trace {
	detector := detect.Fixed{Timeout: 8550 * time.Millisecond}
	h := trace.Header{
		Schema: trace.Schema, Trial: trial, Scenario: scenario.Scenario{Name: "cable-pull", Expect: []scenario.Expectation{{That: scenario.Detects}}}, Window: heartbeat.Strict().Window,
		Policy: heartbeat.Policy{
			Name: "fixed", Profile: heartbeat.Strict(), Probe: heartbeat.ProbeEcho, Beats: heartbeat.FromClient,
			Interval: 2 * time.Second, Client: detector, Server: detector,
		},
		Interval: 2 * time.Second, Epoch: start,
	}
	const client, server = heartbeat.ClientSide, heartbeat.ServerSide
	var events []trace.Event
	add := func(at int64, side trace.Side, what trace.What, kind string, seq uint64) *trace.Event {
		events = append(events, trace.Event{T: at, Side: side, Session: "a", What: what, Kind: kind, Seq: seq})
		return &events[len(events)-1]
	}
	add(0, client, trace.Up, "", 0)
	add(0, server, trace.Up, "", 0)
	for seq := range uint64(2) {
		at := int64(seq) * 2 * second
		add(at, client, trace.Sent, "beat", seq)
		add(at, server, trace.Heard, "beat", seq)
		add(at, server, trace.Sent, "echo", seq)
		add(at, client, trace.Heard, "echo", seq)
	}
	add(3*second, trace.Network, trace.FaultOn, "cable-pull", 0).Strike = &network.Strike{On: 3 * second}
	add(4*second, client, trace.Sent, "beat", 2)
	for _, side := range sides {
		at := 10*second + 550*int64(time.Millisecond)
		add(at, side, trace.Suspect, "", 0).Detail = "nothing heard since 2s"
		add(at, side, trace.Down, "", 0).Cause = "peer went silent"
		add(at, trace.Network, trace.HangUp, string(side), 0)
	}
	add(12*second, trace.Network, trace.FaultOff, "cable-pull", 0).Strike = &network.Strike{On: 3 * second, Off: 12 * second, WithheldUp: 16, Closings: 2}
	add(13*second, trace.Harness, trace.End, "", 0)
	return trace.Trace{Header: h, Events: events}
}

// jsonl is a trace as it is stored.
func jsonl(t *testing.T, tr trace.Trace) string {
	t.Helper()
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	if err := out.Encode(tr.Header); err != nil {
		t.Fatal(err)
	}
	for _, e := range tr.Events {
		if err := out.Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// withTraces is a folder with records, a trace of each that names one, and the
// report.
func withTraces(t *testing.T, records ...judge.Record) string {
	t.Helper()
	dir := folder(t, records...)
	for _, r := range records {
		if filepath.IsLocal(r.Trace) && len(r.Trace) < 200 && Clean(r.Trace) == r.Trace {
			put(t, filepath.Join(dir, r.Trace), jsonl(t, history(r.Trial)))
		}
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

// everything is one of everything, and a side that never detects.
func everything() []judge.Record {
	missed := cablePull("push", 0.95, 7*time.Second, 7*time.Second)
	missed.Client.Detection = nil
	missed.Checks[0].Held, missed.Checks[0].Actual = false, "never detected in 14s"
	missed = with(missed, judge.Broken, missed.Checks[0].Sentence())
	return append(run(), missed)
}
