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
	printLine(t, "", fmt.Sprintf("%v, at most %v mistakes; delays of %v to %v, jitter %v, loss %s over %s",
		p.Window, d.Mistakes, p.Delay-p.Jitter/2, p.Delay, p.Jitter, words.Percent(d.Loss), d.Delivery))
	fmt.Fprintln(t)
	if m := of.Measured; m != nil {
		for _, line := range measuredWords(*m) {
			printProse(t, line)
		}
		fmt.Fprintln(t)
	}
	of.printNumbers(t)
	of.printChecks(t)
	of.printReplays(t)
	of.printHelp(t)
}

// printNumbers prints what to set, and what that means.
func (of advice) printNumbers(t terminal) {
	header := []any{"family", "every", "with", "T_D", "mistakes", "by", "beats/h", "kB/h"}
	many := of.Demands.Connections > 1
	if many {
		header = append(header, "GB/day")
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
		mistakes, by := of.mistakes(r)
		row := table.Row{
			r.Family, every(interval), parameters(r), reaches(r.Detection), mistakes, by,
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

// mistakes is how many it makes, and who says so: what was seen on the capture, where
// that is more than predicted, or where it has bursts, of which no prediction knows.
func (of advice) mistakes(r tune.Recommendation) (perDay, by string) {
	const capture = "capture"
	if s := r.Replay; s != nil {
		switch {
		case s.Rate.Mistakes > 0 && (r.Predicted == nil || s.Rate.PerDay > *r.Predicted):
			return tune.PerDay(s.Rate.PerDay), capture
		case s.Rate.Mistakes == 0 && of.Measured.Bursts:
			return atMost(s.Rate.Most), capture
		}
	}
	return of.predicted(r), string(r.By)
}

// predicted is how many mistakes it makes: by a formula, or as seen.
func (of advice) predicted(r tune.Recommendation) string {
	switch {
	case r.Predicted == nil && r.Check != nil && r.Check.Rate.Mistakes == 0:
		return atMost(r.Check.Rate.Most)
	case r.Predicted == nil && r.Check != nil:
		return tune.PerDay(r.Check.Rate.PerDay)
	case r.Predicted == nil:
		return "-"
	case r.By == tune.Configured:
		return atMost(*r.Predicted)
	case *r.Predicted == 0 && of.Demands.Loss > 0: // too few for a float64
		return tune.PerDay(math.SmallestNonzeroFloat64)
	default:
		return tune.PerDay(*r.Predicted)
	}
}

func atMost(perDay float64) string { return "<" + strings.TrimPrefix(tune.PerDay(perDay), "<") }

// printChecks prints what the simulation says of it; the verdict as well, if no
// replay has more to say.
func (of advice) printChecks(t terminal) {
	checked := slices.DeleteFunc(slices.Clone(of.Recommendations), func(r tune.Recommendation) bool { return r.Check == nil })
	if len(checked) == 0 {
		return
	}
	most := slices.MaxFunc(checked, func(a, b tune.Recommendation) int { return a.Check.Beats - b.Check.Beats }).Check
	fmt.Fprintf(t, "\nChecked by simulating up to %s beats and %s crashes:\n\n", words.Count(most.Beats), words.Count(most.Crashes))
	tab := newTable(t, "family", "days", "mistakes", "95 %", of.Demands.Mistakes.String(), "T_D seen", "early", "late")
	tab.SetColumnConfigs(slices.Concat(rightAligned(2, 3, 4), rightAligned(6, 7, 8), []table.ColumnConfig{{Number: 5, Hidden: of.Measured != nil}}))
	for _, r := range checked {
		c := r.Check
		if c.Err != "" {
			tab.AppendRow(table.Row{r.Family, c.Err})
			continue
		}
		tab.AppendRow(table.Row{
			r.Family, words.Number(c.Rate.In.Hours() / 24), words.Count(c.Rate.Mistakes), atMost(c.Rate.Most),
			of.verdict(t, r), reaches(c.Detection), share100(c.Early, c.Crashes), share100(c.Late, c.Crashes),
		})
	}
	tab.Render()
}

// printReplays prints what the capture says of it, if there is one.
func (of advice) printReplays(t terminal) {
	if of.Measured == nil {
		return
	}
	fmt.Fprint(t, "\nReplayed on the capture:\n\n")
	tab := newTable(t, "family", "days", "mistakes", "95 %", of.Demands.Mistakes.String())
	tab.SetColumnConfigs(rightAligned(2, 3, 4))
	for _, r := range of.Recommendations {
		if c := r.Replay; c != nil {
			tab.AppendRow(table.Row{
				r.Family, words.Number(c.Rate.In.Hours() / 24), words.Count(c.Rate.Mistakes), atMost(c.Rate.Most), of.verdict(t, r),
			})
		}
	}
	tab.Render()
}

func (of advice) verdict(t terminal, r tune.Recommendation) string {
	verdict := r.Verdict(of.Demands.Mistakes)
	return t.verdict(colours[verdict], string(verdict))
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
	lines := append(slices.Clone(of.Warnings),
		"T_D is the range over all phases, on either side, where no beat is lost. Beats that were lost just before a crash make it the sooner, and are counted as early. Mistakes are those of the side that makes more: 1/20d is one in 20 days, 1/20y one in 20 years. 95 %: with that confidence, there are no more.")
	if d.Connections > 1 {
		lines = append(lines, fmt.Sprintf("GB/day: of %s connections.", words.Count(d.Connections)))
	}
	if of.Measured != nil {
		lines = append(lines, "Replayed: the capture's losses and delays met beats that left as often as advised, at four phases, of which the worst counts; each beat shares the fate of the capture's nearest. Kept is what the simulation keeps as well.")
	}
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
	if line := of.moreBeats(); line != "" {
		lines = append(lines, line)
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

// moreBeats says what would show what the simulation does not; "": it shows all.
func (of advice) moreBeats() string {
	var never []string
	needed, longer := 0, 0.0
	for _, r := range of.Recommendations {
		if r.Check == nil || r.Check.Verdict(of.Demands.Mistakes) != tune.Unsure || r.Verdict(of.Demands.Mistakes) == tune.Broken {
			continue
		}
		n := r.Needs(of.Demands.Mistakes)
		if n == 0 {
			never = append(never, r.Family)
			continue
		}
		needed, longer = max(needed, n), max(longer, float64(n)/float64(max(1, r.Check.Beats)))
	}
	line := ""
	if needed > 0 {
		line = fmt.Sprintf("Not shown by the simulation: so few mistakes in so short a time may be chance. --beats %d is likely to show it, and takes about %v here.",
			roundUp(needed), max(time.Second, time.Duration(longer*float64(of.took)).Round(time.Second)))
	}
	if len(never) > 0 {
		line = strings.TrimSpace(fmt.Sprintf("%s Of %s the mistakes are too near to the demand for any simulation to show it: want more --mistakes, or a shorter --interval.", line, strings.Join(never, ", ")))
	}
	return line
}

// roundUp is n with two digits, or a little more.
func roundUp(n int) int {
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit - 1) / unit * unit
}

// measuredWords says what a capture was found to be.
func measuredWords(m tune.Measured) []string {
	lines := []string{fmt.Sprintf("Measured in %d arrivals, a beat every %v: one-way delays within %v of each other, deviation %sms, loss %s.",
		m.Arrivals, m.Interval.Round(time.Microsecond), m.Spread, words.Number(1000*math.Sqrt(m.Variance)), words.Percent(m.Loss))}
	return append(lines, "By one clock the least delay cannot be told; it is taken for none, unless --delay says more.")
}
