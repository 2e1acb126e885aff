package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// Cell is one scenario under one policy: all its phases and repetitions. The
// measures are those of the trials that held or broke; what was timed before a
// trial was interrupted was timed all the same.
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

// Beats says whether any side's beats are ours to count: they are not those of a
// subject with its own heartbeat, nor a kernel's probes.
func (c Cell) Beats() bool { return c.Client.BeatsPerHour+c.Server.BeatsPerHour > 0 }

// Ends says whether a side's session ended that was expected to.
func (c Cell) Ends() bool { return c.Client.End != nil || c.Server.End != nil }

// Outcome is the verdict, and how many trials have it: "2 held", "1 of 3 broken".
func (c Cell) Outcome() string {
	if c.Count == c.Trials {
		return fmt.Sprintf("%d %s", c.Count, c.Verdict)
	}
	return fmt.Sprintf("%d of %d %s", c.Count, c.Trials, c.Verdict)
}

// Sentence is the Outcome or, where nothing can be measured, why.
func (c Cell) Sentence() string {
	if c.Verdict == judge.NotMeasurable {
		return c.Reason
	}
	return c.Outcome()
}

// Side is what a cell says of one side.
type Side struct {
	// Detection is T_D; nil: the side detected nothing. A suspicion of a live
	// peer is none, unless the scenario expects a detection.
	Detection *Spread `json:"detection,omitempty"`
	// Never are trials by the wire in which a connection never ended for the side,
	// NeverIn the shortest time for which that was so.
	Never   int           `json:"never,omitempty"`
	NeverIn time.Duration `json:"never_in_ns,omitempty"`
	// End is the time to the end of the session, where the scenario expects one:
	// of a side that is told of it rather than detects it.
	End *Spread `json:"end,omitempty"`
	// Mistakes are those of the trials that counted them; Uncounted says that none
	// did: nobody can say why a side hung up that tells nothing.
	Mistakes  int  `json:"mistakes"`
	Uncounted bool `json:"mistakes_uncounted,omitempty"`
	// Recovery is nil where there was nothing to recover from, or no recovery.
	Recovery *Spread `json:"recovery,omitempty"`
	// The overhead is the policy's; 0 of both sides: their beats are not ours.
	BeatsPerHour float64 `json:"beats_per_hour"`
	BytesPerHour float64 `json:"bytes_per_hour"`
}

// Took is T_D for a table, in seconds, with the connections that never ended:
// "6.812/7.001/8.431", "never in 12.000 s", or a line for each; "-": neither.
func (s Side) Took() string {
	if s.Detection == nil && s.Never > 0 {
		return s.never()
	}
	if s.Never > 0 {
		return s.Detection.String() + "\n" + s.never()
	}
	return s.Detection.String()
}

// never says that connections never ended; "": there are none.
func (s Side) never() string {
	switch {
	case s.Never == 0:
		return ""
	case s.Detection == nil:
		return neverIn(s.NeverIn)
	default:
		return fmt.Sprintf("%d never", s.Never)
	}
}

func neverIn(d time.Duration) string { return "never in " + words.Seconds(d) }

// Spread describes a sample. Median is the mean of the two values in the middle,
// if there are two.
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
		N: len(sorted), Min: time.Duration(sorted[0]), Median: median(sorted), Max: quantile(1, sorted),
	}
}

// median is that of every report and comparison; sorted has a value.
func median(sorted []float64) time.Duration {
	low, high := sorted[(len(sorted)-1)/2], sorted[len(sorted)/2]
	return time.Duration(low + (high-low)/2)
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
	out := Side{Detection: NewSpread(sample.Detections), End: NewSpread(sample.Ends), Recovery: NewSpread(sample.Recoveries)}
	for _, n := range sample.Mistakes {
		out.Mistakes += n
	}
	out.Uncounted = len(sample.Mistakes) == 0 && slices.ContainsFunc(records, judged)
	for i := range records {
		if d := lasted(records[i], side); d > 0 && timed(records[i]) {
			out.NeverIn = cmp.Or(min(out.NeverIn, d), d)
			out.Never++
		}
		if judged(records[i]) {
			m := records[i].Of(side)
			out.BeatsPerHour, out.BytesPerHour = m.BeatsPerHour, m.BytesPerHour
		}
	}
	return out
}

// compareProfiles orders profiles by their windows: the strictest first.
func compareProfiles(a, b heartbeat.Window, nameA, nameB string) int {
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo), cmp.Compare(nameA, nameB))
}
