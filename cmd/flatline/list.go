package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness/file"
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
	fmt.Fprintln(stdout)
	printProse(stdout, "Names in times: lo, hi the window's bounds; D the beat interval; T the silence timeout; t the echo timer; d the one-way delay; J the round-trip jitter; m the margin.")
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
	fmt.Fprintln(stdout)
	printLine(newTerminal(stdout), "", "Network models of flatline sim (--network-model), and where their numbers come from:")
	for _, m := range file.BuiltInNetworks() {
		fmt.Fprintln(stdout)
		printWrapped(stdout, "  ", m.String()+". "+m.Source)
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
	fmt.Fprintf(w, "\n%s\n", report.Clean(s.Name))
	printWrapped(w, "  ", s.Claim)
	printWrapped(w, "  ", meets(s, policies)+"; phases "+strings.Trim(strings.ReplaceAll(fmt.Sprint(phases), " ", ", "), "[]"))
	for _, p := range s.Params {
		printWrapped(w, "  ", fmt.Sprintf("--set '%s=%s'  %s", p.Name, p.Default, p.Usage))
	}
}

func listProfile(w io.Writer, p heartbeat.Profile, policies []heartbeat.Policy) {
	fmt.Fprintln(w)
	printLine(newTerminal(w), "", fmt.Sprintf("%s: window %v, margin %v; networks of at most %v each way, jitter %v", p.Name, p.Window, p.Margin, p.Delay, p.Jitter))
	tab := newTable(w, "policy", "probe", "beats", "every", "detectors")
	detectors := table.ColumnConfig{Number: 5}
	if t := newTerminal(w); t.live { // in a pipe a policy is a line
		detectors.WidthMax, detectors.WidthMaxEnforcer = max(20, t.columns-rowWidth(policies)), text.WrapSoft
	}
	tab.SetColumnConfigs([]table.ColumnConfig{{Number: 4, Align: text.AlignRight}, detectors})
	for _, p := range policies {
		tab.AppendRow(table.Row{report.Clean(p.Name), string(p.Probe), string(p.Beats), every(p.Interval), decides(p)})
	}
	tab.Render()
}

// rowWidth is how wide a policy's row is before its detectors.
func rowWidth(policies []heartbeat.Policy) int {
	name, probe := 0, 0
	for _, p := range policies {
		name, probe = max(name, len(report.Clean(p.Name))), max(probe, len(p.Probe))
	}
	return name + 2 + probe + 2 + len("client") + 2 + len("500ms") + 2
}

// decides says which detector each side has, without what stands beside it; "-":
// neither has one.
func decides(p heartbeat.Policy) string {
	of := func(side heartbeat.Side) string {
		return strings.ReplaceAll(report.Decides(p, side), fmt.Sprintf("interval %v ", p.Interval), "")
	}
	client, server := of(heartbeat.ClientSide), of(heartbeat.ServerSide)
	switch {
	case client == "-" && server == "-":
		return "-"
	case client == server:
		return "both: " + client
	case server == "-":
		return "client: " + client
	case client == "-":
		return "server: " + server
	default:
		return "client: " + client + "; server: " + server
	}
}

func every(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return d.String()
}
