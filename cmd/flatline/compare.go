package main

import (
	"errors"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness/compare"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// compareCmd holds two runs against each other.
type compareCmd struct {
	Base   string `arg:"" help:"The run before: its folder, or its report.json."`
	New    string `arg:"" help:"The run after."`
	Format string `default:"table" enum:"table,markdown,json" placeholder:"FORMAT" help:"table, markdown or json. Default: table."`
	FailOn string `enum:",regression" default:"" placeholder:"regression" help:"End with 1 if NEW is worse, 3 if it can't tell."`
	Quiet  bool   `help:"Print errors and the last line only."`
}

// Help is shown below the command's summary.
func (*compareCmd) Help() string {
	return `A verdict is worse if it turned to broken or failed; a time if a change is shown and more than a tenth of its room is gone, to the nearest bound of what is expected. Two runs of the same thing show any change in at most 5% of comparisons.

Example: flatline compare main/reports reports --fail-on regression`
}

// Run is called by Kong.
func (c *compareCmd) Run(s streams) error {
	base, errBase := report.Load(c.Base)
	now, errNew := report.Load(c.New)
	if err := errors.Join(errBase, errNew); err != nil {
		return usage("%w", err)
	}
	of := compare.Runs(base, now)
	switch c.Format {
	case "json":
		if err := printJSON(s.out, jsonComparison{of, of.Headline(), of.Regressions(), of.Unclear()}); err != nil {
			return err
		}
	case "markdown":
		fmt.Fprint(s.out, of.Markdown())
	default:
		printComparison(newTerminal(s.out), of, c.Quiet)
	}
	switch {
	case c.FailOn == "":
		return nil
	case len(of.Regressions()) > 0:
		return exit{1, nil}
	case len(of.Unclear()) > 0 || len(of.Rows) == 0:
		return exit{exitFailed, errors.New("compare: NEW cannot tell all that BASE could")}
	default:
		return nil
	}
}

// jsonComparison is a comparison with what follows from it.
type jsonComparison struct {
	compare.Comparison
	Headline    string   `json:"headline"`
	Regressions []string `json:"regressions"`
	Unclear     []string `json:"unclear"`
}

// printComparison prints all measures, and what they come to; quiet: its
// headline alone.
func printComparison(t terminal, c compare.Comparison, quiet bool) {
	regressions := c.Regressions()
	verdict := judge.Held
	if len(regressions) > 0 {
		verdict = judge.Broken
	} else if len(c.Unclear()) > 0 {
		verdict = judge.Inconclusive
	}
	if !quiet {
		printRows(t, c.Rows)
		if len(c.Rows) > 0 {
			printProse(t, c.Legend())
		}
		for _, part := range []struct {
			title string
			items []string
		}{{"Only in BASE", compare.Words(c.OnlyBase)}, {"Only in NEW", compare.Words(c.OnlyNew)}, {"What else differs", c.Notes}, {"Unclear", c.Unclear()}, {"Regressions", regressions}} {
			if len(part.items) > 0 {
				fmt.Fprintf(t, "\n%s:\n", part.title)
			}
			for _, item := range part.items {
				printItem(t, item)
			}
		}
		fmt.Fprintln(t)
	}
	printHeadline(t, verdict, c.Headline())
}

// printRows prints a table for each policy.
func printRows(t terminal, rows []compare.Row) {
	var policies []string
	of := map[string][]compare.Row{}
	for _, r := range rows {
		if of[r.Policy] == nil {
			policies = append(policies, r.Policy)
		}
		of[r.Policy] = append(of[r.Policy], r)
	}
	for _, policy := range policies {
		fmt.Fprintln(t, report.Clean(report.Title(policy, of[policy][0].Window)))
		tab := newTable(t, "scenario", "BASE", "NEW", "change")
		tab.SetColumnConfigs([]table.ColumnConfig{
			{Number: 2, Align: text.AlignRight, AlignHeader: text.AlignRight, WidthMax: 14, WidthMaxEnforcer: text.WrapSoft},
			{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight, WidthMax: 14, WidthMaxEnforcer: text.WrapSoft},
		})
		for _, r := range of[policy] {
			tab.AppendRow(table.Row{report.Clean(r.Scenario), t.verdict(r.Base.Verdict, brief(r.Base)), t.verdict(r.New.Verdict, brief(r.New))})
			for _, side := range compare.Sides {
				for _, m := range r.Of(side).Measures() {
					change := m.Change
					if m.Worse {
						change = t.verdict(judge.Broken, change)
					}
					tab.AppendRow(table.Row{fmt.Sprintf("  %s %s", side, m.What), m.Base, m.New, fmt.Sprintf("%s (%v)", change, m.Test)})
				}
			}
		}
		tab.Render()
		fmt.Fprintln(t)
	}
}

// brief is an outcome for a narrow column.
func brief(o compare.Outcome) string {
	if o.Verdict == judge.NotMeasurable {
		return string(o.Verdict)
	}
	return report.Clean(o.Sentence)
}
