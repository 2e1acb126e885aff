package harness

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/flatline-go/flatline/harness/sockets"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// Behind a proxy a kernel's keepalive finds its peer alive for ever: the proxy's
// kernel answers. So a side that never hung up may be one that leaves it to its
// kernel, and would have on a real network. What can be seen of that, on Linux
// and for processes in this network namespace, is the timer. (A user timeout
// cannot be seen.)

// timersEvery is how often to look: a timer of retransmission hides the other.
const timersEvery = 500 * time.Millisecond

// watchTimers notes which sides' kernels have a keepalive timer on a connection
// of the trial, until both are known to or the trial ends.
func (l *lab) watchTimers(ctx context.Context) {
	l.watching.Go(func() {
		known := map[heartbeat.Side]bool{}
		for len(known) < 2 {
			all, err := sockets.All()
			if err != nil {
				return // not to be had here
			}
			own, err := sockets.Own()
			if err != nil {
				return
			}
			for side, next := range l.timers(all, own) {
				if !known[side] {
					known[side] = true
					l.rec.Record(trace.Event{T: l.rec.Now(), Side: side, What: trace.Armed, Detail: fmt.Sprintf("it fires in %v", next)})
				}
			}
			if l.sleepUntil(ctx, l.rec.Now()+int64(timersEvery)) != nil {
				return
			}
		}
	})
}

// timers are the keepalive timers of the two sides, and when they fire. The
// client's sockets are those whose peer is the path; the server's are those at the
// upstream's port whose peer is a socket of this process's.
func (l *lab) timers(all []sockets.Socket, own map[string]bool) map[heartbeat.Side]time.Duration {
	path, err := netip.ParseAddrPort(l.path.Addr())
	if err != nil {
		return nil
	}
	_, upstream, err := net.SplitHostPort(l.place.Upstream)
	if err != nil {
		return nil
	}
	ours := map[netip.AddrPort]netip.AddrPort{} // the far ends of our sockets, by our ends
	for _, s := range all {
		if own[s.Inode] && s.Established && s.Local.Port() != path.Port() {
			ours[s.Local] = s.Remote
		}
	}
	armed := map[heartbeat.Side]time.Duration{}
	for _, s := range all {
		switch {
		case !s.Keepalive:
		case s.Remote.Port() == path.Port() && (s.Remote.Addr() == path.Addr() || path.Addr().IsUnspecified()):
			armed[heartbeat.ClientSide] = s.Next
		case fmt.Sprint(s.Local.Port()) == upstream && ours[s.Remote] == s.Local:
			armed[heartbeat.ServerSide] = s.Next
		}
	}
	return armed
}
