package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/kernel"
	"github.com/flatline-go/flatline/harness/network/relay"
)

// networkFlag chooses what carries the trials. Its help names the networks that
// the command can use; of the others the command says why not.
type networkFlag struct {
	Network string `default:"toxiproxy" enum:"toxiproxy,kernel,relay" placeholder:"NAME" help:"toxiproxy (or --toxiproxy URL), ${networks}."`
	elsewhereFlag
}

// connect is the network that the flags name; nil: a Toxiproxy of the runner's
// own. It comes before anything else, because for the kernel's network another
// process may go on in this one's place. end ends it, and says what is wrong
// beside err.
func (f networkFlag) connect(ctx context.Context, advertise string, trials []harness.Trial) (n network.Network, end func(err error) error, err error) {
	if f.Network == "toxiproxy" {
		return f.elsewhereFlag.connect(ctx, advertise, trials)
	}
	if f.Toxiproxy != "" {
		return nil, nil, usage("--network %s and --toxiproxy (or TOXIPROXY_URL): want one of them", f.Network)
	}
	switch f.Network {
	case "kernel":
		if err := kernel.Enter(); err != nil {
			return nil, nil, err
		}
		if n, err = kernel.New(); err != nil {
			return nil, nil, fmt.Errorf("start the network %s: %w", f.Network, err)
		}
	case "relay":
		n = relay.New()
	}
	return n, func(err error) error {
		if lost := n.Close(); lost != nil {
			return errors.Join(err, lost)
		}
		return err
	}, nil
}

// words are the flags again, for a command that repeats a trial.
func (f networkFlag) words() []string {
	words := f.elsewhereFlag.words()
	if f.Network != "" && f.Network != "toxiproxy" {
		words = append(words, "--network", f.Network)
	}
	return words
}
