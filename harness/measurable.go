package harness

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/subject/process"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// unmeasurable says why the network cannot show the trial's scenario, or what
// its policy's probe finds out, if so; or why there is nothing to show.
func (l *lab) unmeasurable() error {
	if network.HasDatagrams(l.network) && l.trial.needsConnection(l.network.Name()) {
		return fmt.Errorf("not measurable on %s: UDP has no connection to close or reset: run it on toxiproxy", l.network.Name())
	}
	if network.HasDatagrams(l.network) && !subject.SpeaksDatagrams(l.kind) {
		return fmt.Errorf("not measurable on %s: it carries datagrams, and the subject %s speaks TCP", l.network.Name(), l.kind.Name())
	}
	if err := l.network.SupportsProbe(l.trial.Policy.Probe); err != nil {
		return fmt.Errorf("not measurable on %s: %w", l.network.Name(), err)
	}
	if !process.CanStop && l.trial.Scenario.Stops() {
		return fmt.Errorf("not measurable here: %s has no way to stop a process", runtime.GOOS)
	}
	for _, kind := range l.trial.Scenario.NetworkFaults() {
		if err := l.network.Supports(kind); err != nil {
			return fmt.Errorf("not measurable on %s: %w", l.network.Name(), err)
		}
	}
	if d, err := l.delay(l.trial.Scenario.Delay); err == nil && (d.Latency > 0 || d.Jitter > 0) {
		if err := l.network.Supports(scenario.Latency); err != nil {
			return fmt.Errorf("not measurable on %s: %w", l.network.Name(), err)
		}
	}
	return l.trial.nothingToShow()
}

// needsConnection says whether what the scenario does, or expects on the network of
// that name, is the end of a connection.
func (t Trial) needsConnection(network string) bool {
	return slices.ContainsFunc(t.Scenario.Faults, func(s scenario.Step) bool { return s.Fault.Kind == scenario.Reset }) ||
		slices.ContainsFunc(t.Scenario.Expected(t.Policy.Name, network), func(e scenario.Expectation) bool {
			return slices.Contains(e.Causes, session.Vanished)
		})
}

// nothingToShow says why the trial would be about nothing, on any network.
func (t Trial) nothingToShow() error {
	for _, step := range t.Scenario.Faults {
		if d, err := t.delay(step.Fault.Delay); err == nil && step.Fault.Kind == scenario.Latency && d.Latency == 0 && d.Jitter == 0 {
			return fmt.Errorf("not measurable under %s: its profile has no delay, so that %s would change nothing", t.Policy.Key(), scenario.Latency)
		}
	}
	return nil
}
