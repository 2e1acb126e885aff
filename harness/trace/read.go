package trace

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadFile reads a stored trace. Its errors name the file and the line.
func ReadFile(path string) (t Trace, err error) {
	f, err := os.Open(path)
	if err != nil {
		return Trace{}, fmt.Errorf("read trace: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	t, err = Read(f)
	if err != nil {
		return Trace{}, fmt.Errorf("read trace %s: %w", path, err)
	}
	return t, nil
}

// Read reads a trace as a Recorder writes it. Half an event at its very end, as
// a killed run leaves it, is left out.
func Read(r io.Reader) (Trace, error) {
	var h Header
	var events []Event
	in := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if number == 1 {
				err = errors.Join(readHeader(line, &h), notEOF(err))
			} else {
				var e Event
				bad := json.Unmarshal(line, &e)
				if bad != nil && errors.Is(err, io.EOF) {
					return inOrder(h, events), nil // the writer was cut off in mid-line
				}
				err = errors.Join(bad, notEOF(err))
				events = append(events, e)
			}
			if err != nil {
				return Trace{}, fmt.Errorf("line %d: %w", number, err)
			}
			continue
		}
		if notEOF(err) != nil {
			return Trace{}, fmt.Errorf("line %d: %w", number, err)
		}
		if number == 1 {
			return Trace{}, errors.New("line 1: the file is empty, want a header")
		}
		return inOrder(h, events), nil
	}
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

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
