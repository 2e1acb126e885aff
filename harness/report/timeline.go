package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
)

// timeline is a trial as a chart shows it, in seconds since Zero.
type timeline struct {
	// Missing is why there is no more than this; "": all is there.
	Missing string     `json:"missing,omitempty"`
	Zero    string     `json:"zero,omitempty"` // the fault, or the trial's start
	End     float64    `json:"end,omitempty"`
	Frames  []frame    `json:"frames,omitempty"`
	Reigns  []reign    `json:"reigns,omitempty"`
	Faults  []faultRow `json:"faults,omitempty"`
	Marks   []mark     `json:"marks,omitempty"`
}

// frame is something that a side sent. Heard is absent where it never arrived.
type frame struct {
	Kind  string   `json:"kind"`
	Seq   uint64   `json:"seq"`
	From  string   `json:"from"`
	Sent  float64  `json:"sent"`
	Heard *float64 `json:"heard,omitempty"`
}

// reign is a time in which a side's deadline was in force.
type reign struct {
	Side     string  `json:"side"`
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Deadline float64 `json:"deadline"`
}

type faultRow struct {
	Kind string  `json:"kind"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Says string  `json:"says,omitempty"` // what it did
}

// mark is anything else that happened.
type mark struct {
	What string  `json:"what"`
	Side string  `json:"side"`
	At   float64 `json:"at"`
	Says string  `json:"says,omitempty"`
}

// mostFrames is how many frames a chart can show; a timeline that has more is
// cut to those around the fault.
const mostFrames = 1000

// newTimeline draws the trial of r.
func newTimeline(t trace.Trace, r judge.Record) timeline {
	var zero int64
	out := timeline{Zero: "the trial's start"}
	for _, e := range t.Events {
		if e.What == trace.FaultOn {
			zero, out.Zero = e.T, "the fault"
			break
		}
	}
	at := func(ns int64) float64 { return inSeconds(time.Duration(ns - zero)) }
	for _, e := range t.Events {
		if e.Side != trace.Network || e.What == trace.FaultOn {
			out.End = max(out.End, at(e.T))
		}
	}
	out.Frames = frames(t, at)
	if n := len(out.Frames); n > mostFrames {
		out.Frames = slices.DeleteFunc(out.Frames, func(f frame) bool { return f.Sent < -5*t.Header.Interval.Seconds() })
		out.Frames = out.Frames[:min(len(out.Frames), mostFrames)]
		out.Missing = fmt.Sprintf("%d of %d frames are left out", n-len(out.Frames), n)
	}
	for _, side := range sides {
		for _, g := range judge.Reigns(t, side) {
			out.Reigns = append(out.Reigns, reign{string(side), at(g.From), at(g.To), at(g.Deadline)})
		}
		if took := r.Of(side).Detection; took != nil {
			if e := detected(t, side, zero); e != nil {
				out.Marks = append(out.Marks, mark{"detection", string(side), at(e.T), fmt.Sprintf("%.3f s", took.Seconds())})
			}
		}
	}
	out.Faults = faults(t, at, out.End)
	for _, e := range t.Events {
		if m, ok := newMark(e, at); ok {
			out.Marks = append(out.Marks, m)
		}
	}
	return out
}
