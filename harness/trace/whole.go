package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// Ended says whether the trace has the end of its observation, which a Recorder
// writes last: without it the trace is cut off.
func (t Trace) Ended() bool {
	return slices.ContainsFunc(t.Events, func(e Event) bool { return e.What == End })
}

// Whole says whether a stored trace, read from its beginning, has all that was
// recorded: the end of its observation, and that of its last line. A killed run
// leaves one that is cut off, as does a copy that was not finished.
func Whole(r io.Reader) (bool, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	for ended := false; ; {
		line, err := in.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF):
			return ended && len(line) == 0, nil
		case err != nil:
			return false, err
		}
		ended = ended || isEnd(line)
	}
}

// isEnd says whether a line is the event. Hardly any line is worth decoding.
func isEnd(line []byte) bool {
	var e struct {
		What What `json:"event"`
	}
	return bytes.Contains(line, []byte(`"`+End+`"`)) && json.Unmarshal(line, &e) == nil && e.What == End
}
