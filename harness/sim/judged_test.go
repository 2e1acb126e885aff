package sim_test

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// What is counted without a recording is what the judge says of one, whatever the
// faults. Beats are 2 s apart, their echoes come at once, and the first fault strikes
// 1 s after the latest. Both sides' timeouts are 8.55 s, and what is late may be so by
// 450 ms.
func TestCountedIsAsJudged(t *testing.T) {
	step := func(kind scenario.Kind, at, lasts scenario.Span) scenario.Step {
		f := scenario.Fault{Kind: kind}
		switch kind {
		case scenario.IdleDrop:
			f.Idle, f.Mode = "1200ms", scenario.DropSilent
		case scenario.Latency:
			f.Delay.Latency = "12s"
		case scenario.Leave:
			f.Side = heartbeat.ClientSide
		}
		return scenario.Step{Fault: f, At: at, For: lasts}
	}
	pull := func(at, lasts scenario.Span) scenario.Step { return step(scenario.CablePull, at, lasts) }
	resets := step(scenario.IdleDrop, "", "")
	resets.Fault.Mode = scenario.DropResetAtIdle
	detects := []scenario.Expectation{{That: scenario.Detects}}
	peace := []scenario.Expectation{{That: scenario.Mistakes}}
	lastByte := []scenario.Expectation{{That: scenario.Detects, From: scenario.FromLastByte}}
	for _, row := range []struct {
		name           string
		policy         string // "": fixed
		acts           bool   // else both sides observe, and the policy's own detectors watch as well
		faults         []scenario.Step
		traffic        scenario.Traffic
		observe        scenario.Span
		expect         []scenario.Expectation
		client, server string // what the side's measures are; "" for the server: the same
	}{
		{
			name: "out too shortly", faults: []scenario.Step{pull("", "2400ms")}, expect: detects,
			client: "T_D [] alive 11s mistakes 0 of 0s gaps 0 told 0 unnoticed 1",
		},
		{
			name: "out shortly, then for long", faults: []scenario.Step{pull("", "2400ms"), pull("10s", "12s")}, expect: detects,
			client: "T_D [17.55s] alive 18.15s mistakes 0 of 0s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "the same where mistakes count", faults: []scenario.Step{pull("", "2400ms"), pull("10s", "12s")}, expect: peace,
			client: "T_D [17.55s] alive 1m11s mistakes 1 of 4.45s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "out for long where mistakes count", faults: []scenario.Step{pull("", "12s")}, expect: peace,
			client: "T_D [7.55s] alive 1m11s mistakes 1 of 4.45s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "out for long where those of one side do", faults: []scenario.Step{pull("", "12s")},
			expect: []scenario.Expectation{{That: scenario.Mistakes, Side: heartbeat.ServerSide}},
			client: "T_D [7.55s] alive 58.55s mistakes 0 of 0s gaps 0 told 0 unnoticed 0",
			server: "T_D [7.55s] alive 1m11s mistakes 1 of 4.45s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "from the last byte, which the end of the fault sets free", faults: []scenario.Step{pull("", "12s")}, expect: lastByte,
			client: "T_D [8.55s] alive 11s mistakes 0 of 0s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "from the last byte, before what still passes one way", acts: true, faults: []scenario.Step{step(scenario.HalfOpenUp, "", "")}, expect: lastByte,
			client: "T_D [] alive 11s mistakes 0 of 0s gaps 0 told 1 unnoticed 0",
			server: "T_D [8.55s] alive 11s mistakes 0 of 0s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "from the last byte that a firewall let pass", faults: []scenario.Step{step(scenario.IdleDrop, "", "")}, expect: lastByte,
			traffic: scenario.Traffic{Every: "1s", From: "100ms", Until: "100ms"}, // so that it lets the next beat pass, 1 s after the strike
			client:  "T_D [8.55s] alive 11s mistakes 0 of 0s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "a cable within a firewall's time", faults: []scenario.Step{step(scenario.IdleDrop, "", ""), pull("1s", "2s")}, expect: detects,
			client: "T_D [7.55s] alive 11s mistakes 0 of 0s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "told by the firewall", faults: []scenario.Step{resets}, expect: detects,
			client: "T_D [] alive 11s mistakes 0 of 0s gaps 0 told 1 unnoticed 0",
		},
		{
			name: "a mistake after the silence", faults: []scenario.Step{pull("", "2400ms"), step(scenario.Latency, "10s", "20s")}, expect: detects,
			client: "T_D [] alive 1m8.15s mistakes 1 of 17.45s gaps 0 told 0 unnoticed 1",
			server: "T_D [] alive 1m8.15s mistakes 1 of 5.45s gaps 0 told 0 unnoticed 1",
		},
		{
			name: "mistakes around it", faults: []scenario.Step{step(scenario.Latency, "", "20s"), pull("60s", "2400ms"), step(scenario.Latency, "80s", "20s")}, expect: detects,
			observe: "140s",
			client:  "T_D [] alive 2m28.15s mistakes 2 of 34.9s gaps 0 told 0 unnoticed 1",
			server:  "T_D [] alive 2m28.15s mistakes 2 of 10.9s gaps 0 told 0 unnoticed 1",
		},
		{
			name: "hung up by mistake between two", acts: true, faults: []scenario.Step{pull("", "2400ms"), step(scenario.Latency, "10s", "20s"), pull("60s", "12s")},
			expect: detects, observe: "90s",
			client: "T_D [] alive 1m8.15s mistakes 1 of 15.336789712s gaps 0 told 1 unnoticed 0",
		},
		{
			name: "one side hears on", policy: "push", faults: []scenario.Step{step(scenario.HalfOpenUp, "", "12s")}, expect: detects,
			client: "T_D [] alive 23s mistakes 0 of 0s gaps 0 told 0 unnoticed 0",
			server: "T_D [7.55s] alive 11s mistakes 0 of 0s gaps 0 told 0 unnoticed 0",
		},
		{
			name: "gone before it", acts: true, faults: []scenario.Step{step(scenario.Leave, "", ""), pull("1ms", "12s")}, expect: detects,
			client: "T_D [] alive 11s mistakes 0 of 0s gaps 0 told 1 unnoticed 0",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := sim.Setup{
				Policy: policy(t, heartbeat.Strict(), cmp.Or(row.policy, "fixed")), Mode: heartbeat.Observe, Life: 10 * time.Second, Phase: .5, Seed: 1,
				Scenario: scenario.Scenario{Faults: row.faults, Traffic: row.traffic, Observe: cmp.Or(row.observe, "60s"), Expect: row.expect},
			}
			if row.acts {
				s.Mode = heartbeat.Act
			} else {
				s.Watch = []sim.Detectors{{Client: s.Policy.Client, Server: s.Policy.Server}}
			}
			counted, err := sim.Run(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			events, err := sim.Record(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			trace.Sort(events)
			verdict := judge.Judge(trace.Trace{Header: trace.Header{Scenario: s.Scenario, Policy: s.Policy, Mode: s.Mode, Interval: s.Policy.Interval, Network: sim.Name}, Events: events})
			for _, side := range []struct {
				of   heartbeat.Side
				got  sim.Measures
				want string
			}{{heartbeat.ClientSide, counted.Client, row.client}, {heartbeat.ServerSide, counted.Server, cmp.Or(row.server, row.client)}} {
				m := side.got
				if got := fmt.Sprintf("T_D %v alive %v mistakes %d of %v gaps %d told %d unnoticed %d", m.Detections, m.Alive, m.Mistakes, m.Mistaken, m.Gaps, m.Told, m.Unnoticed); got != side.want {
					t.Errorf("%s: got  %s\nwant %s", side.of, got, side.want)
				}
				var detections []time.Duration
				of := verdict.Of(side.of)
				if of.Detection != nil {
					detections = append(detections, *of.Detection)
				}
				mean, _ := m.MistakeTime()
				var judged time.Duration
				if of.MistakeTime != nil {
					judged = *of.MistakeTime
				}
				if !slices.Equal(m.Detections, detections) || m.Mistakes != of.Mistakes || mean != judged {
					t.Errorf("%s: T_D %v and %d mistakes of %v, the judge says %v and %d of %v", side.of, m.Detections, m.Mistakes, mean, detections, of.Mistakes, judged)
				}
			}
			if !row.acts && !reflect.DeepEqual(counted.Watched[0], counted.Sides) {
				t.Errorf("who watched says %+v, the sides %+v", counted.Watched[0], counted.Sides)
			}
		})
	}
}
