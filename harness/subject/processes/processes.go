// Package processes puts our own pair under test, with the client and the server
// each in a process of its own, which can be killed and stopped.
package processes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// Kind is a subject.Kind like subject.Pair, whose subjects are subject.Mortal. Each
// process is this program again, which has to call BePeer first of all, and tells
// what happens by its standard output, as JSON Lines. None outlives this process
// (where there is no Linux: none that is not stopped).
type Kind struct{}

// Name is "processes".
func (Kind) Name() string { return "processes" }

// SpeaksDatagrams is true.
func (Kind) SpeaksDatagrams() bool { return true }

// New makes the subject of one trial; an UnsupportedError as for subject.Pair. It is an
// error if the program has not called BePeer.
func (Kind) New(s subject.Setup) (subject.Subject, error) {
	if !isNoPeer.Load() {
		return nil, errNoBePeer
	}
	if _, err := (subject.Pair{}).New(s); err != nil {
		return nil, err
	}
	return &processes{Setup: s, listeners: make(chan net.Listener, 1), over: make(chan struct{}), peers: map[heartbeat.Side]*peer{}}, nil
}

type processes struct {
	subject.Setup
	listeners chan net.Listener // from Serve to Dial
	over      chan struct{}     // closed once Dial is

	mu    sync.Mutex
	peers map[heartbeat.Side]*peer                        // the newest of each side
	begin func(side heartbeat.Side) (at int64, err error) // starts one; nil: none can be
}

var (
	_ subject.Actor  = (*processes)(nil)
	_ subject.Mortal = (*processes)(nil)
)

// Serve gives the listener's address to Dial, which starts both sides.
func (p *processes) Serve(ln net.Listener) error {
	p.listeners <- ln
	<-p.over
	return net.ErrClosed
}

// Dial runs both sides until ctx ends.
func (p *processes) Dial(ctx context.Context, addr string) error {
	defer close(p.over)
	var ln net.Listener
	select {
	case ln = <-p.listeners:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	at := ln.Addr().String()
	release := func() {}
	err := network.On(ctx, heartbeat.ServerSide, func() (err error) {
		if !p.Datagrams {
			release, err = hold(ln)
		}
		return err
	})
	if err != nil {
		return errors.Join(fmt.Errorf("keep the port %s for the server: %w", at, err), ln.Close())
	}
	defer release()
	// The server listens itself, so that its port is as dead as it is.
	if err := ln.Close(); err != nil {
		return err
	}
	var running sync.WaitGroup
	defer running.Wait()
	going, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	p.mu.Lock()
	p.begin = func(side heartbeat.Side) (int64, error) {
		to := addr
		if side == heartbeat.ServerSide {
			to = at
		}
		peer, err := newPeer(p.Setup, side, to)
		if err != nil {
			return 0, err
		}
		p.mu.Lock()
		over := p.begin == nil
		if !over {
			running.Go(func() { peer.run(going) })
		}
		p.mu.Unlock()
		if over {
			return 0, errOver
		}
		at, err := peer.ready()
		if err != nil {
			return 0, err
		}
		p.mu.Lock()
		p.peers[side] = peer // before it begins: its session may be up, and the lab act, before we know
		p.mu.Unlock()
		return at, peer.ask(begin)
	}
	p.mu.Unlock()
	defer func() { // before the wait for those that run
		p.mu.Lock()
		defer p.mu.Unlock()
		p.begin = nil
	}()
	for _, side := range []heartbeat.Side{heartbeat.ServerSide, heartbeat.ClientSide} {
		if _, err := p.Restart(side); err != nil {
			return fmt.Errorf("start the %s: %w", side, err)
		}
	}
	<-ctx.Done()
	p.leave(heartbeat.ClientSide) // while the server can hear it
	p.leave(heartbeat.ServerSide)
	return context.Cause(ctx)
}

func (p *processes) leave(side heartbeat.Side) {
	if peer, err := p.peer(side); err == nil {
		peer.leave()
	}
}

func (p *processes) peer(side heartbeat.Side) (*peer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if peer := p.peers[side]; peer != nil {
		return peer, nil
	}
	return nil, fmt.Errorf("the %s has not started yet", side)
}

func (p *processes) ask(side heartbeat.Side, what string) error {
	peer, err := p.peer(side)
	if err != nil {
		return err
	}
	return peer.ask(what)
}

func (p *processes) Say() error                       { return p.ask(heartbeat.ClientSide, say) }
func (p *processes) Canary(side heartbeat.Side) error { return p.ask(side, sendCanary) }
func (p *processes) Leave(side heartbeat.Side) error  { return p.ask(side, leave) }
func (p *processes) Reset(side heartbeat.Side) error  { return p.ask(side, reset) }

func (p *processes) Crash(side heartbeat.Side) error {
	peer, err := p.peer(side)
	if err != nil {
		return err
	}
	return peer.crash()
}

var errOver = errors.New("the trial is over, or has not begun")

func (p *processes) Restart(side heartbeat.Side) (at int64, err error) {
	p.mu.Lock()
	begin := p.begin
	p.mu.Unlock()
	if begin == nil {
		return 0, errOver
	}
	return begin(side)
}

func (p *processes) Freeze(side heartbeat.Side) error {
	peer, err := p.peer(side)
	if err != nil {
		return err
	}
	return peer.freeze()
}

func (p *processes) Thaw(side heartbeat.Side) error {
	peer, err := p.peer(side)
	if err != nil {
		return err
	}
	return peer.thaw()
}
