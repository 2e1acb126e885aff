package harness_test

import (
	"context"
	"net"
	"testing"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network/relay"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// onRelay runs a trial of a short scenario over UDP.
func onRelay(t *testing.T, kind subject.Kind, fault scenario.Fault, policy heartbeat.Policy, expect ...scenario.Expectation) judge.Record {
	t.Helper()
	must := scenario.MayStrike
	if fault.Kind.OfPeer() {
		must = scenario.MustStrike
	}
	trials, err := harness.Plan{
		Scenarios: []scenario.Scenario{{
			Name: "short", Claim: "C.", Observe: "300ms", Phases: []float64{0}, Policies: []string{policy.Name}, Expect: expect,
			Faults: []scenario.Step{{Fault: fault, Must: must}},
		}},
		Policies: []heartbeat.Policy{policy},
	}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	n := relay.New()
	records, err := harness.Runner{Network: n, Subject: kind, Retries: 3}.Run(t.Context(), trials)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	return records[0]
}

func TestWhatUDPHasNotIsNotMeasurable(t *testing.T) {
	reset := scenario.Fault{Kind: scenario.Reset, Side: heartbeat.ServerSide}
	unnoticed := scenario.Expectation{That: scenario.Unnoticed}
	for _, tt := range []struct {
		kind  subject.Kind
		fault scenario.Fault
		want  string
	}{
		{subject.Pair{}, reset, "not measurable on relay: UDP has no connection to close or reset: run it on toxiproxy"},
		{subject.Funcs{}, scenario.Fault{Kind: scenario.CablePull}, "not measurable on relay: it carries datagrams, and the subject functions speaks TCP"},
		{subject.Pair{}, scenario.Fault{Kind: scenario.LinkFlap, Out: "1s", Every: "2s"}, "not measurable on relay: a relay has no link that its ends could see go: run it with --network kernel"},
	} {
		if r := onRelay(t, tt.kind, tt.fault, fixed(t), unnoticed); r.Verdict != judge.NotMeasurable || r.Reason != tt.want {
			t.Errorf("%s: %q, want %q", r.Verdict, r.Reason, tt.want)
		}
	}
}

// Somebody else's client and server get datagrams too.
func TestForeignDatagrams(t *testing.T) {
	echo := subject.Funcs{
		Datagrams: true,
		ServeFn: func(ln net.Listener) error {
			pc := ln.(net.PacketConn)
			b := make([]byte, 100)
			for {
				n, from, err := pc.ReadFrom(b)
				if err != nil {
					return err
				}
				if _, err := pc.WriteTo(b[:n], from); err != nil {
					return err
				}
			}
		},
		DialFn: func(ctx context.Context, addr string) error {
			var d net.Dialer
			c, err := d.DialContext(ctx, "udp", addr)
			if err != nil {
				return err
			}
			defer c.Close()
			if _, err := c.Write([]byte("beat")); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		},
	}
	r := onRelay(t, echo, scenario.Fault{Kind: scenario.CablePull}, harness.Foreign("theirs", heartbeat.Window{Hi: 1e9}), scenario.Expectation{That: scenario.Unnoticed})
	if r.Verdict != judge.Held {
		t.Errorf("%s: %s %+v", r.Verdict, r.Reason, r.Checks)
	}
}
