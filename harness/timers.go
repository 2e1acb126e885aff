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
// of the trial, until both are known to or the trial ends; then, of which sides
// nothing was seen.
func (l *lab) watchTimers(ctx context.Context) {
	l.watching.Go(func() {
		seen, armed := map[heartbeat.Side]bool{}, map[heartbeat.Side]bool{}
		for len(armed) < 2 {
			found, err := l.sockets()
			if err != nil {
				break // not to be had here
			}
			for side, s := range found {
				seen[side] = true
				if s.Keepalive && !armed[side] {
					armed[side] = true
					l.rec.Record(trace.Event{T: l.rec.Now(), Side: side, What: trace.Armed, Detail: fmt.Sprintf("it fires in %v", s.Next)})
				}
			}
			if l.sleepUntil(ctx, l.rec.Now()+int64(timersEvery)) != nil {
				break
			}
		}
		for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
			if !seen[side] {
				l.rec.Record(trace.Event{T: l.rec.Now(), Side: side, What: trace.Unseen})
			}
		}
	})
}

// sockets are a connected socket of each side, one with a timer if there is one. The
// client's are those whose peer is the path; the server's are those at the
// upstream's port whose peer is a socket of this process's.
func (l *lab) sockets() (map[heartbeat.Side]sockets.Socket, error) {
	all, err := sockets.All()
	if err != nil {
		return nil, err
	}
	own, err := sockets.Own()
	if err != nil {
		return nil, err
	}
	path, err := netip.ParseAddrPort(l.path.Addr())
	if err != nil {
		return nil, err
	}
	_, upstream, err := net.SplitHostPort(l.place.Upstream)
	if err != nil {
		return nil, err
	}
	ours := map[netip.AddrPort]netip.AddrPort{} // the far ends of our sockets, by our ends
	for _, s := range all {
		if own[s.Inode] && s.Established && s.Local.Port() != path.Port() {
			ours[s.Local] = s.Remote
		}
	}
	found := map[heartbeat.Side]sockets.Socket{}
	for _, s := range all {
		var side heartbeat.Side
		switch {
		case !s.Established:
			continue
		case s.Remote.Port() == path.Port() && (s.Remote.Addr() == path.Addr() || path.Addr().IsUnspecified()):
			side = heartbeat.ClientSide
		case fmt.Sprint(s.Local.Port()) == upstream && ours[s.Remote] == s.Local:
			side = heartbeat.ServerSide
		default:
			continue
		}
		if !found[side].Keepalive {
			found[side] = s
		}
	}
	return found, nil
}
