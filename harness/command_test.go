package harness_test

import (
	"flag"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject/command"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// peer is this test binary as a program of that role.
func peer(role string) []string { return []string{os.Args[0], "-test.run=^TestPeer$", "--", role} }

// TestPeer is what such a program does.
func TestPeer(t *testing.T) {
	switch flag.Arg(0) {
	case "echo":
		ln, err := (&net.ListenConfig{KeepAlive: -1}).Listen(t.Context(), "tcp", os.Getenv("FLATLINE_ADDR")) // or its kernel asks
		if err != nil {
			t.Fatal(err)
		}
		for {
			c, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	case "exits when it hears nothing":
		c, err := (&net.Dialer{KeepAlive: -1}).DialContext(t.Context(), "tcp", os.Getenv("FLATLINE_ADDR"))
		if err != nil {
			t.Fatal(err)
		}
		for {
			_, _ = c.Write([]byte("beat"))
			_ = c.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := c.Read(make([]byte, 4)); err != nil {
				os.Exit(7)
			}
			time.Sleep(50 * time.Millisecond)
		}
	case "connects for a moment":
		c, err := net.Dial("tcp", os.Getenv("FLATLINE_ADDR"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte("beat"))
		_, _ = c.Read(make([]byte, 4))
		c.Close()
		time.Sleep(time.Hour)
	}
}

// A client that ends its process with its connection is timed, and so is the
// server that it leaves: the harness hangs up nobody's connection before the end.
func TestAClientThatExitsTakesNobodyAlong(t *testing.T) {
	t.Parallel()
	s := scenario.Scenario{
		Name: "cable-pull", Claim: "c", Phases: []float64{0},
		Faults:  []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, For: "2s", Must: scenario.MustStrike}},
		Observe: "2200ms",
		Expect:  []scenario.Expectation{{That: scenario.HangsUp}},
	}
	trials, err := harness.Plan{Scenarios: []scenario.Scenario{s}, Policies: []heartbeat.Policy{harness.Foreign("exits", heartbeat.Window{})}}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	records, err := harness.Runner{
		Out: out, Retries: 3,
		Subject: command.Kind{Client: peer("exits when it hears nothing"), Server: peer("echo"), After: 200 * time.Millisecond},
	}.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	rec := records[0]
	if rec.Verdict != judge.Held || len(rec.Connections) != 1 {
		t.Fatalf("%s: %s; connections %+v", rec.Verdict, rec.Reason, rec.Connections)
	}
	c := rec.Connections[0]
	// It waits for 1 s and, on a busy machine, for a processor: that is in no doubt of ours.
	if c.Client.After == nil || *c.Client.After > 1900*time.Millisecond || *c.Client.After < 900*time.Millisecond-rec.Client.Doubt {
		t.Errorf("the client hung up after %v, want 1 s and little more", c.Client.After)
	}
	if c.Server.After != nil {
		t.Errorf("the server hung up after %v, want never", *c.Server.After)
	}
	tr, err := trace.ReadFile(out + "/" + rec.Trace)
	if err != nil {
		t.Fatal(err)
	}
	exits := 0
	for _, e := range tr.Events {
		if e.What == trace.Exit {
			exits++
			if e.Side != heartbeat.ClientSide || e.Detail != "the client, "+os.Args[0]+", ended: exit status 7" {
				t.Errorf("exit of the %s: %s", e.Side, e.Detail)
			}
		}
	}
	if exits != 1 {
		t.Errorf("%d exits in the trace, want the client's", exits)
	}
}

// Whoever has no connection when the fault is to strike is told what to do.
func TestBetweenConnectionsNothingCanBeStruck(t *testing.T) {
	t.Parallel()
	s := scenario.Scenario{
		Name: "cable-pull", Claim: "c", Phases: []float64{0},
		Faults:  []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, For: "1s", Must: scenario.MustStrike}},
		Observe: "1s",
		Expect:  []scenario.Expectation{{That: scenario.HangsUp}},
	}
	trials, err := harness.Plan{Scenarios: []scenario.Scenario{s}, Policies: []heartbeat.Policy{harness.Foreign("short", heartbeat.Window{})}}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	records, err := harness.Runner{
		Out: t.TempDir(), Subject: command.Kind{Client: peer("connects for a moment"), Server: peer("echo"), After: time.Second},
	}.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	const want = "there was nothing left to strike: every connection had ended; strike while one is open, earlier or later (--after TIME): without a connection that lasts, there is nothing to time"
	if rec := records[0]; rec.Verdict != judge.Failed || rec.Reason != want {
		t.Errorf("%s: %s; want %s", rec.Verdict, rec.Reason, want)
	}
}
