package harness_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject/command"
	"github.com/flatline-go/flatline/heartbeat"
)

// Whoever takes the server's port while it comes up is not taken for it; a server
// that has left its parent and its group is.
func TestTheServerIsTheOneThatWasStarted(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name    string
		server  []string
		port    int
		while   func() // it comes up
		verdict judge.Verdict
		reason  string
	}{
		{name: "another listens", server: []string{"sleep", "60"}, port: port, verdict: judge.Failed, reason: "and the server's command did not start it",
			while: func() {
				time.Sleep(500 * time.Millisecond)
				ln, err := net.Listen("tcp", free.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(func() { ln.Close() })
			}},
		{name: "it is a daemon", server: append([]string{"sh", "-c", `(setsid "$@" </dev/null >/dev/null 2>&1 &); sleep 60`, "sh"}, peer("echo")...), verdict: judge.Held},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := scenario.Scenario{
				Name: "cable-pull", Claim: "c", Phases: []float64{0},
				Faults:  []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, For: "200ms", Must: scenario.MayStrike}},
				Observe: "300ms",
				Expect:  []scenario.Expectation{{That: scenario.StaysUp}},
			}
			trials, err := harness.Plan{Scenarios: []scenario.Scenario{s}, Policies: []heartbeat.Policy{harness.Foreign("any", heartbeat.Window{})}}.Trials()
			if err != nil {
				t.Fatal(err)
			}
			if row.while != nil {
				go row.while()
			}
			records, err := harness.Runner{
				Out: t.TempDir(), Retries: 3,
				Subject: command.Kind{Client: peer("exits when it hears nothing"), Server: row.server, ServerPort: row.port, After: 100 * time.Millisecond},
			}.Run(t.Context(), trials)
			if err != nil {
				t.Fatal(err)
			}
			if rec := records[0]; rec.Verdict != row.verdict || !strings.Contains(rec.Reason, row.reason) {
				t.Errorf("%s: %s; want %s: %s", rec.Verdict, rec.Reason, row.verdict, row.reason)
			}
		})
	}
}
