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

// newTable is a table without lines, which costs the fewest columns.
func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	style.Options.SeparateColumns = true
	style.Box = table.BoxStyle{MiddleVertical: "  "}
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	t.AppendHeader(header)
	return t
}

// printMatrix prints a table for each policy in each profile.
func printMatrix(t terminal, cells []report.Cell) {
	print := printCells
	if t.columns < narrow {
		print = printNarrow
	}
	for _, group := range byPolicy(cells) {
		first := group[0]
		fmt.Fprintf(t, "\n%s\n", report.Clean(fmt.Sprintf("%s/%s %v", first.Policy, first.Profile, first.Window)))
		print(t, group)
	}
	if slices.ContainsFunc(cells, func(c report.Cell) bool { return c.Client.Detection != nil || c.Server.Detection != nil }) {
		fmt.Fprintln(t, "\nT_D, the detection time: smallest/median/largest")
	}
}

// narrow is when the sides no longer fit beside each other: 23 columns for a
// scenario, 20 for "30.650/37.549/38.450", 8 for a verdict, and between them 2.
const narrow = 23 + 2 + 20 + 2 + 20 + 2 + 8

// printCells prints a policy's cells, a line for each.
func printCells(t terminal, group []report.Cell) {
	tab := newTable(t, "scenario", "client T_D, s", "server T_D, s", "verdict")
	tab.SetColumnConfigs([]table.ColumnConfig{
		{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight},
		{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight},
		verdictColumn(4, t.columns-namesWidth(group)-2*(2+20)-2),
	})
	for _, c := range group {
		tab.AppendRow(table.Row{
			report.Clean(c.Scenario), c.Client.Detection.String(), c.Server.Detection.String(),
			t.verdict(c.Verdict, report.Clean(c.Sentence())),
		})
	}
	tab.Render()
}

// printNarrow prints a policy's cells, a line for each side.
func printNarrow(t terminal, group []report.Cell) {
	tab := newTable(t, "scenario", "side", "T_D, s", "verdict")
	tab.SetColumnConfigs([]table.ColumnConfig{
		{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight},
		verdictColumn(4, t.columns-namesWidth(group)-(2+6)-(2+20)-2),
	})
	for _, c := range group {
		tab.AppendRow(table.Row{report.Clean(c.Scenario), "client", c.Client.Detection.String(), t.verdict(c.Verdict, report.Clean(c.Sentence()))})
		tab.AppendRow(table.Row{"", "server", c.Server.Detection.String()})
	}
	tab.Render()
}

// verdictColumn wraps a verdict, which may be a sentence, to what is left.
func verdictColumn(number, width int) table.ColumnConfig {
	return table.ColumnConfig{Number: number, WidthMax: min(30, max(8, width)), WidthMaxEnforcer: text.WrapSoft}
}

func namesWidth(group []report.Cell) (most int) {
	for _, c := range group {
		most = max(most, len(report.Clean(c.Scenario)))
	}
	return most
}

// byPolicy groups cells, in the order in which their policies first come.
func byPolicy(cells []report.Cell) [][]report.Cell {
	at := map[string]int{}
	var out [][]report.Cell
	for _, c := range cells {
		key := c.Policy + "/" + c.Profile
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
		fmt.Fprintf(t, "\n%s: %s under %s, phase %g\n", t.verdict(rec.Verdict, string(rec.Verdict)), report.Clean(rec.Scenario), report.Clean(rec.Policy), rec.Phase)
		for _, line := range report.Story(rec) {
			fmt.Fprintf(t, "  %s\n", report.Clean(line))
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
	}
	tab.Render()
}

// rough is a duration to the second, never less than one.
func rough(d time.Duration) time.Duration { return max(time.Second, d.Round(time.Second)) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
