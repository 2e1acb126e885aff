package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/tune"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// print is the advice as tables, and what must be known to read them.
func (of advice) print(t terminal) {
	d := of.Demands
	p := d.Profile
	fmt.Fprintf(t, "%v, at most %v mistakes; delays of %v to %v, jitter %v, loss %s over %s\n\n",
		p.Window, d.Mistakes, p.Delay-p.Jitter/2, p.Delay, p.Jitter, words.Percent(d.Loss), d.Delivery)
	if m := of.Measured; m != nil {
		for _, line := range measuredWords(*m) {
			printProse(t, line)
		}
		fmt.Fprintln(t)
	}
	of.printNumbers(t)
	of.printChecks(t)
	of.printHelp(t)
}

// printNumbers prints what to set, and what that means.
func (of advice) printNumbers(t terminal) {
	header := []any{"family", "every", "with", "T_D", "mistakes", "by", "beats/h", "kB/h"}
	many := of.Demands.Connections > 1
	if many {
		header = append(header, fmt.Sprintf("GB/day of %s", words.Count(of.Demands.Connections)))
	}
	tab := newTable(t, header...)
	tab.SetColumnConfigs(slices.Concat(rightAligned(2), rightAligned(4, 5), rightAligned(7, 8, 9),
		[]table.ColumnConfig{{Number: 3, WidthMax: 36, WidthMaxEnforcer: text.WrapSoft}}))
	for _, r := range of.Recommendations {
		if !r.Fits() {
			tab.AppendRow(table.Row{r.Family, "-", "-", "-", "-", string(r.By)})
			continue
		}
		interval := r.Policy.Interval
		if interval == 0 {
			interval = r.Policy.Keepalive.Idle
		}
		row := table.Row{
			r.Family, every(interval), parameters(r), reaches(r.Detection), predicted(r), string(r.By),
			words.Count(int(math.Round(r.Overhead.BeatsPerHour))), words.Count(int(math.Round(r.Overhead.BytesPerHour / 1000))),
		}
		if many {
			row = append(row, words.Number(r.Overhead.BytesPerDay/1e9))
		}
		tab.AppendRow(row)
	}
	tab.Render()
}

func rightAligned(columns ...int) []table.ColumnConfig {
	var out []table.ColumnConfig
	for _, n := range columns {
		out = append(out, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	return out
}

// parameters are those of the client, without what stands beside them.
func parameters(r tune.Recommendation) string {
	out := strings.TrimPrefix(report.Decides(r.Policy, heartbeat.ClientSide), r.Family+" ")
	return strings.ReplaceAll(out, fmt.Sprintf("interval %v ", r.Policy.Interval), "")
}

// reaches is a range of detection times: "6.68-8.85s", or with three digits where they are short.
func reaches(w heartbeat.Window) string {
	digits := 2
	if w.Hi < 2*time.Second {
		digits = 3
	}
	return fmt.Sprintf("%.*f-%.*fs", digits, w.Lo.Seconds(), digits, w.Hi.Seconds())
}

// predicted is how many mistakes it makes: by a formula, or as seen.
func predicted(r tune.Recommendation) string {
	switch {
	case r.Predicted == nil && r.Check != nil && r.Check.Rate.Mistakes == 0:
		return atMost(r.Check.Rate.Most)
	case r.Predicted == nil && r.Check != nil:
		return tune.PerDay(r.Check.Rate.PerDay)
	case r.By == tune.Configured:
		return atMost(*r.Predicted)
	default:
		return tune.PerDay(*r.Predicted)
	}
}

func atMost(perDay float64) string { return "<" + strings.TrimPrefix(tune.PerDay(perDay), "<") }

// printChecks prints what the simulation says of it.
func (of advice) printChecks(t terminal) {
	checked := slices.DeleteFunc(slices.Clone(of.Recommendations), func(r tune.Recommendation) bool { return r.Check == nil })
	if len(checked) == 0 {
		return
	}
	fmt.Fprint(t, "\nChecked by simulating it:\n\n")
	tab := newTable(t, "family", "beats", "days", "mistakes", "95 %: at most", "at most "+of.Demands.Mistakes.String(), "crashes", "T_D seen", "early", "late")
	tab.SetColumnConfigs(slices.Concat(rightAligned(2, 3, 4, 5), rightAligned(7, 8, 9, 10)))
	for _, r := range checked {
		c := r.Check
		if c.Err != "" {
			tab.AppendRow(table.Row{r.Family, c.Err})
			continue
		}
		verdict := c.Verdict(of.Demands.Mistakes)
		tab.AppendRow(table.Row{
			r.Family, words.Count(c.Beats), words.Number(c.Rate.In.Hours() / 24), words.Count(c.Rate.Mistakes), tune.PerDay(c.Rate.Most),
			t.verdict(colours[verdict], string(verdict)), words.Count(c.Crashes), reaches(c.Detection), share100(c.Early, c.Crashes), share100(c.Late, c.Crashes),
		})
	}
	tab.Render()
}

// colours are those of the judge's verdicts.
var colours = map[tune.Verdict]judge.Verdict{tune.Kept: judge.Held, tune.Broken: judge.Broken, tune.Unsure: judge.Inconclusive}

func share100(n, of int) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%.2g%%", 100*float64(n)/float64(of))
}

// printHelp prints what must be known to read the tables.
func (of advice) printHelp(t terminal) {
	d := of.Demands
	fmt.Fprintln(t)
	lines := []string{"T_D is the range over all phases, on either side, where no beat is lost. Beats that were lost just before a crash make it the sooner, and are counted as early. Mistakes are those of the side that makes more."}
	if slices.ContainsFunc(of.Recommendations, func(r tune.Recommendation) bool { return r.By == tune.Computed }) {
		lines = append(lines, "Computed: by the kernel's own rules, which no simulation here has.")
	}
	if slices.ContainsFunc(of.Recommendations, func(r tune.Recommendation) bool { return r.By == tune.Configured }) {
		lines = append(lines, "Configurator: that of Chen, Toueg and Aguilera; its bound holds for any delays of this variance.")
	}
	if d.Delivery == sim.UDP {
		lines = append(lines, "A lost beat is lost, as over UDP. TCP sends it again, which costs less where beats are further apart than a retransmission: --delivery tcp.")
	}
	if f := d.Firewall; f.Idle > 0 {
		line := fmt.Sprintf("Firewall %s forgets after %v: beats are at most %v apart, so that one may be lost.", f.Name, f.Idle, f.Interval(d.Profile.Delay).Round(time.Millisecond))
		if f.Source != "" {
			line += fmt.Sprintf(" There %s (%s).", f.Then, f.Source)
		}
		lines = append(lines, line)
	}
	if slices.ContainsFunc(of.Recommendations, func(r tune.Recommendation) bool {
		return r.Check != nil && r.Check.Verdict(d.Mistakes) == tune.Unsure
	}) {
		lines = append(lines, "Not shown: so few mistakes in so short a time may be chance; more --beats tell.")
	}
	lines = append(lines, of.Counted)
	for _, line := range lines {
		printProse(t, line)
	}
	for _, r := range of.Recommendations {
		if r.Fits() {
			continue
		}
		line := r.Family + ": " + r.Why + "."
		if options := of.Relaxations[r.Family]; len(options) > 0 {
			line = strings.TrimSuffix(line, ".") + "; relax one: " + choices(options) + "."
		}
		printItem(t, line)
	}
}

// measuredWords says what a capture was found to be.
func measuredWords(m tune.Measured) []string {
	lines := []string{fmt.Sprintf("Measured in %d arrivals, a beat every %v: one-way delays within %v of each other, deviation %sms, loss %s.",
		m.Arrivals, m.Interval.Round(time.Microsecond), m.Spread, words.Number(1000*math.Sqrt(m.Variance)), words.Percent(m.Loss))}
	if m.Bursts {
		lines = append(lines, fmt.Sprintf("Losses come in bursts, of up to %d: the numbers below are for losses one by one, and too good for this network.", m.Longest))
	}
	return append(lines, "By one clock the least delay cannot be told; it is taken for none, unless --delay says more.")
}
