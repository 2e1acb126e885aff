package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Network makes paths of namespaces.
type Network struct {
	home    netns.NsHandle
	clock   int    // a socket that makes the kernel stamp packets: see newClock
	release string // the kernel's
	netem   error  // nil: it has netem

	mu   sync.Mutex
	open map[*path]bool
}

var _ network.Network = (*Network)(nil)

// New makes sure that this process can build paths. If it can't, the error says
// what is missing, and how to get it; see Enter.
func New() (*Network, error) {
	n := &Network{open: map[*path]bool{}}
	var uname unix.Utsname
	if err := unix.Uname(&uname); err != nil {
		return nil, fmt.Errorf("kernel: %w", err)
	}
	n.release = unix.ByteSliceToString(uname.Release[:])
	var err error
	if n.home, err = netns.Get(); err != nil {
		return nil, fmt.Errorf("kernel: find this process's network namespace: %w", err)
	}
	if n.clock, err = newClock(); err == nil {
		err = n.try()
	}
	if err != nil {
		return nil, errors.Join(explain(err), n.letGo())
	}
	return n, nil
}

// newClock opens a socket that wants stamps. The kernel stamps packets only
// while there is one, and begins with it some time after the first has asked:
// until then it stamps as they are read.
func newClock() (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}
	if err != nil {
		return fd, fmt.Errorf("ask for stamps: %w", err)
	}
	return fd, nil
}

// letGo closes its descriptors, once.
func (n *Network) letGo() error {
	var errs []error
	for _, fd := range []*int{(*int)(&n.home), &n.clock} {
		if *fd > 0 {
			errs = append(errs, unix.Close(*fd))
		}
		*fd = 0
	}
	return errors.Join(errs...)
}

// try builds a topology with every kind of rule, and takes it down again.
func (n *Network) try() (err error) {
	t, err := newTopology(n.home)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	f, err := newFirewall(t.router)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	f.counter(unknownFlows)
	f.translates()
	f.add([]rule{
		{forwarding, words(strange(), counted(unknownFlows), reset())},
		{forwarding, words(byChance(1), drop())},
		{mapping, words(toward(heartbeat.ServerSide), masquerade())},
	})
	if err := f.commit("try rules"); err != nil {
		return err
	}
	n.netem = delay(t.links, t.devices[heartbeat.ClientSide], network.Delay{Latency: 1})
	return nil
}

// missing says whether a setting is one that this kernel doesn't have.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// Name is "kernel".
func (n *Network) Name() string { return "kernel" }

// Version names the kernel's release.
func (n *Network) Version() string { return "linux " + n.release }

// supported are the kinds of faults that every kernel can apply.
var supported = []scenario.Kind{
	scenario.CablePull, scenario.HalfOpenUp, scenario.HalfOpenDown, scenario.IdleDrop,
	scenario.Loss, scenario.LinkFlap, scenario.NATRebind, scenario.PortBlocked,
}

// Hosted says that its paths are: see network.HasHosts.
func (n *Network) Hosted() {}

// Supports says which faults of a network can be had here.
func (n *Network) Supports(kind scenario.Kind) error {
	switch {
	case slices.Contains(supported, kind):
		return nil
	case kind == scenario.Latency && n.netem != nil:
		return fmt.Errorf("this kernel has no netem (%w), which makes packets late: run it on toxiproxy, or on a kernel with CONFIG_NET_SCH_NETEM", n.netem)
	case kind == scenario.Latency:
		return nil
	case kind.OfPeer():
		return fmt.Errorf("%s happens to a peer, not to a network: the subject has to do it", kind)
	}
	names := []string{string(scenario.Latency)}
	for _, k := range supported {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return fmt.Errorf("kernel has no fault %q; accepted: %s", kind, strings.Join(names, ", "))
}

// SupportsProbe is nil: whatever asks a kernel here asks the peer's.
func (n *Network) SupportsProbe(heartbeat.Probe) error { return nil }

// Close is an error while paths are open.
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.open) > 0 {
		var names []string
		for p := range n.open {
			names = append(names, p.setup.Name)
		}
		slices.Sort(names)
		return fmt.Errorf("close network kernel: paths are open: %s", strings.Join(names, ", "))
	}
	return n.letGo()
}
