package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject/command"
	"github.com/flatline-go/flatline/heartbeat"
)

func TestWatchWrongUse(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"no server", []string{"--", "go"}, "there is no server"},
		{"no client", []string{"--upstream", "localhost:1"}, "there is no client"},
		{"no --", []string{"--upstream", "localhost:1", "go", "version"}, `"go": want -- before the command`},
		{"no server's command", []string{"--server"}, "--server: want its command after --"},
		{"a -- of the server's own", []string{"--server", "--", "go", "run", "serve", "--", "--port", "{port}"}, `client's command: "--port" is no program; where a -- belongs to a command, part the two by another word: --server --separator AND`},
		{"a separator, and nothing after it", []string{"--server", "--separator", "AND", "--", "go", "AND"}, "--separator: want the client's command after AND"},
		{"no separator", []string{"--server", "--separator=", "--", "go"}, "--separator: it is empty, want WORD"},
		{"a phase beyond", []string{"--upstream", "localhost:1", "--phases", "1.5", "--", "go"}, "--phases: 1.5, want numbers from 0 to 1"},
		{"observe nothing", []string{"--upstream", "localhost:1", "--observe", "0s", "--", "go"}, "--observe: 0s, want more than 0"},
		{"no such program", []string{"--upstream", "localhost:1", "--", "no-such-program"}, "client's command: "},
		{"half an upstream", []string{"--upstream", "localhost", "--", "go"}, `upstream "localhost": want host:port`},
		{"another scenario", []string{"--upstream", "localhost:1", "--scenario", "orderly-close", "--", "go"}, `unknown scenario "orderly-close", known: cable-pull`},
		{"another side", []string{"--upstream", "localhost:1", "--side", "left", "--", "go"}, "--side"},
		{"a parameter of another", []string{"--upstream", "localhost:1", "--set", "idle=1s", "--", "go"}, `--set: parameter "idle": the chosen scenarios have observe, reconnect`},
		{"observe twice", []string{"--upstream", "localhost:1", "--set", "observe=1s", "--", "go"}, "observe is --observe"},
		{"too short a look", []string{"--upstream", "localhost:1", "--window", "..30s", "--observe", "30s", "--", "go"}, "--observe: 30s, want a second more than the window's upper bound at least: 31s"},
		{"too short a look at a firewall", []string{"--upstream", "localhost:1", "--scenario", "idle-drop", "--set", "idle=5s", "--observe", "5s", "--", "go"}, "--observe: 5s, want a second more than the firewall's idle time (--set idle=5s) at least: 6s"},
		{"too short a look at a firewall that is its own", []string{"--upstream", "localhost:1", "--scenario", "idle-drop", "--set", "idle=0.5*observe", "--observe", "1500ms", "--", "go"}, "at least: 1.75s"},
		{"too short a look at a firewall, and a window", []string{"--upstream", "localhost:1", "--scenario", "idle-drop", "--window", "..30s", "--observe", "35s", "--", "go"}, "--observe: 35s, want a second more than the firewall's idle time (--set idle=5s) and the window's upper bound at least: 36s"},
		{"a window that ends before a firewall strikes", []string{"--upstream", "localhost:1", "--scenario", "idle-reset-at-idle", "--set", "idle=240s", "--window", "..4m", "--", "go"}, "--window: ..4m0s, want an upper bound above the firewall's idle time, 4m0s (--set idle=TIME)"},
		{"a firewall of days", []string{"--upstream", "localhost:1", "--scenario", "idle-drop", "--set", "idle=49h59m", "--", "go"}, "--set: a firewall that forgets after idle=49h59m0s wants to be watched for 50h1m0s, and 50h0m0s is the most"},
		{"too long a look", []string{"--upstream", "localhost:1", "--observe", "50h1s", "--", "go"}, "--observe: 50h0m1s, want more than 0, at most 50h0m0s"},
		{"a flap that outlasts the usual look", []string{"--upstream", "localhost:1", "--scenario", "cable-flap", "--set", "out=10m", "--", "go"}, "--observe: 2m0s, and cable-pull ends 10m0s after the strike (--set out=TIME): 8m1s too short, want 10m1s at least"},
		{"a flap that outlasts the look", []string{"--upstream", "localhost:1", "--scenario", "cable-flap", "--observe", "2500ms", "--", "go"}, "--observe: 2.5s, and cable-pull ends 2s after the strike (--set out=TIME): 500ms too short, want 3s at least"},
		{"a flap as long as the look", []string{"--upstream", "localhost:1", "--scenario", "cable-flap", "--set", "out=observe", "--observe", "3m", "--", "go"}, "1s too short, want 3m1s at least"},
		{"a flap of days", []string{"--upstream", "localhost:1", "--scenario", "cable-flap", "--set", "out=60h", "--", "go"}, "--set: cable-pull ends 60h0m0s after the strike (out), which wants to be watched for 60h0m1s, and 50h0m0s is the most"},
		{"no interval", []string{"--upstream", "localhost:1", "--interval", "0s", "--", "go"}, "--interval: 0s, want more than 0, at most 25h"},
		{"no trials", []string{"--upstream", "localhost:1", "--trials", "0", "--", "go"}, "--trials: 0, want 1 to 1000"},
		{"no look", []string{"--upstream", "localhost:1", "--observe=-1s", "--", "go"}, "--observe: -1s"},
		{"a wait below 0", []string{"--upstream", "localhost:1", "--after=-1s", "--", "go"}, "--after: -1s, want more than 0"},
		{"a parameter of years", []string{"--upstream", "localhost:1", "--set", "reconnect=200000h", "--", "go"}, "--set: reconnect=200000h is 200000h0m0s in cable-pull, want at most 720h0m0s"},
		{"a firewall of years", []string{"--upstream", "localhost:1", "--scenario", "idle-drop", "--set", "idle=200000h", "--", "go"}, "--set: a firewall that forgets after idle=200000h0m0s wants"},
		{"too long a wait", []string{"--upstream", "localhost:1", "--after", "1000h", "--", "go"}, "--after: 1000h0m0s, want more than 0, at most 50h0m0s"},
		{"no wait", []string{"--upstream", "localhost:1", "--after", "0s", "--", "go"}, "--after: 0s, want more than 0"},
		{"one address for two", []string{"--upstream", "localhost:1", "--listen", "127.0.0.1:5000", "--parallel", "2", "--", "go"}, "--parallel: 2 trials cannot share an address"},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, stderr := flatline(t, append([]string{"watch"}, row.args...)...)
			if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "flatline: ") || !strings.Contains(stderr, row.want) {
				t.Errorf("exit code %d, %q, %q; want 2 and %q", code, stdout, stderr, row.want)
			}
			nothingWritten(t)
		})
	}
}

// A server's port that somebody listens on is refused, before anything runs.
func TestWatchRefusesATakenPort(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := flatline(t, "watch", "--server-port", port, "--", "go", "--", "go")
	if want := "flatline: server's port " + port + ": "; code != 2 || stdout != "" || !strings.HasPrefix(stderr, want) || !strings.Contains(stderr, " listens there already") {
		t.Errorf("exit code %d, %q, %q; want 2 and %q", code, stdout, stderr, want)
	}
	nothingWritten(t)
}

// planOf is what a watch with these arguments would run.
func planOf(t *testing.T, args ...string) (*watchCmd, command.Kind, []harness.Trial) {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.Vars{"parallel": "1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"watch", "--seed", "7"}, args...)); err != nil {
		t.Fatal(err)
	}
	kind, err := c.Watch.subject()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Watch.check(kind); err != nil {
		t.Fatal(err)
	}
	trials, err := c.Watch.trials()
	if err != nil {
		t.Fatal(err)
	}
	return &c.Watch, kind, trials
}

func TestWatchPartsTwoCommands(t *testing.T) {
	for _, row := range []struct {
		name           string
		args           []string
		server, client []string
	}{
		{"by --", []string{"--", "go", "1", "--", "go", "2"}, []string{"go", "1"}, []string{"go", "2"}},
		{"by a word, where the server has a --", []string{"--separator", "AND", "--", "go", "run", "--", "-x", "AND", "go", "--", "-y"}, []string{"go", "run", "--", "-x"}, []string{"go", "--", "-y"}},
		{"by a word that is not there", []string{"--listen", "127.0.0.1:5000", "--separator", "AND", "--", "go", "run", "--", "-x"}, []string{"go", "run", "--", "-x"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, kind, trials := planOf(t, append([]string{"--server"}, row.args...)...)
			if !slices.Equal(kind.Server, row.server) || !slices.Equal(kind.Client, row.client) {
				t.Errorf("server %q, client %q", kind.Server, kind.Client)
			}
			if got, want := strings.Contains(w.again(trials[0]), "--separator AND"), w.Separator == "AND"; got != want {
				t.Errorf("to run it again: %s", w.again(trials[0]))
			}
		})
	}
}

func TestWatchTrialsAndPhases(t *testing.T) {
	for _, row := range []struct {
		args []string
		want []float64
	}{
		{nil, []float64{0}},
		{[]string{"--trials", "4"}, []float64{0, 0.25, 0.5, 0.75}},
		{[]string{"--phases", "0.5"}, []float64{0.5}},
		{[]string{"--phases", "0.9,0.1", "--trials", "2"}, []float64{0.1, 0.1, 0.9, 0.9}},
	} {
		_, _, trials := planOf(t, append(append([]string{"--upstream", "localhost:1"}, row.args...), "--", "go")...)
		var phases []float64
		seeds := map[uint64]bool{}
		for _, trial := range trials {
			phases, seeds[trial.Seed] = append(phases, trial.Phase), true
		}
		slices.Sort(phases)
		if !slices.Equal(phases, row.want) || len(seeds) != len(row.want) {
			t.Errorf("%q: phases %v, %d seeds; want %v", row.args, phases, len(seeds), row.want)
		}
	}
}

// What nobody says is long enough for the firewall, and the window after it.
func TestWatchLooksLongEnough(t *testing.T) {
	for _, row := range []struct {
		args []string
		want time.Duration
	}{
		{nil, 2 * time.Minute},
		{[]string{"--window", "..3m"}, 3*time.Minute + 10*time.Second},
		{[]string{"--scenario", "idle-drop", "--set", "idle=240s"}, 6 * time.Minute},
		{[]string{"--scenario", "idle-reset-on-send", "--set", "idle=240s", "--window", "..5m"}, 9*time.Minute + 10*time.Second},
		{[]string{"--scenario", "idle-drop", "--set", "idle=5s", "--observe", "6s"}, 6 * time.Second},
		{[]string{"--scenario", "idle-drop", "--window", "..30s", "--observe", "36s"}, 36 * time.Second},
		{[]string{"--scenario", "cable-flap", "--observe", "3s"}, 3 * time.Second},
	} {
		w, _, trials := planOf(t, append(append([]string{"--upstream", "localhost:1"}, row.args...), "--", "go")...)
		if got := trials[0].Scope["observe"]; got != row.want || !strings.Contains(w.again(trials[0]), "--observe "+row.want.String()) {
			t.Errorf("%q: %v, again by %s; want %v", row.args, got, w.again(trials[0]), row.want)
		}
	}
}

// Lines that come through a pipe are a trial's each.
func TestEachTrialHasALineOfItsOwn(t *testing.T) {
	lines := linesOf(strings.NewReader("\n\n\n"))
	for trial := range 3 {
		if err := await(t.Context(), lines); err != nil {
			t.Errorf("trial %d: %v", trial+1, err)
		}
	}
	if err := await(t.Context(), lines); err == nil || !strings.Contains(err.Error(), "standard input has ended") {
		t.Errorf("without a line: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := await(ctx, make(chan struct{})); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// What the records say is told even where a trace is gone.
func TestHangUpsAreToldWithoutATrace(t *testing.T) {
	rec := judge.Record{
		Phase: 0.5, Verdict: judge.Held, Trace: "traces/gone.jsonl",
		Connections: []judge.Connection{
			{Name: "link 1", Client: judge.Ending{After: new(time.Second), Cause: "hung up"}, Server: judge.Ending{After: new(2 * time.Second), Cause: "peer closed"}},
			{Name: "link 2", Client: judge.Ending{For: 2 * time.Second}, Server: judge.Ending{After: new(time.Second), Cause: "ended by the network"}},
		},
	}
	var out strings.Builder
	printHangUps(newTerminal(&out), report.Report{Records: []judge.Record{rec}}, t.TempDir())
	for _, want := range []string{
		"phase 0.5, link 1: client hung up after 1.000 s; server got the other's closing after 2.000 s\n",
		"phase 0.5, link 2: client never hung up in 2.000 s; server ended by the network after 1.000 s\n",
		"  no timeline: read trace: open ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// Times of the wire are late by what a busy machine makes them, and the legend says
// so; those of a side's own events are not.
func TestTheLegendSaysHowLateTheWireIs(t *testing.T) {
	const want = "T_D, the detection time: smallest/median/largest; by the wire, up to 15 ms late on a busy machine\n"
	for _, wire := range []bool{true, false} {
		rec := judge.Record{Scenario: "cable-pull"}
		if wire {
			rec.Connections = []judge.Connection{{Name: "link 1"}}
		}
		var out strings.Builder
		printMatrix(newTerminal(&out), report.Report{
			Records: []judge.Record{rec},
			Matrix:  []report.Cell{{Scenario: "cable-pull", Client: report.Side{Detection: report.NewSpread([]time.Duration{time.Second})}}},
		})
		if strings.Contains(out.String(), want) != wire || !strings.Contains(out.String(), "T_D, the detection time: smallest/median/largest") {
			t.Errorf("by the wire: %v, in\n%s", wire, out.String())
		}
	}
}

// A help offers the networks that its command can use.
func TestHelpOffersTheNetworksThatWork(t *testing.T) {
	for command, want := range map[string]string{"run": "URL), kernel, relay.\n", "watch": "URL), kernel.\n"} {
		if _, stdout, _ := here(t.Context(), command, "--help"); !strings.Contains(stdout, want) {
			t.Errorf("%s: no %q in\n%s", command, want, stdout)
		}
	}
}

// Trials at one phase are told apart; what was to be run again is none of them.
func TestTrialsAtOnePhaseAreNumbered(t *testing.T) {
	at := func(phase float64, superseded bool) judge.Record {
		return judge.Record{Phase: phase, Verdict: judge.Held, Superseded: superseded, Connections: []judge.Connection{{Name: "link 1", Client: judge.Ending{For: time.Second}}}}
	}
	unconnected := at(0.1, false)
	unconnected.Connections = nil
	var out strings.Builder
	printHangUps(newTerminal(&out), report.Report{Records: []judge.Record{at(0.1, false), at(0.1, true), unconnected, at(0.1, false), at(0.9, true), at(0.9, false)}}, t.TempDir())
	var got []string
	for line := range strings.Lines(out.String()) {
		if name, _, found := strings.Cut(line, ": client"); found {
			got = append(got, name)
		}
	}
	if want := []string{"phase 0.1, trial 1 of 3", "phase 0.1, trial 3 of 3", "phase 0.9"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Where nothing was expected, nothing is said to have held, on a line or in a colour.
func TestWhatIsOnlyTimedHasNotHeld(t *testing.T) {
	timedOnly := judge.Record{
		Trial: "a", Scenario: "cable-pull", Verdict: judge.Held, Connections: []judge.Connection{{Name: "link 1", Client: judge.Ending{For: time.Second}}},
		Checks: []judge.Check{{Side: "network", Held: true}, {That: scenario.HangsUp, Side: "client", Held: true}},
	}
	windowed, stays, broken := timedOnly, timedOnly, timedOnly
	windowed.Window = heartbeat.Window{Hi: time.Second}
	stays.Checks = append(slices.Clone(stays.Checks), judge.Check{That: scenario.StaysUp, Held: true})
	broken.Verdict = judge.Broken
	for _, row := range []struct {
		name         string
		rec          judge.Record
		expectations int
		want, colour string
	}{
		{"only timed", timedOnly, 0, "timed", ""},
		{"with a window", windowed, 1, "held", text.FgGreen.EscapeSeq()},
		{"with another expectation", stays, 1, "held", text.FgGreen.EscapeSeq()},
		{"broken", broken, 0, "broken", text.FgRed.EscapeSeq()},
	} {
		var out strings.Builder
		screen := newTerminal(&out)
		screen.colour = true
		r := report.Report{
			Records: []judge.Record{row.rec},
			Matrix:  []report.Cell{{Scenario: "cable-pull", Window: row.rec.Window, Verdict: row.rec.Verdict, Count: 1, Trials: 1}},
			Summary: report.Summary{Expectations: report.Tally{Total: row.expectations}},
		}
		printMatrix(screen, r)
		printHangUps(screen, r, t.TempDir())
		fmt.Fprintln(screen, outcome(screen, &row.rec))
		for what, want := range map[string]string{"cell": "1 " + row.want, "line": row.want} {
			if row.colour != "" {
				want = row.colour + want
			}
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: the %s does not say %q:\n%s", row.name, what, want, out.String())
			}
		}
		if painted := strings.Contains(out.String(), "\x1b["); painted != (row.colour != "") {
			t.Errorf("%s: painted: %v:\n%s", row.name, painted, out.String())
		}
	}
	if got := leading(report.Report{Records: []judge.Record{timedOnly}, Summary: report.Summary{Trials: 1, Verdicts: map[judge.Verdict]int{judge.Held: 1}}}); got != timed {
		t.Errorf("the headline is of what is %s", got)
	}
}
