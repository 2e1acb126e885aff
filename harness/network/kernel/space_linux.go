package kernel

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// space is a network namespace without a name: what holds it is its descriptor,
// and the sockets in it. It is entered by a thread at a time.
type space struct {
	ns, home netns.NsHandle // home: this process's own
}

// newSpace makes an empty one.
func newSpace(home netns.NsHandle) (space, error) {
	s := space{home: home}
	err := on(home, home, func() (err error) {
		s.ns, err = netns.New()
		return err
	})
	if err != nil {
		return space{}, fmt.Errorf("make a network namespace: %w", err)
	}
	return s, nil
}

// on runs do on a thread that is in ns, and brings it home.
func on(ns, home netns.NsHandle, do func() error) error {
	runtime.LockOSThread()
	if err := netns.Set(ns); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter a network namespace: %w", err)
	}
	err := do()
	if back := netns.Set(home); back != nil {
		// The thread stays locked, so that nobody else gets it: it ends with
		// this goroutine.
		return errors.Join(err, fmt.Errorf("leave a network namespace: %w", back))
	}
	runtime.UnlockOSThread()
	return err
}

func (s space) on(do func() error) error { return on(s.ns, s.home, do) }

// set writes settings below /proc/sys/net, which are those of whoever writes.
func (s space) set(settings map[string]string) error {
	return s.on(func() error {
		for name, value := range settings {
			if err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0); err != nil {
				return fmt.Errorf("set net/%s: %w", name, err)
			}
		}
		return nil
	})
}

// ask opens netlink sockets in the namespace.
func (s space) ask(families ...int) (*netlink.Handle, error) {
	h, err := netlink.NewHandleAt(s.ns, families...)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	return h, nil
}

// close lets go of it. Again it does nothing: by then the descriptor's number may
// be somebody else's.
func (s *space) close() error {
	if s.ns <= 0 { // the zero space has none
		return nil
	}
	ns := s.ns
	s.ns = 0
	return unix.Close(int(ns))
}
