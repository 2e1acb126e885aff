package kernel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// path is a topology with its rules, and what watches it.
type path struct {
	network *Network
	setup   network.Setup
	addr    netip.AddrPort // the server's
	faults  []fault

	*topology
	router    *firewall
	sent      map[heartbeat.Side]*firewall // of the hosts whose cable is pulled: counts what they send
	conntrack *netlink.Handle              // nil: there is nothing to track
	sockets   map[heartbeat.Side]*socketTable
	tap       *tap
	looking   sync.WaitGroup
	stopLooks chan struct{}

	changing sync.Mutex // held by whoever changes the network, or reads its counters

	mu      sync.Mutex // guards what follows; taken after changing
	flows   *flows
	strikes []*strike
	failed  error // of what goes on beside the calls
	closed  bool
}

var _ network.Hosted = (*path)(nil)

var errClosed = errors.New("the path is closed")

// anyPort is the server's, unless the setup names one: on its host all are free.
const anyPort = 7000

// Open makes a path. It checks all faults: what it accepts, Apply can do.
func (n *Network) Open(ctx context.Context, setup network.Setup) (network.Path, error) {
	p, err := n.newPath(setup)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = p.build()
	}
	if err != nil {
		if p != nil {
			err = errors.Join(err, p.release())
		}
		return nil, fmt.Errorf("open path %q: %w", setup.Name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open[p] = true
	return p, nil
}

// newPath is one that has been checked, but not been built.
func (n *Network) newPath(setup network.Setup) (*path, error) {
	switch {
	case setup.Name == "":
		return nil, errors.New("it needs a name")
	case setup.Epoch.IsZero():
		return nil, errors.New("it needs an epoch")
	case setup.Listen != "":
		return nil, network.UnsupportedError{Reason: "a client from outside has no host here: its command has to be started inside"}
	}
	port, err := serverPort(setup.Upstream)
	if err != nil {
		return nil, err
	}
	p := &path{
		network: n, setup: setup, addr: netip.AddrPortFrom(serverHost, port), flows: newFlows(longest(setup)),
		sent: map[heartbeat.Side]*firewall{}, sockets: map[heartbeat.Side]*socketTable{}, stopLooks: make(chan struct{}),
	}
	if err := checkDelay(setup.Delay); err != nil {
		return nil, err
	}
	for i, f := range setup.Faults {
		if err := n.Supports(f.Kind); err != nil {
			return nil, fmt.Errorf("fault %d: %w", i, err)
		}
		made, err := newFault(i, f)
		if err != nil {
			return nil, fmt.Errorf("fault %d: %w", i, err)
		}
		p.faults = append(p.faults, made)
	}
	return p, nil
}

// longest is the most that a packet is delayed by.
func longest(setup network.Setup) time.Duration {
	most := setup.Delay.Latency + setup.Delay.Jitter
	for _, f := range setup.Faults {
		most = max(most, f.Delay.Latency+f.Delay.Jitter)
	}
	return most
}

// serverPort is that of an upstream, which is on the server's host, however it
// calls itself there.
func serverPort(upstream string) (uint16, error) {
	if upstream == "" {
		return anyPort, nil
	}
	host, text, err := net.SplitHostPort(upstream)
	port, bad := strconv.ParseUint(text, 10, 16)
	if err = cmp.Or(err, bad); err != nil {
		return 0, fmt.Errorf("upstream %q; accepted: host:port: %w", upstream, err)
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() && ip != serverHost {
		return 0, network.UnsupportedError{Reason: fmt.Sprintf("the server %s is outside: its command has to be started inside", upstream)}
	}
	return uint16(port), nil
}

// build makes the topology, its rules and what watches it.
func (p *path) build() (err error) {
	if p.topology, err = newTopology(p.network.home); err != nil {
		return err
	}
	if p.router, err = newFirewall(p.topology.router); err != nil {
		return err
	}
	if has(p.faults, scenario.IdleDrop, scenario.NATRebind) {
		if err := p.track(); err != nil {
			return err
		}
	}
	for i, f := range p.faults {
		p.router.counter(upCounter(i))
		p.router.counter(downCounter(i))
		if f.unplugs != "" && p.sent[f.unplugs] == nil {
			if p.sent[f.unplugs], err = countSent(p.host(f.unplugs)); err != nil {
				return err
			}
		}
	}
	if err := p.router.replace(nil, p.lasting()); err != nil {
		return err
	}
	if p.setup.Delay != (network.Delay{}) {
		for side := range p.devices {
			if err := delay(p.links, p.devices[side], p.setup.Delay); err != nil {
				return fmt.Errorf("delay the path: %w", err)
			}
		}
	}
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		if p.sockets[side], err = newSocketTable(p.host(side)); err != nil {
			return err
		}
	}
	p.tap, err = newTap(p.topology, p.setup.Epoch, func(seen packet) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.flows.see(seen)
	})
	if err == nil {
		p.looking.Go(p.look)
	}
	return err
}

// countSent makes a host's kernel count what it sends, or tries to.
func countSent(host space) (*firewall, error) {
	f, err := newFirewall(host)
	if err != nil {
		return nil, err
	}
	f.counter(sentCounter)
	f.add([]rule{{leaving, words(device(metaOut, card), counted(sentCounter))}})
	if err := f.commit("count what a host sends"); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

const sentCounter = "sent"

// lasting are the rules that are there whatever is active.
func (p *path) lasting() (rules []rule) {
	if has(p.faults, scenario.IdleDrop, scenario.NATRebind) {
		rules = append(rules, rule{forwarding, words(strange(), counted(unknownFlows))})
	}
	for i, f := range p.faults {
		if f.Kind == scenario.NATRebind { // its own ports are nobody's: no answer
			rules = append(rules, rule{local, words(from(heartbeat.ServerSide), ofTCP(0, 0), counted(downCounter(i)), drop())})
			break
		}
	}
	return rules
}

// track makes the router follow flows, and translate addresses if a fault is
// about that.
func (p *path) track() (err error) {
	p.router.counter(unknownFlows)
	if has(p.faults, scenario.NATRebind) {
		p.router.translates()
		p.router.add([]rule{{mapping, words(toward(heartbeat.ServerSide), masquerade())}})
		if err := p.router.commit("translate addresses"); err != nil {
			return err
		}
	}
	for _, f := range p.faults {
		if f.Kind == scenario.IdleDrop {
			idle := strconv.FormatInt(seconds(f.Idle), 10)
			if err := p.topology.router.set(map[string]string{"netfilter/nf_conntrack_tcp_timeout_established": idle}); err != nil {
				return err
			}
		}
	}
	p.conntrack, err = p.topology.router.ask(unix.NETLINK_NETFILTER)
	return err
}

// Addr is the server's, on its host.
func (p *path) Addr() string { return p.addr.String() }

// On runs do on side's host.
func (p *path) On(side heartbeat.Side, do func() error) error { return p.host(side).on(do) }

func (p *path) now() int64 { return int64(time.Since(p.setup.Epoch)) }

// lookEvery is how often a path looks at its sockets: hang-ups are seen at most
// that late.
const lookEvery = 10 * time.Millisecond

// look looks at the sockets of all flows that are not over, until the path is
// closed.
func (p *path) look() {
	for {
		select {
		case <-time.After(lookEvery):
		case <-p.stopLooks:
			return
		}
		if err := p.lookOnce(); err != nil {
			p.fail(err)
			return
		}
	}
}

func (p *path) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = errors.Join(p.failed, err)
}

func (p *path) lookOnce() error {
	type question struct {
		of   *flow
		d    int
		side heartbeat.Side
		connection
	}
	var questions []question
	p.mu.Lock()
	for _, f := range p.flows.all {
		for d, q := range f.sockets() {
			if f.way[d].proof.HungUp == network.Never && !f.way[1-d].killed && q.local.IsValid() {
				questions = append(questions, question{f, d, sides[d], q})
			}
		}
	}
	p.mu.Unlock()
	for _, q := range questions {
		at := p.now() // what is open was so then; it may have been closed since
		found, err := p.sockets[q.side].find(q.connection)
		if err == nil && !found.open { // by an RST, perhaps: then the router has seen it
			at = p.now()
			err = p.tap.drain()
		}
		if err != nil {
			return err
		}
		p.mu.Lock()
		q.of.looked(q.d, found.open, at)
		p.mu.Unlock()
	}
	return nil
}

// Observe reads everything that watches.
func (p *path) Observe(ctx context.Context) (network.Observation, error) {
	o, err := p.observe(ctx)
	if err != nil {
		return network.Observation{}, fmt.Errorf("observe path %q: %w", p.setup.Name, err)
	}
	return o, nil
}

func (p *path) observe(ctx context.Context) (network.Observation, error) {
	if err := p.usable(ctx); err != nil {
		return network.Observation{}, err
	}
	until := p.now()
	if err := errors.Join(p.tap.drain(), p.tap.lost(), p.lookOnce()); err != nil {
		return network.Observation{}, err
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	for _, s := range p.strikes {
		if err := p.measure(s); err != nil {
			return network.Observation{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return network.Observation{}, p.failed
	}
	o := network.Observation{Links: p.flows.proof(until), Strikes: []network.Strike{}}
	if p.flows.guessed() {
		o.Uncertainty = lookEvery
	}
	for _, s := range p.strikes {
		p.flows.tally(&s.Strike)
		o.Strikes = append(o.Strikes, s.Strike)
	}
	return o, nil
}

func (p *path) usable(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	return ctx.Err()
}

// Close ends all connections, without a word to anybody, and lets go of
// everything. It may be called again, to no effect.
func (p *path) Close(context.Context) error {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	if closed {
		return nil
	}
	err := p.release()
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	delete(p.network.open, p)
	if err != nil {
		return fmt.Errorf("close path %q: %w", p.setup.Name, err)
	}
	return nil
}

// release lets go of what there is.
func (p *path) release() error {
	close(p.stopLooks)
	p.looking.Wait()
	for _, s := range p.strikes {
		s.stopFlapping()
	}
	errs := []error{p.tap.close(), p.router.close()}
	for _, f := range p.flows.all {
		for d, c := range f.sockets() {
			if c.local.IsValid() {
				errs = append(errs, p.sockets[sides[d]].destroy(c))
			}
		}
	}
	for _, f := range p.sent {
		errs = append(errs, f.close())
	}
	for _, t := range p.sockets {
		t.close()
	}
	if p.conntrack != nil {
		p.conntrack.Close()
	}
	if p.topology != nil {
		errs = append(errs, p.topology.close())
	}
	return errors.Join(errs...)
}
