package harness_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

func answer(ln net.Listener) error {
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
	}
}

// comesBack hangs up after half a second of silence, and connects again.
func comesBack(ctx context.Context, addr string) error {
	for ctx.Err() == nil {
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		for ctx.Err() == nil {
			_, _ = c.Write([]byte("beat"))
			_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
			if _, err := c.Read(make([]byte, 4)); err != nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		_ = c.Close()
	}
	return context.Cause(ctx)
}

func TestWhoDoesNotComeBackIsSaidToHaveEnded(t *testing.T) {
	t.Parallel()
	trials, err := harness.Plan{
		Policies: []heartbeat.Policy{harness.Foreign("half a second", heartbeat.Window{})}, Phases: []float64{0},
		Scenarios: []scenario.Scenario{{
			Name: "pull", Claim: "c", Observe: "3s",
			Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, For: "2s", Must: scenario.MustStrike}},
			Expect: []scenario.Expectation{{That: scenario.Recovers, Within: scenario.Range{Hi: "500ms"}}},
		}},
	}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	once := func(ctx context.Context, addr string) error {
		limited, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
		defer cancel()
		_ = comesBack(limited, addr)
		return errors.New("it gave up")
	}
	records, err := harness.Runner{Subject: subject.Funcs{ServeFn: answer, DialFn: once}, Retries: 3}.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	r := records[0]
	if r.Verdict != judge.Broken || !strings.Contains(r.Reason, "the subject's client ended: it gave up") {
		t.Errorf("%s: %s, want broken, as the client ended", r.Verdict, r.Reason)
	}
}

// A second pull lasts until the connection is hung up that it met, not that of the
// first.
func TestEachPullWaitsForItsOwnHangUps(t *testing.T) {
	t.Parallel()
	pull := scenario.Step{Fault: scenario.Fault{Kind: scenario.CablePull}, For: "3s", Must: scenario.MustStrike}
	again := pull
	again.At = "4s"
	trials, err := harness.Plan{
		Policies: []heartbeat.Policy{harness.Foreign("half a second", heartbeat.Window{})}, Phases: []float64{0},
		Scenarios: []scenario.Scenario{{
			Name: "pulls", Claim: "c", Observe: "8s", Faults: []scenario.Step{pull, again},
			Expect: []scenario.Expectation{{That: scenario.HangsUp, Side: heartbeat.ClientSide}},
		}},
	}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	records, err := harness.Runner{Subject: subject.Funcs{ServeFn: answer, DialFn: comesBack}, Retries: 3}.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	r := records[0]
	if r.Verdict != judge.Held || len(r.Strikes) != 2 {
		t.Fatalf("%s: %s; strikes %+v", r.Verdict, r.Reason, r.Strikes)
	}
	for i, s := range r.Strikes {
		if lasted := time.Duration(s.Off - s.On); lasted < 400*time.Millisecond {
			t.Errorf("pull %d lasted %v, want as long as its client waits", i+1, lasted)
		}
	}
}
