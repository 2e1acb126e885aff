package scenarios_test

import (
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/expect"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// adaptive are the policies whose detectors count or learn.
var adaptive = []string{"missed", "chen", "bertier", "phi", "phi-logistic", "exponential"}

// Detectors are compared on identical arrivals: both sides only observe, so that
// policies with the same beats share each trial, and the rest of the matrix is
// computed. (But a step of half a policy's patience is another for each.)
var _ = Describe("Policies that count or learn, on the same trace,", func() {
	compared := []scenario.Scenario{
		scenarios.CablePull(), scenarios.CablePullWorst(), scenarios.CableFlap(),
		scenarios.LatencyJitter(), scenarios.LatencyStep(), scenarios.LatencyStepUp(),
	}
	for _, s := range compared {
		for _, profile := range heartbeat.Profiles() {
			plan := harness.Plan{
				Scenarios: []scenario.Scenario{s}, Policies: policiesIn(profile, adaptive), Mode: heartbeat.Observe,
				Seed: seed(), Command: scenarios.Command{}.Line,
			}
			trials, err := plan.Trials()
			if err != nil {
				panic(err)
			}
			It(fmt.Sprintf("keep what %s claims, in %s", s.Name, profile.Name),
				labels(s), Label("profile:"+profile.Name, "policy:adaptive"), SpecTimeout(limit(trials)), longestFirst(trials),
				func(ctx SpecContext) {
					records := runTrials(ctx, harness.Runner{}, trials)
					planned := 0
					for _, t := range trials {
						planned += 1 + len(t.Also)
					}
					Expect(records).To(HaveLen(planned))
					for _, rec := range records {
						Expect(rec).To(expect.Hold())
					}
				})
		}
	}
})

// A policy that acts ends its session at its own verdict, on arrivals of its own.
// That verdict is the pure detector's, a moment later.
var _ = Describe("A policy that acts", func() {
	for _, profile := range heartbeat.Profiles() {
		plan := harness.Plan{
			Scenarios: []scenario.Scenario{renamed(scenarios.CablePull(), "-acting")}, Policies: policiesIn(profile, adaptive),
			Seed: seed(), Command: commandOf("cable-pull", scenarios.Command{}),
		}
		trials, err := plan.Trials()
		if err != nil {
			panic(err)
		}
		It("detects when its pure detector does on its trace, in "+profile.Name,
			labels(scenarios.CablePull()), Label("profile:"+profile.Name, "policy:adaptive"), SpecTimeout(limit(trials)), longestFirst(trials),
			func(ctx SpecContext) {
				records := runTrials(ctx, harness.Runner{}, trials)
				Expect(records).To(HaveLen(len(trials)))
				for _, rec := range records {
					Expect(rec).To(expect.Hold())
					for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
						m := rec.Of(side)
						Expect(m.HarnessError).NotTo(BeNil(), "%s: %s", rec.Trial, side)
						Expect(m.HarnessError.Abs()).To(BeNumerically("<=", agreement+m.Doubt), "%s: %s", rec.Trial, side)
					}
				}
			})
	}
})

// agreement is how far a live verdict and its pure detector's may be apart on a
// machine that did not stand still, for longer than is ordinary.
const agreement = 20 * time.Millisecond

// policiesIn are the built-in policies of those names in a profile.
func policiesIn(p heartbeat.Profile, names []string) []heartbeat.Policy {
	all, err := heartbeat.Policies(p)
	if err != nil {
		panic(err)
	}
	return slices.DeleteFunc(all, func(p heartbeat.Policy) bool { return !slices.Contains(names, p.Name) })
}
