package scenarios_test

import (
	"fmt"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/expect"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

var _ = Describe("To a server that hears no beats", Label("fault:cable-pull", "policy:none", "profile:strict", "network:toxiproxy"), func() {
	lost := scenarios.CablePullUnnoticed()
	lost.Name = "lost-client"
	idle := scenario.Scenario{
		Name: "idle-client", Claim: "An idle client is connected, and says nothing.",
		Policies: []string{"none"}, Phases: lost.Phases, Observe: lost.Observe,
		Expect: []scenario.Expectation{{That: scenario.Unnoticed}, {That: scenario.CanaryArrives}},
	}
	plan := harness.Plan{Scenarios: []scenario.Scenario{lost, idle}, Policies: []heartbeat.Policy{strict("none")}, Seed: seed()}
	trials, err := plan.Trials()
	if err != nil {
		panic(err) // see the catalogue
	}

	It("an idle client and a lost one look the same", SpecTimeout(limit(trials)), longestFirst(trials), func(ctx SpecContext) {
		records := runTrials(ctx, harness.Runner{}, trials)
		Expect(records).To(HaveEach(expect.Hold()))
		Expect(serverSaw(records[0])).To(Equal(serverSaw(records[1])))
	})
})

// serverSaw is all that happened at the server until the lab sent its canaries,
// without the instants.
func serverSaw(r judge.Record) []string {
	GinkgoHelper()
	t, err := trace.ReadFile(filepath.Join(reports(), filepath.FromSlash(r.Trace)))
	Expect(err).NotTo(HaveOccurred())
	var saw []string
	for _, e := range t.Events {
		if e.What == trace.Canary {
			break
		}
		if e.Side == heartbeat.ServerSide && e.What != trace.Stall {
			saw = append(saw, fmt.Sprintf("%s %s %s", e.What, e.Kind, e.Cause))
		}
	}
	Expect(saw).NotTo(BeEmpty())
	return saw
}
