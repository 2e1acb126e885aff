package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// streams are where a command prints.
type streams struct{ out, err io.Writer }

// outputFlags say how much is printed, for any command that makes a report.
type outputFlags struct {
	Quiet bool `help:"Print errors and the last line only."`
	JSON  bool `name:"json" help:"Print report.json, and nothing else."`
	Open  bool `help:"Open the report when it is there."`
}

// terminal is where people are told of what goes on: not where a program reads.
func (o outputFlags) terminal(s streams) terminal {
	switch {
	case o.Quiet:
		return newTerminal(io.Discard)
	case o.JSON:
		return newTerminal(s.err)
	default:
		return newTerminal(s.out)
	}
}

// print prints what a reader wants to know first, last; of a report in dir.
func (o outputFlags) print(s streams, r report.Report, dir string) error {
	if o.JSON {
		return printJSON(s.out, r)
	}
	t := newTerminal(s.out)
	if o.Quiet {
		printHeadline(t, leading(r), r.Headline())
		return nil
	}
	printMatrix(t, r)
	printFailures(t, r, dir)
	fmt.Fprintln(t)
	printHeadline(t, leading(r), r.Headline())
	if names := r.Summary.MissingNames(report.Clean); names != "" {
		printProse(t, "Left no record: "+names+".")
	}
	if r.Summary.Verdicts[judge.Inconclusive] > 0 {
		printProse(t, "Inconclusive is neither held nor broken: this machine was too busy to tell; --retries 2 runs such trials again.")
	}
	printProse(t, times(r.Summary))
	files := "Report:"
	for _, name := range []string{report.HTMLFile, report.MarkdownFile, report.JSONFile, report.JUnitFile} {
		if path := filepath.Join(dir, name); exists(path) {
			files += " " + path
		}
	}
	if files != "Report:" { // else none could be written
		printLine(t, "", files)
	}
	return nil
}

// times is what the run took, and how exact it was.
func times(s report.Summary) string {
	out := fmt.Sprintf("Sum of trial times %v, wall %v, ratio %.1f", s.TrialTime.Round(time.Second), s.Wall.Round(time.Second), s.Ratio)
	if e := s.HarnessError; e != nil {
		out += fmt.Sprintf("; harness error p99 %v, largest %v", e.P99.Round(time.Microsecond), e.Max.Round(time.Microsecond))
	}
	return out + "."
}

func printJSON(w io.Writer, of any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	if err := out.Encode(of); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// leading is the verdict that decides the headline's colour.
func leading(r report.Report) judge.Verdict {
	switch r.ExitCode() {
	case 0:
		if slices.ContainsFunc(r.Records, func(rec judge.Record) bool { return told(rec) == timed }) && r.Summary.Expectations.Total == 0 {
			return timed
		}
		return judge.Held
	case 1:
		return judge.Broken
	default:
		return judge.Inconclusive
	}
}
