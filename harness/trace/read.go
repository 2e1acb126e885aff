package trace

import (
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

// Read reads a whole trace, its events in order of time. Errors are a Reader's.
func Read(r io.Reader) (Trace, error) {
	in, err := NewReader(r)
	if err != nil {
		return Trace{}, err
	}
	var events []Event
	for {
		e, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			Sort(events)
			return Trace{Header: in.Header, Events: events}, nil
		case err != nil:
			return Trace{}, err
		}
		events = append(events, e)
	}
}
