package harness_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/subject/processes"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// misbehavesEnv says how the clients of Processes misbehave, once they are up.
const misbehavesEnv = "FLATLINE_TEST_MISBEHAVES"

// held is the writing end of a pipe that never ends: the garbage collector closes
// a file that nobody holds any more.
var held *os.File

func TestMain(m *testing.M) {
	if how := os.Getenv(misbehavesEnv); os.Getenv("FLATLINE_PEER") == "client" {
		if how == "stays" { // it never hears that its input has ended
			var in *os.File
			in, held, _ = os.Pipe()
			go func(from *os.File) { _, _ = io.Copy(held, from) }(os.Stdin)
			os.Stdin = in
		}
		go misbehave(how)
	}
	processes.BePeer()
	os.Exit(m.Run())
}

func misbehave(how string) {
	time.Sleep(300 * time.Millisecond)
	switch how {
	case "dies":
		fmt.Fprintln(os.Stderr, "out of luck")
		os.Exit(3)
	case "leaves":
		os.Exit(0)
	case "chats":
		fmt.Println("hello, world")
	case "lies":
		fmt.Println(`{"t_ns":999000000000,"side":"client","event":"suspect"}`)
	case "is another":
		fmt.Println(`{"t_ns":1,"side":"server","event":"suspect"}`)
	case "ends twice":
		fmt.Println(`{"side":"client","over":"x"}`)
		fmt.Println(`{"side":"client","over":"x"}`)
	case "floods":
		for {
			fmt.Print(strings.Repeat("x", 1<<12))
		}
	}
}

// quick is a policy whose sides both beat, and suspect after 800 ms.
func quick() heartbeat.Policy {
	return heartbeat.Policy{
		Name: "quick", Profile: heartbeat.Strict(), Probe: heartbeat.ProbePush, Beats: heartbeat.FromBoth,
		Interval: 100 * time.Millisecond, Client: detect.Fixed{Timeout: 800 * time.Millisecond}, Server: detect.Fixed{Timeout: 800 * time.Millisecond},
	}
}

// inProcesses is the trial of a fault of the server, whose own patience is 800 ms.
func inProcesses(t *testing.T, observe scenario.Span, mode heartbeat.Mode, f scenario.Fault, lasts scenario.Span, expect ...scenario.Expectation) judge.Record {
	t.Helper()
	trials, err := harness.Plan{
		Policies: []heartbeat.Policy{quick()}, Phases: []float64{0.5},
		Scenarios: []scenario.Scenario{{
			Name: "s", Claim: "c", Observe: observe, Mode: mode, Expect: expect,
			Faults: []scenario.Step{{Fault: f, For: lasts, Must: scenario.MustStrike}},
		}},
	}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	return run(t, harness.Runner{Subject: processes.Kind{}, Retries: 3}, trials)[0]
}

func TestAChildThatFailsFailsItsTrial(t *testing.T) {
	for how, want := range map[string]string{
		"dies":       "the client's process ended: exit status 3; it said last: out of luck",
		"leaves":     "the client's process exited with code 0",
		"chats":      `the client's process prints nonsense in line`,
		"lies":       `the client's process prints nonsense in line`,
		"is another": "no event of the client",
		"ends twice": "it had ended before",
		"floods":     "the client's process prints a line of more than 65536 bytes",
	} {
		t.Run(how, func(t *testing.T) {
			t.Setenv(misbehavesEnv, how)
			r := inProcesses(t, "30s", heartbeat.Act, scenario.Fault{Kind: scenario.Freeze, Side: heartbeat.ServerSide}, "200ms", scenario.Expectation{That: scenario.Unnoticed})
			if r.Verdict != judge.Failed || !strings.Contains(r.Reason, want) {
				t.Errorf("%s: %s, want failed: %s", r.Verdict, r.Reason, want)
			}
		})
	}
}

// What had to be killed in the end may have hung before.
func TestAChildThatDoesNotEndFailsItsTrial(t *testing.T) {
	t.Setenv(misbehavesEnv, "stays")
	r := inProcesses(t, "500ms", heartbeat.Act, scenario.Fault{Kind: scenario.Freeze, Side: heartbeat.ServerSide}, "200ms", scenario.Expectation{That: scenario.Unnoticed})
	const want = "the client's process did not end within 15s of being asked to, and was killed"
	if r.Verdict == judge.Held || !strings.Contains(r.Reason, want) { // inconclusive, where the machine stood still
		t.Errorf("%s: %s, want failed: %s", r.Verdict, r.Reason, want)
	}
	if !strings.Contains(r.Failure, want) { // its trace tells nothing of that
		t.Errorf("failure: %q, want %q", r.Failure, want)
	}
}

func TestWhoIsKilledIsKnownToBeGone(t *testing.T) {
	r := inProcesses(t, "2.5s", heartbeat.Act, scenario.Fault{Kind: scenario.Crash, Side: heartbeat.ServerSide}, "",
		scenario.Expectation{That: scenario.Ends, Side: heartbeat.ClientSide, Within: scenario.Range{Hi: "400ms"}, Causes: []heartbeat.Cause{session.Vanished}},
	)
	if r.Verdict != judge.Held {
		t.Errorf("%s: %s", r.Verdict, r.Reason)
	}
}

func TestWhoIsStartedAgainIsFound(t *testing.T) {
	r := inProcesses(t, "4s", heartbeat.Act, scenario.Fault{Kind: scenario.Crash, Side: heartbeat.ServerSide}, "300ms",
		scenario.Expectation{That: scenario.StaysDown}, scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "2s"}},
	)
	if r.Verdict != judge.Held {
		t.Errorf("%s: %s", r.Verdict, r.Reason)
	}
}

// Its peer is right to suspect it; it is not, of a peer that beat all the time.
func TestWhoWasStoppedSuspectsNobody(t *testing.T) {
	r := inProcesses(t, "2.5s", heartbeat.Observe, scenario.Fault{Kind: scenario.Freeze, Side: heartbeat.ServerSide}, "1500ms",
		scenario.Expectation{That: scenario.Unnoticed, Side: heartbeat.ServerSide},
		scenario.Expectation{That: scenario.Mistakes, Side: heartbeat.ServerSide},
		scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide, Within: scenario.Range{Lo: "600ms", Hi: "1400ms"}}, // while it stands still
	)
	if r.Verdict != judge.Held {
		t.Errorf("%s: %s", r.Verdict, r.Reason)
	}
	if r.Client.Mistakes != 0 {
		t.Errorf("the client is said to have been mistaken %d times about a peer that was stopped", r.Client.Mistakes)
	}
}

// A pair in one process has none to kill.
func TestAPairCannotBeKilled(t *testing.T) {
	trials, err := harness.Plan{
		Policies: []heartbeat.Policy{quick()}, Phases: []float64{0},
		Scenarios: []scenario.Scenario{{
			Name: "s", Claim: "c", Observe: "1s", Expect: []scenario.Expectation{{That: scenario.Unnoticed}},
			Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.Crash, Side: heartbeat.ClientSide}, Must: scenario.MustStrike}},
		}},
	}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, harness.Runner{Subject: subject.Pair{}}, trials)[0]
	if r.Verdict != judge.NotMeasurable || !strings.Contains(r.Reason, "not measurable on subject pair") || !strings.Contains(r.Reason, "crash of the client") {
		t.Errorf("%s: %s", r.Verdict, r.Reason)
	}
}

// Policies with the same beats share a trial that observes, but not one in which a
// side is stopped, nor one that is to show different things of them: what the lab
// waits for it takes from one of them.
func TestWhoSharesATrial(t *testing.T) {
	patient := quick()
	patient.Name = "patient"
	patient.Server = detect.Fixed{Timeout: 2 * time.Second}
	ofEach := func(first, second scenario.Outcome) []scenario.Expectation {
		return []scenario.Expectation{
			{That: first, Policies: []string{quick().Name}},
			{That: second, Policies: []string{patient.Name}},
		}
	}
	rows := []struct {
		name   string
		fault  scenario.Fault
		expect []scenario.Expectation
		want   int // trials
	}{
		{name: "one that observes", fault: scenario.Fault{Kind: scenario.CablePull}, expect: []scenario.Expectation{{That: scenario.Unnoticed}}, want: 1},
		{name: "a side that is stopped", fault: scenario.Fault{Kind: scenario.Freeze, Side: heartbeat.ServerSide}, expect: []scenario.Expectation{{That: scenario.Unnoticed}}, want: 2},
		{name: "the same, in two lines", fault: scenario.Fault{Kind: scenario.CablePull}, expect: ofEach(scenario.Unnoticed, scenario.Unnoticed), want: 1},
		{name: "a recovery of one alone", fault: scenario.Fault{Kind: scenario.CablePull}, expect: ofEach(scenario.Unnoticed, scenario.Recovers), want: 2},
		{name: "more of one", fault: scenario.Fault{Kind: scenario.CablePull}, expect: append(ofEach(scenario.Unnoticed, scenario.Unnoticed), scenario.Expectation{That: scenario.CanaryArrives, Policies: []string{patient.Name}}), want: 2},
	}
	for _, row := range rows {
		trials, err := harness.Plan{
			Policies: []heartbeat.Policy{quick(), patient}, Phases: []float64{0},
			Scenarios: []scenario.Scenario{{
				Name: "s", Claim: "c", Observe: "2s", Mode: heartbeat.Observe, Expect: row.expect,
				Faults: []scenario.Step{{Fault: row.fault, For: "1s", Must: scenario.MustStrike}},
			}},
		}.Trials()
		if err != nil || len(trials) != row.want {
			t.Errorf("%s: %d trials, %v; want %d", row.name, len(trials), err, row.want)
		}
	}
}
