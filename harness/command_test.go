package harness_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// timed is the scenario of a cable that is out until both sides have hung up.
func timed(side heartbeat.Side) scenario.Scenario {
	return scenario.Scenario{
		Name: "cable-pull", Claim: "c", Phases: []float64{0.5},
		Params:  []scenario.Param{{Name: "observe", Default: "3s"}},
		Faults:  []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, For: "observe", Must: scenario.MayStrike}},
		Observe: "observe + 500ms",
		Expect:  []scenario.Expectation{{That: scenario.HangsUp, Side: side}},
	}
}

func watchOne(t *testing.T, out string, kind subject.Kind, w heartbeat.Window, s scenario.Scenario, set map[string]scenario.Span) judge.Record {
	t.Helper()
	trials, err := harness.Plan{Scenarios: []scenario.Scenario{s}, Policies: []heartbeat.Policy{harness.Foreign("watched", w)}, Set: set}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	records, err := harness.Runner{Subject: kind, Out: out}.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	return records[0]
}

const python = `
import os, socket, time
s = socket.create_connection((os.environ["FLATLINE_HOST"], int(os.environ["FLATLINE_PORT"])), timeout=1.5)
s.sendall(b"hello\n")
try:
    while s.recv(100): last = time.time()
except TimeoutError: print("silent for", time.time() - last, flush=True)
s.close()
time.sleep(60)
`

const pythonServer = `
import os, socket
with socket.create_server(("127.0.0.1", int(os.environ["FLATLINE_PORT"]))) as s:
    while True:
        c, _ = s.accept()
        c.sendall(c.recv(100))
        keep = c
`

func TestPython(t *testing.T) {
	defer goleak.VerifyNone(t)
	out := t.TempDir()
	rec := watchOne(t, out, subject.Command{
		Client: []string{"python3", "-c", python}, Server: []string{"python3", "-c", pythonServer}, After: 100 * time.Millisecond,
	}, heartbeat.Window{Hi: 2 * time.Second}, timed(heartbeat.ClientSide), nil)
	t.Logf("%s %s\n%+v\n%+v %v", rec.Verdict, rec.Reason, rec.Checks, rec.Connections, rec.Output)
	for _, name := range rec.Output {
		b, err := os.ReadFile(filepath.Join(out, name))
		t.Logf("%s %v", b, err)
	}
}
