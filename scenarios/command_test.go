package scenarios_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/scenarios"
)

var _ = Describe("The command that runs a trial again", func() {
	trial := harness.Trial{Scenario: scenarios.IdleDrop(), Policy: strict("fixed"), Phase: 0.5, PlanSeed: 7}

	It("names the trial, and writes elsewhere", func() {
		Expect(scenarios.Command{}.Line(trial)).To(Equal(
			"go run ./cmd/flatline run --scenario idle-drop --policy fixed --profile strict --phases 0.5 --seed 7 --out reports/repeat"))
	})

	It("has the plan's files and parameters, safe from a shell", func() {
		c := scenarios.Command{
			Set:      map[string]scenario.Span{"idle": "0.4*D", "step": "1s"},
			Policies: "mine/p.yaml", Scenarios: "it's $HOME;s.yaml", Out: "my reports/repeat",
		}
		Expect(c.Line(trial)).To(Equal(
			`go run ./cmd/flatline run --scenario idle-drop --policy fixed --profile strict --policies mine/p.yaml --scenarios 'it'\''s $HOME;s.yaml' ` +
				`--phases 0.5 --seed 7 --set 'idle=0.4*D' --out 'my reports/repeat'`))
	})

	It("quotes what a shell would lose", func() {
		Expect(scenarios.Quote("sh", "-c", "", "a b", "it's")).To(Equal(`sh -c '' 'a b' 'it'\''s'`))
	})
})
