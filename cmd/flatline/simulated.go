package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"gonum.org/v1/gonum/stat"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// simulated is what many trials of a scenario came to under one policy.
type simulated struct {
	Scenario string           `json:"scenario"`
	Policy   string           `json:"policy"`
	Profile  string           `json:"profile"`
	Window   heartbeat.Window `json:"window"`
	Network  string           `json:"network_model"`
	Mode     heartbeat.Mode   `json:"mode"`
	Trials   int              `json:"trials"`
	Client   simulatedSide    `json:"client"`
	Server   simulatedSide    `json:"server"`
}

// simulatedSide are one side's measures. Absent values were not measured.
type simulatedSide struct {
	Detection *distribution  `json:"detection,omitempty"`
	Told      int            `json:"told"`      // trials in which it learned of the fault otherwise
	Unnoticed int            `json:"unnoticed"` // trials in which it did not
	Alive     time.Duration  `json:"alive_ns"`  // with a session, to a peer that lived
	Mistakes  int            `json:"mistakes"`
	PerDay    *float64       `json:"mistakes_per_day,omitempty"`
	Duration  *time.Duration `json:"mistake_time_ns,omitempty"` // T_M
	Accuracy  *float64       `json:"query_accuracy,omitempty"`  // P_A
}

// distribution is that of some times.
type distribution struct {
	N      int           `json:"n"`
	Min    time.Duration `json:"min_ns"`
	Median time.Duration `json:"median_ns"`
	P99    time.Duration `json:"p99_ns"`
	Max    time.Duration `json:"max_ns"`
}

func newSimulated(t harness.Trial, p heartbeat.Policy, m sim.Model, trials int, of sim.Sides) simulated {
	return simulated{
		Scenario: t.Scenario.Name, Policy: p.Name, Profile: p.Profile.Name, Window: p.Profile.Window, Network: m.Name, Mode: t.Mode,
		Trials: trials, Client: newSimulatedSide(of.Client), Server: newSimulatedSide(of.Server),
	}
}

func newSimulatedSide(m sim.Measures) simulatedSide {
	out := simulatedSide{Detection: newDistribution(m.Detections), Told: m.Told, Unnoticed: m.Unnoticed, Alive: m.Alive, Mistakes: m.Mistakes}
	if rate, ok := m.PerDay(); ok {
		out.PerDay = &rate
	}
	if mean, ok := m.MistakeTime(); ok {
		out.Duration = &mean
	}
	if share, ok := m.Accuracy(); ok {
		out.Accuracy = &share
	}
	return out
}

func newDistribution(times []time.Duration) *distribution {
	if len(times) == 0 {
		return nil
	}
	x := make([]float64, len(times))
	for i, t := range times {
		x[i] = float64(t)
	}
	slices.Sort(x)
	at := func(p float64) time.Duration { return time.Duration(stat.Quantile(p, stat.Empirical, x, nil)) }
	return &distribution{N: len(x), Min: time.Duration(x[0]), Median: at(.5), P99: at(.99), Max: time.Duration(x[len(x)-1])}
}

// String is the distribution for a table, in seconds.
func (d *distribution) String() string {
	if d == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f/%.3f/%.3f/%.3f", d.Min.Seconds(), d.Median.Seconds(), d.P99.Seconds(), d.Max.Seconds())
}

const simLegend = "T_D, the detection time: smallest/median/99th percentile/largest; +n: and in n trials it was told by its peer, or not at all. " +
	"Mistakes are suspicions of a living peer; < is the bound that holds with 95 % confidence where none was seen. " +
	"P_A: the share of the time in which a living peer was trusted."

// ofProfile is a profile and its window, which is the name of one of a policy's own.
func ofProfile(name string, w heartbeat.Window) string {
	if name == w.String() {
		return name
	}
	return name + " " + w.String()
}

// printSimulated prints a scenario's results in one profile.
func printSimulated(w io.Writer, group []simulated) {
	first := group[0]
	fmt.Fprintf(w, "\n%s\n", report.Clean(first.Scenario+", "+ofProfile(first.Profile, first.Window)))
	tab := newTable(w, "policy", "side", "T_D, s", "", "mistakes/day", "P_A")
	tab.names = 2
	var right []table.ColumnConfig
	for column := 3; column <= 6; column++ {
		right = append(right, table.ColumnConfig{Number: column, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	tab.SetColumnConfigs(right)
	for _, r := range group {
		tab.AppendRow(r.Client.row(report.Clean(r.Policy), "client"))
		tab.AppendRow(r.Server.row("", "server"))
	}
	tab.Render()
}

func (s simulatedSide) row(policy, side string) table.Row {
	others := ""
	if n := s.Told + s.Unnoticed; n > 0 && s.Detection != nil {
		others = fmt.Sprintf("+%d", n)
	}
	return table.Row{policy, side, s.Detection.String(), others, s.perDay(), s.accuracy()}
}

// perDay is the rate of mistakes or, without any, its bound: that of a Poisson
// process of which nothing was seen, -ln 0.05 for the whole time.
func (s simulatedSide) perDay() string {
	switch {
	case s.PerDay == nil:
		return "-"
	case s.Mistakes == 0:
		return "<" + strings.TrimPrefix(words.Number(-math.Log(0.05)/(s.Alive.Hours()/24)), "<")
	default:
		return words.Number(*s.PerDay)
	}
}

func (s simulatedSide) accuracy() string {
	if s.Accuracy == nil {
		return "-"
	}
	if s.Mistakes == 0 {
		return "1"
	}
	return fmt.Sprintf("%.6f", *s.Accuracy)
}
