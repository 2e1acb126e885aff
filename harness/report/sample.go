package report

import (
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/heartbeat"
)

// Values are what a Side describes, one by one, of the trials that held or
// broke, and the times of those that were interrupted. A trial without a detection,
// an end or a recovery has none.
type Values struct {
	Detections []time.Duration
	Ends       []time.Duration // where the scenario expects one
	Recoveries []time.Duration
	Mistakes   []int // of every trial in which they were counted
}

// Sample is what records say of a side.
func Sample(records []judge.Record, side heartbeat.Side) Values {
	var out Values
	for i := range records {
		if !timed(records[i]) {
			continue
		}
		m := records[i].Of(side)
		if judged(records[i]) && !m.Uncounted {
			out.Mistakes = append(out.Mistakes, m.Mistakes)
		}
		if t := records[i].Noticed(side); t != nil {
			out.Detections = append(out.Detections, *t)
		}
		if t := ended(records[i], side); t != nil {
			out.Ends = append(out.Ends, *t)
		}
		if m.Recovery != nil {
			out.Recoveries = append(out.Recoveries, *m.Recovery)
		}
	}
	return out
}

// Judged are the records that a cell's measures are made of: those that held or
// broke.
func (r Report) Judged(c Cell) []judge.Record {
	var out []judge.Record
	for _, rec := range r.Records {
		if judged(rec) && c.has(rec) {
			out = append(out, rec)
		}
	}
	return out
}

func (c Cell) has(r judge.Record) bool { return keyOf(r) == c.key() }
