package main

import (
	"io"
	"os"
	"slices"

	"github.com/flatline-go/flatline/harness/file"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// fileFlags name the user's own policies and scenarios, for any command that
// has use for them.
type fileFlags struct {
	policyFile
	Scenarios string `placeholder:"FILE" help:"Scenarios of your own, in YAML."`
}

// policyFile names the user's own policies.
type policyFile struct {
	Policies string `placeholder:"FILE" help:"Policies of your own, in YAML."`
}

// ownPolicies are the user's, in the order of the file.
func (f policyFile) ownPolicies() ([]heartbeat.Policy, error) {
	return load("policies", f.Policies, file.Policies)
}

// scenarios are the catalogue's and the user's own. These may be about any
// policy that there is, and meet the chosen ones.
func (f fileFlags) scenarios(own, chosen []heartbeat.Policy) ([]scenario.Scenario, error) {
	policies := slices.Concat(chosen, own)
	for _, p := range heartbeat.Profiles() {
		builtIn, err := heartbeat.Policies(p)
		if err != nil {
			return nil, err
		}
		policies = append(policies, builtIn...)
	}
	all := scenarios.All()
	read, err := load("scenarios", f.Scenarios, func(r io.Reader, name string) ([]scenario.Scenario, error) {
		return file.Scenarios(r, name, all, policies)
	})
	return append(all, read...), err
}

// load reads the file at path, if there is one; flag is who asks.
func load[T any](flag, path string, read func(io.Reader, string) ([]T, error)) ([]T, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("--%s: %w", flag, err)
	}
	defer func() { _ = f.Close() }()
	items, err := read(f, path)
	if err != nil {
		return nil, usage("--%s: %w", flag, err)
	}
	return items, nil
}
