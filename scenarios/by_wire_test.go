package scenarios_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

var _ = Describe("The scenarios by the wire", func() {
	It("are the catalogue's, and can be planned for anybody, with a window and without", func() {
		catalogue := map[string]bool{}
		for _, s := range scenarios.All() {
			catalogue[s.Name] = true
		}
		for _, w := range []heartbeat.Window{{}, {Hi: 30_000_000_000}} {
			for _, s := range scenarios.ByWire(heartbeat.ServerSide) {
				Expect(catalogue).To(HaveKey(s.Name))
				trials, err := harness.Plan{
					Scenarios: []scenario.Scenario{s}, Policies: []heartbeat.Policy{harness.Foreign("watched", w)},
					Set: map[string]scenario.Span{"observe": "60s"},
				}.Trials()
				Expect(err).NotTo(HaveOccurred(), s.Name)
				Expect(trials).To(HaveLen(1), s.Name)
				Expect(s.Expect).To(HaveLen(1), s.Name)
				Expect(s.Expect[0].Side).To(Equal(heartbeat.ServerSide), s.Name)
			}
		}
	})

	It("leave what they are made of as it is", func() {
		kept := scenarios.CablePull()
		byWire := scenarios.ByWireOf(kept, scenario.Expectation{That: scenario.HangsUp}, []heartbeat.Side{heartbeat.ClientSide})
		Expect(byWire.Faults[0].Must).To(Equal(scenario.MayStrike))
		Expect(kept).To(Equal(scenarios.CablePull()))
	})
})
