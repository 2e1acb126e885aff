//go:build kernel

package kernel_test

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network/kernel"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/subject/command"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// play makes this binary one of two programs, at an address.
func play(part string, args []string) {
	switch part {
	case "server":
		ln, err := net.Listen("tcp", args[0])
		if err != nil {
			panic(err)
		}
		for {
			c, err := ln.Accept()
			if err != nil {
				panic(err)
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	case "client": // leaves it to its kernel
		d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 2}}
		c, err := d.Dial("tcp", args[0])
		if err != nil {
			panic(err)
		}
		if _, err := c.Write([]byte("x")); err != nil {
			panic(err)
		}
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
		time.Sleep(time.Hour)
	}
}

// Programs run on the hosts, and what their own kernel decides is measured: a
// keepalive behind a proxy could not be.
func TestPrograms(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	policy := harness.Foreign("keepalive-1-1-2", heartbeat.Window{Lo: time.Second, Hi: 5 * time.Second})
	trials, err := harness.Plan{
		Scenarios: scenarios.ByWire(heartbeat.ClientSide)[:1], Policies: []heartbeat.Policy{policy},
		Set: map[string]scenario.Span{"observe": "10s", "reconnect": "100ms"},
	}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	programs := command.Kind{
		Label: "programs", Server: []string{self, "play", "server", "{addr}"}, Client: []string{self, "play", "client", "{addr}"},
	}
	records := runner(t, onKernel(t, programs), trials)
	mustHold(t, records[0])
	t.Logf("the client hung up after %v", records[0].Client.HangUp)
}

// A server that is elsewhere has no host: that cannot be measured, and is said.
func TestAServerOutside(t *testing.T) {
	t.Parallel()
	policy := harness.Foreign("outside", heartbeat.Window{})
	trials, err := harness.Plan{
		Scenarios: scenarios.ByWire(heartbeat.ClientSide)[:1], Policies: []heartbeat.Policy{policy},
		Set: map[string]scenario.Span{"observe": "1s", "reconnect": "100ms"},
	}.Trials()
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, onKernel(t, command.Kind{Upstream: "192.0.2.99:80", Client: []string{"true"}}), trials)[0]
	if r.Verdict != judge.NotMeasurable || !strings.Contains(r.Reason, "outside") {
		t.Errorf("%s: %s", r.Verdict, r.Reason)
	}
}

// onKernel is a runner on a kernel network that ends with the test.
func onKernel(t *testing.T, kind subject.Kind) harness.Runner {
	t.Helper()
	n := start[*kernel.Network](t)(kernel.New())
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return harness.Runner{Network: n, Subject: kind}
}
