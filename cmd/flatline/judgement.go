package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness/capture"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// judgement is what there is to say of one file.
type judgement struct {
	File     string           `json:"file"`
	Trial    string           `json:"trial,omitempty"` // of a trace
	Interval time.Duration    `json:"interval_ns"`
	Window   heartbeat.Window `json:"window"`             // that the policies are for
	CutOff   bool             `json:"cut_off,omitempty"`  // of a trace: its end is missing
	Arrivals int              `json:"arrivals,omitempty"` // of a capture
	Skipped  int              `json:"skipped,omitempty"`  // bad lines, likewise
	Assumed  []string         `json:"assumed,omitempty"`  // what had to be, of a capture
	LeftOut  []string         `json:"left_out,omitempty"` // what was not judged, and why
	Results  []judge.Result   `json:"results"`
}

// isCapture says whether it is a capture's, which knows of no fault.
func (of judgement) isCapture() bool { return of.Trial == "" }

// print is the judgement as a table, and what must be known to read it.
func (of judgement) print(w io.Writer) {
	fmt.Fprintf(w, "%s, a beat every %v", report.Clean(of.File), capture.Rough(of.Interval))
	last := "T_D"
	if of.isCapture() {
		fmt.Fprintf(w, ", %s", words.Plural(of.Arrivals, "arrival"))
		if of.Skipped > 0 {
			fmt.Fprintf(w, ", %s left out", words.Plural(of.Skipped, "bad line"))
		}
		last = "would suspect"
	}
	fmt.Fprint(w, "\n\n")
	tab := newTable(w, "side", "detector", "mistakes", "per hour", "T_M", "T_MR", "P_A", "longest", "closest call", last)
	tab.names = 2
	right := []table.ColumnConfig{{Number: 1, Hidden: of.isCapture()}, {Number: 2, WidthMax: 50, WidthMaxEnforcer: text.WrapSoft}}
	for column := 3; column <= 10; column++ {
		right = append(right, table.ColumnConfig{Number: column, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	tab.SetColumnConfigs(right)
	for _, r := range of.Results {
		end := r.Detection
		if of.isCapture() {
			end = r.Left
		}
		tab.AppendRow(table.Row{
			string(r.Side), report.Detector(r.Detector.Config), r.Mistakes, perHour(r.PerHour), span(r.MistakeTime), span(r.Recurrence),
			number(r.Accuracy, "%.6f"), longest(r), span(r.Closest), span(end),
		})
	}
	tab.Render()
	fmt.Fprintln(w)
	if of.CutOff {
		printProse(w, strings.ToUpper(cutOff[:1])+cutOff[1:]+".")
	}
	for _, line := range slices.Concat(of.Assumed, of.LeftOut, of.outside(), []string{legend(of)}) {
		printProse(w, line)
	}
}

// outside says which detectors, with a capture's interval in place of their
// own, would detect outside the window that their other numbers are for.
func (of judgement) outside() []string {
	if !of.isCapture() {
		return nil
	}
	var names []string
	for _, r := range of.Results {
		if r.Left == nil {
			continue
		}
		soonest, latest := *r.Left-of.Interval, *r.Left
		if soonest < of.Window.Lo || latest > of.Window.Hi {
			names = append(names, fmt.Sprintf("%s (%s..%s)", r.Detector.Name(), span(&soonest), span(&latest)))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("With beats so far apart, these leave the window %v after the last arrival, by their parameters for another interval: %s.",
		of.Window, strings.Join(names, ", "))}
}

// legend says what the columns are.
func legend(of judgement) string {
	s := "T_M: mean duration of a mistake, a suspicion of a living peer. T_MR: mean time between the beginnings of two. P_A: share of the time alive in which the peer was trusted."
	if of.isCapture() {
		return s + " Would suspect: how long after the last arrival."
	}
	return s + " T_D: from the fault to the suspicion that lasted."
}

func perHour(rate *float64) string {
	if rate == nil {
		return "-"
	}
	return words.Number(*rate)
}

func number(f *float64, format string) string {
	if f == nil {
		return "-"
	}
	return fmt.Sprintf(format, *f)
}

// span is a duration, as exact as people want it.
func span(d *time.Duration) string {
	switch {
	case d == nil:
		return "-"
	case d.Abs() < 10*time.Millisecond:
		return d.Round(time.Microsecond).String()
	default:
		return d.Round(time.Millisecond).String()
	}
}

func longest(r judge.Result) string {
	if r.Mistakes == 0 {
		return "-"
	}
	return span(&r.Longest)
}
