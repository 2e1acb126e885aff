// Package relay is a network of datagrams in this process: a UDP socket for the
// clients, and one to the server for each of them, as a translator of addresses
// has. On the way from the client a datagram meets the faults, then the delay; on
// the way back the delay, then the faults: the cable is the client's. What is
// withheld is lost, and comes back with no heal.
//
// A link is a client's socket, by its address. A connection that ends is nothing
// that a datagram could tell, so that nobody ever hangs up here.
package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Network is what New makes.
type Network struct {
	mu   sync.Mutex
	open map[*path]bool
}

var _ network.Network = (*Network)(nil)

// New makes a network.
func New() *Network { return &Network{open: map[*path]bool{}} }

// Name is "relay".
func (n *Network) Name() string { return "relay" }

// Version is Flatline's own.
func (n *Network) Version() string { return "flatline's own" }

// Datagrams says that its paths carry them: see network.HasDatagrams.
func (n *Network) Datagrams() {}

// supported are the kinds of faults that a path can apply.
var supported = []scenario.Kind{
	scenario.CablePull, scenario.HalfOpenUp, scenario.HalfOpenDown, scenario.IdleDrop, scenario.Latency,
	scenario.Loss, scenario.BurstLoss, scenario.Duplication, scenario.Reordering, scenario.NATRebind,
}

// hidden is why a relay cannot show other kinds.
var hidden = map[scenario.Kind]string{
	scenario.LinkFlap:    "a relay has no link that its ends could see go",
	scenario.PortBlocked: "datagrams open no connection that could be refused",
}

// Supports says which faults of a network can be had here.
func (n *Network) Supports(kind scenario.Kind) error {
	switch {
	case slices.Contains(supported, kind):
		return nil
	case kind.OfPeer():
		return fmt.Errorf("%s happens to a peer, not to a network: the subject has to do it", kind)
	case hidden[kind] != "":
		return fmt.Errorf("%s: run it with --network kernel", hidden[kind])
	}
	names := make([]string, len(supported))
	for i, k := range supported {
		names[i] = string(k)
	}
	return fmt.Errorf("relay has no fault %q; accepted: %s", kind, strings.Join(names, ", "))
}

// SupportsProbe refuses what asks a kernel: it has nothing to say of datagrams.
func (n *Network) SupportsProbe(probe heartbeat.Probe) error {
	if probe.AsksKernel() {
		return fmt.Errorf("%s asks what a kernel knows of a TCP connection, and this carries datagrams: run it on kernel", probe)
	}
	return nil
}

// Open makes a path. It checks all faults: what it accepts, Apply can do.
func (n *Network) Open(ctx context.Context, setup network.Setup) (network.Path, error) {
	p, err := n.newPath(ctx, setup)
	if err != nil {
		return nil, fmt.Errorf("open path %q: %w", setup.Name, err)
	}
	return p, nil
}

func (n *Network) newPath(ctx context.Context, setup network.Setup) (*path, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := n.check(setup); err != nil {
		return nil, err
	}
	upstream, err := net.ResolveUDPAddr("udp", setup.Upstream)
	if err != nil {
		return nil, fmt.Errorf("upstream %q; accepted: host:port: %w", setup.Upstream, err)
	}
	listen := setup.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	socket, err := net.ListenPacket("udp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %q; accepted: host:port: %w", setup.Listen, err)
	}
	p := newPath(n, setup, upstream, socket)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open[p] = true
	p.reading.Go(p.readClients)
	return p, nil
}

// check refuses what no path can be.
func (n *Network) check(setup network.Setup) error {
	switch {
	case setup.Name == "":
		return errors.New("it needs a name")
	case setup.Epoch.IsZero():
		return errors.New("it needs an epoch")
	}
	if err := checkDelay(setup.Delay); err != nil {
		return err
	}
	for i, f := range setup.Faults {
		if err := n.checkFault(f); err != nil {
			return fmt.Errorf("fault %d: %w", i, err)
		}
	}
	return nil
}

func (n *Network) checkFault(f network.Fault) error {
	if err := n.Supports(f.Kind); err != nil {
		return err
	}
	switch {
	case f.Where != "" && f.Where != scenario.AtClient:
		return network.UnsupportedError{Reason: fmt.Sprintf("a relay has one cable, the client's, and %s wants it at %s: run it with --network kernel", f.Kind, f.Where)}
	case f.Kind == scenario.IdleDrop && (f.Mode == scenario.DropResetOnSend || f.Mode == scenario.DropResetAtIdle):
		return network.UnsupportedError{Reason: fmt.Sprintf("datagrams have no reset, and %s has the mode %s: run it with --network toxiproxy", f.Kind, f.Mode)}
	case f.Kind == scenario.IdleDrop && f.Mode != scenario.DropSilent:
		return fmt.Errorf("%s with mode %q; accepted: %s", f.Kind, f.Mode, scenario.DropSilent)
	case f.Kind == scenario.IdleDrop && f.Idle <= 0:
		return fmt.Errorf("%s after %v; accepted: more than 0", f.Kind, f.Idle)
	case f.Toward != "" && f.Toward.Peer() == "":
		return fmt.Errorf("%s toward %q; accepted: %s, %s, or nobody in particular", f.Kind, f.Toward, heartbeat.ClientSide, heartbeat.ServerSide)
	case ofChance(f.Kind) && !(f.Percent > 0 && f.Percent <= 100):
		return fmt.Errorf("%s of %v percent; accepted: above 0, at most 100", f.Kind, f.Percent)
	case f.Kind == scenario.BurstLoss && !(f.Burst >= 1):
		return fmt.Errorf("%s in bursts of %v; accepted: 1 or more", f.Kind, f.Burst)
	}
	return checkDelay(f.Delay)
}

func ofChance(k scenario.Kind) bool {
	return k == scenario.Loss || k == scenario.BurstLoss || k == scenario.Duplication || k == scenario.Reordering
}

func checkDelay(d network.Delay) error {
	switch {
	case d.Latency < 0 || d.Jitter < 0:
		return fmt.Errorf("delay of %v +- %v; accepted: 0 or more each", d.Latency, d.Jitter)
	case d.Law != "" && d.Law != scenario.Uniform && d.Law != scenario.Normal:
		return fmt.Errorf("delay with law %q; accepted: %s, %s", d.Law, scenario.Uniform, scenario.Normal)
	}
	return nil
}

// Close is an error while paths are open.
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.open) == 0 {
		return nil
	}
	var names []string
	for p := range n.open {
		names = append(names, p.setup.Name)
	}
	slices.Sort(names)
	return fmt.Errorf("close network relay: paths are open: %s", strings.Join(names, ", "))
}
