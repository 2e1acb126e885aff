//go:build kernel

package kernel_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/fidelity"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/kernel"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// The catalogue on a kernel, and beside it what a proxy and stock toxics say of
// the same. Trials wait: all of them are run at once, but for those that are
// compared by milliseconds.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	proxy := start[*toxiproxy.Network](t)(toxiproxy.New())
	linux := start[*kernel.Network](t)(kernel.New())
	stock := start[toxiproxy.StockCables](t)(toxiproxy.NewStockCables())
	compared := run(t, proxy, fidelityTrials(t, fidelity.Proxy, ""))
	compared = append(compared, run(t, linux, fidelityTrials(t, fidelity.Kernel, ""))...)
	var catalogue, lying []judge.Record
	var both sync.WaitGroup
	both.Go(func() { catalogue = inTurn(t, linux, catalogueTrials(t, linux)) })
	both.Go(func() { lying = run(t, stock, fidelityTrials(t, fidelity.Stock, "")) })
	both.Wait()

	t.Run("holds", func(t *testing.T) {
		for _, r := range catalogue {
			if r.Scenario == "idle-reset-at-idle" && r.Verdict == judge.NotMeasurable {
				continue // conntrack has no such mode
			}
			mustHold(t, r)
		}
		t.Logf("%d trials", len(catalogue))
	})
	t.Run("computes what nobody waits for", func(t *testing.T) {
		const want = "computed, not measured: its kernel gives up 7875 s after the last answer: 7200 s + 9 x 75 s"
		said := slices.ContainsFunc(catalogue, func(r judge.Record) bool {
			return strings.HasPrefix(r.Policy, "keepalive-default/") &&
				slices.ContainsFunc(r.Checks, func(c judge.Check) bool { return c.That == scenario.Unnoticed && strings.Contains(c.Actual, want) })
		})
		if !said {
			t.Errorf("no check says %q", want)
		}
	})
	t.Run("is shown by the proxy", func(t *testing.T) { agree(t, compared, proxy, linux) })
	t.Run("is not by stock toxics", func(t *testing.T) {
		lies := fidelity.Lies(lying)
		if len(lies) != 3 {
			t.Errorf("they tell %v, want the leaked close, the phantom accept and the heal that kills", lies)
		}
		for _, lie := range lies {
			t.Log(lie)
		}
	})
	for _, n := range []network.Network{proxy, linux, stock} {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

// inTurn begins the trials in some batches, each once the machine is calm again
// after those before: what works when it begins, hosts and processes, makes a busy
// machine's round trips long, and a kernel learns its timeouts from them.
func inTurn(t *testing.T, n network.Network, trials []harness.Trial) []judge.Record {
	t.Helper()
	const batches = 4
	records := make([][]judge.Record, batches)
	var all sync.WaitGroup
	for i, batch := range slices.Collect(slices.Chunk(trials, (len(trials)+batches-1)/batches)) {
		if i > 0 {
			time.Sleep(3 * time.Second) // until those before are up
		}
		all.Go(func() { records[i] = run(t, n, batch) })
	}
	all.Wait()
	return slices.Concat(records...)
}

// catalogueTrials are every entry of the catalogue: in standard at one phase,
// where the policies differ, in strict under all policies that it applies to. The
// long ones come first.
func catalogueTrials(t *testing.T, n network.Network) (trials []harness.Trial) {
	t.Helper()
	few := slices.DeleteFunc(policies(t, heartbeat.Standard()), func(p heartbeat.Policy) bool {
		return !p.Probe.AsksKernel() && !slices.Contains([]string{"echo-timer", "push", "none"}, p.Name)
	})
	again := scenarios.Command{Where: []string{"--network", n.Name()}}.Line
	for _, plan := range []harness.Plan{
		{Scenarios: scenarios.All(), Policies: few, Phases: []float64{0.5}, Seed: 1, Command: again},
		{Scenarios: scenarios.All(), Policies: policies(t, heartbeat.Strict()), Seed: 1, Command: again},
	} {
		more, err := plan.Trials()
		if err != nil {
			t.Fatal(err)
		}
		trials = append(trials, more...)
	}
	// Processes are many: two strict policies of those that beat will do here.
	trials = slices.DeleteFunc(trials, func(trial harness.Trial) bool {
		p := trial.Policy
		return trial.Scenario.OfProcesses() && !p.Probe.AsksKernel() &&
			(p.Profile.Name != heartbeat.Strict().Name || !slices.Contains([]string{"echo-timer", "push"}, p.Name))
	})
	// What only datagrams suffer is the relay's: see udp_test.go.
	trials = slices.DeleteFunc(trials, func(trial harness.Trial) bool {
		return slices.ContainsFunc(trial.Scenario.Faults, func(step scenario.Step) bool {
			return slices.Contains([]scenario.Kind{scenario.BurstLoss, scenario.Duplication, scenario.Reordering}, step.Fault.Kind)
		})
	})
	if n.Supports(scenario.Latency) == nil {
		return trials
	}
	t.Log("this kernel has no netem: what is about a network that is late is left out")
	return slices.DeleteFunc(trials, func(trial harness.Trial) bool {
		s := trial.Scenario
		return s.Delay != scenario.Delay{} || slices.ContainsFunc(s.Faults, func(step scenario.Step) bool { return step.Fault.Kind == scenario.Latency })
	})
}

func fidelityTrials(t *testing.T, name, suffix string) []harness.Trial {
	t.Helper()
	plan := fidelity.Plan(name, scenarios.Fidelity(), policies(t, heartbeat.Strict()), 1)
	plan.Network += suffix
	trials, err := plan.Trials()
	if err != nil {
		t.Fatal(err)
	}
	return trials
}

// agree wants each side's detection times to be the same on both. What the
// machine stood still for is run again, as often as other trials are.
func agree(t *testing.T, records []judge.Record, proxy, linux network.Network) {
	t.Helper()
	rows := fidelity.Table(records)
	for n := range retries(t) {
		suffix := fmt.Sprintf("-again%d", n+1)
		for _, on := range []network.Network{proxy, linux} {
			trials := fidelity.Again(rows, fidelityTrials(t, on.Name(), suffix))
			if len(trials) > 0 {
				records = append(records, run(t, on, trials)...)
			}
		}
		rows = fidelity.Table(records)
	}
	for _, v := range []fidelity.Verdict{fidelity.Differs, fidelity.Doubtful} {
		for _, r := range fidelity.Of(v, rows) {
			if slices.ContainsFunc(fidelityTrials(t, fidelity.Proxy, ""), func(t harness.Trial) bool { return t.Scenario.Name == r.Scenario }) {
				t.Errorf("%s: %v", v, r)
			}
		}
	}
	if n := len(fidelity.Of(fidelity.Agrees, rows)); n < 30 {
		t.Errorf("%d rows agree, want at least 30: both sides of ten policies, and more", n)
	}
}
