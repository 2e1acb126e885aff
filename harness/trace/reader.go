package trace

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Reader reads a trace as a Recorder writes it, an event at a time, whatever
// the trace's length. It is not safe for concurrent use.
type Reader struct {
	Header Header
	in     *bufio.Reader
	line   int  // the last one read
	ended  bool // its observation's end was read
}

// NewReader reads the header. Its errors, and Next's, name the line.
func NewReader(r io.Reader) (*Reader, error) {
	t := &Reader{in: bufio.NewReaderSize(r, 1<<16)}
	line, err := t.next()
	switch {
	case len(line) == 0 && errors.Is(err, io.EOF):
		return nil, errors.New("line 1: the file is empty, want a header")
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	}
	if err := readHeader(line, &t.Header); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	return t, nil
}

// Next is the next event, in the order in which they were recorded; io.EOF: there
// is none. Half an event at the very end, as a killed run leaves it, is none.
func (t *Reader) Next() (Event, error) {
	line, end := t.next()
	if len(line) == 0 || end != nil && !errors.Is(end, io.EOF) {
		return Event{}, end
	}
	var read struct {
		Event
		Schema int `json:"schema"` // 0: it is no header
	}
	if err := json.Unmarshal(line, &read); err != nil {
		if end != nil {
			return Event{}, io.EOF // the writer was cut off in mid-line
		}
		return Event{}, fmt.Errorf("line %d: %w", t.line, err)
	}
	if read.Schema != 0 {
		return Event{}, fmt.Errorf("line %d: a second header: one trace at a time", t.line)
	}
	if err := t.follows(read.Event); err != nil {
		return Event{}, fmt.Errorf("line %d: %w", t.line, err)
	}
	return read.Event, nil
}

// follows says what is wrong with e as the next event, if anything.
func (t *Reader) follows(e Event) error {
	switch {
	case e.T < -e.Uncertainty: // another clock may be wrong by that much
		return fmt.Errorf("t_ns %d: before the trace began", e.T)
	// More may follow: the network's proofs in older traces and, in one that was
	// put in order of time, whatever was later.
	case t.ended && e.What == End:
		return errors.New("a second end: one trace at a time")
	}
	t.ended = t.ended || e.What == End
	return nil
}

// Line is the number of the line that was read last.
func (t *Reader) Line() int { return t.line }

// next is the next line, and io.EOF beside one that has no end.
func (t *Reader) next() ([]byte, error) {
	t.line++
	line, err := t.in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("line %d: %w", t.line, err)
	}
	return line, err
}

func readHeader(line []byte, h *Header) error {
	if err := json.Unmarshal(line, h); err != nil {
		return err
	}
	if h.Schema != Schema {
		return fmt.Errorf("schema %d, this version reads %d", h.Schema, Schema)
	}
	return nil
}
