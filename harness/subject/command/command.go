// Package command puts programs under test, in any language: a client, a server,
// or both.
package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/subject"
)

// Kind is a subject.Kind of programs, each trial's a fresh process: a client, a
// server, or both. Of the other side it knows the address only. They are timed by
// what the wire shows.
//
//	command.Kind{Client: []string{"npm", "run", "consumer"}, Upstream: "localhost:5672"}
//
// A program is told its address by FLATLINE_ADDR, FLATLINE_HOST and
// FLATLINE_PORT in its environment, and by {addr}, {host} and {port} in its
// arguments: the client where to connect, the server where to listen. No shell
// reads them. Its input is empty. After the trial its process group gets SIGTERM,
// and what is left after 2 s is killed; if this process is killed, so is the
// group. On Linux the same befalls whatever else a program started, in a group of
// its own or without a parent, as long as it keeps the environment that it
// inherited. (Windows: the process alone, and only after the trial.)
type Kind struct {
	Label  string   // its Name; "": the first words of the programs
	Client []string // nil: a client that is started by hand connects to Listen
	Server []string // nil: the server is at Upstream
	// ServerPort is where Server listens on 127.0.0.1; 0: a free one, that it is
	// told. Nobody may listen there before and, where that can be seen (Linux),
	// nobody but Server and what it started then.
	ServerPort int
	Upstream   string // host:port; "" with Server
	Listen     string // where the client connects, host:port; "": any free port of 127.0.0.1
	// ComeUp bounds the time until bytes have gone both ways; 0: 30 s.
	ComeUp time.Duration
	// After is the time from then to the strike at phase 0; 0: UsualAfter.
	After time.Duration
	// Cue waits for the strike's cue in After's place; nil: After does.
	Cue func(ctx context.Context) error
}

// UsualAfter is how long after its first bytes a program is struck at phase 0.
const UsualAfter = time.Second

// Name is Label, or made of the programs' names.
func (k Kind) Name() string {
	var words []string
	for _, argv := range [][]string{k.Client, k.Server} {
		if len(argv) > 0 {
			words = append(words, argv[0])
		}
	}
	return cmp.Or(k.Label, strings.Join(words, " and "), "by hand")
}

// Check says what is wrong with k, if anything: programs that are not there, a
// side without an address, a server's port that somebody has.
func (k Kind) Check() error {
	switch {
	case k.Upstream == "" && len(k.Server) == 0:
		return errors.New("there is no server: want an upstream, host:port, or a command for it")
	case k.Upstream != "" && len(k.Server) > 0:
		return errors.New("there are two servers: want an upstream or a command for it, not both")
	case k.Listen == "" && len(k.Client) == 0:
		return errors.New("there is no client: want a command for it, or an address to listen on for one that is started by hand")
	case k.ServerPort < 0 || k.ServerPort > 65535:
		return fmt.Errorf("server's port %d: want 1 to 65535", k.ServerPort)
	case k.After < 0:
		return fmt.Errorf("after: %v, want 0 or more", k.After)
	case k.ComeUp < 0:
		return fmt.Errorf("come-up: %v, want 0 or more", k.ComeUp)
	}
	for _, place := range []struct{ name, addr string }{{"upstream", k.Upstream}, {"listen", k.Listen}} {
		if place.addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(place.addr)
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%s %q: want host:port, such as localhost:5672", place.name, place.addr)
		}
	}
	for _, program := range []struct {
		side string
		argv []string
	}{{"client", k.Client}, {"server", k.Server}} {
		if len(program.argv) == 0 {
			continue
		}
		if _, err := exec.LookPath(program.argv[0]); err != nil {
			return fmt.Errorf("%s's command: %w", program.side, err)
		}
	}
	if len(k.Server) > 0 && k.ServerPort != 0 {
		if found, inodes := listeners(at(k.ServerPort)); found {
			return fmt.Errorf("server's port %d: %s listens there already, want one that is free", k.ServerPort, holder(inodes))
		}
	}
	return nil
}

// at is a port of 127.0.0.1.
func at(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// New checks k, and finds a port for the server.
func (k Kind) New(s subject.Setup) (subject.Subject, error) {
	if err := k.Check(); err != nil {
		return nil, err
	}
	if len(k.Server) > 0 {
		port := k.ServerPort
		if port == 0 {
			var err error
			if port, err = freePort(); err != nil {
				return nil, fmt.Errorf("find a port for the server: %w", err)
			}
		}
		k.Upstream = at(port)
	}
	return programs{k, s}, nil
}
