// Package subject has what is put under test: a client and a server. Any pair
// of functions will do; our own pair, which tells what happens inside it, is
// the built-in one.
package subject

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Subject is the client and server of one trial. It knows nothing of faults.
type Subject interface {
	// Serve accepts connections until ln is closed, then returns. Connections
	// may outlive it; the network ends them.
	Serve(ln net.Listener) error
	// Dial connects to the server at addr and keeps it up as the client would,
	// until ctx ends; it may return sooner, once it has given up for good.
	Dial(ctx context.Context, addr string) error
}

// Kind makes the subject of each trial.
type Kind interface {
	// Name is the subject's name in reports.
	Name() string
	// New makes a fresh subject.
	New(Setup) (Subject, error)
}

// Setup is what a trial asks of its subject. A subject that brings its own
// heartbeat may ignore all of it.
type Setup struct {
	Policy heartbeat.Policy
	Mode   heartbeat.Mode
	Epoch  time.Time         // the zero of the trace's offsets
	Record func(trace.Event) // for subjects that tell; safe for concurrent use
	// Output makes a file for what a process of that name prints, beside the
	// trial's others; nil: nobody wants it.
	Output func(process string) (io.WriteCloser, error)
}

// Placed is a Subject that the lab starts only in part.
type Placed interface {
	Subject
	// Place is called once, before anything else.
	Place() Place
	// Cue waits, once bytes have gone both ways, until the fault may strike: at
	// phase 0 it does at once.
	Cue(ctx context.Context) error
}

// Place is where a Placed subject is.
type Place struct {
	// Upstream is the server's address, host:port: the lab does not listen, and
	// does not call Serve. Dial then runs whatever there is to run. "": as for
	// any other Subject.
	Upstream string
	// Listen is where clients will connect, host:port; "": any free port of
	// 127.0.0.1, which Dial is told.
	Listen string
	// ComeUp bounds the time until bytes have gone both ways; 0: as for any
	// other Subject.
	ComeUp time.Duration
}

// Actor is a Subject that tells of its sessions by Setup.Record and does as the
// lab says. Without it a side is timed by its hang-ups alone.
type Actor interface {
	Subject
	// Say makes the client send its next message, which the server answers.
	Say() error
	// Canary makes side send a byte that is not answered.
	Canary(side heartbeat.Side) error
	// Leave makes side end its session in order.
	Leave(side heartbeat.Side) error
	// Reset makes side's connection end by an RST.
	Reset(side heartbeat.Side) error
}

// Funcs is a Kind of two functions, the same for every trial.
type Funcs struct {
	Label   string // its Name; "": "functions"
	ServeFn func(ln net.Listener) error
	DialFn  func(ctx context.Context, addr string) error
}

// Name is Label.
func (f Funcs) Name() string {
	if f.Label == "" {
		return "functions"
	}
	return f.Label
}

// New returns f itself. It is an error if one of the functions is missing.
func (f Funcs) New(Setup) (Subject, error) {
	if f.ServeFn == nil || f.DialFn == nil {
		return nil, errors.New("it lacks a function: want both ServeFn and DialFn")
	}
	return f, nil
}

// Serve calls ServeFn.
func (f Funcs) Serve(ln net.Listener) error { return f.ServeFn(ln) }

// Dial calls DialFn.
func (f Funcs) Dial(ctx context.Context, addr string) error { return f.DialFn(ctx, addr) }
