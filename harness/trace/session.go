package trace

import (
	"strconv"

	"github.com/flatline-go/flatline/heartbeat/session"
)

// FromSession is a session's event as a line of a trace.
func FromSession(e session.Event) Event {
	out := Event{
		T: e.At, Side: e.Side, Session: SessionName(e.Session), What: What(e.What.String()),
		Cause: string(e.Cause), Detail: e.Detail,
	}
	switch e.What {
	case session.Sent:
		out.Kind, out.Seq, out.Stamp = e.Type.String(), e.Seq, "before write"
	case session.Heard:
		out.Kind, out.Seq, out.Stamp = e.Type.String(), e.Seq, "after read"
	case session.Stalled:
		out.To = e.To
	}
	return out
}

// SessionName is how traces call the session of that id; "" before it has one.
func SessionName(id uint64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatUint(id, 16)
}
