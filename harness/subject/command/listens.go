package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/sockets"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
)

// strangerFor is how long somebody else may seem to listen in the server's place:
// one that forks while we look is missed.
const strangerFor = time.Second

// listens waits until the server listens at addr, for so long, or the context ends.
// Pids are the server's processes. Whoever else listens there, where that can be
// seen, is an error.
func listens(ctx context.Context, pids func() []int, addr string, limit time.Duration) error {
	stranger, since := "", time.Time{} // who it seems to be, and for how long
	for end := time.Now().Add(limit); time.Now().Before(end) && (stranger == "" || time.Since(since) < strangerFor); {
		var who string
		var its bool
		if err := network.On(ctx, heartbeat.ServerSide, func() error {
			found, inodes := listeners(addr)
			if its = found && holds(pids(), inodes); found && !its {
				who = holder(inodes)
			}
			return nil
		}); err != nil || its {
			return err
		}
		if stranger == "" {
			since = time.Now()
		}
		stranger = who
		if err := subject.After(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	if stranger != "" {
		return fmt.Errorf("%s listens on %s, and the server's command did not start it, as far as can be seen: want a port that is the server's alone, and a server in the foreground; one that something else starts, such as a container's engine, is an upstream", stranger, addr)
	}
	return fmt.Errorf("the server did not listen on %s within %v: it is told where by FLATLINE_PORT, or {port} in its arguments; %s", addr, limit, elsewhere(ctx, pids(), addr))
}

// elsewhere is where the server's processes listen that do not at addr, for people,
// if it can be seen.
func elsewhere(ctx context.Context, pids []int, addr string) string {
	its := map[string]bool{} // of those that are ours to look into
	for _, pid := range pids {
		more, _ := sockets.Of(pid)
		maps.Copy(its, more)
	}
	var places []string
	loopback := false // at addr's port, but for its own host alone
	_ = network.On(ctx, heartbeat.ServerSide, func() error {
		all, err := sockets.All()
		for _, s := range all {
			if !s.Listens || !its[s.Inode] {
				continue
			}
			places = append(places, s.Local.String())
			loopback = loopback || s.Local.Addr().IsLoopback() && strings.HasSuffix(addr, fmt.Sprintf(":%d", s.Local.Port()))
		}
		return err
	})
	switch {
	case len(places) == 0:
		return "does it listen elsewhere?"
	case loopback && network.OfHosts(ctx):
		return "it listens on " + strings.Join(places, ", ") + ": on this network it has to be 0.0.0.0, or {host}"
	default:
		return "it listens on " + strings.Join(places, ", ")
	}
}

// listeners says whether somebody listens at addr, and by which sockets, if that
// can be had. It asks the kernel, where it can be asked: not every server bears a
// connection that is none.
func listeners(addr string) (found bool, inodes []string) {
	all, err := sockets.All()
	if errors.Is(err, errors.ErrUnsupported) {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil, nil
	}
	want, bad := netip.ParseAddrPort(addr)
	if err != nil || bad != nil {
		return false, nil
	}
	var everywhere []string // they get what nobody listens for at the very address
	for _, s := range all {
		switch {
		case !s.Listens || s.Local.Port() != want.Port():
		case s.Local.Addr() == want.Addr():
			inodes = append(inodes, s.Inode)
		case s.Local.Addr().IsUnspecified():
			everywhere = append(everywhere, s.Inode)
		}
	}
	if len(inodes) == 0 {
		inodes = everywhere
	}
	return len(inodes) > 0, inodes
}

// holds says whether one of the processes has one of the sockets open, or may have:
// another user's is not ours to look into. Without sockets nobody can tell.
func holds(pids []int, inodes []string) bool {
	for _, pid := range pids {
		its, err := sockets.Of(pid)
		if errors.Is(err, fs.ErrPermission) {
			return true
		}
		for _, inode := range inodes {
			if its[inode] {
				return true
			}
		}
	}
	return len(inodes) == 0
}

// holder is who has one of the sockets open, for people.
func holder(inodes []string) string {
	for _, inode := range inodes {
		if who := sockets.Holder(inode); who != "" {
			return who
		}
	}
	return "somebody else"
}
