package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// save writes a file into the current folder.
func save(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// saveTrace writes a trace of the strict policy of that name: both sides are up
// at 0 s and hear beats at 1 and 3 s, until 20 s.
func saveTrace(t *testing.T, file, policy string, mode heartbeat.Mode) {
	t.Helper()
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	h := trace.Header{Schema: trace.Schema, Trial: "calm", Scenario: scenario.Scenario{Name: "calm"}, Mode: mode}
	for _, p := range policies {
		if p.Name == policy {
			h.Policy, h.Interval = p, p.Interval
		}
	}
	var out strings.Builder
	rec, err := trace.NewRecorder(&out, h)
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range []trace.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		rec.Record(trace.Event{Side: side, What: trace.Up})
		for seq, at := range []int64{1e9, 3e9} {
			rec.Record(trace.Event{T: at, Side: side, What: trace.Heard, Kind: "beat", Seq: uint64(seq)})
		}
	}
	rec.End(20e9)
	if _, err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	save(t, file, out.String())
}

// Arrivals are 2 s apart but for an outage from 5 to 15 s: fixed/strict, with
// 8.55 s, is mistaken from 13.55 to 15 s. That is 1 mistake in 18 s or 200 per
// hour, P_A = 1 - 1.45/18, and it would suspect 8.55 s after the last arrival.
func TestJudgeACaptureIsAsReviewed(t *testing.T) {
	arrivals, err := os.ReadFile(filepath.Join("testdata", "arrivals.csv"))
	if err != nil {
		t.Fatal(err)
	}
	golden, err := filepath.Abs(filepath.Join("testdata", "judge.txt"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	save(t, "arrivals.csv", string(arrivals))
	code, stdout, stderr := here(t.Context(), "judge", "arrivals.csv", "--policy", "fixed,echo-timer")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(stdout), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if stdout != string(want) {
		t.Errorf("differs from %s; if that is right, run the test with -update. Got:\n%s", golden, stdout)
	}
}

func TestJudgeAsJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "a.csv", "seq,arrived_ns\n0,0\n1,2000000000\nx,1\n2,4000000000\n")
	saveTrace(t, "t.jsonl", "push", heartbeat.Observe)
	code, stdout, stderr := here(t.Context(), "judge", "a.csv", "t.jsonl", "--json", "--skip-bad", "--policy", "push")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	var got []judgement
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	if len(got) != 2 {
		t.Fatalf("%d judgements, want 2", len(got))
	}
	a := got[0]
	if a.File != "a.csv" || a.Arrivals != 3 || a.Skipped != 1 || a.Interval != 2*time.Second || len(a.Results) != 1 || len(a.Assumed) == 0 {
		t.Errorf("capture: %+v", a)
	}
	// 3 s + 8.55 s is 8.45 s before the end.
	b := got[1]
	if b.Trial != "calm" || b.Interval != 2*time.Second || len(b.Results) != 2 || b.Results[0].Mistakes != 1 || b.Results[1].Longest != 8450*time.Millisecond {
		t.Errorf("trace: %+v", b)
	}
}

func TestJudgeATrace(t *testing.T) {
	t.Chdir(t.TempDir())
	saveTrace(t, "watched.jsonl", "fixed", heartbeat.Observe)
	saveTrace(t, "acted.jsonl", "fixed", heartbeat.Act)
	code, stdout, stderr := here(t.Context(), "judge", "watched.jsonl", "acted.jsonl")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	watched, acted, _ := strings.Cut(stdout, "\nacted.jsonl")
	for _, want := range []string{"echo-timer timeout 6.75s", "server  fixed timeout 8.55s", "T_D", "Left out: policy push/strict: its probe is push, the trace's is echo."} {
		if !strings.Contains(watched, want) {
			t.Errorf("the output does not say %q:\n%s", want, watched)
		}
	}
	if strings.Contains(acted, "echo-timer timeout") || !strings.Contains(acted, "acted on its own detectors'") {
		t.Errorf("others than its own judged a session that acted:\n%s", acted)
	}
}

func TestJudgeInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "a.csv", "seq,arrived_ns\n0,0\n1,2\n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := here(ctx, "judge", "a.csv")
	if code != 130 || stdout != "" || !strings.HasPrefix(stderr, "flatline: interrupted") {
		t.Errorf("exit code %d, %s, %s", code, stdout, stderr)
	}
}

func TestJudgeBadInput(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "empty.csv", "")
	save(t, "junk.bin", "\x00\xff\x7f\"\n\x00")
	save(t, "line.csv", "seq,arrived_ns\n0,0\n1,-2\n")
	save(t, "good.csv", "seq,arrived_ns\n0,0\n1,2\n")
	save(t, "cut.jsonl", "{\"schema\": 1,")
	save(t, "old", "{\"schema\": 7}\n")
	save(t, "report.json", "{\n  \"schema\": 1,\n  \"generated_by\": \"flatline\"\n}\n")
	save(t, "headless.jsonl", `{"t_ns":1,"event":"up"}`+"\n")
	saveTrace(t, "acted.jsonl", "fixed", heartbeat.Act)
	saveTrace(t, "none.jsonl", "none", heartbeat.Observe)
	for _, row := range []struct {
		name string
		args []string
		want []string
		some bool // what can be judged is
	}{
		{name: "no file", args: nil, want: []string{"<trace>"}},
		{name: "a file that is not there", args: []string{"nowhere.csv"}, want: []string{"nowhere.csv"}},
		{name: "a folder", args: []string{"."}, want: []string{".: it is a folder, want traces (.jsonl) or captures (CSV); those of a run are "}},
		{name: "empty", args: []string{"empty.csv"}, want: []string{"empty.csv: line 1: the file is empty"}},
		{name: "junk", args: []string{"junk.bin"}, want: []string{"junk.bin: line 1: "}},
		{name: "a bad line", args: []string{"line.csv"}, want: []string{`line.csv: line 3: arrived_ns "-2"`}},
		{name: "a bad file beside a good one", args: []string{"line.csv", "good.csv"}, want: []string{"line.csv: line 3: "}, some: true},
		{name: "half a trace", args: []string{"cut.jsonl"}, want: []string{"cut.jsonl: line 1: "}},
		{name: "a report", args: []string{"report.json"}, want: []string{"report.json: line 1: this is no trace", "traces/"}},
		{name: "a trace without its header", args: []string{"headless.jsonl"}, want: []string{"headless.jsonl: line 1: this is no trace"}},
		{name: "a trace by another name", args: []string{"old"}, want: []string{"old: line 1: schema 7"}},
		{name: "another policy", args: []string{"good.csv", "--policy", "fixd"}, want: []string{"--policy", `"fixd"`, "did you mean fixed?"}},
		{name: "another profile", args: []string{"good.csv", "--profile", "lax"}, want: []string{"--profile", `"lax"`, "strict, standard"}},
		{name: "no interval", args: []string{"good.csv", "--interval", "0s"}, want: []string{"--interval: 0s, want more than 0"}},
		{name: "nobody to judge", args: []string{"good.csv", "--policy", "none"}, want: []string{"good.csv: nothing to judge", "Left out, having no detector: none."}},
		{name: "a trace with nobody to judge", args: []string{"none.jsonl"}, want: []string{"none.jsonl: nothing to judge", "having no detector: none,"}},
		{name: "others' detectors", args: []string{"acted.jsonl", "--policy", "echo-timer"}, want: []string{"acted.jsonl: policy echo-timer/strict: the session acted"}},
		{name: "another interval", args: []string{"acted.jsonl", "--profile", "standard", "--policy", "fixed"}, want: []string{"its beat interval is 7s, the trace's is 2s"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, stderr := here(t.Context(), append([]string{"judge"}, row.args...)...)
			if code != 2 || (stdout != "") != row.some {
				t.Errorf("exit code %d, want 2; standard output: %s", code, stdout)
			}
			if !strings.HasPrefix(stderr, "flatline: ") || strings.Count(stderr, "\n") != 1 {
				t.Errorf("standard error is not one line of ours: %q", stderr)
			}
			for _, want := range row.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not say %q", stderr, want)
				}
			}
		})
	}
}

// A pipe cannot be read twice, and is judged like a file.
func TestJudgeAPipe(t *testing.T) {
	arrivals, err := os.ReadFile(filepath.Join("testdata", "arrivals.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	saveTrace(t, "calm.jsonl", "fixed", heartbeat.Observe)
	calm, err := os.ReadFile("calm.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"arrivals.csv": string(arrivals), "calm.jsonl": string(calm)} {
		save(t, file, text)
		_, want, _ := here(t.Context(), "judge", file, "--policy", "fixed")
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = w.WriteString(text)
			_ = w.Close()
		}()
		pipe := fmt.Sprintf("/dev/fd/%d", r.Fd())
		if _, err := os.Stat(pipe); err != nil {
			t.Skipf("no %s here", pipe)
		}
		code, stdout, stderr := here(t.Context(), "judge", pipe, "--policy", "fixed")
		_ = r.Close()
		if code != 0 || stderr != "" || want == "" || stdout != strings.Replace(want, file, pipe, 1) {
			t.Errorf("%s: exit code %d, %s\n%s\nwant\n%s", file, code, stderr, stdout, want)
		}
	}
}

func TestJudgeSaysThatACapturesFlagsAreNoTraces(t *testing.T) {
	t.Chdir(t.TempDir())
	saveTrace(t, "calm.jsonl", "fixed", heartbeat.Observe)
	code, stdout, stderr := here(t.Context(), "judge", "calm.jsonl", "--skip-bad")
	if code != 0 || !strings.Contains(stdout, "Left aside: --skip-bad") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = here(t.Context(), "judge", "calm.jsonl", "--interval=1s")
	if want := "flatline: calm.jsonl: --interval belongs to captures, and this is a trace, which says its own\n"; code != 2 || stdout != "" || stderr != want {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}

func TestJudgeSaysThatATracesEndIsMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	saveTrace(t, "whole.jsonl", "fixed", heartbeat.Observe)
	whole, err := os.ReadFile("whole.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	save(t, "cut.jsonl", string(whole[:len(whole)-5]))
	lines := strings.SplitAfter(string(whole), "\n")
	save(t, "head.jsonl", strings.Join(lines[:len(lines)-2], ""))
	for _, row := range []struct {
		file string
		cut  bool
	}{{"whole.jsonl", false}, {"cut.jsonl", true}, {"head.jsonl", true}} {
		code, stdout, stderr := here(t.Context(), "judge", row.file)
		if code != 0 || !strings.Contains(stdout, "server  fixed timeout 8.55s") {
			t.Errorf("%s: exit code %d, %s%s", row.file, code, stdout, stderr)
		}
		if got := strings.Contains(stdout, "The end of this trace is missing"); got != row.cut {
			t.Errorf("%s: said %v in the output:\n%s", row.file, got, stdout)
		}
		if got := strings.HasPrefix(stderr, "flatline: "+row.file+": the end of this trace is missing"); got != row.cut || !row.cut && stderr != "" {
			t.Errorf("%s: on standard error: %q", row.file, stderr)
		}
		code, stdout, _ = here(t.Context(), "judge", row.file, "--json")
		if got := strings.Contains(stdout, `"cut_off": true`); code != 0 || got != row.cut {
			t.Errorf("%s: exit code %d, in JSON %v", row.file, code, got)
		}
	}
}

func TestJudgeShowsShortIntervals(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "a.csv", "seq,arrived_ns\n0,0\n1,2\n")
	for _, args := range [][]string{{}, {"--interval=2ns"}} {
		code, stdout, stderr := here(t.Context(), append([]string{"judge", "a.csv", "--policy=fixed"}, args...)...)
		if code != 0 || !strings.HasPrefix(stdout, "a.csv, a beat every 2ns, 2 arrivals") || !strings.Contains(stdout, "The beat interval is 2ns") {
			t.Errorf("exit code %d, %s%s", code, stdout, stderr)
		}
	}
}
