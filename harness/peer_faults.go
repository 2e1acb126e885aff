package harness

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
)

// afflict does what a fault of a peer does. Only that of a process lasts.
func (l *lab) afflict(f scenario.Fault) error {
	on := trace.Event{T: l.rec.Now(), Side: trace.Network, What: trace.FaultOn, Kind: string(f.Kind), Detail: string(f.Side)}
	var err error
	switch f.Kind {
	case scenario.Leave:
		err = l.actor.Leave(f.Side)
	case scenario.Reset:
		err = l.actor.Reset(f.Side)
	case scenario.Crash:
		err = l.mortal.Crash(f.Side)
		on.Uncertainty = l.rec.Now() - on.T // it is gone; when its kernel closed what it had, nobody saw
	case scenario.Freeze:
		err = l.mortal.Freeze(f.Side)
		asked := on.T
		on.T = l.rec.Now() // it is seen to stand still
		on.Uncertainty = on.T - asked
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		return fmt.Errorf("%s of the %s: %w", f.Kind, f.Side, err)
	}
	l.struck = cmp.Or(l.struck, on.T)
	l.rec.Record(on)
	if f.Kind == scenario.Crash { // who is dead cannot tell
		for _, session := range l.rec.Open(f.Side) {
			l.rec.Record(trace.Event{T: on.T, Side: f.Side, What: trace.Down, Session: session, Cause: trace.Killed})
		}
	}
	if !f.Kind.OfProcess() {
		l.over(f, on.T, 0)
	}
	return nil
}

// relieve ends a fault of a process: a new one is there, or the old one goes on.
func (l *lab) relieve(f scenario.Fault) error {
	at := l.rec.Now()
	var uncertainty int64
	var err error
	if f.Kind == scenario.Crash {
		at, err = l.mortal.Restart(f.Side)
	} else {
		err = l.mortal.Thaw(f.Side)
		uncertainty = l.rec.Now() - at // it is seen to go on
	}
	if err != nil {
		return fmt.Errorf("the end of the %s of the %s: %w", f.Kind, f.Side, err)
	}
	l.over(f, at, uncertainty)
	return nil
}

// over notes the end of a peer's fault.
func (l *lab) over(f scenario.Fault, at, uncertainty int64) {
	l.healed = at
	l.rec.Record(trace.Event{T: at, Uncertainty: uncertainty, Side: trace.Network, What: trace.FaultOff, Kind: string(f.Kind), Detail: string(f.Side)})
}
