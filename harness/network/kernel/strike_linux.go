package kernel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

const metaOut = expr.MetaKeyOIFNAME

// strike is one application of a fault.
type strike struct {
	network.Strike
	fault fault
	base  map[string]count // of the router's counters, before it

	out    bool  // the link is away
	hosts  int64 // what the host's counter said when that was last looked at
	unsent int64 // what the host has sent into its pulled cable

	flapping sync.WaitGroup
	stop     chan struct{}
}

// Apply refuses a fault that takes a link away that is gone already.
func (p *path) Apply(ctx context.Context, i int) error {
	err := p.usable(ctx)
	if err == nil {
		p.changing.Lock()
		err = p.apply(i)
		p.changing.Unlock()
	}
	if err != nil {
		return fmt.Errorf("path %q: apply fault %d: %w", p.setup.Name, i, err)
	}
	return nil
}

func (p *path) apply(i int) error {
	if i < 0 || i >= len(p.faults) {
		return fmt.Errorf("there is none; accepted: below %d", len(p.faults))
	}
	f := p.faults[i]
	for _, s := range p.strikes {
		if s.Off != network.Never {
			continue
		}
		if s.Fault == i || f.unplugs != "" && s.fault.unplugs == f.unplugs || f.Kind == scenario.Latency && s.fault.Kind == f.Kind {
			return fmt.Errorf("fault %d (%s) is active; undo it first", s.Fault, s.fault.Kind)
		}
	}
	base, err := p.router.counts()
	if err != nil {
		return err
	}
	s := &strike{
		fault: f, base: base, stop: make(chan struct{}),
		Strike: network.Strike{Fault: i, Off: network.Never, Forgotten: network.Never},
	}
	if err := p.begin(s); err != nil {
		return err
	}
	if f.Kind == scenario.LinkFlap {
		s.flapping.Go(func() { p.flap(s) })
	}
	return nil
}

// begin makes a strike take effect, and then counts it as one.
func (p *path) begin(s *strike) error {
	effect := func() error { return p.rules(append(p.active(), s)...) }
	switch s.fault.Kind {
	case scenario.IdleDrop: // it picks up no flow that it doesn't know
		effect = func() error {
			return errors.Join(p.pickUp("0"), p.rules(append(p.active(), s)...))
		}
	case scenario.NATRebind:
		effect = func() error { return p.forget(s) }
	case scenario.Latency:
		effect = func() error {
			return errors.Join(p.rules(append(p.active(), s)...), p.delays(s.fault, s.fault.Delay))
		}
	}
	if err := effect(); err != nil {
		return err
	}
	p.mu.Lock()
	s.On = p.now()
	p.flows.strike(&s.Strike)
	p.strikes = append(p.strikes, s)
	p.mu.Unlock()
	if s.fault.Kind == scenario.NATRebind && s.Forgotten != network.Never {
		s.Forgotten = s.On
	}
	if s.fault.unplugs != "" {
		return p.unplug(s)
	}
	return nil
}

// active are the strikes that are.
func (p *path) active() (on []*strike) {
	for _, s := range p.strikes {
		if s.Off == network.Never {
			on = append(on, s)
		}
	}
	return on
}

// rules makes those of strikes the router's, at one instant.
func (p *path) rules(on ...*strike) error {
	all := p.lasting()
	for _, s := range on {
		if s.fault.Kind != scenario.LinkFlap || s.out || s.On == 0 {
			all = append(all, s.fault.rules...)
		}
	}
	return p.router.replace([]hook{arriving, forwarding, local, leaving}, all)
}

// unplug takes a host's cable out, once the router lets nothing pass: the
// host's device then loses its carrier.
func (p *path) unplug(s *strike) error {
	sent, err := p.hostSent(s)
	if err != nil {
		return err
	}
	s.out, s.hosts = true, sent
	if err := p.links.LinkSetDown(p.devices[s.fault.unplugs]); err != nil {
		return fmt.Errorf("take the %s's link down: %w", s.fault.unplugs, err)
	}
	return nil
}

// plug puts it in again.
func (p *path) plug(s *strike) error {
	if err := p.countUnsent(s); err != nil {
		return err
	}
	if err := p.links.LinkSetUp(p.devices[s.fault.unplugs]); err != nil {
		return fmt.Errorf("bring the %s's link up: %w", s.fault.unplugs, err)
	}
	s.out = false
	p.mu.Lock()
	p.flows.plugged()
	p.mu.Unlock()
	return p.carries(s.fault.unplugs)
}

// countUnsent counts what the host has sent into its pulled cable so far.
func (p *path) countUnsent(s *strike) error {
	sent, err := p.hostSent(s)
	if err != nil {
		return err
	}
	if !s.out {
		return nil
	}
	s.unsent += sent - s.hosts
	s.hosts = sent
	return p.countQueued(s.fault.unplugs)
}

// countQueued asks a host whose cable is out for the bytes of each connection
// that wait in it.
func (p *path) countQueued(side heartbeat.Side) error {
	d := slices.Index(sides[:], side)
	p.mu.Lock()
	all := slices.Clone(p.flows.all)
	p.mu.Unlock()
	for _, f := range all {
		p.mu.Lock()
		c := f.sockets()[d]
		p.mu.Unlock()
		if !c.local.IsValid() {
			continue
		}
		found, err := p.sockets[side].find(c)
		if err != nil {
			return err
		}
		p.mu.Lock()
		f.way[d].queued = max(f.way[d].queued, found.queued)
		p.mu.Unlock()
	}
	return nil
}

func (p *path) hostSent(s *strike) (int64, error) {
	counts, err := p.sent[s.fault.unplugs].counts()
	return counts[sentCounter].bytes, err
}

// flap takes the link away and brings it back until the strike ends. It begins
// with the link away.
func (p *path) flap(s *strike) {
	for at := s.On; ; at += int64(s.fault.Every) {
		if at > s.On && !p.edge(s, at, true) {
			return
		}
		if !p.edge(s, at+int64(s.fault.Out), false) {
			return
		}
	}
}

// edge takes the link away, or brings it back, at an instant; false: the strike
// ends.
func (p *path) edge(s *strike, at int64, away bool) bool {
	if !p.pause(s, at) {
		return false
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	var err error
	if away {
		s.out = true
		err = errors.Join(p.rules(p.active()...), p.unplug(s))
	} else {
		err = errors.Join(p.plug(s), p.rules(p.active()...))
	}
	if err != nil {
		p.fail(err)
	}
	return err == nil
}

// pause waits for an instant; false: the strike ends.
func (p *path) pause(s *strike, until int64) bool {
	select {
	case <-time.After(time.Duration(until - p.now())):
		return true
	case <-s.stop:
		return false
	}
}

// stopFlapping ends the loop of a strike that is not over.
func (s *strike) stopFlapping() {
	if s.Off == network.Never {
		close(s.stop)
		s.flapping.Wait()
	}
}

// Undo refuses a fault that is not active.
func (p *path) Undo(ctx context.Context, i int) error {
	err := p.usable(ctx)
	if err == nil {
		err = p.undo(i)
	}
	if err != nil {
		return fmt.Errorf("path %q: undo fault %d: %w", p.setup.Name, i, err)
	}
	return nil
}

func (p *path) undo(i int) error {
	on := p.active()
	at := slices.IndexFunc(on, func(s *strike) bool { return s.Fault == i })
	if at < 0 {
		return errors.New("it is not active")
	}
	s := on[at]
	s.stopFlapping()
	p.changing.Lock()
	defer p.changing.Unlock()
	if err := p.measure(s); err != nil { // what it stopped may be on its way at once
		return err
	}
	p.mu.Lock()
	p.flows.ends(&s.Strike, p.now())
	p.mu.Unlock()
	var errs []error
	if s.fault.unplugs != "" {
		errs = append(errs, p.plug(s))
	}
	switch s.fault.Kind {
	case scenario.IdleDrop:
		errs = append(errs, p.pickUp("1"))
	case scenario.Latency:
		errs = append(errs, p.delays(s.fault, p.setup.Delay))
	}
	errs = append(errs, p.rules(slices.Delete(on, at, at+1)...))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := p.measure(s); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Off = p.now()
	p.flows.healed = s.Off
	return nil
}

// measure reads what a strike has done so far, by the counters. One that is over
// did no more.
func (p *path) measure(s *strike) error {
	if s.Off != network.Never {
		return nil
	}
	counts, err := p.router.counts()
	if err != nil {
		return err
	}
	since := func(name string) count {
		now, then := counts[name], s.base[name]
		return count{now.packets - then.packets, now.bytes - then.bytes}
	}
	up, down := since(upCounter(s.Fault)), since(downCounter(s.Fault))
	if s.fault.unplugs != "" {
		if err := p.countUnsent(s); err != nil {
			return err
		}
		if s.fault.unplugs == heartbeat.ClientSide {
			up.bytes += s.unsent
		} else {
			down.bytes += s.unsent
		}
	}
	forgotten, err := p.forgotten(s)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Forgotten = soonest(s.Forgotten, forgotten) // a packet may have made it known again
	if s.fault.Kind == scenario.Latency {
		s.Delayed = up.packets + down.packets
		return nil
	}
	s.WithheldUp, s.WithheldDown = up.bytes, down.bytes
	return nil
}

// forgotten is when the firewall first forgot a flow: after the last of its
// packets, and its idle time. That it has, conntrack's table says.
func (p *path) forgotten(s *strike) (int64, error) {
	if s.fault.Kind != scenario.IdleDrop {
		return s.Forgotten, nil
	}
	known, err := p.conntrack.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return 0, fmt.Errorf("read conntrack's table: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	first := network.Never
	for _, f := range p.flows.all {
		if f.through == network.Never || f.link.Up.Closed != network.Never || f.link.Down.Closed != network.Never {
			continue // never known, or told to end
		}
		if slices.ContainsFunc(known, func(k *netlink.ConntrackFlow) bool { return k.Forward.SrcPort == f.client.Port() }) {
			continue
		}
		first = soonest(first, max(s.On, f.last+seconds(s.fault.Idle)*int64(time.Second)))
	}
	return first, nil
}

// soonest is the first of two instants that may be network.Never.
func soonest(a, b int64) int64 {
	if a == network.Never || b != network.Never && b < a {
		return b
	}
	return a
}

// forget makes the router forget all mappings.
func (p *path) forget(s *strike) error {
	known, err := p.conntrack.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
	if err == nil && len(known) > 0 {
		s.Forgotten = 0 // when, is known later
	}
	if err == nil || errors.Is(err, netlink.ErrDumpInterrupted) {
		err = p.conntrack.ConntrackTableFlush(netlink.ConntrackTable)
	}
	if err != nil {
		return fmt.Errorf("empty conntrack's table: %w", err)
	}
	return nil
}

// pickUp says whether the router makes flows of packets that open none.
func (p *path) pickUp(yes string) error {
	return p.topology.router.set(map[string]string{"netfilter/nf_conntrack_tcp_loose": yes})
}

// delays makes late what goes toward the fault's side.
func (p *path) delays(f fault, d network.Delay) error {
	for side, device := range p.devices {
		if f.Toward == "" || f.Toward == side {
			if err := delay(p.links, device, d); err != nil {
				return fmt.Errorf("delay what goes to the %s: %w", side, err)
			}
		}
	}
	return nil
}
