// Package capture reads arrivals that others recorded, as events for a judge.
//
// A capture is a CSV file with a header and the columns, in any order,
//
//	seq         the beat's number: it rises by one from beat to beat
//	arrived_ns  when it arrived, in nanoseconds by any clock that does not go back
//	sent_ns     optional: when it was sent, by any clock
//
// and others, which are ignored. It says less than a trace: every row is taken
// for a beat that one side heard of a peer that lived all the time.
package capture

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Options say how to read a capture. The zero Options are fine.
type Options struct {
	// Interval is the beat interval; 0: it is estimated.
	Interval time.Duration
	// SkipBad leaves bad lines out, and counts them. Without it the first one
	// is an error.
	SkipBad bool
}

// Reader reads a capture in constant memory. It is not safe for concurrent use.
type Reader struct {
	// Interval is the beat interval, and Estimated says what it was estimated
	// from: the name of a column, or "" if it was given.
	Interval  time.Duration
	Estimated string
	First     uint64 // the number that Next's are counted from
	Rows      int    // that were taken
	Bad       int    // lines that were skipped

	rows    *rows
	head    []row // the first ones, not yet passed on
	sample  int   // how many they were
	seq     uint64
	arrived int64 // the least of the first ones: our zeros
	skip    bool
	window  trace.Window
	highest uint64 // number so far
	newest  int64  // arrival so far, counted from the first
	stale   int    // rows whose number was not above it
	last    int64  // the last arrival that was passed on
	state   state
}

type state uint8

const (
	fresh state = iota
	reading
	ended
)

// sample is how many rows the interval is estimated from, at most.
const sample = 1000

// NewReader reads the header and the first rows. Its errors, and Next's, name
// the line and what would be right.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	in, err := newRows(r)
	if err != nil {
		return nil, err
	}
	c := &Reader{rows: in, skip: o.SkipBad, Interval: o.Interval}
	for len(c.head) < sample {
		row, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		c.head = append(c.head, row)
	}
	if len(c.head) == 0 {
		return nil, errors.New("no arrivals: want a row for each below the header")
	}
	c.sample, c.seq, c.arrived = len(c.head), c.head[0].seq, c.head[0].arrived
	for _, row := range c.head {
		c.seq, c.arrived = min(c.seq, row.seq), min(c.arrived, row.arrived)
	}
	c.First = c.seq
	if c.Interval == 0 {
		c.Interval, c.Estimated = estimate(c.head, in.sent >= 0)
		if c.Interval <= 0 {
			return nil, fmt.Errorf("the beat interval cannot be told from the first %d rows by %s: want beats of different numbers, or an interval that is given",
				c.sample, c.Estimated)
		}
	}
	return c, nil
}

// next is the next good row.
func (c *Reader) next() (row, error) {
	for {
		row, err := c.rows.next()
		if err == nil || !c.skipped(err) {
			return row, err
		}
	}
}

// skipped says whether err is a bad line's that may be left out.
func (c *Reader) skipped(err error) bool {
	var bad *badLine
	if !c.skip || !errors.As(err, &bad) {
		return false
	}
	c.Bad++
	return true
}

// Next is the next arrivals, in order of time, as events of a side without a
// name, whose session is up from the first arrival on. They are the caller's until
// the next call. io.EOF: there are none.
func (c *Reader) Next() ([]trace.Event, error) {
	if c.state == fresh {
		c.state = reading
		return []trace.Event{{What: trace.Up}}, nil
	}
	for c.state == reading {
		row, err := c.queued()
		switch {
		case errors.Is(err, io.EOF):
			c.state = ended
			return c.pass(c.window.Rest()), nil
		case err != nil:
			return nil, err
		}
		ready, err := c.add(row)
		if err != nil && !c.skipped(err) {
			return nil, err
		}
		if len(ready) > 0 {
			return c.pass(ready), nil
		}
	}
	return nil, io.EOF
}

// queued is the next row, the first ones first.
func (c *Reader) queued() (row, error) {
	if len(c.head) == 0 {
		return c.next()
	}
	row := c.head[0]
	c.head = c.head[1:]
	return row, nil
}

// longest is the longest capture: instants have room for sums.
const longest = 100 * 365 * 24 * time.Hour

// add makes an event of row, and returns those whose turn has come.
func (c *Reader) add(row row) ([]trace.Event, error) {
	switch at := row.arrived - c.arrived; {
	case row.seq < c.seq:
		return nil, bad(row.line, "seq %d is below %d, the first rows': want one session of the peer in a file", row.seq, c.seq)
	case row.seq < c.highest && c.highest-row.seq > trace.Room && at > c.newest:
		return nil, bad(row.line, "seq %d comes after %d: want one session of the peer in a file", row.seq, c.highest)
	case at < 0:
		return nil, bad(row.line, "arrived_ns %d is before %d, the first arrival: want rows in order of arrival", row.arrived, c.arrived)
	case at > int64(longest):
		return nil, bad(row.line, "arrived_ns %d is more than 100 years after %d, the first arrival", row.arrived, c.arrived)
	}
	ready, ok := c.window.Add(trace.Event{
		T: row.arrived - c.arrived, What: trace.Heard, Kind: detect.Beat.String(), Seq: row.seq - c.seq,
	})
	if !ok {
		return ready, bad(row.line, "arrived_ns %d comes more than %d rows after later ones: want rows in order of arrival", row.arrived, trace.Room)
	}
	if c.Rows > 0 && row.seq <= c.highest {
		c.stale++
	}
	c.highest, c.newest = max(c.highest, row.seq), max(c.newest, row.arrived-c.arrived)
	c.Rows++
	return ready, nil
}

func (c *Reader) pass(events []trace.Event) []trace.Event {
	if n := len(events); n > 0 {
		c.last = events[n-1].T
	}
	return events
}

// Last is the last arrival that Next returned, counted from the first.
func (c *Reader) Last() int64 { return c.last }
