package toxiproxy

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

func TestVersionIsTheModules(t *testing.T) {
	module, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "github.com/Shopify/toxiproxy/v2 v" + version; !strings.Contains(string(module), want) {
		t.Errorf("go.mod doesn't require %s", want)
	}
}

func TestSupports(t *testing.T) {
	n := newRig(t).network
	for _, kind := range scenario.Kinds() {
		err := n.Supports(kind)
		switch {
		case kind.OfPeer() && (err == nil || !strings.Contains(err.Error(), "peer")):
			t.Errorf("%s: %v, want an error that speaks of the peer", kind, err)
		case kind.OfPeer():
		case slices.Contains(supported, kind) && err != nil:
			t.Errorf("%s: %v", kind, err)
		case !slices.Contains(supported, kind) && (err == nil || !strings.Contains(err.Error(), "--network ")):
			t.Errorf("%s: %v, want an error that says where to run it", kind, err)
		}
	}
	if err := n.Supports("flood"); err == nil || !strings.Contains(err.Error(), "cable-pull, half-open-up") {
		t.Errorf("unknown fault: %v, want an error with the known ones", err)
	}
}

func TestSupportsProbe(t *testing.T) {
	n := newRig(t).network
	for probe, want := range map[heartbeat.Probe]bool{
		heartbeat.ProbeEcho: true, heartbeat.ProbePush: true, heartbeat.ProbeNone: true,
		heartbeat.ProbeUrgent: true, heartbeat.ProbeSocketState: true, heartbeat.ProbeTCPInfo: true,
		heartbeat.ProbeKeepalive: false, heartbeat.ProbeUserTimeout: false,
	} {
		err := n.SupportsProbe(probe)
		if (err == nil) != want || err != nil && err.Error() != "the proxy's kernel answers for the peer: run it on kernel" {
			t.Errorf("%s: %v", probe, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	r := newRig(t)
	for _, row := range []struct {
		name   string
		change func(*network.Setup)
		want   string
	}{
		{"no name", func(s *network.Setup) { s.Name = "" }, "name"},
		{"no epoch", func(s *network.Setup) { s.Epoch = time.Time{} }, "epoch"},
		{"no port", func(s *network.Setup) { s.Upstream = "localhost" }, "host:port"},
		{"negative delay", func(s *network.Setup) { s.Delay.Latency = -1 }, "accepted: 0 to"},
		{"strange law", func(s *network.Setup) { s.Delay.Law = "pareto" }, "uniform, normal"},
		{"fault of a peer", func(s *network.Setup) { s.Faults[0].Kind = scenario.Leave }, "fault 0: leave"},
		{"no idle time", func(s *network.Setup) { s.Faults[0].Idle = 0 }, "more than 0"},
		{"no mode", func(s *network.Setup) { s.Faults[0].Mode = "" }, "silent, reset-on-send, reset-at-idle"},
		{"a server's cable", func(s *network.Setup) {
			s.Faults[0] = network.Fault{Kind: scenario.CablePull, Where: scenario.AtServer}
		}, "--network kernel"},
		{"endless latency", func(s *network.Setup) {
			s.Faults[0] = network.Fault{Kind: scenario.Latency, Delay: network.Delay{Jitter: 1 << 60}}
		}, "fault 0: delay"},
	} {
		t.Run(row.name, func(t *testing.T) {
			setup := r.setup(network.Fault{Kind: scenario.IdleDrop, Idle: time.Second, Mode: scenario.DropSilent})
			row.change(&setup)
			if _, err := r.network.Open(t.Context(), setup); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want one with %q", err, row.want)
			}
		})
	}
}

func TestFaultsThatDoNotGoTogether(t *testing.T) {
	r := newRig(t)
	l := r.open(r.setup(
		network.Fault{Kind: scenario.CablePull},
		network.Fault{Kind: scenario.HalfOpenUp},
		network.Fault{Kind: scenario.HalfOpenDown},
	))
	for _, step := range []struct {
		do   func(context.Context, int) error
		i    int
		want string // "": it succeeds
	}{
		{l.Undo, 0, "not active"},
		{l.Apply, 0, ""},
		{l.Apply, 0, "fault 0 (cable-pull) is active"},
		{l.Apply, 2, "fault 0 (cable-pull) is active"},
		{l.Undo, 2, "not active"},
		{l.Undo, 0, ""},
		{l.Apply, 1, ""},
		{l.Apply, 2, ""},
		{l.Apply, 0, "is active"},
		{l.Apply, 3, "below 3"},
		{l.Apply, -1, "below 3"},
	} {
		err := step.do(t.Context(), step.i)
		if (err == nil) != (step.want == "") || err != nil && !strings.Contains(err.Error(), step.want) {
			t.Errorf("fault %d: error %v, want %q", step.i, err, step.want)
		}
	}
	if o := l.observe(); len(o.Strikes) != 3 || o.Strikes[1].Fault != 1 || o.Strikes[2].Fault != 2 {
		t.Errorf("strikes %+v", o.Strikes)
	}
}

func TestCloseIsRefusedWhilePathsAreOpen(t *testing.T) {
	r := newRig(t)
	l := r.open(r.setup())
	if err := r.network.Close(); err == nil || !strings.Contains(err.Error(), t.Name()) {
		t.Errorf("error %v, want one that names the path", err)
	}
	l.close()
	l.close() // again: to no effect
	if err := l.Apply(t.Context(), 0); !errors.Is(err, errClosed) {
		t.Errorf("a closed path applies faults: %v", err)
	}
	if _, err := l.Observe(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("a closed path is observed: %v", err)
	}
}

func TestAnEndedContextEndsCalls(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.network.Open(ctx, r.setup()); err == nil {
		t.Error("Open succeeds")
	}
	l := r.open(r.setup(network.Fault{Kind: scenario.CablePull}))
	if err := l.Apply(ctx, 0); err == nil {
		t.Error("Apply succeeds")
	}
	if n := len(l.observe().Strikes); n != 0 {
		t.Errorf("%d strikes, want none", n)
	}
	// What must not be left over is undone all the same, if in the background.
	if err := l.Close(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
}

// The API knows no contexts: what is made in vain is removed behind the caller.
func TestAbandonedOpenLeavesNothing(t *testing.T) {
	r := newRig(t)
	for i := range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*50*time.Microsecond)
		p, err := r.network.Open(ctx, r.setup())
		cancel()
		switch {
		case err == nil:
			if err := p.Close(t.Context()); err != nil {
				t.Error(err)
			}
		case !errors.Is(err, context.DeadlineExceeded):
			t.Error(err)
		}
	}
}

// Two networks of one process, and paths of the same name: each has a cable of
// its own.
func TestNetworksDoNotShareCables(t *testing.T) {
	one := newRig(t)
	two := *one
	var err error
	if two.network, err = New(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := two.network.Close(); err != nil {
			t.Error(err)
		}
	})
	// Opened at once, so that toxics of both join cables in any order.
	var lines [40]*line
	var opening sync.WaitGroup
	for i := range lines {
		r := []*rig{one, &two}[i%2]
		opening.Go(func() { lines[i] = r.open(r.setup()) })
	}
	opening.Wait()
	for _, l := range lines {
		client, server := l.dial()
		client.sends("x")
		server.wants("x")
		server.sends("y")
		client.wants("y")
		if n := len(l.observe().Links); n != 1 {
			t.Errorf("%d links are seen, want 1", n)
		}
	}
}
