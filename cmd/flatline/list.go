package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// listCmd says what there is to choose from.
type listCmd struct{}

// Run is called by Kong.
func (*listCmd) Run(stdout io.Writer) error {
	fmt.Fprintln(stdout, "Scenarios (--scenario), and their parameters (--set):")
	for _, s := range scenarios.All() {
		if err := listScenario(stdout, s); err != nil {
			return err
		}
	}
	fmt.Fprintln(stdout, "\nNames in times: lo, hi the window's bounds; D the beat interval; T the silence\ntimeout; t the echo timer; d the one-way delay; J the round-trip jitter; m the\nmargin.")
	fmt.Fprintln(stdout, "\nProfiles (--profile), and what they make of the policies (--policy):")
	for _, p := range heartbeat.Profiles() {
		if err := listProfile(stdout, p); err != nil {
			return err
		}
	}
	return nil
}

func listScenario(w io.Writer, s scenario.Scenario) error {
	names, err := policiesOf(s)
	if err != nil {
		return err
	}
	phases := s.Phases
	if len(phases) == 0 {
		phases = scenario.DefaultPhases()
	}
	fmt.Fprintf(w, "\n%s\n", s.Name)
	for _, line := range strings.Split(text.WrapSoft(s.Claim, 76), "\n") {
		fmt.Fprintf(w, "  %s\n", strings.TrimSpace(line))
	}
	fmt.Fprintf(w, "  policies %s; phases %s\n", strings.Join(names, ", "), strings.Trim(strings.ReplaceAll(fmt.Sprint(phases), " ", ", "), "[]"))
	for _, p := range s.Params {
		fmt.Fprintf(w, "  --set '%s=%s'  %s\n", p.Name, p.Default, p.Usage)
	}
	return nil
}

// policiesOf are the names of the policies that a scenario applies to.
func policiesOf(s scenario.Scenario) ([]string, error) {
	all, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range all {
		if s.AppliesTo(p) {
			names = append(names, p.Name)
		}
	}
	return names, nil
}

func listProfile(w io.Writer, p heartbeat.Profile) error {
	policies, err := heartbeat.Policies(p)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s: window %v, margin %v; networks of at most %v each way, jitter %v\n", p.Name, p.Window, p.Margin, p.Delay, p.Jitter)
	tab := newTable(w, "policy", "probe", "beats", "every", "client's detector", "server's detector")
	tab.SetColumnConfigs([]table.ColumnConfig{{Number: 4, Align: text.AlignRight}})
	for _, policy := range policies {
		tab.AppendRow(table.Row{
			policy.Name, string(policy.Probe), string(policy.Beats), every(policy.Interval), decides(policy, heartbeat.ClientSide), decides(policy, heartbeat.ServerSide),
		})
	}
	tab.Render()
	return nil
}

func every(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return d.String()
}

// decides is who decides for a side that its peer is gone: a detector, or the
// kernel.
func decides(p heartbeat.Policy, side heartbeat.Side) string {
	switch c := p.Detector(side); {
	case c != nil:
		return c.Name() + " " + params(c)
	case p.Beats.Includes(side) && p.Probe == heartbeat.ProbeKeepalive:
		return "kernel " + params(p.Keepalive)
	case p.Beats.Includes(side) && p.Probe == heartbeat.ProbeUserTimeout:
		return "kernel timeout " + p.UserTimeout.String()
	default:
		return "-"
	}
}

// params are a struct's fields and their values.
func params(of any) string {
	fields := strings.Trim(fmt.Sprintf("%+v", of), "{}")
	return strings.ReplaceAll(strings.ToLower(fields), ":", " ")
}
