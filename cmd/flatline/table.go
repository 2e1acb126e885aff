package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// printMatrix prints a table for each policy in each profile, and on each network.
func printMatrix(t terminal, r report.Report) {
	print := printCells
	if t.live && t.width < narrow {
		print = printNarrow
	}
	var notes footnotes
	for _, group := range byPolicy(toldCells(r)) {
		first := group[0]
		fmt.Fprintf(t, "\n%s\n", report.Clean(report.Title(first.Policy+"/"+first.Profile, first.Window)+r.Where(first.Network)))
		print(t, group, &notes)
	}
	notes.print(t)
	var legend []string
	if slices.ContainsFunc(r.Matrix, func(c report.Cell) bool { return c.Client.Detection != nil || c.Server.Detection != nil }) {
		line := "T_D, the detection time: smallest/median/largest"
		if slices.ContainsFunc(r.Records, func(rec judge.Record) bool { return len(rec.Connections) > 0 }) {
			line += "; by the wire, up to 15 ms late on a busy machine"
		}
		legend = append(legend, line)
	}
	if slices.ContainsFunc(r.Matrix, report.Cell.Ends) {
		legend = append(legend, "end, of a session that is expected to end: smallest/median/largest")
	}
	for i, line := range legend {
		if i == 0 {
			fmt.Fprintln(t)
		}
		printLine(t, "", line)
	}
}

// narrow is when the sides no longer fit beside each other: 23 columns for a
// scenario, 20 for "30.650/37.549/38.450", 10 for a verdict, and between them 2.
const narrow = 23 + 2 + 20 + 2 + 20 + 2 + 10

// footnotes say once, below the matrix, why cells could not be measured: many share
// their reason.
type footnotes []string

// outcome is a cell's, with the number of its footnote, if it has one.
func (f *footnotes) outcome(t terminal, c report.Cell) string {
	says := c.Outcome()
	if c.Verdict == judge.NotMeasurable {
		at := slices.Index(*f, c.Reason)
		if at < 0 {
			at = len(*f)
			*f = append(*f, c.Reason)
		}
		says += fmt.Sprintf(" [%d]", at+1)
	}
	return t.verdict(c.Verdict, says)
}

func (f footnotes) print(w io.Writer) {
	for i, reason := range f {
		if i == 0 {
			fmt.Fprintln(w)
		}
		printWrapped(w, fmt.Sprintf("[%d] ", i+1), reason)
	}
}

// printCells prints a policy's cells, a line for each.
func printCells(t terminal, group []report.Cell, notes *footnotes) {
	tab := newTable(t, "scenario", "client T_D, s", "server T_D, s", "verdict")
	tab.SetColumnConfigs([]table.ColumnConfig{
		{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight},
		{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight},
		verdictColumn(t, 4, t.columns-namesWidth(group)-2*(2+tookWidth(group))-2),
	})
	for _, c := range group {
		tab.AppendRow(table.Row{
			rowName(c, group), c.Client.Took(), c.Server.Took(), notes.outcome(t, c),
		})
		if c.Ends() {
			tab.AppendRow(table.Row{"  end, s", c.Client.End.String(), c.Server.End.String()})
		}
	}
	tab.Render()
}

// printNarrow prints a policy's cells, a line for each side.
func printNarrow(t terminal, group []report.Cell, notes *footnotes) {
	tab := newTable(t, "scenario", "side", "T_D, s", "verdict")
	tab.SetColumnConfigs([]table.ColumnConfig{
		{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight},
		verdictColumn(t, 4, t.columns-namesWidth(group)-(2+6)-(2+tookWidth(group))-2),
	})
	for _, c := range group {
		tab.AppendRow(table.Row{rowName(c, group), "client", c.Client.Took(), notes.outcome(t, c)})
		tab.AppendRow(table.Row{"", "server", c.Server.Took()})
		if c.Ends() {
			tab.AppendRow(table.Row{"  end, s", "client", c.Client.End.String()})
			tab.AppendRow(table.Row{"", "server", c.Server.End.String()})
		}
	}
	tab.Render()
}

// verdictColumn wraps a verdict to what is left on a terminal: its longest word has
// ten letters.
func verdictColumn(t terminal, number, left int) table.ColumnConfig {
	column := table.ColumnConfig{Number: number}
	if t.live {
		column.WidthMax, column.WidthMaxEnforcer = max(len("measurable"), left), text.WrapSoft
	}
	return column
}

// tookWidth is how wide a column of times becomes; its head is the least.
func tookWidth(group []report.Cell) int {
	most := len("client T_D, s")
	for _, c := range group {
		for _, s := range []report.Side{c.Client, c.Server} {
			most = max(most, text.LongestLineLen(s.Took()), text.LongestLineLen(s.End.String()))
		}
	}
	return most
}

// rowName is a cell's scenario, with what it ran on if the policy has it twice.
func rowName(c report.Cell, group []report.Cell) string {
	same := slices.DeleteFunc(slices.Clone(group), func(other report.Cell) bool { return other.Scenario != c.Scenario })
	if on := report.Differs(c, same); on != "" {
		return report.Clean(c.Scenario + ", " + on)
	}
	return report.Clean(c.Scenario)
}

func namesWidth(group []report.Cell) (most int) {
	for _, c := range group {
		most = max(most, len(rowName(c, group)))
	}
	return most
}

// byPolicy groups cells, in the order in which their policies first come on a
// network.
func byPolicy(cells []report.Cell) [][]report.Cell {
	at := map[[3]string]int{}
	var out [][]report.Cell
	for _, c := range cells {
		key := [3]string{c.Policy, c.Profile, c.Network}
		if _, known := at[key]; !known {
			at[key] = len(out)
			out = append(out, nil)
		}
		out[at[key]] = append(out[at[key]], c)
	}
	return out
}

// mostFailures are told in full on the terminal. There are rarely more causes,
// and whoever reads on has the report.
const mostFailures = 10

// printFailures prints all that a reader needs of the trials that did not hold.
// Those that were interrupted have nothing to tell.
func printFailures(t terminal, r report.Report, dir string) {
	failures := slices.DeleteFunc(r.Failures(), func(rec judge.Record) bool { return rec.Verdict == judge.Interrupted })
	for _, rec := range failures[:min(mostFailures, len(failures))] {
		fmt.Fprintf(t, "\n%s: %s\n", t.verdict(rec.Verdict, string(rec.Verdict)),
			report.Clean(fmt.Sprintf("%s under %s%s, phase %g", rec.Scenario, rec.Policy, r.Where(rec.Network), rec.Phase)))
		for _, line := range report.Story(rec) {
			printLine(t, "  ", line)
		}
		if rec.Trace != "" {
			fmt.Fprintf(t, "  trace:  %s\n", report.Clean(filepath.Join(dir, filepath.FromSlash(rec.Trace))))
		}
		for _, path := range rec.Output {
			fmt.Fprintf(t, "  output: %s\n", report.Clean(filepath.Join(dir, filepath.FromSlash(path))))
		}
		if rec.Repeat != "" {
			fmt.Fprintf(t, "  repeat: %s\n", report.Clean(rec.Repeat))
		}
	}
	if more := len(failures) - mostFailures; more > 0 {
		fmt.Fprintf(t, "\nand %d more: %s\n", more, filepath.Join(dir, report.MarkdownFile))
	}
}

// printTrials prints what a run would do.
func printTrials(w io.Writer, trials []harness.Trial) {
	tab := newTable(w, "trial", "at most", "seed")
	tab.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}})
	for _, t := range trials {
		tab.AppendRow(table.Row{t.ID, fmt.Sprintf("%.1fs", t.Longest().Seconds()), t.Seed})
		for _, also := range t.Records()[1:] { // judged on its trace
			tab.AppendRow(table.Row{"  " + also})
		}
	}
	tab.Render()
}

// recordNames are the names of all records that trials will leave.
func recordNames(trials []harness.Trial) (out []string) {
	for _, t := range trials {
		out = append(out, t.Records()...)
	}
	return out
}

// rough is a duration to the second, never less than one.
func rough(d time.Duration) time.Duration { return max(time.Second, d.Round(time.Second)) }
