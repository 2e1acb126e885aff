package harness_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// direct is a network that is none: clients dial the server itself. It claims
// that every fault struck.
type direct struct{}

func (direct) Name() string    { return "direct" }
func (direct) Version() string { return "direct 1" }
func (direct) Close() error    { return nil }

func (direct) Supports(kind scenario.Kind) error {
	if kind == scenario.IdleDrop {
		return errors.New("there is no firewall: run it on kernel")
	}
	return nil
}

func (direct) SupportsProbe(probe heartbeat.Probe) error {
	if probe == heartbeat.ProbeKeepalive {
		return errors.New("there is no cable: run it on kernel")
	}
	return nil
}

func (direct) Open(_ context.Context, s network.Setup) (network.Path, error) {
	return &directPath{setup: s}, nil
}

type directPath struct {
	setup   network.Setup
	strikes []network.Strike
}

func (p *directPath) Addr() string                { return p.setup.Upstream }
func (p *directPath) Close(context.Context) error { return nil }
func (p *directPath) now() int64                  { return int64(time.Since(p.setup.Epoch)) }

func (p *directPath) Apply(_ context.Context, i int) error {
	p.strikes = append(p.strikes, network.Strike{Fault: i, On: p.now(), Off: network.Never, WithheldUp: 1, Forgotten: network.Never, Counted: true})
	return nil
}

func (p *directPath) Undo(_ context.Context, i int) error {
	p.strikes[i].Off = p.now()
	return nil
}

func (p *directPath) Observe(context.Context) (network.Observation, error) {
	return network.Observation{Strikes: append([]network.Strike(nil), p.strikes...)}, nil
}

// scripted is a subject that comes up at once and does what its kind says.
type scripted struct {
	stalls int // trials, from the first, in which its client's loop stalls
	broken bool

	mu     sync.Mutex
	trials int
}

func (*scripted) Name() string { return "scripted" }

func (s *scripted) New(setup subject.Setup) (subject.Subject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trials++
	return &script{Setup: setup, stall: s.trials <= s.stalls, broken: s.broken}, nil
}

type script struct {
	subject.Setup
	stall, broken bool
}

func (s *script) now() int64 { return int64(time.Since(s.Epoch)) }

func (s *script) Serve(ln net.Listener) error {
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		_ = c.Close()
	}
}

func (s *script) Dial(ctx context.Context, _ string) error {
	if s.broken {
		return errors.New("no route to anywhere")
	}
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		s.Record(trace.Event{T: s.now(), Side: side, Session: "a", What: trace.Up})
		s.Record(trace.Event{T: s.now(), Side: side, Session: "a", What: trace.Heard, Kind: "echo"})
	}
	if s.stall {
		s.Record(trace.Event{T: s.now(), To: s.now() + int64(10*time.Second), Side: heartbeat.ClientSide, What: trace.Stall})
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *script) Say() error                  { return nil }
func (s *script) Canary(heartbeat.Side) error { return nil }
func (s *script) Leave(heartbeat.Side) error  { return nil }
func (s *script) Reset(heartbeat.Side) error  { return nil }
