package subject

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// probeEnd is one side of a prober's connection.
type probeEnd struct {
	Setup
	side    heartbeat.Side
	session string
	conn    *net.TCPConn

	reading sync.Once
	reads   chan struct{} // closed once this side reads
	ending  sync.Once
	over    chan struct{} // closed once the session has ended
}

// The bytes of a prober's stream. An urgent byte is none of them: it travels
// beside the stream, and whoever finds it there found a disturbed one.
const (
	byteHello  = 'h'
	byteBeat   = 'b'
	byteSaid   = 'm'
	byteCanary = 0xCA
	byteUrgent = 0xFF
)

// kinds are what a trace calls them.
var kinds = map[byte]string{byteHello: "hello", byteBeat: "beat", byteSaid: "data", byteCanary: "data"}

func (e *probeEnd) now() int64 { return int64(time.Since(e.Epoch)) }

func (e *probeEnd) record(at int64, what trace.What, change func(*trace.Event)) {
	event := trace.Event{T: at, Side: e.side, Session: e.session, What: what}
	if change != nil {
		change(&event)
	}
	e.Record(event)
}

// asks says whether this side probes.
func (e *probeEnd) asks() bool { return e.Policy.Beats.Includes(e.side) }

// comeUp tells the kernel what the probe wants of it, and exchanges a byte: the
// client's first. The network may have accepted for a server that is not there.
func (e *probeEnd) comeUp() error {
	if err := e.prepare(); err != nil {
		return err
	}
	say := func() error {
		e.record(e.now(), trace.Sent, func(ev *trace.Event) { ev.Kind, ev.Stamp = kinds[byteHello], "before write" })
		_, err := e.conn.Write([]byte{byteHello})
		return err
	}
	hear := func() error {
		var b [1]byte
		if _, err := io.ReadFull(e.conn, b[:]); err != nil {
			return err
		}
		if b[0] != byteHello {
			return fmt.Errorf("the first byte is %#x, want %#x", b[0], byteHello)
		}
		e.record(e.now(), trace.Heard, func(ev *trace.Event) { ev.Kind, ev.Stamp = kinds[byteHello], "after read" })
		return nil
	}
	steps := []func() error{say, hear}
	if e.side == heartbeat.ServerSide {
		steps = []func() error{hear, say}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// prepare sets the socket's options.
func (e *probeEnd) prepare() error {
	keepalive := net.KeepAliveConfig{} // Go switches it on by itself
	if k := e.Policy.Keepalive; e.asks() && k != (heartbeat.Keepalive{}) {
		keepalive = net.KeepAliveConfig{Enable: true, Idle: k.Idle, Interval: k.Interval, Count: k.Count}
	}
	if err := e.conn.SetKeepAliveConfig(keepalive); err != nil {
		return err
	}
	if e.asks() && e.Policy.Probe == heartbeat.ProbeUserTimeout {
		return setUserTimeout(e.conn, e.Policy.UserTimeout)
	}
	return nil
}

// say sends a message: one byte.
func (e *probeEnd) say() error {
	e.record(e.now(), trace.Sent, func(ev *trace.Event) { ev.Kind, ev.Stamp = kinds[byteSaid], "before write" })
	_, err := e.conn.Write([]byte{byteSaid})
	return err
}

// run is the session proper; it returns when all of it has ended.
func (e *probeEnd) run() {
	up := e.now()
	e.record(up, trace.Up, nil)
	if e.asks() && e.Policy.Probe == heartbeat.ProbeKeepalive {
		e.compute()
	}
	switch probe := e.Policy.Probe; {
	case !e.asks(), probe == heartbeat.ProbeKeepalive, probe == heartbeat.ProbeUserTimeout:
		e.read()
	}
	var running sync.WaitGroup
	running.Go(e.listen)
	if ask := questions[e.Policy.Probe]; e.asks() && ask != nil {
		running.Go(func() { e.askOften(up, ask) })
	}
	running.Wait()
}

// compute tells how long the kernel takes at most, by its own account of this
// socket, where that is longer than anybody here waits.
func (e *probeEnd) compute() {
	var k heartbeat.Keepalive
	if err := ofSocket(e.conn, func(fd int) (err error) { k, err = keepaliveOf(fd); return err }); err != nil {
		return // not to be had here
	}
	most := k.Idle + time.Duration(k.Count)*k.Interval
	if most <= e.Policy.Profile.Window.Hi {
		return
	}
	e.record(e.now(), trace.Computed, func(ev *trace.Event) {
		ev.Detail = fmt.Sprintf("its kernel gives up %.0f s after the last answer: %.0f s + %d x %.0f s",
			most.Seconds(), k.Idle.Seconds(), k.Count, k.Interval.Seconds())
	})
}

// read makes this side read from now on.
func (e *probeEnd) read() { e.reading.Do(func() { close(e.reads) }) }

// listen reads what arrives, once this side reads.
func (e *probeEnd) listen() {
	select {
	case <-e.reads:
	case <-e.over:
		return
	}
	var buf [512]byte
	var beats uint64
	for {
		n, err := e.conn.Read(buf[:])
		at := e.now()
		for _, b := range buf[:n] {
			kind, known := kinds[b]
			if !known {
				e.record(at, trace.Damaged, func(ev *trace.Event) { ev.Detail = fmt.Sprintf("%#x in the stream", b) })
				continue
			}
			if b == byteBeat {
				beats++
			}
			e.record(at, trace.Heard, func(ev *trace.Event) {
				ev.Kind, ev.Stamp = kind, "after read"
				if b == byteBeat {
					ev.Seq = beats
				}
			})
			if b == byteSaid && e.side == heartbeat.ServerSide {
				_ = e.say() // what ends the session says so by itself
			}
		}
		if err != nil {
			e.fail(at, fmt.Errorf("read: %w", err))
			return
		}
	}
}

// fail ends the session for what the kernel said at an instant. A kernel that
// says that nobody answers was this side's detector.
func (e *probeEnd) fail(at int64, err error) {
	e.ending.Do(func() {
		cause := session.Vanished
		if silent(err) {
			cause = session.Silent
			e.record(at, trace.Suspect, func(ev *trace.Event) { ev.Detail = err.Error() })
		}
		e.record(at, trace.Down, func(ev *trace.Event) { ev.Cause, ev.Detail = string(cause), err.Error() })
		e.hangUp()
	})
}

// leave ends the session in order: the kernel says so with a FIN.
func (e *probeEnd) leave() {
	at := e.now()
	e.ending.Do(func() {
		e.record(at, trace.Closed, func(ev *trace.Event) { ev.Cause = string(session.WeLeft) })
		e.hangUp()
	})
}

func (e *probeEnd) hangUp() {
	_ = e.conn.Close()
	close(e.over)
}

// silent says whether the kernel gave up waiting for the peer: nothing was
// acknowledged in time, perhaps because a router or a neighbour is gone.
func silent(err error) bool {
	for _, gone := range []error{syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}
