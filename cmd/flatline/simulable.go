package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
)

// unshown are pairs of a scenario and a policy that virtual time cannot show.
type unshown []pair

type pair struct {
	scenario, policy, profile string
	why                       string
}

// simulable are the trials that the model can show, and what it cannot.
func simulable(trials []harness.Trial, model sim.Model) (kept []harness.Trial, out unshown) {
	for _, t := range trials {
		why := model.Supports(t.Policy, t.Scenario)
		if why == nil {
			kept = append(kept, t)
			continue
		}
		for _, p := range append([]heartbeat.Policy{t.Policy}, t.Also...) {
			out = append(out, pair{t.Scenario.Name, p.Name, p.Profile.Name, why.Error()})
		}
	}
	return kept, out
}

// needs is the error if nothing is left of what was named, or nothing at all.
func (c *simCmd) needs(kept []harness.Trial, out unshown) error {
	for _, name := range c.Scenario {
		if !slices.ContainsFunc(kept, func(t harness.Trial) bool { return t.Scenario.Name == name }) {
			return usage("--scenario: %s cannot be simulated: %s", name, out.whys(func(p pair) bool { return p.scenario == name }))
		}
	}
	for _, name := range c.named() {
		if !slices.ContainsFunc(kept, func(t harness.Trial) bool { return isUnder(t, name) }) {
			return usage("--policy: %s cannot be simulated: %s", name, out.whys(func(p pair) bool { return p.policy == name }))
		}
	}
	if len(kept) == 0 {
		return usage("nothing can be simulated: %s", out.whys(func(pair) bool { return true }))
	}
	return nil
}

// whys are the reasons of some pairs, each once.
func (u unshown) whys(of func(pair) bool) string {
	var out []string
	for _, p := range u {
		if of(p) && !slices.Contains(out, p.why) {
			out = append(out, p.why)
		}
	}
	return strings.Join(out, "; ")
}

// fewReasons are as many as a line can name.
const fewReasons = 3

// line says what was left out beside what is shown, and why; "": nothing was.
func (u unshown) line(shown int) string {
	if len(u) == 0 {
		return ""
	}
	var order []pair // the first of each reason
	policies := map[pair][]string{}
	for _, p := range u {
		key := pair{scenario: p.scenario, why: p.why}
		if policies[key] == nil {
			order = append(order, key)
		}
		if !slices.Contains(policies[key], p.policy) {
			policies[key] = append(policies[key], p.policy)
		}
	}
	if len(order) > fewReasons {
		return fmt.Sprintf("Left out: %d of %d trials, which cannot be simulated, such as %s under %s/%s: %s.", len(u), len(u)+shown, u[0].scenario, u[0].policy, u[0].profile, u[0].why)
	}
	var parts []string
	for _, key := range order {
		parts = append(parts, fmt.Sprintf("%s under %s: %s", key.scenario, strings.Join(policies[key], ", "), key.why))
	}
	return "Left out, as it cannot be simulated: " + strings.Join(parts, "; ") + "."
}
