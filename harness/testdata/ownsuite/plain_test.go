package ownsuite

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

func TestCablePull(t *testing.T) {
	t.Parallel()
	window := heartbeat.Window{Lo: 500 * time.Millisecond, Hi: 3500 * time.Millisecond}
	trials, err := harness.Plan{
		Scenarios: []scenario.Scenario{scenarios.CablePull()},
		Policies:  []heartbeat.Policy{harness.Foreign("our keepalive", window)},
		Set:       map[string]scenario.Span{"reconnect": "10s"}, // how soon our client must be back
	}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	runner := harness.Runner{Out: t.TempDir(), Retries: 3, Subject: subject.Funcs{ServeFn: Serve, DialFn: Dial}}
	if err := report.Prepare(runner.Out); err != nil {
		t.Fatal(err)
	}
	records, err := runner.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 3 {
		t.Errorf("%d records, want one of each phase", len(records))
	}
	for _, r := range records {
		if r.Verdict != judge.Held {
			t.Errorf("%s: %s: %s (%s)", r.Trial, r.Verdict, r.Reason, r.Trace)
		}
		t.Logf("client hung up after %v, server after %v", r.Client.Detection, r.Server.Detection)
	}
	summary, err := report.Gather(runner.Out)
	if err != nil {
		t.Fatal(err)
	}
	if err := summary.Write(runner.Out); err != nil { // report.md and the others
		t.Fatal(err)
	}
}
