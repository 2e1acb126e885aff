package main

import (
	"context"
	"errors"
	"slices"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
)

// elsewhereFlag says that the network is not in this process.
type elsewhereFlag struct {
	Toxiproxy string `hidden:"" env:"TOXIPROXY_URL" placeholder:"URL" help:"A flatline proxy elsewhere."`
}

// connect is the network that the flag names; nil: none. It is an error if that
// can serve none of the trials. end ends it, and says what is wrong beside err.
func (f elsewhereFlag) connect(ctx context.Context, advertise string, trials []harness.Trial) (n network.Network, end func(err error) error, err error) {
	if f.Toxiproxy == "" {
		return nil, func(err error) error { return err }, nil
	}
	n, err = toxiproxy.Connect(ctx, f.Toxiproxy, advertise)
	var unreachable *toxiproxy.UnreachableError
	switch {
	case ctx.Err() != nil:
		return nil, nil, exit{exitInterrupted, errors.New("interrupted")}
	case errors.As(err, &unreachable):
		return nil, nil, exit{exitFailed, err}
	case err != nil:
		return nil, nil, usage("--toxiproxy: %w", err)
	}
	end = func(err error) error {
		if lost := n.Close(); lost != nil {
			return errors.Join(err, lost)
		}
		return err
	}
	if err := refusesAll(n, trials); err != nil {
		return nil, nil, end(usage("--toxiproxy: the one at %s has Toxiproxy's own toxics only: %w", f.Toxiproxy, err))
	}
	return n, end, nil
}

// refusesAll is why n can serve none of the trials, if so.
func refusesAll(n network.Network, trials []harness.Trial) (why error) {
	for _, t := range trials {
		at := slices.IndexFunc(t.Scenario.Faults, func(s scenario.Step) bool {
			return !s.Fault.Kind.OfPeer() && n.Supports(s.Fault.Kind) != nil
		})
		if at < 0 {
			return nil
		}
		why = n.Supports(t.Scenario.Faults[at].Fault.Kind)
	}
	return why
}

func (f elsewhereFlag) words() []string { return given("toxiproxy", f.Toxiproxy) }

// peersFlags say where the peers are, and the lab, if not all on one machine.
// They are explained by flatline proxy --help: few need them.
type peersFlags struct {
	Advertise string    `hidden:"" placeholder:"HOST" help:"Where a Toxiproxy elsewhere reaches this process."`
	Upstream  string    `hidden:"" placeholder:"HOST:PORT" help:"A flatline peer server."`
	Listen    addresses `hidden:"" placeholder:"HOST:PORT" help:"Where Toxiproxy waits for a flatline peer client; HOST:FIRST-LAST: a trial at each."`
}

func (f peersFlags) check(where elsewhereFlag) error {
	switch {
	case f.Advertise != "" && where.Toxiproxy == "":
		return usage("--advertise: it is for a Toxiproxy elsewhere, want --toxiproxy too")
	case (f.Upstream == "") != (len(f.Listen) == 0):
		return usage("--upstream and --listen: want both, for peers elsewhere, or neither")
	}
	return nil
}

func (f peersFlags) configure(r *harness.Runner) {
	r.Advertise = f.Advertise
	if n := len(f.Listen); n > 0 {
		r.Subject = subject.NewElsewhere(f.Upstream, f.Listen...)
		r.Parallel = min(r.Parallel, n)
	}
}

func (f peersFlags) words() []string {
	return slices.Concat(given("advertise", f.Advertise), given("upstream", f.Upstream), given("listen", f.Listen.String()))
}

// given is a flag with its value, if it has one.
func given(flag, value string) []string {
	if value == "" {
		return nil
	}
	return []string{"--" + flag, value}
}
