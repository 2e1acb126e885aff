package subject

import (
	"fmt"
	"net"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// questions are what a side asks once per interval; an error is the bad answer.
// Keepalive has none: there the kernel asks.
var questions = map[heartbeat.Probe]func(e *probeEnd, n uint64) error{
	heartbeat.ProbeUrgent:      func(e *probeEnd, n uint64) error { return e.beat(n, sendUrgent) },
	heartbeat.ProbeUserTimeout: func(e *probeEnd, n uint64) error { return e.beat(n, sendBeat) },
	heartbeat.ProbeSocketState: func(e *probeEnd, n uint64) error { return e.look(n, flags) },
	heartbeat.ProbeTCPInfo:     func(e *probeEnd, n uint64) error { return e.look(n, tcpInfo) },
}

func (e *probeEnd) look(n uint64, at func(*net.TCPConn) error) error {
	err := at(e.conn)
	if err == nil {
		e.record(e.now(), trace.Asked, func(ev *trace.Event) { ev.Seq = n })
	}
	return err
}

func (e *probeEnd) beat(n uint64, send func(*net.TCPConn) error) error {
	e.record(e.now(), trace.Sent, func(ev *trace.Event) { ev.Kind, ev.Seq, ev.Stamp = kinds[byteBeat], n, "before write" })
	return send(e.conn)
}

func sendBeat(c *net.TCPConn) error {
	_, err := c.Write([]byte{byteBeat})
	return err
}

// askOften asks at up + n x interval until the session ends.
func (e *probeEnd) askOften(up int64, ask func(*probeEnd, uint64) error) {
	for n := uint64(1); ; n++ {
		due := up + int64(n)*int64(e.Policy.Interval)
		select {
		case <-time.After(time.Duration(due - e.now())):
		case <-e.over:
			return
		}
		if err := ask(e, n); err != nil {
			e.fail(e.now(), fmt.Errorf("%s, time %d: %w", e.Policy.Probe, n, err))
			return
		}
	}
}
