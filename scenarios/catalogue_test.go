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
	for _, s := range scenarios.All() {
		Describe(s.Name, labels(s), func() {
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
				It("under "+policy.Key()+": "+s.Claim,
					Label("policy:"+policy.Name, "profile:"+policy.Profile.Name),
					SpecTimeout(limit(trials)),
					func(ctx SpecContext) {
						for _, rec := range runTrials(ctx, harness.Runner{}, trials) {
							if rec.Verdict == judge.NotMeasurable { // neither held nor broken
								Expect(policy.Probe.AsksKernel()).To(BeTrue(), "only what asks the kernel may be out of reach here: %s", rec.Reason)
								Skip(rec.Reason)
							}
							Expect(rec).To(expect.Hold())
						}
					})
			}
		})
	}
})

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
