package trace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// Write writes a whole trace, its events in the order that they have, as a
// Recorder would have.
func Write(w io.Writer, t Trace) error {
	buffered := bufio.NewWriter(w)
	out := json.NewEncoder(buffered)
	if err := out.Encode(t.Header); err != nil {
		return fmt.Errorf("write header of trace %s: %w", t.Header.Trial, err)
	}
	for _, e := range t.Events {
		if err := out.Encode(e); err != nil {
			return fmt.Errorf("write trace %s: %w", t.Header.Trial, err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write trace %s: %w", t.Header.Trial, err)
	}
	return nil
}
