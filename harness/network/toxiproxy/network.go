// Package toxiproxy is a network made of Toxiproxy, which runs embedded in this
// process ([New]) or somewhere else ([Connect]), and is spoken to through its
// HTTP API only. [Serve] is that somewhere else. It breaks by the toxics of
// package toxics; its path is
//
//	client - cable_pull - [idle_drop] - [delay] - server
//
// and the cable is the client's: delays lie beyond it. Toxics in brackets are
// there if a path needs them.
//
// It can't show what a TCP proxy hides: the proxy's kernel accepts every
// connection, acknowledges every byte to either end, answers keepalive probes,
// keeps urgent bytes to itself, and turns an RST of one end into a FIN to the
// other.
package toxiproxy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	stock "github.com/Shopify/toxiproxy/v2"
	api "github.com/Shopify/toxiproxy/v2/client"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Network is a Toxiproxy server that has Flatline's toxics. Its paths are
// proxies.
type Network struct {
	client *api.Client
	stop   func() error // ends the server, if it is ours
	remote *remote      // nil: the server is in this process

	calls sync.WaitGroup // of the API, that are under way

	mu   sync.Mutex
	open map[*path]bool
}

var _ network.Network = (*Network)(nil)

// New starts a Toxiproxy server in this process.
func New() (*Network, error) {
	server, err := serve("127.0.0.1:0", func(*stock.ApiServer) {})
	if err != nil {
		return nil, err
	}
	// A connection per request: none lingers, here or in the client's transport.
	server.http.SetKeepAlivesEnabled(false)
	return newNetwork(api.NewClient(server.Addr()), server.Close), nil
}

func newNetwork(client *api.Client, stop func() error) *Network {
	return &Network{client: client, stop: stop, open: make(map[*path]bool)}
}

// Name is "toxiproxy".
func (n *Network) Name() string { return "toxiproxy" }

// Version names Toxiproxy's.
func (n *Network) Version() string {
	if n.remote != nil {
		return "toxiproxy " + n.remote.version + ", remote"
	}
	return "toxiproxy " + version
}

// supported are the kinds of faults that a path can apply.
var supported = []scenario.Kind{
	scenario.CablePull, scenario.HalfOpenUp, scenario.HalfOpenDown, scenario.IdleDrop, scenario.Latency,
}

// hidden is why a proxy cannot show other kinds.
var hidden = map[scenario.Kind]string{
	scenario.Loss:        "a proxy sees a stream, from which its kernel has mended every loss",
	scenario.BurstLoss:   "a proxy sees a stream, from which its kernel has mended every loss",
	scenario.Duplication: "a proxy sees a stream, in which nothing comes twice",
	scenario.Reordering:  "a proxy sees a stream, which is in order",
	scenario.LinkFlap:    "a proxy has no link that its ends could see go",
	scenario.NATRebind:   "a proxy has two connections, and no address of the client's to translate",
	scenario.PortBlocked: "a proxy's kernel accepts every connection",
}

// elsewhere are the networks that do.
func elsewhere(kind scenario.Kind) string {
	switch kind {
	case scenario.BurstLoss, scenario.Duplication, scenario.Reordering:
		return "relay"
	case scenario.Loss, scenario.NATRebind:
		return "kernel, or relay for UDP"
	}
	return "kernel"
}

// Supports says which faults of a network can be had here.
func (n *Network) Supports(kind scenario.Kind) error {
	switch {
	case slices.Contains(supported, kind):
		return nil
	case kind.OfPeer():
		return fmt.Errorf("%s happens to a peer, not to a network: the subject has to do it", kind)
	case hidden[kind] != "":
		return fmt.Errorf("%s: run it with --network %s", hidden[kind], elsewhere(kind))
	}
	names := make([]string, len(supported))
	for i, k := range supported {
		names[i] = string(k)
	}
	return fmt.Errorf("toxiproxy has no fault %q; accepted: %s", kind, strings.Join(names, ", "))
}

// SupportsProbe refuses what the proxy's kernel answers in the peer's place.
func (n *Network) SupportsProbe(probe heartbeat.Probe) error {
	switch probe {
	case heartbeat.ProbeKeepalive, heartbeat.ProbeUserTimeout:
		return errors.New("the proxy's kernel answers for the peer: run it on kernel")
	}
	return nil
}

// do waits for a call of the API, which knows no contexts: if ctx ends first,
// the call goes on, at most as long as its client waits for an answer (30 s).
// If it then succeeds, late is called, unless it is nil.
func (n *Network) do(ctx context.Context, call func() error, late func()) error {
	done := make(chan error)
	abandoned := make(chan struct{})
	n.calls.Go(func() {
		err := call()
		select {
		case done <- err:
		case <-abandoned:
			if err == nil && late != nil {
				late()
			}
		}
	})
	select {
	case err := <-done:
		return n.remote.gone(err)
	case <-ctx.Done():
		close(abandoned)
		return ctx.Err()
	}
}

// ask is do for a call that has an answer. One that comes after ctx's end is
// nobody's.
func ask[T any](ctx context.Context, n *Network, call func() (T, error)) (answer T, err error) {
	answers := make(chan T, 1)
	err = n.do(ctx, func() error {
		got, err := call()
		answers <- got
		return err
	}, nil)
	select {
	case answer = <-answers:
	default:
	}
	return answer, err
}

func (n *Network) isOpen(p *path) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open[p]
}

// Close stops the server. It is an error to close it while paths are open, and
// then it goes on. It waits for calls whose context ended before them.
func (n *Network) Close() error {
	n.calls.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.open) > 0 {
		names := make([]string, 0, len(n.open))
		for p := range n.open {
			names = append(names, p.setup.Name)
		}
		slices.Sort(names)
		return fmt.Errorf("close network toxiproxy: paths are open: %s", strings.Join(names, ", "))
	}
	if err := n.stop(); err != nil {
		return fmt.Errorf("close network toxiproxy: %w", err)
	}
	return nil
}
