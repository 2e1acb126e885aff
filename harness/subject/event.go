package subject

import (
	"strconv"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// event is a session's event as a line of a trace.
func event(e session.Event) trace.Event {
	out := trace.Event{
		T: e.At, Side: e.Side, Session: sessionName(e.Session), What: trace.What(e.What.String()),
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

func sessionName(id uint64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatUint(id, 16)
}
