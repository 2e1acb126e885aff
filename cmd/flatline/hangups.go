package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/harness/words"
)

// printHangUps tells of each trial who hung up, and when; of the only one, all
// that the wire showed.
func printHangUps(t terminal, r report.Report, dir string) {
	total := map[float64]int{} // of the trials at a phase
	for _, rec := range r.Records {
		if !rec.Superseded {
			total[rec.Phase]++
		}
	}
	number := map[float64]int{} // of the last one of them
	for _, rec := range r.Records {
		if rec.Superseded {
			continue
		}
		number[rec.Phase]++
		if len(rec.Connections) == 0 {
			continue
		}
		for _, c := range rec.Connections {
			name := fmt.Sprintf("phase %g", rec.Phase)
			if n := total[rec.Phase]; n > 1 {
				name += fmt.Sprintf(", trial %d of %d", number[rec.Phase], n)
			}
			if len(rec.Connections) > 1 {
				name += ", " + c.Name
			}
			fmt.Fprintf(t, "\n%s: %s\n", name, t.verdict(told(rec), report.Clean(report.Endings(c))))
		}
		if rec.Verdict == judge.NotMeasurable {
			printLine(t, "  ", rec.Reason)
		}
		tr, err := trace.ReadFile(filepath.Join(dir, filepath.FromSlash(rec.Trace)))
		if rec.Client.Recovery != nil {
			fmt.Fprintf(t, "  a connection worked again %s after the fault's end\n", words.Seconds(*rec.Client.Recovery))
		}
		switch {
		case err != nil:
			fmt.Fprintf(t, "  no timeline: %s\n", oneLine(err))
		case len(r.Records) == 1:
			printWire(t, tr)
		}
		if rec.Verdict != judge.Held && rec.Verdict != judge.NotMeasurable {
			continue // its story follows, with its output
		}
		for _, path := range rec.Output {
			fmt.Fprintf(t, "  output: %s\n", filepath.Join(dir, filepath.FromSlash(path)))
		}
	}
}

// printWire prints what the wire showed, in seconds from the first fault.
func printWire(t terminal, tr trace.Trace) {
	var fault int64
	if i := slices.IndexFunc(tr.Events, func(e trace.Event) bool { return e.What == trace.FaultOn }); i >= 0 {
		fault = tr.Events[i].T
	}
	for _, m := range report.Wire(tr) {
		printLine(t, fmt.Sprintf("  %10.3f s  ", time.Duration(m.At-fault).Seconds()), m.Says)
	}
}
