package processes

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// The environment of a peer's process.
const (
	peerEnv  = "FLATLINE_PEER"       // its side
	setupEnv = "FLATLINE_PEER_SETUP" // a peerSetup
)

// peerSetup is what a peer has to know.
type peerSetup struct {
	Addr      string           `json:"addr"` // where to listen, or to connect
	Policy    heartbeat.Policy `json:"policy"`
	Mode      heartbeat.Mode   `json:"mode"`
	Epoch     int64            `json:"epoch_ns"` // the trace's, by the wall clock
	Datagrams bool             `json:"datagrams"`
}

// What a peer may be asked to do, by a line on its standard input.
const (
	beThere    = "be there"
	begin      = "begin"
	say        = "say"
	sendCanary = "canary"
	leave      = "leave"
	reset      = "reset"
)

// isNoPeer is set once BePeer has said that this process is a program of its own.
var isNoPeer atomic.Bool

var errNoBePeer = errors.New("peers are to be processes, and are this program again, which would begin anew: want a call of processes.BePeer first of all in main, or in TestMain")

// BePeer is to be called first of all, in main or TestMain, by a program that uses
// Kind. In a process that Kind has started it is one side of a trial,
// and does not return.
func BePeer() {
	side := heartbeat.Side(os.Getenv(peerEnv))
	if side == "" {
		isNoPeer.Store(true)
		return
	}
	if err := bePeer(side, os.Getenv(setupEnv), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func bePeer(side heartbeat.Side, text string, in io.Reader, out io.Writer) error {
	var s peerSetup
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("read %s: %w", setupEnv, err)
	}
	if side.Peer() == "" {
		return fmt.Errorf("%s is %q, want %s or %s", peerEnv, side, heartbeat.ClientSide, heartbeat.ServerSide)
	}
	now := time.Now()
	epoch := now.Add(time.Duration(s.Epoch - now.UnixNano())) // monotonic from here on
	var mu sync.Mutex
	lines := json.NewEncoder(out)
	print := func(l line) {
		mu.Lock()
		defer mu.Unlock()
		_ = lines.Encode(l) // who started us is gone, and so is our input
	}
	answers := func(err error) {
		did := ""
		if err != nil {
			did = err.Error()
		}
		print(line{Event: trace.Event{T: int64(time.Since(epoch)), Side: side}, Did: &did})
	}
	made, err := subject.Pair{}.New(subject.Setup{
		Policy: s.Policy, Mode: s.Mode, Epoch: epoch, Datagrams: s.Datagrams,
		Record: func(e trace.Event) { print(line{Event: e}) },
	})
	if err != nil {
		return err
	}
	p := made.(subject.Actor) // a Pair's subjects are
	run := p.Dial
	end := func() {}
	if side == heartbeat.ServerSide {
		ln, err := listenAgain(s)
		if err != nil {
			return err
		}
		end = func() { _ = ln.Close() }
		run = func(context.Context, string) error { return p.Serve(ln) }
	}
	answers(nil)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	start := sync.OnceFunc(func() {
		running.Go(func() {
			if err := run(ctx, s.Addr); ctx.Err() == nil && err != nil {
				print(line{Event: trace.Event{Side: side}, Over: err.Error()})
			}
		})
	})
	for asked := bufio.NewScanner(in); asked.Scan(); {
		if asked.Text() == begin {
			answers(nil) // before anything else can be said
			start()
			continue
		}
		answers(do(p, side, asked.Text()))
	}
	cancel()
	end()
	running.Wait()
	return nil
}

// do does what the lab asks for.
func do(p subject.Actor, side heartbeat.Side, what string) error {
	switch what {
	case beThere:
		return nil
	case say:
		return p.Say()
	case sendCanary:
		return p.Canary(side)
	case leave:
		return p.Leave(side)
	case reset:
		return p.Reset(side)
	default:
		return fmt.Errorf("asked to %q", what)
	}
}

// listenAgain listens where a server before us did, whose port may take a moment
// to be free.
func listenAgain(s peerSetup) (ln net.Listener, err error) {
	for end := time.Now().Add(patience / 2); ; time.Sleep(5 * time.Millisecond) {
		if s.Datagrams {
			ln, err = network.ListenPacket(s.Addr)
		} else {
			ln, err = net.Listen("tcp", s.Addr)
		}
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(end) {
			return ln, err
		}
	}
}
