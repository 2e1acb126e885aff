// Package subject has what is put under test: a client and a server. Any pair of
// functions will do (Funcs); our own (Pair), which tells what happens inside it,
// is the built-in one. Package processes has that pair in a process each, and
// package command anybody's programs.
package subject

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Subject is the client and server of one trial. It knows nothing of faults.
type Subject interface {
	// Serve accepts connections until ln is closed, then returns. Connections
	// may outlive it; the network ends them. With Setup.Datagrams, ln is a
	// net.PacketConn too, and accepts nothing.
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
	// Datagrams says that the network carries UDP. Only a Kind that speaks it is
	// asked: see SpeaksDatagrams.
	Datagrams bool
	// Output makes a file for what a process of that name prints, beside the
	// trial's others; nil: nobody wants it.
	Output func(process string) (io.WriteCloser, error)
	// Exited is told when a side's process has ended by itself, and how, for
	// subjects that are processes; nil: nobody wants to know.
	Exited func(side heartbeat.Side, how error)
}

// SpeaksDatagrams says whether a kind's subjects can do with UDP: such a Kind has
// a method of that name.
func SpeaksDatagrams(k Kind) bool {
	d, ok := k.(interface{ SpeaksDatagrams() bool })
	return ok && d.SpeaksDatagrams()
}

// Placed is a Subject that the lab starts only in part.
type Placed interface {
	Subject
	// Place is called once, before anything else.
	Place() Place
	// Cue waits, once bytes have gone both ways, until the fault may strike: at
	// phase 0 it does at once.
	Cue(ctx context.Context) error
	// Left is called once, last: the path is closed, and its addresses are free.
	Left()
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

// After waits for d, as a Cue may: an error is why ctx ended.
func After(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
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

// Mortal is a Subject whose sides can die, and stand still.
type Mortal interface {
	Subject
	// Crash kills side's process, and returns once its kernel has closed what it
	// had open.
	Crash(side heartbeat.Side) error
	// Restart starts it again, and returns once it listens, if it is the server:
	// since when, as an offset of the trace.
	Restart(side heartbeat.Side) (at int64, err error)
	// Freeze stops the process, and Thaw lets it go on; both return once it does.
	Freeze(side heartbeat.Side) error
	Thaw(side heartbeat.Side) error
}
