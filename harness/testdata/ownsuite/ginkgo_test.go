package ownsuite

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/expect"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Our own suite")
}

var _ = It("notices a pulled cable", func(ctx SpecContext) {
	window := heartbeat.Window{Lo: 500 * time.Millisecond, Hi: 3500 * time.Millisecond}
	trials, err := harness.Plan{
		Scenarios: []scenario.Scenario{scenarios.CablePull()},
		Policies:  []heartbeat.Policy{harness.Foreign("ours", window)},
		Phases:    []float64{0.5},
	}.Trials()
	Expect(err).NotTo(HaveOccurred())
	runner := harness.Runner{Subject: subject.Funcs{ServeFn: Serve, DialFn: Dial}, Retries: 3}
	records, err := runner.Run(ctx, trials)
	Expect(err).NotTo(HaveOccurred())
	Expect(records[len(records)-1]).To(expect.DetectWithin(window))
	Expect(records[len(records)-1]).To(expect.Recover().On(heartbeat.ClientSide))
}, SpecTimeout(time.Minute))
