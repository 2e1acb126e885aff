package toxiproxy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
)

// StockCables is for package fidelity, to show what a test would be told whose
// cables are Toxiproxy's own toxics: timeout, added to cut and removed to heal. It
// does nothing else, and runs in this process. A cable_pull that cuts nothing is
// there to see what happens: what passes it while the toxics are there, they
// swallow.
type StockCables struct{ *Network }

var _ network.Network = StockCables{}

// NewStockCables starts a Toxiproxy server in this process.
func NewStockCables() (StockCables, error) {
	n, err := New()
	return StockCables{n}, err
}

// Name is "stock-cables".
func (StockCables) Name() string { return "stock-cables" }

// Supports says that stock toxics have cables, such as they are.
func (s StockCables) Supports(kind scenario.Kind) error {
	if up, down := kind.Cuts(); up || down {
		return nil
	}
	return fmt.Errorf("stock toxics have no %s", kind)
}

// Open makes a proxy with nothing but an observer.
func (s StockCables) Open(ctx context.Context, setup network.Setup) (network.Path, error) {
	for _, f := range setup.Faults {
		if err := s.Supports(f.Kind); err != nil {
			return nil, err
		}
	}
	faults := setup.Faults
	setup.Faults = nil
	p, err := s.Network.Open(ctx, setup)
	if err != nil {
		return nil, err
	}
	own, ok := p.(*path)
	if !ok {
		return nil, errors.New("stock cables: not a path of this network")
	}
	return &stockCablesPath{path: own, faults: faults}, nil
}

// stockCablesPath is a path whose faults are stock toxics.
type stockCablesPath struct {
	*path
	faults  []network.Fault
	strikes []network.Strike
	before  []network.Link // what had passed when the first strike began
}

func (p *stockCablesPath) now() int64 { return int64(time.Since(p.setup.Epoch)) }

// streams are the directions that a fault cuts.
func (p *stockCablesPath) streams(i int) (names []string) {
	up, down := p.faults[i].Kind.Cuts()
	if up {
		names = append(names, "upstream")
	}
	if down {
		names = append(names, "downstream")
	}
	return names
}

// Apply adds timeout toxics.
func (p *stockCablesPath) Apply(ctx context.Context, i int) error {
	if len(p.strikes) > 0 {
		return errors.New("stock cables: it strikes once")
	}
	seen, err := p.path.Observe(ctx)
	if err != nil {
		return err
	}
	p.before = seen.Links
	err = p.network.do(ctx, func() error {
		for _, stream := range p.streams(i) {
			if _, err := p.proxy.AddToxic("stock_"+stream, "timeout", stream, 1, map[string]any{"timeout": 0}); err != nil {
				return fmt.Errorf("add a timeout toxic: %w", err)
			}
		}
		return nil
	}, nil)
	p.strikes = append(p.strikes, network.Strike{
		Fault: i, On: p.now(), Off: network.Never,
		LastPassedUp: network.Never, LastPassedDown: network.Never, Forgotten: network.Never,
		Counted: true, // what passed the observer, the toxics swallowed
	})
	return err
}

// Undo removes them, which ends the connections that they held.
func (p *stockCablesPath) Undo(ctx context.Context, i int) error {
	err := p.network.do(ctx, func() error {
		for _, stream := range p.streams(i) {
			if err := p.proxy.RemoveToxic("stock_" + stream); err != nil {
				return fmt.Errorf("remove a timeout toxic: %w", err)
			}
		}
		return nil
	}, nil)
	for n := range p.strikes {
		if p.strikes[n].Fault == i && p.strikes[n].Off == network.Never {
			p.strikes[n].Off = p.now()
		}
	}
	return err
}

// Observe is what the observer saw, less what the toxics swallowed.
func (p *stockCablesPath) Observe(ctx context.Context) (network.Observation, error) {
	o, err := p.path.Observe(ctx)
	if err != nil || len(p.strikes) == 0 {
		return o, err
	}
	s := p.strikes[0]
	up, down := p.faults[s.Fault].Kind.Cuts()
	for i := range o.Links {
		l, before := &o.Links[i], network.Link{Up: network.Untouched(), Down: network.Untouched()}
		if i < len(p.before) {
			before = p.before[i]
		}
		if s.Off != network.Never && l.Born > s.Off {
			continue
		}
		if up {
			s.WithheldUp += swallow(&l.Up, before.Up)
		}
		if down {
			s.WithheldDown += swallow(&l.Down, before.Down)
		}
	}
	o.Strikes = []network.Strike{s}
	return o, nil
}

// swallow takes back what seemed to pass since before.
func swallow(f *network.Flow, before network.Flow) int64 {
	n := f.Passed - before.Passed
	f.Withheld += n
	f.Passed, f.FirstPassed, f.LastPassed = before.Passed, before.FirstPassed, before.LastPassed
	return n
}
