package toxiproxy

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	api "github.com/Shopify/toxiproxy/v2/client"
	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
	"github.com/flatline-go/flatline/harness/scenario"
)

// path is a proxy with its toxics.
type path struct {
	network  *Network
	setup    network.Setup
	proxy    *api.Proxy
	switches []toggle     // of setup.Faults
	active   map[part]int // the fault that has changed a part
	clock    reading      // of the server's clock, if that isn't ours
}

var _ network.Path = (*path)(nil)

var errClosed = errors.New("the path is closed")

// Open makes a proxy for setup. It checks all faults: what it accepts, Apply
// can do.
func (n *Network) Open(ctx context.Context, setup network.Setup) (network.Path, error) {
	p, err := n.newPath(ctx, setup)
	if err != nil {
		return nil, fmt.Errorf("open path %q: %w", setup.Name, err)
	}
	return p, nil
}

func (n *Network) newPath(ctx context.Context, setup network.Setup) (*path, error) {
	if setup.Name == "" {
		return nil, errors.New("it needs a name")
	}
	if _, _, err := net.SplitHostPort(setup.Upstream); err != nil {
		return nil, fmt.Errorf("upstream %q; accepted: host:port: %w", setup.Upstream, err)
	}
	if _, _, err := net.SplitHostPort(setup.Listen); err != nil && setup.Listen != "" {
		return nil, fmt.Errorf("listen on %q; accepted: host:port: %w", setup.Listen, err)
	}
	if setup.Epoch.IsZero() {
		return nil, errors.New("it needs an epoch")
	}
	if err := checkDelay(setup.Delay); err != nil {
		return nil, err
	}
	p := &path{network: n, setup: setup, active: make(map[part]int)}
	for i, f := range setup.Faults {
		t, err := n.toggle(i, f)
		if err != nil {
			return nil, fmt.Errorf("fault %d: %w", i, err)
		}
		p.switches = append(p.switches, t)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := n.do(ctx, p.create, func() { _ = p.proxy.Delete() }); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open[p] = true
	return p, nil
}

// create makes the proxy and its toxics, or nothing.
func (p *path) create() error {
	name := p.network.remote.mark(proxyName(p.setup.Name))
	p.proxy = p.network.client.NewProxy()
	p.proxy.Name, p.proxy.Upstream = name, p.setup.Upstream
	p.proxy.Listen = cmp.Or(p.setup.Listen, p.network.remote.listen())
	// Not enabled yet: a client that waits for it would be there before the
	// toxics.
	if err := p.proxy.Save(); err != nil {
		return fmt.Errorf("create proxy: %w", err)
	}
	err := p.equip(name)
	if err != nil {
		err = errors.Join(err, p.proxy.Delete())
	}
	return err
}

// equip adds the toxics, reads the server's clock, and lets clients in.
func (p *path) equip(cable string) (err error) {
	for _, t := range toxicsOf(cable, p.setup) {
		if _, err := p.proxy.AddToxic(t.Name, t.Type, t.Stream, 1, t.Attributes); err != nil {
			return fmt.Errorf("add toxic %s: %w", t.Name, err)
		}
	}
	if p.network.remote != nil {
		if p.clock, err = p.readClock(); err != nil {
			return fmt.Errorf("read the server's clock: %w", err)
		}
	}
	if err := p.proxy.Enable(); err != nil {
		return fmt.Errorf("enable proxy: %w", err)
	}
	return nil
}

// named counts the proxies of all Networks in this process: their toxics know
// each other by the proxy's name.
var named atomic.Int64

// proxyName makes a name for a proxy: one that fits into a URL, and is new.
func proxyName(path string) string {
	fits := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '-'
	}, path)
	return fmt.Sprintf("%s-%d", fits, named.Add(1))
}

// toxicsOf are the toxics that a path needs, in the order of their adding. The
// first reports the proof. A cable_pull is always there: it sees what happens.
func toxicsOf(cable string, setup network.Setup) []api.Toxic {
	delays, drops := setup.Delay != network.Delay{}, false
	for _, f := range setup.Faults {
		delays = delays || f.Kind == scenario.Latency
		drops = drops || f.Kind == scenario.IdleDrop
	}
	types := []string{toxics.CablePullType} // as the client's bytes meet them
	if drops {
		types = append(types, toxics.IdleDropType)
	}
	if delays {
		types = append(types, toxics.DelayType)
	}
	var all []api.Toxic
	add := func(kind string, d stream.Direction) {
		attributes := api.Attributes{"cable": cable, "stream": d.String()}
		if kind == toxics.DelayType {
			attributes["seed"] = setup.Seed
			attributes["latency_ns"] = setup.Delay.Latency
			attributes["jitter_ns"] = setup.Delay.Jitter
			attributes["law"] = lawOf(setup.Delay)
		}
		all = append(all, api.Toxic{Name: nameOf(kind, d), Type: kind, Stream: d.String(), Attributes: attributes})
	}
	for i := range types {
		add(types[i], stream.Upstream)
	}
	for i := range types {
		add(types[len(types)-1-i], stream.Downstream)
	}
	return all
}

func nameOf(toxic string, d stream.Direction) string { return toxic + "_" + d.String() }

// Addr is the proxy's.
func (p *path) Addr() string { return p.network.remote.addr(p.proxy.Listen) }

// Apply refuses a fault that would change what an active one has changed: it
// would not be clear what undoing one of them leaves. Where it fails otherwise,
// the fault may have taken effect; it counts as active.
func (p *path) Apply(ctx context.Context, i int) error {
	t, err := p.toggle(ctx, i)
	if err == nil {
		for _, c := range t.changes {
			if j, taken := p.active[c]; taken {
				err = fmt.Errorf("fault %d (%s) is active; undo it first", j, p.setup.Faults[j].Kind)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("path %q: apply fault %d: %w", p.setup.Name, i, err)
	}
	for _, c := range t.changes {
		p.active[c] = i
	}
	if err := p.network.do(ctx, p.update(t.toxic, t.on), nil); err != nil {
		return fmt.Errorf("path %q: apply fault %d: %w", p.setup.Name, i, err)
	}
	return nil
}

// Undo refuses a fault that is not active.
func (p *path) Undo(ctx context.Context, i int) error {
	t, err := p.toggle(ctx, i)
	if err == nil {
		if j, taken := p.active[t.changes[0]]; !taken || j != i {
			err = errors.New("it is not active")
		}
	}
	if err == nil {
		err = p.network.do(ctx, p.update(t.toxic, t.off), nil)
	}
	if err != nil {
		return fmt.Errorf("path %q: undo fault %d: %w", p.setup.Name, i, err)
	}
	for _, c := range t.changes {
		delete(p.active, c)
	}
	return nil
}

func (p *path) toggle(ctx context.Context, i int) (toggle, error) {
	switch {
	case !p.network.isOpen(p):
		return toggle{}, errClosed
	case i < 0 || i >= len(p.switches):
		return toggle{}, fmt.Errorf("there is none; accepted: below %d", len(p.switches))
	}
	return p.switches[i], ctx.Err()
}

// update is an update of one toxic.
func (p *path) update(toxic string, attributes api.Attributes) func() error {
	return func() error {
		if _, err := p.proxy.UpdateToxic(toxic, -1, attributes); err != nil {
			return fmt.Errorf("update toxic %s: %w", toxic, err)
		}
		return nil
	}
}

// Observe reads the proof, which ends when the path is closed.
func (p *path) Observe(ctx context.Context) (network.Observation, error) {
	seen, err := p.proof(ctx)
	if err != nil {
		return network.Observation{}, fmt.Errorf("observe path %q: %w", p.setup.Name, err)
	}
	if seen.LeftOut > 0 {
		return network.Observation{}, fmt.Errorf("observe path %q: %d connections, of which the last %d left no proof; accepted: %d",
			p.setup.Name, len(seen.Links)+seen.LeftOut, seen.LeftOut, len(seen.Links))
	}
	o, err := p.onOurClock(seen)
	if err != nil {
		return network.Observation{}, fmt.Errorf("observe path %q: %w", p.setup.Name, err)
	}
	return o, nil
}

// seen is a proof, and when it was asked for and had come, since the epoch.
type seen struct {
	toxics.Proof
	sent, back int64
}

func (p *path) proof(ctx context.Context) (s seen, err error) {
	if !p.network.isOpen(p) {
		return s, errClosed
	}
	return ask(ctx, p.network, p.readProof)
}

func (p *path) readProof() (s seen, err error) {
	s.sent = int64(time.Since(p.setup.Epoch))
	all, err := p.proxy.Toxics()
	s.back = int64(time.Since(p.setup.Epoch))
	if err != nil {
		return s, err
	}
	for _, t := range all {
		reported, ok := t.Attributes["proof"]
		if !ok {
			continue
		}
		text, err := json.Marshal(reported)
		if err != nil {
			return s, err
		}
		return s, json.Unmarshal(text, &s.Proof)
	}
	return s, errors.New("no toxic reports a proof")
}

// Close goes on if ctx ends before it, or has ended. It may be called again, to
// no effect or because it failed.
func (p *path) Close(ctx context.Context) error {
	if !p.network.isOpen(p) {
		return nil
	}
	var steps []func() error
	for _, i := range p.active {
		steps = append(steps, p.update(p.switches[i].toxic, p.switches[i].off))
	}
	steps = append(steps,
		// A toxic doesn't notice that its proxy is deleted, and stock Toxiproxy
		// leaks what it then still holds.
		p.update(nameOf(toxics.CablePullType, stream.Upstream), api.Attributes{"end": true}),
		p.proxy.Delete)
	err := p.network.do(ctx, func() error {
		var errs []error
		for _, step := range steps {
			errs = append(errs, present(step()))
		}
		err := errors.Join(errs...)
		if err == nil {
			p.closed()
		}
		return err
	}, nil)
	var gone *network.GoneError
	if errors.As(err, &gone) { // there is nothing left to close
		p.closed()
	}
	if err != nil {
		return fmt.Errorf("close path %q: %w", p.setup.Name, err)
	}
	return nil
}

func (p *path) closed() {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	delete(p.network.open, p)
}

// present drops the error that something is not there any more.
func present(err error) error {
	var answer *api.ApiError
	if errors.As(err, &answer) && answer.Status == http.StatusNotFound {
		return nil
	}
	return err
}
