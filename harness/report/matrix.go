package report

import (
	"cmp"
	"fmt"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/heartbeat"
)

// Cell is one scenario under one policy: all its phases and repetitions. The
// measures are those of the trials that held or broke.
type Cell struct {
	Scenario string           `json:"scenario"`
	Policy   string           `json:"policy"` // without its profile
	Profile  string           `json:"profile"`
	Window   heartbeat.Window `json:"window"`
	Network  string           `json:"network"`
	Subject  string           `json:"subject"`
	Mode     heartbeat.Mode   `json:"mode"`

	// Verdict is the gravest of the trials', Reason its first reason, and
	// Count how many of the Trials have it. Judged are those that held or
	// broke.
	Verdict judge.Verdict `json:"verdict"`
	Reason  string        `json:"reason,omitempty"`
	Count   int           `json:"count"`
	Trials  int           `json:"trials"`
	Judged  int           `json:"judged"`

	Client Side `json:"client"`
	Server Side `json:"server"`
}

// Of is what the cell says of a side.
func (c *Cell) Of(side heartbeat.Side) *Side {
	if side == heartbeat.ClientSide {
		return &c.Client
	}
	return &c.Server
}

// key is that of the cell's records.
func (c Cell) key() cellKey {
	policy := c.Policy
	if c.Profile != "" {
		policy += "/" + c.Profile
	}
	return cellKey{c.Scenario, policy, c.Network, c.Subject, c.Window, c.Mode}
}

// Sentence is the verdict in a few words, for a table.
func (c Cell) Sentence() string {
	switch {
	case c.Verdict == judge.NotMeasurable:
		return c.Reason
	case c.Count == c.Trials:
		return fmt.Sprintf("%d %s", c.Count, c.Verdict)
	default:
		return fmt.Sprintf("%d of %d %s", c.Count, c.Trials, c.Verdict)
	}
}

// Side is what a cell says of one side.
type Side struct {
	// Detection is T_D; nil: the side detected nothing. A suspicion of a live
	// peer is none, unless the scenario expects a detection.
	Detection *Spread `json:"detection,omitempty"`
	Mistakes  int     `json:"mistakes"`
	// Recovery is nil where there was nothing to recover from, or no recovery.
	Recovery *Spread `json:"recovery,omitempty"`
	// The overhead is the policy's.
	BeatsPerHour float64 `json:"beats_per_hour"`
	BytesPerHour float64 `json:"bytes_per_hour"`
}

// Spread describes a sample. Median is a value of the sample: the lower one of
// the two in the middle, if there are two.
type Spread struct {
	N      int           `json:"n"`
	Min    time.Duration `json:"min_ns"`
	Median time.Duration `json:"median_ns"`
	Max    time.Duration `json:"max_ns"`
}

// String is "6.812/7.001/8.431", in seconds: smallest, median and largest; "-"
// for nil.
func (s *Spread) String() string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f/%.3f/%.3f", s.Min.Seconds(), s.Median.Seconds(), s.Max.Seconds())
}

// NewSpread describes a sample; nil: it is empty.
func NewSpread(sample []time.Duration) *Spread {
	if len(sample) == 0 {
		return nil
	}
	sorted := sortedFloats(sample)
	return &Spread{
		N: len(sorted), Min: time.Duration(sorted[0]), Median: quantile(0.5, sorted), Max: quantile(1, sorted),
	}
}

// matrix makes the cells of records that are in order.
func matrix(records []judge.Record) []Cell {
	var cells []Cell
	for start := 0; start < len(records); {
		end := start + 1
		for end < len(records) && keyOf(records[start]) == keyOf(records[end]) {
			end++
		}
		if c, ok := cell(records[start:end]); ok {
			cells = append(cells, c)
		}
		start = end
	}
	return cells
}

// cellKey is what the records of a cell have in common.
type cellKey struct {
	scenario, policy, network, subject string
	window                             heartbeat.Window
	mode                               heartbeat.Mode
}

func keyOf(r judge.Record) cellKey {
	return cellKey{r.Scenario, r.Policy, r.Network, r.Subject, r.Window, r.Mode}
}

// cell is that of records which belong together; ok is false if all of them are
// superseded.
func cell(records []judge.Record) (c Cell, ok bool) {
	first := records[0]
	c = Cell{
		Scenario: first.Scenario, Window: first.Window,
		Network: first.Network, Subject: first.Subject, Mode: first.Mode,
	}
	c.Policy, c.Profile = splitPolicy(first.Policy)
	for _, r := range records {
		if !r.Superseded {
			c.Trials++
		}
		if judged(r) {
			c.Judged++
		}
	}
	for _, v := range verdicts {
		for _, r := range records {
			if r.Superseded || r.Verdict != v {
				continue
			}
			if c.Count == 0 {
				c.Verdict, c.Reason = v, r.Reason
			}
			c.Count++
		}
		if c.Count > 0 {
			break
		}
	}
	for _, side := range sides {
		*c.Of(side) = ofSide(records, side)
	}
	return c, c.Trials > 0
}

func ofSide(records []judge.Record, side heartbeat.Side) Side {
	sample := Sample(records, side)
	out := Side{Detection: NewSpread(sample.Detections), Recovery: NewSpread(sample.Recoveries)}
	for _, n := range sample.Mistakes {
		out.Mistakes += n
	}
	for i := range records {
		if judged(records[i]) {
			m := records[i].Of(side)
			out.BeatsPerHour, out.BytesPerHour = m.BeatsPerHour, m.BytesPerHour
		}
	}
	return out
}

// detection is side's detection time in a trial, if it counts as one: a
// suspicion of a live peer does not, unless the scenario expects a detection.
func detection(r judge.Record, side heartbeat.Side) *time.Duration {
	m := r.Of(side)
	if m.Mistakes > 0 && !detects(r, side) {
		return nil
	}
	return m.Detection
}

// compareProfiles orders profiles by their windows: the strictest first.
func compareProfiles(a, b heartbeat.Window, nameA, nameB string) int {
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo), cmp.Compare(nameA, nameB))
}
