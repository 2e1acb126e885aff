//go:build kernel

package kernel

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// A cable withholds everything, and both ends' hang-ups are seen all the same.
// After the heal, what was sent arrives in order, with the next retransmission.
func TestACable(t *testing.T) {
	for _, where := range []scenario.Place{scenario.AtClient, scenario.AtServer, scenario.Middle} {
		t.Run(string(where), func(t *testing.T) {
			l := open(t, network.Fault{Kind: scenario.CablePull, Where: where})
			l.client.sends("ab")
			l.server.gets("ab")
			l.apply(0)
			for side, want := range map[heartbeat.Side]bool{
				heartbeat.ClientSide: where != scenario.AtClient, heartbeat.ServerSide: where != scenario.AtServer,
			} {
				if got := l.carrier(side, want); got != want {
					t.Errorf("the %s's carrier: %v", side, got)
				}
			}
			l.client.sends("cd")
			l.server.sends("xy")
			l.server.getsNothing(300 * time.Millisecond)
			l.client.getsNothing(time.Millisecond)
			o := l.observe()
			s, k := o.Strikes[0], o.Links[0]
			if s.WithheldUp == 0 || s.WithheldDown == 0 || !s.Struck() || s.LastPassedUp != k.Up.LastPassed || s.LastPassedUp > s.On {
				t.Errorf("strike %+v, link %+v", s, k)
			}
			if k.Up.Passed != 2 || k.Down.Passed != 0 {
				t.Errorf("link %+v", k)
			}
			l.undo(0)
			healed := l.now()
			l.server.gets("cd")
			l.client.gets("xy")
			if k := l.observe().Links[0]; k.Up.Passed != 4 || k.Down.Passed != 2 || k.Up.Resumed < o.Strikes[0].On {
				t.Errorf("after the heal: link %+v", k)
			}
			t.Logf("resumed %v after the heal", time.Duration(l.now()-healed))
		})
	}
}

// carrier is whether side's device has one. That it is lost takes the kernel up
// to a second to tell.
func (l *line) carrier(side heartbeat.Side, want bool) (has bool) {
	l.t.Helper()
	for limit := time.Now().Add(2 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		l.must(network.On(l.ctx, side, func() error {
			device, err := net.InterfaceByName(card)
			has = err == nil && device.Flags&net.FlagRunning != 0
			return err
		}))
		if has == want {
			break
		}
	}
	return has
}

// Who hangs up while bytes are under way cannot even send its FIN.
func TestAHangUpBehindACable(t *testing.T) {
	l := open(t, network.Fault{Kind: scenario.CablePull})
	l.client.sends("a")
	l.server.gets("a")
	l.apply(0)
	l.client.sends("bcd")
	time.Sleep(700 * time.Millisecond) // two retransmissions: the window is closed
	before := l.now()
	l.client.Close()
	o := l.until("the hang-up", func(o network.Observation) bool { return o.Links[0].Up.HungUp != network.Never })
	if at := o.Links[0].Up.HungUp; at < before || at > l.now() {
		t.Errorf("hung up at %v, want after %v", time.Duration(at), time.Duration(before))
	}
	if o.Strikes[0].Closings != 1 || o.Links[0].Up.Closed != network.Never {
		t.Errorf("observation %+v", o)
	}
	if _, err := l.dialFor(500 * time.Millisecond); err == nil {
		t.Error("a dial comes through")
	}
}

func (l *line) dialFor(d time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(l.ctx, d)
	defer cancel()
	return network.Dial(ctx, l.Addr())
}

func TestHalfOpen(t *testing.T) {
	for _, kind := range []scenario.Kind{scenario.HalfOpenUp, scenario.HalfOpenDown} {
		t.Run(string(kind), func(t *testing.T) {
			l := open(t, network.Fault{Kind: kind})
			l.client.sends("a")
			l.server.gets("a")
			l.server.sends("b") // so that nothing is unacknowledged
			l.client.gets("b")
			l.apply(0)
			talks, mute := l.server, l.client
			if kind == scenario.HalfOpenDown {
				talks, mute = mute, talks
			}
			talks.sends("x")
			mute.gets("x")
			mute.sends("y")
			talks.getsNothing(300 * time.Millisecond)
			s := l.observe().Strikes[0]
			if up := kind == scenario.HalfOpenUp; (s.WithheldUp > 0) != up || (s.WithheldDown > 0) == up {
				t.Errorf("strike %+v", s)
			}
			if where := l.observe().Links[0]; where.Up.Passed+where.Down.Passed != 3 {
				t.Errorf("link %+v", where)
			}
		})
	}
}

// conntrack forgets a flow after its idle time, and not before.
func TestIdleDrop(t *testing.T) {
	for _, mode := range []scenario.DropMode{scenario.DropSilent, scenario.DropResetOnSend} {
		t.Run(string(mode), func(t *testing.T) {
			const idle = 3 * time.Second
			l := open(t, network.Fault{Kind: scenario.IdleDrop, Idle: idle, Mode: mode})
			l.apply(0)
			for range 9 { // kept open for longer than that, also where a pause takes two seconds more
				l.client.sends("x")
				l.server.gets("x")
				time.Sleep(400 * time.Millisecond)
			}
			if o := l.observe(); o.Strikes[0].Struck() || o.Strikes[0].Forgotten != network.Never {
				t.Fatalf("it struck: %+v", o.Strikes[0])
			}
			last := l.observe().Links[0].Up.LastPassed
			o := l.until("forgetting", func(o network.Observation) bool { return o.Strikes[0].Forgotten != network.Never })
			if after := time.Duration(o.Strikes[0].Forgotten - last); after < idle || after > idle+time.Second {
				t.Errorf("forgotten %v after the last byte", after)
			}
			l.client.sends("late")
			if mode == scenario.DropResetOnSend {
				if err := l.client.fails(); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("the client's end: %v", err)
				}
				l.until("an end", func(o network.Observation) bool {
					return o.Strikes[0].Ended == 1 && o.Links[0].Down.Ended != network.Never
				})
			}
			l.server.getsNothing(300 * time.Millisecond)
			if o := l.observe(); o.Strikes[0].WithheldUp == 0 || o.Links[0].Up.Withheld != 4 {
				t.Errorf("observation %+v", o)
			}
		})
	}
}

// While the firewall is undone, a retransmission may make the flow known again:
// that it was forgotten stays true.
func TestAForgottenFlowStaysForgotten(t *testing.T) {
	l := open(t, network.Fault{Kind: scenario.IdleDrop, Idle: time.Second, Mode: scenario.DropSilent})
	l.apply(0)
	l.client.sends("x")
	l.server.gets("x")
	o := l.until("forgetting", func(o network.Observation) bool { return o.Strikes[0].Forgotten != network.Never })
	if err := l.Path.(*path).pickUp("1"); err != nil {
		t.Fatal(err)
	}
	l.client.sends("known again")
	l.server.gets("known again")
	if got, want := l.observe().Strikes[0].Forgotten, o.Strikes[0].Forgotten; got != want {
		t.Errorf("forgotten at %d, want %d as before", got, want)
	}
}

func TestNATRebind(t *testing.T) {
	l := open(t, network.Fault{Kind: scenario.NATRebind})
	first := l.server.RemoteAddr().String()
	if !strings.HasPrefix(first, serverGate.String()) {
		t.Errorf("the server sees %s, want the router's address", first)
	}
	l.client.sends("a")
	l.server.gets("a")
	l.apply(0)
	l.server.sends("b") // to a port that is nobody's now
	l.client.getsNothing(300 * time.Millisecond)
	l.client.sends("c")
	if err := l.client.fails(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client's end: %v", err)
	}
	l.server.getsNothing(300 * time.Millisecond)
	o := l.until("an end", func(o network.Observation) bool { return o.Strikes[0].Ended > 0 })
	s, k := o.Strikes[0], o.Links[0]
	if s.Forgotten != s.On || s.WithheldDown == 0 || k.Down.Ended == network.Never || k.Up.HungUp != network.Never || k.Down.HungUp != network.Never {
		t.Errorf("strike %+v, link %+v", s, k)
	}
	if client, server := l.dial(); server.RemoteAddr().String() == first {
		t.Error("the mapping is the old one")
	} else {
		client.sends("d")
		server.gets("d")
	}
}

// Every byte arrives, and about as many packets are lost as was said.
func TestLoss(t *testing.T) {
	l := open(t, network.Fault{Kind: scenario.Loss, Percent: 30, Toward: heartbeat.ServerSide})
	l.apply(0)
	const total = 300
	go func() {
		for range total {
			if _, err := l.client.Write([]byte("x")); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	l.server.gets(strings.Repeat("x", total))
	l.undo(0)
	o := l.observe()
	if s := o.Strikes[0]; s.WithheldUp == 0 || s.WithheldDown != 0 || o.Links[0].Up.Passed != total {
		t.Errorf("observation %+v", o)
	}
}

func TestPortBlocked(t *testing.T) {
	l := open(t, network.Fault{Kind: scenario.PortBlocked})
	l.apply(0)
	l.client.sends("a")
	l.server.gets("a")
	if _, err := l.dialFor(300 * time.Millisecond); err == nil {
		t.Error("a dial comes through")
	}
	if s := l.observe().Strikes[0]; s.Dials != 1 || s.WithheldUp == 0 || s.Closings != 0 {
		t.Errorf("strike %+v", s)
	}
	l.undo(0)
	client, server := l.dial()
	client.sends("b")
	server.gets("b")
}

func TestLinkFlap(t *testing.T) {
	l := open(t, network.Fault{Kind: scenario.LinkFlap, Out: 250 * time.Millisecond, Every: 600 * time.Millisecond})
	l.apply(0)
	for range 20 {
		l.client.sends("x")
		l.server.sends("y")
		time.Sleep(100 * time.Millisecond)
	}
	l.undo(0)
	l.server.gets(strings.Repeat("x", 20))
	l.client.gets(strings.Repeat("y", 20))
	if s := l.observe().Strikes[0]; s.WithheldUp == 0 || s.WithheldDown == 0 || s.Off == network.Never {
		t.Errorf("strike %+v", s)
	}
	if !l.carrier(heartbeat.ClientSide, true) {
		t.Error("the link is gone")
	}
}

// netem makes late, where there is one; else the network says that it has none.
func TestLatency(t *testing.T) {
	n := newNetwork(t)
	if err := n.Supports(scenario.Latency); err != nil {
		if !strings.Contains(err.Error(), "CONFIG_NET_SCH_NETEM") {
			t.Errorf("error %v, want one that names what is missing", err)
		}
		return
	}
	const late = 100 * time.Millisecond
	l := open(t, network.Fault{Kind: scenario.Latency, Delay: network.Delay{Latency: late}})
	l.apply(0)
	sent := time.Now()
	l.client.sends("a")
	l.server.gets("a")
	if took := time.Since(sent); took < late {
		t.Errorf("it took %v", took)
	}
	if s := l.observe().Strikes[0]; s.Delayed == 0 {
		t.Errorf("strike %+v", s)
	}
}

func TestOrderlyEndsAreSeen(t *testing.T) {
	l := open(t)
	l.client.sends("a")
	l.server.gets("a")
	l.client.Close()
	if err := l.server.fails(); !errors.Is(err, io.EOF) {
		t.Errorf("the server's end: %v", err)
	}
	l.server.Close()
	o := l.until("both ends", func(o network.Observation) bool {
		k := o.Links[0]
		return k.Up.HungUp != network.Never && k.Up.Closed != network.Never && k.Down.HungUp != network.Never
	})
	if k := o.Links[0]; k.Up.Closed < k.Up.HungUp || k.Down.HungUp < k.Up.Closed {
		t.Errorf("link %+v", k)
	}
}

// What is still open when the path closes is ended, and its hosts' namespaces
// are let go.
func TestClosingEndsConnections(t *testing.T) {
	l := open(t, network.Fault{Kind: scenario.CablePull})
	l.client.sends("a")
	l.server.gets("a")
	l.apply(0)
	l.client.sends("b")
	l.must(l.Close(l.ctx))
	l.must(l.Close(l.ctx)) // again: to no effect
	for _, e := range []*end{l.client, l.server} {
		if err := e.fails(); !errors.Is(err, unix.ECONNABORTED) {
			t.Errorf("its end: %v", err)
		}
	}
	if _, err := l.Observe(l.ctx); !errors.Is(err, errClosed) {
		t.Errorf("a closed path is observed: %v", err)
	}
	if err := l.Apply(l.ctx, 0); !errors.Is(err, errClosed) {
		t.Errorf("a closed path applies faults: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	n := newNetwork(t)
	for _, row := range []struct {
		name   string
		change func(*network.Setup)
		want   string
	}{
		{"no name", func(s *network.Setup) { s.Name = "" }, "name"},
		{"no epoch", func(s *network.Setup) { s.Epoch = time.Time{} }, "epoch"},
		{"a server outside", func(s *network.Setup) { s.Upstream = "example.com:80" }, "outside"},
		{"half an upstream", func(s *network.Setup) { s.Upstream = "x" }, "host:port"},
		{"a client outside", func(s *network.Setup) { s.Listen = "127.0.0.1:5000" }, "outside"},
		{"a firewall that resets both", func(s *network.Setup) {
			s.Faults = []network.Fault{{Kind: scenario.IdleDrop, Idle: 1, Mode: scenario.DropResetAtIdle}}
		}, "toxiproxy"},
		{"no idle time", func(s *network.Setup) {
			s.Faults = []network.Fault{{Kind: scenario.IdleDrop, Mode: scenario.DropSilent}}
		}, "more than 0"},
		{"a cable elsewhere", func(s *network.Setup) { s.Faults = []network.Fault{{Kind: scenario.CablePull, Where: "attic"}} }, "client, server, middle"},
		{"a fault of a peer", func(s *network.Setup) { s.Faults = []network.Fault{{Kind: scenario.Leave}} }, "peer"},
		{"no such fault", func(s *network.Setup) { s.Faults = []network.Fault{{Kind: "flood"}} }, "cable-pull, half-open-down"},
		{"a flap without an end", func(s *network.Setup) { s.Faults = []network.Fault{{Kind: scenario.LinkFlap, Out: 2, Every: 1}} }, "more than that"},
		{"a loss of nothing", func(s *network.Setup) { s.Faults = []network.Fault{{Kind: scenario.Loss}} }, "0.01 to 100"},
	} {
		setup := network.Setup{Name: "x", Epoch: time.Now()}
		row.change(&setup)
		if _, err := n.Open(t.Context(), setup); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v, want one with %q", row.name, err, row.want)
		}
	}
}

func TestFaultsThatDoNotGoTogether(t *testing.T) {
	l := open(t, network.Fault{Kind: scenario.CablePull}, network.Fault{Kind: scenario.LinkFlap, Out: 1, Every: 2}, network.Fault{Kind: scenario.HalfOpenUp})
	l.apply(0)
	for i, want := range map[int]string{0: "is active", 1: "is active", 3: "below 3"} {
		if err := l.Apply(l.ctx, i); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fault %d: %v", i, err)
		}
	}
	l.apply(2)
	l.undo(0)
	if err := l.Undo(l.ctx, 0); err == nil || !strings.Contains(err.Error(), "not active") {
		t.Errorf("undone twice: %v", err)
	}
	l.undo(2)
	l.apply(0)
	if n := len(l.observe().Strikes); n != 3 {
		t.Errorf("%d strikes, want 3", n)
	}
}

// After a path nothing is held: no namespace, no socket.
func TestAPathLeavesNothing(t *testing.T) {
	n := newNetwork(t)
	for _, ended := range []bool{false, true} {
		before := held(t, "self")
		ctx, cancel := context.WithCancel(t.Context())
		if ended {
			cancel()
		}
		p, err := n.Open(ctx, network.Setup{Name: "x", Epoch: time.Now(), Faults: []network.Fault{{Kind: scenario.CablePull}, {Kind: scenario.NATRebind}}})
		if (err != nil) != ended {
			t.Fatal(err)
		}
		if err == nil {
			if got := len(held(t, "self")); got != len(before)+3 {
				t.Errorf("a path holds %d namespaces, want 3", got-len(before))
			}
			if err := p.Close(ctx); err != nil {
				t.Error(err)
			}
		}
		cancel()
		if got := held(t, "self"); len(got) != len(before) {
			t.Errorf("%v are held, before %v", got, before)
		}
	}
}
