package toxiproxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	api "github.com/Shopify/toxiproxy/v2/client"
	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// stockServer is for who has a Toxiproxy server already: Connect makes one of a
// server with Toxiproxy's own toxics only. They close connections and so are no
// cable and no firewall, and none of them proves what it did: it refuses to cut,
// unlike StockCables. But they can be slow; so each path is
//
//	client - near - stock - far - server
//
// where near and far are paths of this process that only look on.
type stockServer struct {
	*Network          // the server
	taps     *Network // near and far
	host     string   // where the server reaches this process
}

var _ network.Network = (*stockServer)(nil)

// Name is "stock".
func (n *stockServer) Name() string { return "stock" }

// Supports is a *StockError for everything but latency.
func (n *stockServer) Supports(kind scenario.Kind) error {
	if err := n.Network.Supports(kind); err != nil || kind == scenario.Latency {
		return err
	}
	return &StockError{kind}
}

// Close closes the paths that look on, too.
func (n *stockServer) Close() error { return errors.Join(n.Network.Close(), n.taps.Close()) }

// stockPath is a proxy of the server, and what is seen before and behind it.
type stockPath struct {
	network   *stockServer
	setup     network.Setup
	near, far network.Path
	proxy     *api.Proxy
	strikes   []network.Strike
	before    [][2]int64               // bytes that had passed before each strike, up and down
	active    map[stream.Direction]int // index of the strike that slows a direction
	doubt     time.Duration            // the longest that a switch may have taken to take effect, halved
}

// Open checks all faults: what it accepts, Apply can do.
func (n *stockServer) Open(ctx context.Context, setup network.Setup) (network.Path, error) {
	p := &stockPath{network: n, setup: setup, active: map[stream.Direction]int{}}
	delays := []network.Delay{setup.Delay}
	for _, f := range setup.Faults {
		if err := n.Supports(f.Kind); err != nil {
			return nil, fmt.Errorf("open path %q: %w", setup.Name, err)
		}
		delays = append(delays, f.Delay)
	}
	for _, d := range delays {
		if err := errors.Join(checkDelay(d), inStockTerms(d)); err != nil {
			return nil, fmt.Errorf("open path %q: %w", setup.Name, err)
		}
	}
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open path %q: %w", setup.Name, err), p.Close(context.WithoutCancel(ctx)))
	}
	return p, nil
}

func inStockTerms(d network.Delay) error {
	if d.Law == scenario.Normal {
		return fmt.Errorf("delay with law %q: Toxiproxy's own latency has %s only", d.Law, scenario.Uniform)
	}
	return nil
}

// open makes the path from its far end to its near one, where clients come in.
func (p *stockPath) open(ctx context.Context) (err error) {
	n := p.network
	tap := func(end, listen, upstream string) (network.Path, error) {
		return n.taps.Open(ctx, network.Setup{Name: p.setup.Name + "-" + end, Listen: listen, Upstream: upstream, Epoch: p.setup.Epoch})
	}
	everywhere := ""
	if n.host != "" {
		everywhere = "0.0.0.0:0"
	}
	if p.far, err = tap("far", everywhere, p.setup.Upstream); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(p.far.Addr())
	if err != nil {
		return err
	}
	upstream := net.JoinHostPort(cmp.Or(n.host, "127.0.0.1"), port)
	proxies := make(chan *api.Proxy, 1)
	err = n.do(ctx, func() error {
		proxy, err := n.client.CreateProxy(n.remote.mark(proxyName(p.setup.Name)), n.remote.listen(), upstream)
		if err != nil {
			return fmt.Errorf("create proxy: %w", err)
		}
		for _, d := range bothWays {
			if _, err := proxy.AddToxic(nameOf(latencyType, d), latencyType, d.String(), 1, stockDelay(p.setup.Delay)); err != nil {
				return errors.Join(fmt.Errorf("add toxic %s: %w", latencyType, err), proxy.Delete())
			}
		}
		proxies <- proxy
		return nil
	}, func() { _ = (<-proxies).Delete() })
	if err != nil {
		return err
	}
	p.proxy = <-proxies
	p.near, err = tap("near", p.setup.Listen, n.remote.addr(p.proxy.Listen))
	return err
}

// latencyType is the type of Toxiproxy's own delay.
const latencyType = "latency"

var bothWays = []stream.Direction{stream.Upstream, stream.Downstream}

// stockDelay is a delay in milliseconds, as Toxiproxy's own latency has it.
func stockDelay(d network.Delay) api.Attributes {
	return api.Attributes{"latency": d.Latency.Milliseconds(), "jitter": d.Jitter.Milliseconds()}
}

// Addr is the near end's.
func (p *stockPath) Addr() string { return p.near.Addr() }

// ways are the directions that fault i slows.
func (p *stockPath) ways(i int) []stream.Direction {
	switch p.setup.Faults[i].Toward {
	case heartbeat.ServerSide:
		return bothWays[:1]
	case heartbeat.ClientSide:
		return bothWays[1:]
	default:
		return bothWays
	}
}

// Apply refuses a fault that would change what an active one has changed.
func (p *stockPath) Apply(ctx context.Context, i int) error {
	if i < 0 || i >= len(p.setup.Faults) {
		return fmt.Errorf("path %q: apply fault %d: there is none; accepted: below %d", p.setup.Name, i, len(p.setup.Faults))
	}
	for _, d := range p.ways(i) {
		if j, taken := p.active[d]; taken {
			return fmt.Errorf("path %q: apply fault %d: fault %d is active; undo it first", p.setup.Name, i, p.strikes[j].Fault)
		}
	}
	seen, err := p.look(ctx)
	if err != nil {
		return err
	}
	on, err := p.change(ctx, p.ways(i), p.setup.Faults[i].Delay)
	if err != nil {
		return fmt.Errorf("path %q: apply fault %d: %w", p.setup.Name, i, err)
	}
	s := network.Strike{Fault: i, On: on, Off: network.Never, Forgotten: network.Never, Counted: true, LastPassedUp: network.Never, LastPassedDown: network.Never}
	for _, l := range seen {
		s.LastPassedUp, s.LastPassedDown = max(s.LastPassedUp, l.Up.LastPassed), max(s.LastPassedDown, l.Down.LastPassed)
	}
	p.strikes, p.before = append(p.strikes, s), append(p.before, passed(seen))
	for _, d := range p.ways(i) {
		p.active[d] = len(p.strikes) - 1
	}
	return nil
}

// Undo refuses a fault that is not active. What the latency held flows on at
// once: Toxiproxy's own does that.
func (p *stockPath) Undo(ctx context.Context, i int) error {
	at := slices.IndexFunc(p.strikes, func(s network.Strike) bool { return s.Fault == i && s.Off == network.Never })
	if at < 0 {
		return fmt.Errorf("path %q: undo fault %d: it is not active", p.setup.Name, i)
	}
	if _, err := p.look(ctx); err != nil { // the last chance to see it at work
		return err
	}
	off, err := p.change(ctx, p.ways(i), p.setup.Delay)
	if err != nil {
		return fmt.Errorf("path %q: undo fault %d: %w", p.setup.Name, i, err)
	}
	p.strikes[at].Off = off
	for _, d := range p.ways(i) {
		delete(p.active, d)
	}
	return nil
}

// change switches the delay, and is the middle of the time that it took: when
// it took effect in between, nobody says.
func (p *stockPath) change(ctx context.Context, ways []stream.Direction, to network.Delay) (at int64, err error) {
	from := time.Since(p.setup.Epoch)
	err = p.network.do(ctx, func() error {
		for _, d := range ways {
			if _, err := p.proxy.UpdateToxic(nameOf(latencyType, d), -1, stockDelay(to)); err != nil {
				return fmt.Errorf("update toxic %s: %w", latencyType, err)
			}
		}
		return nil
	}, nil)
	took := time.Since(p.setup.Epoch) - from
	p.doubt = max(p.doubt, (took+1)/2)
	return int64(from + took/2), err
}

// Observe is what near and far have seen.
func (p *stockPath) Observe(ctx context.Context) (network.Observation, error) {
	links, err := p.look(ctx)
	return network.Observation{Uncertainty: p.doubt, Links: links, Strikes: slices.Clone(p.strikes)}, err
}

// Close goes from the near end to the far one.
func (p *stockPath) Close(ctx context.Context) error {
	var errs []error
	if p.near != nil {
		errs = append(errs, p.near.Close(ctx))
	}
	if p.proxy != nil {
		errs = append(errs, p.network.do(ctx, func() error { return present(p.proxy.Delete()) }, nil))
	}
	if p.far != nil {
		errs = append(errs, p.far.Close(ctx))
	}
	return errors.Join(errs...)
}
