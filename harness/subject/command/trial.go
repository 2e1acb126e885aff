package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// programs are a Kind in one trial. Their Upstream is known.
type programs struct {
	Kind
	setup subject.Setup
}

var _ subject.Placed = programs{}

func (p programs) Place() subject.Place {
	return subject.Place{Upstream: p.Upstream, Listen: p.Listen, ComeUp: p.comeUp()}
}

func (p programs) comeUp() time.Duration { return cmp.Or(p.ComeUp, 30*time.Second) }

func (p programs) Cue(ctx context.Context) error {
	if p.Kind.Cue != nil {
		return p.Kind.Cue(ctx)
	}
	return subject.After(ctx, cmp.Or(p.After, UsualAfter))
}

// Left has nothing to do.
func (programs) Left() {}

// Serve is never called: Dial runs the server as well.
func (programs) Serve(net.Listener) error { return errors.New("its server has an address of its own") }

// Dial starts the server, then the client, and returns once both have ended: by
// themselves, which Exited is told, or because ctx has. One that ends leaves the
// other alone, for that is what it may be timed for.
func (p programs) Dial(ctx context.Context, addr string) error {
	if len(p.Client)+len(p.Server) == 0 { // both are somebody else's to start, and to end
		<-ctx.Done()
		return context.Cause(ctx)
	}
	ctx, over := context.WithCancelCause(ctx)
	defer over(nil)
	going, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var all []*program
	var running sync.WaitGroup
	run := func(side heartbeat.Side, argv []string, addr string) {
		one, err := newProgram(side, argv, addr, p.setup.Output)
		if err != nil {
			over(fmt.Errorf("the %s: %w", side, err))
			return
		}
		all = append(all, one)
		running.Go(func() {
			how := fmt.Errorf("the %s, %s, %w", side, argv[0], one.run(going))
			if ctx.Err() == nil && p.setup.Exited != nil {
				p.setup.Exited(side, how)
			}
		})
	}
	if len(p.Server) > 0 {
		at := p.Upstream
		if network.OfHosts(ctx) { // it has one of its own
			at = addr
		}
		run(heartbeat.ServerSide, p.Server, at)
		server := func() (pids []int) {
			for _, one := range all { // none, if it did not come to be
				pids = append(pids, one.Pids()...)
			}
			return pids
		}
		if err := listens(ctx, server, at, p.comeUp()/2); err != nil {
			over(err)
		}
	}
	if len(p.Client) > 0 && ctx.Err() == nil {
		run(heartbeat.ClientSide, p.Client, addr)
	}
	ended := make(chan struct{})
	go func() { running.Wait(); close(ended) }()
	select {
	case <-ended:
		return errors.New("every command has ended")
	case <-ctx.Done():
	}
	// Before any of them ends, and others lose their parents by it.
	for _, one := range all {
		one.Remember()
	}
	end()
	<-ended
	return context.Cause(ctx)
}
