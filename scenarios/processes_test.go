package scenarios_test

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/expect"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// What happens to a side's process, under every policy: those that count or learn
// as well, because the processes are many and the specs should be few.
var _ = Describe("Peers in processes of their own", func() {
	for _, s := range scenarios.All() {
		if !s.OfProcesses() {
			continue
		}
		for _, profile := range heartbeat.Profiles() {
			trials := trialsIn(profile, s)
			if len(trials) == 0 {
				continue // it is about kernels: see scenarios/kernel
			}
			It(fmt.Sprintf("%s, in %s: %s", s.Name, profile.Name, s.Claim),
				labels(s), Label("profile:"+profile.Name, "subject:processes"), SpecTimeout(limitOf(calmly(profile), trials)), longestFirst(trials),
				func(ctx SpecContext) {
					records := runTrials(ctx, calmly(profile), trials)
					Expect(records).To(HaveLen(len(trials)))
					for _, rec := range records {
						Expect(rec).To(expect.Hold())
						Expect(rec.Subject).To(Equal("processes"))
					}
				})
		}
	}
})

// calmly starts the trials of a profile over more time than others, as far as they end
// before the longest do: each starts two processes or three.
func calmly(profile heartbeat.Profile) harness.Runner {
	const suite = 110 * time.Second
	return harness.Runner{Spread: max(40*time.Second, suite-4*profile.Window.Hi)}
}

// trialsIn are a scenario's, under all policies of a profile that beat: each in a
// trial of its own.
func trialsIn(profile heartbeat.Profile, s scenario.Scenario) (trials []harness.Trial) {
	for _, p := range policiesFor(s) {
		if p.Profile.Name != profile.Name || p.Probe.AsksKernel() {
			continue
		}
		more, err := harness.Plan{
			Scenarios: []scenario.Scenario{s}, Policies: []heartbeat.Policy{p},
			Seed: seed(), Command: scenarios.Command{}.Line,
		}.Trials()
		if err != nil {
			panic(err)
		}
		trials = append(trials, more...)
	}
	return trials
}
