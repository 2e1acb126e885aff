package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// listCmd says what there is to choose from.
type listCmd struct {
	profileFlags
	fileFlags
}

// Help is shown below the command's summary.
func (*listCmd) Help() string { return `Example: flatline list --profile strict` }

// Run is called by Kong.
func (l *listCmd) Run(stdout io.Writer) error {
	own, err := l.ownPolicies()
	if err != nil {
		return err
	}
	policies, err := l.policies(own, nil)
	if err != nil {
		return err
	}
	all, err := l.scenarios(own, policies)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "Scenarios (--scenario), and their parameters (--set):")
	for _, s := range all {
		listScenario(stdout, s, policies)
	}
	fmt.Fprintln(stdout, "\nNames in times: lo, hi the window's bounds; D the beat interval; T the silence\ntimeout; t the echo timer; d the one-way delay; J the round-trip jitter; m the\nmargin.")
	fmt.Fprintln(stdout, "\nProfiles (--profile), and what they make of the policies (--policy):")
	for len(policies) > 0 {
		profile := policies[0].Profile
		n := slices.IndexFunc(policies, func(p heartbeat.Policy) bool { return p.Profile != profile })
		if n < 0 {
			n = len(policies)
		}
		listProfile(stdout, profile, policies[:n])
		policies = policies[n:]
	}
	return nil
}

// meets says in words which of the policies a scenario is for.
func meets(s scenario.Scenario, policies []heartbeat.Policy) string {
	if len(s.Policies) == 0 {
		if len(s.Beats) == 0 {
			return "all policies that beat"
		}
		return "all policies with beats from " + strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Beats), " ", " or "), "[]")
	}
	var names []string
	for _, p := range policies {
		if s.AppliesTo(p) && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		names = []string{"-"} // none is a name
	}
	return "policies " + strings.Join(names, ", ")
}

func listScenario(w io.Writer, s scenario.Scenario, policies []heartbeat.Policy) {
	phases := s.Phases
	if len(phases) == 0 {
		phases = scenario.DefaultPhases()
	}
	fmt.Fprintf(w, "\n%s\n", s.Name)
	for _, line := range strings.Split(text.WrapSoft(s.Claim, 76), "\n") {
		fmt.Fprintf(w, "  %s\n", strings.TrimSpace(line))
	}
	fmt.Fprintf(w, "  %s; phases %s\n", meets(s, policies), strings.Trim(strings.ReplaceAll(fmt.Sprint(phases), " ", ", "), "[]"))
	for _, p := range s.Params {
		fmt.Fprintf(w, "  --set '%s=%s'  %s\n", p.Name, p.Default, p.Usage)
	}
}

func listProfile(w io.Writer, p heartbeat.Profile, policies []heartbeat.Policy) {
	fmt.Fprintf(w, "\n%s: window %v, margin %v; networks of at most %v each way, jitter %v\n", p.Name, p.Window, p.Margin, p.Delay, p.Jitter)
	tab := newTable(w, "policy", "probe", "beats", "every", "client's detector", "server's detector")
	tab.SetColumnConfigs([]table.ColumnConfig{{Number: 4, Align: text.AlignRight}})
	for _, policy := range policies {
		client, server := report.Decides(policy, heartbeat.ClientSide), report.Decides(policy, heartbeat.ServerSide)
		if client == server && client != "-" {
			server = "the same"
		}
		tab.AppendRow(table.Row{
			policy.Name, string(policy.Probe), string(policy.Beats), every(policy.Interval), client, server,
		})
	}
	tab.Render()
}

func every(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return d.String()
}
