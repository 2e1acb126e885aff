// Package toxiproxy is a network made of Toxiproxy, which runs embedded in this
// process and is spoken to through its HTTP API only. It breaks by the toxics
// of package toxics; its path is
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
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	stock "github.com/Shopify/toxiproxy/v2"
	api "github.com/Shopify/toxiproxy/v2/client"
	"github.com/rs/zerolog"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// version is that of the Toxiproxy module; the library itself doesn't know it.
const version = "2.12.0"

// Network is a Toxiproxy server. Its paths are proxies.
type Network struct {
	client *api.Client
	stop   func() error // ends the server

	calls sync.WaitGroup // of the API, that are under way

	mu   sync.Mutex
	open map[*path]bool
}

var _ network.Network = (*Network)(nil)

// New starts a Toxiproxy server in this process.
func New() (*Network, error) {
	toxics.Register()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("toxiproxy: listen for the API: %w", err)
	}
	server := &http.Server{Handler: handler(), ReadHeaderTimeout: 15 * time.Second}
	// A connection per request: none lingers, here or in the client's transport.
	server.SetKeepAlivesEnabled(false)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return &Network{
		client: api.NewClient(listener.Addr().String()),
		stop: func() error {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			err := server.Shutdown(ctx)
			if err != nil {
				err = errors.Join(err, server.Close())
			}
			if serve := <-served; !errors.Is(serve, http.ErrServerClosed) {
				err = errors.Join(err, serve)
			}
			return err
		},
		open: make(map[*path]bool),
	}, nil
}

// handler is Toxiproxy's API. Toxiproxy writes a toxic's toxicity on each
// update and reads it for each answer, and guards neither against the other.
func handler() http.Handler {
	routes := stock.NewServer(stock.NewMetricsContainer(nil), zerolog.Nop()).Routes()
	var mu sync.RWMutex
	routes.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodPatch:
				mu.Lock()
				defer mu.Unlock()
			case http.MethodGet:
				mu.RLock()
				defer mu.RUnlock()
			}
			next.ServeHTTP(w, r)
		})
	})
	return routes
}

// Name is "toxiproxy".
func (n *Network) Name() string { return "toxiproxy" }

// Version names Toxiproxy's.
func (n *Network) Version() string { return "toxiproxy " + version }

// supported are the kinds of faults that a path can apply.
var supported = []scenario.Kind{
	scenario.CablePull, scenario.HalfOpenUp, scenario.HalfOpenDown, scenario.IdleDrop, scenario.Latency,
}

// Supports says which faults of a network can be had here.
func (n *Network) Supports(kind scenario.Kind) error {
	switch {
	case slices.Contains(supported, kind):
		return nil
	case kind.OfPeer():
		return fmt.Errorf("%s happens to a peer, not to a network: the subject has to do it", kind)
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
		return err
	case <-ctx.Done():
		close(abandoned)
		return ctx.Err()
	}
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
