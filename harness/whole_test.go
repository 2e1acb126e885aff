package harness_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// However a trial ends, the last line of its trace says so: one without it is cut
// off.
func TestATracesLastLineIsItsEnd(t *testing.T) {
	mute := subject.Funcs{
		ServeFn: func(ln net.Listener) error { _, err := ln.Accept(); return err },
		DialFn:  func(ctx context.Context, _ string) error { <-ctx.Done(); return nil },
	}
	leave := plan(t, "10ms", scenario.CablePull)
	leave[0].Scenario.Faults[0].Fault = scenario.Fault{Kind: scenario.Leave, Side: heartbeat.ServerSide}
	pull := plan(t, "10ms", scenario.CablePull)
	slow := sim.Model{Delay: sim.Delay{Latency: 10 * time.Second}}
	for _, row := range []struct {
		name   string
		runner harness.Runner
		trials []harness.Trial
		// interrupt is what the trial does when the run is interrupted; "": it is not.
		interrupt string
		want      judge.Verdict
	}{
		{"held", harness.Runner{Subject: &scripted{}}, pull, "", judge.Held},
		{"failed", harness.Runner{Subject: &scripted{broken: true}}, pull, "", judge.Failed},
		{"without a subject", harness.Runner{Subject: subject.Funcs{}}, pull, "", judge.Failed},
		{"not measurable", harness.Runner{Subject: mute}, leave, "", judge.NotMeasurable},
		{"interrupted", harness.Runner{Subject: &scripted{}}, plan(t, "1h", scenario.CablePull), string(scenario.CablePull), judge.Interrupted},
		{"simulated", harness.Runner{Virtual: &sim.Model{}}, plan(t, "3s", scenario.CablePull), "", judge.Held},
		{"simulated, and failed", harness.Runner{Virtual: &slow}, pull, "", judge.Failed},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			r := row.runner
			r.Out, r.Network = t.TempDir(), direct{}
			r.Progress = func(s harness.State) {
				if row.interrupt != "" && s.Doing == row.interrupt {
					interrupt()
				}
			}
			records, err := r.Run(ctx, row.trials)
			if len(records) != 1 || records[0].Verdict != row.want || (err != nil) != (row.interrupt != "") {
				t.Fatalf("%v, records %+v", err, records)
			}
			stored, err := os.ReadFile(filepath.Join(r.Out, records[0].Trace))
			if err != nil {
				t.Fatal(err)
			}
			if whole, err := trace.Whole(bytes.NewReader(stored)); !whole || err != nil {
				t.Errorf("it is cut off, %v:\n%s", err, stored)
			}
			last := bytes.LastIndexByte(bytes.TrimSpace(stored), '\n') + 1
			if whole, err := trace.Whole(bytes.NewReader(stored[:last])); whole || err != nil {
				t.Errorf("it is whole without its last line, %v:\n%s", err, stored)
			}
		})
	}
}
