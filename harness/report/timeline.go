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
	Windows []band     `json:"windows,omitempty"`
	Marks   []mark     `json:"marks,omitempty"`
}

// missing notes a reason why there is no more.
func (t *timeline) missing(why string) {
	if t.Missing != "" {
		t.Missing += "; "
	}
	t.Missing += why
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

// band is when a side, or both, should notice.
type band struct {
	Side string  `json:"side,omitempty"`
	From float64 `json:"from"`
	To   float64 `json:"to"`
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
		out.missing(fmt.Sprintf("%d of %d frames are left out", n-len(out.Frames), n))
	}
	for _, side := range sides {
		for _, g := range judge.Reigns(t, side) {
			out.Reigns = append(out.Reigns, reign{string(side), at(g.From), at(g.To), at(g.Deadline)})
		}
		if n := noticed(t, r, side, zero); n != nil {
			out.Marks = append(out.Marks, mark{"detection", string(side), at(n.at), n.says})
		}
	}
	for _, b := range bands(t, r, zero) {
		out.Windows = append(out.Windows, band{b.side, at(b.from), at(b.to)})
	}
	out.Faults = faults(t, at, out.End)
	for _, e := range t.Events {
		if m, ok := newMark(e, at); ok {
			out.Marks = append(out.Marks, m)
		}
	}
	for _, m := range Wire(t) {
		if slices.Contains(onWire, m.What) {
			out.Marks = append(out.Marks, mark{m.What, laneOf(m.Side), at(m.At), shown(m.Says)})
		}
	}
	return out
}
