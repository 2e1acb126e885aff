package judge

import (
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
)

// timer says when the keepalive timer of side's kernel was to fire, as it was
// first seen; inTime: it was to until then, or that is not known. What a side
// sends or hears later only puts it off.
func (v view) timer(side trace.Side, until int64) (words string, inTime bool) {
	e := v.first(func(e trace.Event) bool { return e.What == trace.Armed && e.Side == side })
	if e == nil {
		return "", false
	}
	text, _ := strings.CutPrefix(e.Detail, "it fires in ")
	left, err := time.ParseDuration(text)
	return e.Detail, err != nil || e.T+int64(left) <= until
}

// unseen says that nobody could see whether side's kernel has such a timer.
func (v view) unseen(side trace.Side) bool {
	return v.first(func(e trace.Event) bool { return e.What == trace.Unseen && e.Side == side }) != nil
}
