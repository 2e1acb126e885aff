package relay

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// rig is a path, a server behind it that sends back what it gets, with the sender's
// address, and a client.
type rig struct {
	t      *testing.T
	path   network.Path
	server net.PacketConn
	client net.Conn
	seen   chan net.Addr // whom the server heard
}

func newRig(t *testing.T, delay network.Delay, faults ...network.Fault) *rig {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	r := &rig{t: t, seen: make(chan net.Addr, 1000)}
	var err error
	if r.server, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.server.Close() })
	go func() {
		b := make([]byte, 2048)
		for {
			n, from, err := r.server.ReadFrom(b)
			if err != nil {
				return
			}
			r.seen <- from
			_, _ = r.server.WriteTo(b[:n], from)
		}
	}()
	n := New()
	r.path, err = n.Open(t.Context(), network.Setup{
		Name: t.Name(), Upstream: r.server.LocalAddr().String(), Epoch: time.Now(), Seed: 1, Delay: delay, Faults: faults,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 {
			if err := r.path.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if r.client, err = net.Dial("udp", r.path.Addr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.client.Close() })
	return r
}

func (r *rig) say(text string) {
	r.t.Helper()
	if _, err := r.client.Write([]byte(text)); err != nil {
		r.t.Fatal(err)
	}
}

// hears expects an answer.
func (r *rig) hears(want string) {
	r.t.Helper()
	_ = r.client.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 2048)
	n, err := r.client.Read(b)
	if err != nil || string(b[:n]) != want {
		r.t.Fatalf("heard %q, %v, want %q", b[:n], err, want)
	}
}

func (r *rig) heardBy() net.Addr {
	r.t.Helper()
	select {
	case from := <-r.seen:
		return from
	case <-time.After(5 * time.Second):
		r.t.Fatal("the server heard nothing")
		return nil
	}
}

func (r *rig) switches(what func(context.Context, int) error, i int) {
	r.t.Helper()
	if err := what(r.t.Context(), i); err != nil {
		r.t.Fatal(err)
	}
}

// until waits for a proof.
func (r *rig) until(what string, ok func(network.Observation) bool) {
	r.t.Helper()
	var o network.Observation
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		var err error
		if o, err = r.path.Observe(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		if ok(o) {
			return
		}
	}
	r.t.Fatalf("no proof of %s in %+v", what, o)
}

func TestPullAndHeal(t *testing.T) {
	r := newRig(t, network.Delay{}, network.Fault{Kind: scenario.CablePull})
	r.say("before")
	r.hears("before")
	r.switches(r.path.Apply, 0)
	r.say("lost")
	r.until("a cut", func(o network.Observation) bool {
		return len(o.Strikes) == 1 && o.Strikes[0].Struck() && o.Strikes[0].WithheldUp == 4 && o.Links[0].Up.Withheld == 4
	})
	r.switches(r.path.Undo, 0)
	r.say("after")
	r.hears("after") // and what was lost is
	r.until("a heal", func(o network.Observation) bool {
		_, carries := o.Links[0].Resumes(o.Strikes[0].Off)
		return carries
	})
}

// The client's next datagram comes from another port, where its answers go; what
// the server sends to the old one reaches nobody.
func TestRebind(t *testing.T) {
	r := newRig(t, network.Delay{}, network.Fault{Kind: scenario.NATRebind})
	r.say("before")
	r.hears("before")
	old := r.heardBy()
	r.switches(r.path.Apply, 0)
	if _, err := r.server.WriteTo([]byte("lost"), old); err != nil {
		t.Fatal(err)
	}
	r.until("a lost datagram", func(o network.Observation) bool { return o.Strikes[0].WithheldDown == 4 })
	r.say("after")
	r.hears("after")
	if now := r.heardBy(); now.String() == old.String() {
		t.Errorf("the server hears the client from %v, as before", now)
	}
	r.until("a new address", func(o network.Observation) bool {
		s := o.Strikes[0]
		return s.Rebound == 1 && s.Struck() && s.Forgotten == s.On && len(o.Links) == 1
	})
	r.say("again")
	r.hears("again")
	r.until("one rebind alone", func(o network.Observation) bool { return o.Strikes[0].Rebound == 1 })
}

func TestDelayedDatagramsKeepTheirOrder(t *testing.T) {
	r := newRig(t, network.Delay{Latency: 20 * time.Millisecond, Jitter: 20 * time.Millisecond})
	begun := time.Now()
	for n := range 50 {
		r.say(fmt.Sprint(n))
	}
	for n := range 50 {
		r.hears(fmt.Sprint(n))
	}
	if d := time.Since(begun); d < 20*time.Millisecond {
		t.Errorf("all were there after %v", d)
	}
}

func TestEveryKindProvesItself(t *testing.T) {
	for _, tt := range []struct {
		fault network.Fault
		ok    func(network.Strike) bool
	}{
		{network.Fault{Kind: scenario.HalfOpenUp}, func(s network.Strike) bool { return s.WithheldUp > 0 && s.WithheldDown == 0 }},
		{network.Fault{Kind: scenario.HalfOpenDown}, func(s network.Strike) bool { return s.WithheldUp == 0 && s.WithheldDown > 0 }},
		{network.Fault{Kind: scenario.Loss, Percent: 50}, func(s network.Strike) bool { return s.WithheldUp > 0 && s.WithheldDown > 0 }},
		{network.Fault{Kind: scenario.BurstLoss, Percent: 50, Burst: 2}, func(s network.Strike) bool { return s.WithheldUp > 0 && s.WithheldDown > 0 }},
		{network.Fault{Kind: scenario.Duplication, Percent: 50}, func(s network.Strike) bool { return s.Doubled > 0 }},
		{network.Fault{Kind: scenario.Reordering, Percent: 50}, func(s network.Strike) bool { return s.Overtaken > 0 }},
		{network.Fault{Kind: scenario.Latency, Delay: network.Delay{Latency: time.Millisecond}}, func(s network.Strike) bool { return s.Delayed > 0 }},
		{network.Fault{Kind: scenario.IdleDrop, Idle: time.Millisecond, Mode: scenario.DropSilent}, func(s network.Strike) bool { return s.WithheldUp > 0 && s.Forgotten != network.Never }},
	} {
		t.Run(string(tt.fault.Kind), func(t *testing.T) {
			r := newRig(t, network.Delay{}, tt.fault)
			r.say("before")
			r.hears("before")
			r.switches(r.path.Apply, 0)
			if err := r.path.Apply(t.Context(), 0); err == nil {
				t.Error("it was applied twice")
			}
			if tt.fault.Kind == scenario.IdleDrop {
				time.Sleep(5 * time.Millisecond) // longer than it may be idle
			}
			for range 100 {
				r.say("x")
			}
			r.until("its effect", func(o network.Observation) bool { return tt.ok(o.Strikes[0]) && o.Strikes[0].Struck() })
			r.switches(r.path.Undo, 0)
			if err := r.path.Undo(t.Context(), 0); err == nil {
				t.Error("it was undone twice")
			}
		})
	}
}

func TestSupports(t *testing.T) {
	n := New()
	for _, kind := range scenario.Kinds() {
		err := n.Supports(kind)
		switch kind {
		case scenario.LinkFlap, scenario.PortBlocked:
			if err == nil || !strings.Contains(err.Error(), "--network kernel") {
				t.Errorf("%s: %v, want where to have it", kind, err)
			}
		case scenario.Leave, scenario.Reset, scenario.Crash, scenario.Freeze:
			if err == nil || !strings.Contains(err.Error(), "peer") {
				t.Errorf("%s: %v, want who does it", kind, err)
			}
		default:
			if err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	if err := n.Supports("flood"); err == nil || !strings.Contains(err.Error(), "accepted: cable-pull, ") {
		t.Errorf("an unknown fault: %v", err)
	}
	for probe, want := range map[heartbeat.Probe]bool{heartbeat.ProbeEcho: true, heartbeat.ProbePush: true, heartbeat.ProbeNone: true, heartbeat.ProbeKeepalive: false, heartbeat.ProbeUrgent: false} {
		if err := n.SupportsProbe(probe); (err == nil) != want {
			t.Errorf("probe %s: %v", probe, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	good := network.Setup{Name: "p", Upstream: "127.0.0.1:1", Epoch: time.Now()}
	for _, tt := range []struct {
		name   string
		change func(*network.Setup)
		want   string
	}{
		{"no name", func(s *network.Setup) { s.Name = "" }, "name"},
		{"no epoch", func(s *network.Setup) { s.Epoch = time.Time{} }, "epoch"},
		{"an upstream without port", func(s *network.Setup) { s.Upstream = "127.0.0.1" }, "host:port"},
		{"a taken address", func(s *network.Setup) { s.Listen = "192.0.2.1:1" }, "listen"},
		{"a delay below 0", func(s *network.Setup) { s.Delay.Latency = -1 }, "accepted: 0 or more"},
		{"a reset", func(s *network.Setup) {
			s.Faults = []network.Fault{{Kind: scenario.IdleDrop, Idle: 1, Mode: scenario.DropResetAtIdle}}
		}, "no reset"},
		{"a cable elsewhere", func(s *network.Setup) {
			s.Faults = []network.Fault{{Kind: scenario.CablePull, Where: scenario.AtServer}}
		}, "--network kernel"},
		{"a loss of nothing", func(s *network.Setup) { s.Faults = []network.Fault{{Kind: scenario.Loss}} }, "accepted: above 0"},
	} {
		s := good
		tt.change(&s)
		if _, err := New().Open(t.Context(), s); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
