package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// peerCmd is one side of the built-in subject, as a process.
type peerCmd struct {
	Client peerClientCmd `cmd:"" help:"Keep up a session with a server, and begin anew when it ends."`
	Server peerServerCmd `cmd:"" help:"Hold a session with each client that connects."`
}

// Help is shown below the command's summary.
func (*peerCmd) Help() string {
	return `What happens to its sessions is printed as JSON Lines, with the fields of a trace; t_ns counts from its start. Example:

	flatline peer server --listen 127.0.0.1:4000 &
	flatline peer client --dial 127.0.0.1:4000`
}

// peerFlags are those of both sides, which must be the same on both.
type peerFlags struct {
	Policy  string `default:"echo-timer" placeholder:"NAME" help:"Its policy. Default: echo-timer."`
	Profile string `default:"strict" placeholder:"NAME" help:"Its profile. Default: strict."`
}

type peerClientCmd struct {
	peerFlags
	Dial addresses `required:"" placeholder:"HOST:PORT" help:"The server's address. HOST:FIRST-LAST: a session with each."`
}

type peerServerCmd struct {
	peerFlags
	Listen string `default:"127.0.0.1:4000" placeholder:"HOST:PORT" help:"Where clients connect. Default: 127.0.0.1:4000."`
}

// Help is shown below the command's summary.
func (*peerClientCmd) Help() string { return `Example: flatline peer client --dial 127.0.0.1:4000` }

// Help is shown below the command's summary.
func (*peerServerCmd) Help() string {
	return `Example: flatline peer server --listen 127.0.0.1:4000`
}

// config is what the flags make of both sides. Events go to out.
func (f peerFlags) config(out io.Writer) (heartbeat.Config, error) {
	policies, err := profileFlags{Profile: []string{f.Profile}}.policies(nil, []string{f.Policy})
	if err != nil {
		return heartbeat.Config{}, err
	}
	if probe := policies[0].Probe; probe.AsksKernel() {
		return heartbeat.Config{}, usage("--policy: %s asks the kernel (%s), and a peer beats", f.Policy, probe)
	}
	var mu sync.Mutex
	lines := json.NewEncoder(out)
	return heartbeat.Config{
		Policy: policies[0], Epoch: time.Now(),
		Observer: func(e session.Event) {
			mu.Lock()
			defer mu.Unlock()
			_ = lines.Encode(trace.FromSession(e)) // who reads may leave: the session goes on
		},
		OnUp: discard,
	}, nil
}

// discard reads what the peer says, for nobody.
func discard(s *heartbeat.Session) {
	for {
		if _, err := s.Receive(context.Background()); err != nil {
			return // an event of its own
		}
	}
}

// Run is called by Kong.
func (p *peerClientCmd) Run(ctx context.Context, s streams) error {
	config, err := p.config(s.out)
	if err != nil {
		return err
	}
	var clients sync.WaitGroup
	defer clients.Wait()
	for _, addr := range p.Dial {
		client, err := heartbeat.NewClient(heartbeat.ClientConfig{
			Config: config,
			Dial: func(ctx context.Context) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "tcp", addr)
			},
		})
		if err != nil {
			return err
		}
		clients.Go(func() { _ = client.Run(ctx) }) // ends with ctx only
	}
	return nil
}

// Run is called by Kong.
func (p *peerServerCmd) Run(ctx context.Context, s streams) error {
	config, err := p.config(s.out)
	if err != nil {
		return err
	}
	server, err := heartbeat.NewServer(heartbeat.ServerConfig{Config: config})
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return usage("--listen: %w", err)
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err := server.Shutdown(limit)
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil // whoever is behind a cut does not say goodbye in time
		}
		stopped <- err
	})
	err = server.Serve(ln)
	if stop() { // nobody asked it to end
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}
