package scenarios_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/expect"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// Every entry of the catalogue, in both profiles, with every policy that it
// applies to - but those whose detectors count or learn, which share trials in
// comparison_test.go: a spec runs all its phases at once and holds each trial
// against the entry's expectations.
var _ = Describe("The catalogue", func() {
	for _, e := range entries() {
		Describe(e.scenario.Name, labels(e.scenario), func() {
			It("under "+e.policy.Key()+": "+e.scenario.Claim,
				Label("policy:"+e.policy.Name, "profile:"+e.policy.Profile.Name),
				SpecTimeout(limit(e.trials)), longestFirst(e.trials),
				func(ctx SpecContext) {
					for _, rec := range runTrials(ctx, harness.Runner{}, e.trials) {
						if rec.Verdict == judge.NotMeasurable { // neither held nor broken
							Expect(e.policy.Probe.AsksKernel()).To(BeTrue(), "only what asks the kernel may be out of reach here: %s", rec.Reason)
							Skip(rec.Reason)
						}
						Expect(rec).To(expect.Hold())
					}
				})
		})
	}
})

// entry is a scenario of the catalogue under one policy, and its trials.
type entry struct {
	scenario scenario.Scenario
	policy   heartbeat.Policy
	trials   []harness.Trial
}

func entries() (all []entry) {
	for _, s := range scenarios.All() {
		if takesKernel(s) || s.OfProcesses() {
			continue // see scenarios/kernel, udp_test.go and processes_test.go
		}
		for _, policy := range policiesFor(s) {
			if slices.Contains(adaptive, policy.Name) {
				continue
			}
			plan := harness.Plan{
				Scenarios: []scenario.Scenario{s}, Policies: []heartbeat.Policy{policy},
				Seed: seed(), Command: scenarios.Command{}.Line,
			}
			trials, err := plan.Trials()
			if err != nil {
				panic(err) // a catalogue that cannot be planned has no specs
			}
			all = append(all, entry{s, policy, trials})
		}
	}
	return all
}

// takesKernel says whether a proxy has no such fault: it takes a kernel, or the
// relay.
func takesKernel(s scenario.Scenario) bool {
	return slices.ContainsFunc(s.Faults, func(step scenario.Step) bool {
		f := step.Fault
		own := []scenario.Kind{scenario.Loss, scenario.BurstLoss, scenario.Duplication, scenario.Reordering, scenario.LinkFlap, scenario.NATRebind, scenario.PortBlocked}
		return slices.Contains(own, f.Kind) || f.Where != "" && f.Where != scenario.AtClient
	})
}

// labels are those of a scenario's specs.
func labels(s scenario.Scenario) Labels {
	out := Label("scenario:"+s.Name, "network:toxiproxy")
	for _, step := range s.Faults {
		out = append(out, "fault:"+string(step.Fault.Kind))
	}
	return out
}

// policiesFor are the built-in policies that s applies to, in both profiles.
func policiesFor(s scenario.Scenario) []heartbeat.Policy {
	var out []heartbeat.Policy
	for _, profile := range heartbeat.Profiles() {
		policies, err := heartbeat.Policies(profile)
		if err != nil {
			panic(err) // the built-in profiles have room for their numbers
		}
		for _, p := range policies {
			if s.AppliesTo(p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// seed is Ginkgo's own: it prints it, and --seed sets it.
func seed() uint64 { return uint64(GinkgoRandomSeed()) }

// renamed keeps the files of trials that are run in another way, and their rows in
// the report, apart from those of the catalogue.
func renamed(s scenario.Scenario, suffix string) scenario.Scenario {
	s.Name += suffix
	return s
}

// commandOf is the command that repeats a trial of the entry of that name, whatever
// it is called here.
func commandOf(name string, c scenarios.Command) func(harness.Trial) string {
	return func(t harness.Trial) string {
		t.Scenario.Name = name
		return c.Line(t)
	}
}
