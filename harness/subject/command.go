package subject

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Command is a Kind of programs, in any language, each trial's a fresh process:
// a client, a server, or both. Of the other side it knows the address only. They
// are timed by what the wire shows.
//
//	subject.Command{Client: []string{"npm", "run", "consumer"}, Upstream: "localhost:5672"}
//
// A program is told its address by FLATLINE_ADDR, FLATLINE_HOST and
// FLATLINE_PORT in its environment, and by {addr}, {host} and {port} in its
// arguments: the client where to connect, the server where to listen. No shell
// reads them. Its input is empty. After the trial the process and those that it
// started get SIGTERM, and what is left after 2 s is killed; if this process is
// killed, so is that process, and all that stay in its group. (Windows: the
// process alone, and only after the trial.)
type Command struct {
	Label  string   // its Name; "": the first words of the programs
	Client []string // nil: a client that is started by hand connects to Listen
	Server []string // nil: the server is at Upstream
	// ServerPort is where Server listens on 127.0.0.1; 0: a free one, that it is
	// told.
	ServerPort int
	Upstream   string // host:port; "" with Server
	Listen     string // where the client connects, host:port; "": any free port of 127.0.0.1
	// ComeUp bounds the time until bytes have gone both ways; 0: 30 s.
	ComeUp time.Duration
	// After is the time from then to the strike at phase 0; 0: 1 s.
	After time.Duration
	// Cue waits for the strike's cue in After's place; nil: After does.
	Cue func(ctx context.Context) error
}

// Name is Label, or made of the programs' names.
func (c Command) Name() string {
	var words []string
	for _, argv := range [][]string{c.Client, c.Server} {
		if len(argv) > 0 {
			words = append(words, argv[0])
		}
	}
	return cmp.Or(c.Label, strings.Join(words, " and "), "by hand")
}

// Check says what is wrong with c, if anything: programs that are not there, a
// side without an address.
func (c Command) Check() error {
	switch {
	case c.Upstream == "" && len(c.Server) == 0:
		return errors.New("there is no server: want an upstream, host:port, or a command for it")
	case c.Upstream != "" && len(c.Server) > 0:
		return errors.New("there are two servers: want an upstream or a command for it, not both")
	case c.Listen == "" && len(c.Client) == 0:
		return errors.New("there is no client: want a command for it, or an address to listen on for one that is started by hand")
	case c.ServerPort < 0 || c.ServerPort > 65535:
		return fmt.Errorf("server's port %d: want 1 to 65535", c.ServerPort)
	case c.After < 0 || c.ComeUp < 0:
		return fmt.Errorf("a wait of %v: want more than 0", min(c.After, c.ComeUp))
	}
	for name, addr := range map[string]string{"upstream": c.Upstream, "listen": c.Listen} {
		if addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(addr)
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%s %q: want host:port, such as localhost:5672", name, addr)
		}
	}
	for side, argv := range map[string][]string{"client": c.Client, "server": c.Server} {
		if len(argv) == 0 {
			continue
		}
		if _, err := exec.LookPath(argv[0]); err != nil {
			return fmt.Errorf("%s's command: %w", side, err)
		}
	}
	return nil
}

// New checks c, and finds a port for the server.
func (c Command) New(s Setup) (Subject, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if len(c.Server) > 0 {
		port := c.ServerPort
		if port == 0 {
			var err error
			if port, err = freePort(); err != nil {
				return nil, fmt.Errorf("find a port for the server: %w", err)
			}
		}
		c.Upstream = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	return command{c, s}, nil
}

func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err := errors.Join(err, ln.Close()); err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// command is a Command in one trial. Its Upstream is known.
type command struct {
	Command
	Setup
}

var _ Placed = command{}

func (c command) Place() Place {
	return Place{Upstream: c.Upstream, Listen: c.Listen, ComeUp: cmp.Or(c.ComeUp, 30*time.Second)}
}

func (c command) Cue(ctx context.Context) error {
	if c.Command.Cue != nil {
		return c.Command.Cue(ctx)
	}
	return wait(ctx, cmp.Or(c.After, time.Second))
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Serve is never called: Dial runs the server as well.
func (command) Serve(net.Listener) error { return errors.New("its server has an address of its own") }

// Dial starts the server, then the client, and returns when one of them has
// ended and so has the other.
func (c command) Dial(ctx context.Context, addr string) error {
	ctx, over := context.WithCancelCause(ctx)
	defer over(nil)
	going, end := context.WithCancel(context.WithoutCancel(ctx))
	var all []*process
	var running sync.WaitGroup
	run := func(side string, argv []string, addr string) {
		p, err := newProcess(c.Setup, side, argv, addr)
		if err != nil {
			over(fmt.Errorf("the %s: %w", side, err))
			return
		}
		all = append(all, p)
		running.Go(func() { over(fmt.Errorf("the %s, %s, %w", side, argv[0], p.run(going))) })
	}
	if len(c.Server) > 0 {
		run("server", c.Server, c.Upstream)
		if err := listens(ctx, c.Upstream); err != nil {
			over(err)
		}
	}
	if len(c.Client) > 0 && ctx.Err() == nil {
		run("client", c.Client, addr)
	}
	<-ctx.Done()
	// Before any of them ends, and others lose their parents by it.
	for _, p := range all {
		p.remember()
	}
	end()
	running.Wait()
	return context.Cause(ctx)
}
