package subject

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

func TestSocketOptions(t *testing.T) {
	type options struct{ on, idle, interval, count, timeout int }
	get := func(e *probeEnd) (o options) {
		must(t, ofSocket(e.conn, func(fd int) error {
			for _, opt := range []struct {
				level, name int
				to          *int
			}{
				{unix.SOL_SOCKET, unix.SO_KEEPALIVE, &o.on},
				{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, &o.idle},
				{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, &o.interval},
				{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, &o.count},
				{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, &o.timeout},
			} {
				var err error
				if *opt.to, err = unix.GetsockoptInt(fd, opt.level, opt.name); err != nil {
					return err
				}
			}
			return nil
		}))
		if o.on == 0 {
			o.idle, o.interval, o.count = 0, 0, 0
		}
		return o
	}
	for _, row := range []struct {
		name string
		want options // the client's; the server has none
	}{
		{name: "urgent"}, {name: "socket-state"}, {name: "tcp-info"},
		{name: "keepalive", want: options{on: 1, idle: 1, interval: 1, count: 7}},
		{name: "keepalive-default", want: options{on: 1, idle: 7200, interval: 75, count: 9}},
		{name: "user-timeout", want: options{timeout: 6750}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newStage(t, policy(t, row.name, time.Hour))
			for side, want := range map[heartbeat.Side]options{heartbeat.ClientSide: row.want, heartbeat.ServerSide: {}} {
				e, err := s.end(side)
				must(t, err)
				if got := get(e); got != want {
					t.Errorf("%s: %+v, want %+v", side, got, want)
				}
			}
		})
	}
}

func TestTCPInfoNamesTheState(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(*stage) error
		want string
	}{
		{name: "close", do: func(s *stage) error { return s.Leave(heartbeat.ServerSide) }, want: "TCP_INFO: state CLOSE_WAIT"},
		{name: "reset", do: func(s *stage) error { return s.Reset(heartbeat.ServerSide) }, want: "TCP_INFO: state 7"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newStage(t, policy(t, "tcp-info", 100*time.Millisecond))
			must(t, row.do(s))
			down := s.wait(heartbeat.ClientSide, trace.Down, "")
			if !strings.HasPrefix(down.Detail, "tcp-info, time ") || !strings.HasSuffix(down.Detail, row.want) {
				t.Errorf("detail %q, want %q", down.Detail, row.want)
			}
		})
	}
}

// Go leaves an urgent byte unread while nothing follows it, and Linux makes a
// reset of a close before unread bytes: the first write after it fails already.
func TestUnreadUrgentBytesMakeACloseAReset(t *testing.T) {
	s := newStage(t, policy(t, "urgent", 200*time.Millisecond))
	s.waitFor("third beat", func(e trace.Event) bool { return e.Kind == "beat" && e.Seq == 3 })
	client, err := s.end(heartbeat.ClientSide)
	must(t, err)
	must(t, s.Leave(heartbeat.ServerSide))
	closed := client.now()
	down := s.wait(heartbeat.ClientSide, trace.Down, "")
	tr, err := s.rec.Close()
	must(t, err)
	beats := 0 // none, if the last one was on its way as the server closed
	for _, e := range tr.Events {
		if e.Side == heartbeat.ClientSide && e.What == trace.Sent && e.Kind == "beat" && e.T >= closed {
			beats++
		}
	}
	if beats > 1 || !strings.HasPrefix(down.Detail, "urgent, time ") {
		t.Errorf("%d beats after the close, down: %s; want one at most, and that it failed", beats, down.Detail)
	}
}
