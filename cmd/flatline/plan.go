package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// planFlags choose scenarios and policies, for any command that makes trials of
// them.
type planFlags struct {
	Scenario []string `placeholder:"NAME" help:"Scenarios to run. Default: all."`
	Policy   []string `placeholder:"NAME" help:"Policies to run them under. Default: all."`
	profileFlags
	fileFlags
	Set  []string `sep:"none" placeholder:"NAME=TIME" help:"A scenario's parameter: idle=1s."`
	Seed *uint64  `placeholder:"N" help:"Of all randomness. Default: random, printed."`
}

// draw draws a seed, if none was given: one that is short enough to be typed.
func (p *planFlags) draw() {
	if p.Seed == nil {
		p.Seed = new(uint64(rand.Uint32()))
	}
}

// named are the policies that were asked for by name.
func (p planFlags) named() []string {
	if slices.Equal(p.Policy, []string{"all"}) {
		return nil
	}
	return p.Policy
}

// idle are what was named and none of the trials is of.
func (p planFlags) idle(trials []harness.Trial) (out []string) {
	for _, name := range p.Scenario {
		if !slices.ContainsFunc(trials, func(t harness.Trial) bool { return t.Scenario.Name == name }) {
			out = append(out, fmt.Sprintf("scenario %s, which is for none of the chosen policies", name))
		}
	}
	for _, name := range p.named() {
		if !slices.ContainsFunc(trials, func(t harness.Trial) bool { return isUnder(t, name) }) {
			out = append(out, fmt.Sprintf("policy %s, which none of the chosen scenarios is for", name))
		}
	}
	return out
}

// isUnder says whether a trial is judged by a policy of that name.
func isUnder(t harness.Trial, policy string) bool {
	return t.Policy.Name == policy || slices.ContainsFunc(t.Also, func(p heartbeat.Policy) bool { return p.Name == policy })
}

// planned are the trials of a plan, with what the flags choose. again is the
// command that repeats one.
func (p planFlags) planned(plan harness.Plan, again scenarios.Command) ([]harness.Trial, error) {
	set, err := settings(p.Set)
	if err != nil {
		return nil, err
	}
	own, err := p.ownPolicies()
	if err != nil {
		return nil, err
	}
	if plan.Policies, err = p.policies(own, p.named()); err != nil {
		return nil, err
	}
	all, err := p.scenarios(own, plan.Policies)
	if err != nil {
		return nil, err
	}
	plan.Scenarios, err = choose("scenario", "scenario", all, func(s scenario.Scenario) string { return s.Name }, p.Scenario)
	if err != nil {
		return nil, err
	}
	again.Program, again.Set, again.Policies, again.Scenarios = program(), set, p.Policies, p.Scenarios
	plan.Seed, plan.Command = *p.Seed, again.Line
	if _, err := plan.Trials(); err != nil {
		return nil, usage("%w; see flatline list", err)
	}
	return withSet(plan, set)
}
