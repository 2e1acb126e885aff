package harness

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// State is what a trial is doing.
type State struct {
	Trial string
	// Doing is half a sentence, lower case.
	Doing string
	// Client and Server are what the sides were last seen to be: up, suspecting,
	// down, closed or hung up; "": nothing was seen yet.
	Client, Server string
	// Addr is where the client is to connect; "": there is no such place yet.
	Addr string
	// Until is when the trial ends at the latest; zero: not known yet.
	Until time.Time
	// Record is the outcome, of a trial that has ended; else nil.
	Record *judge.Record
}

// What a trial is Doing when it waits for what may be up to somebody at a
// keyboard.
const (
	ComingUp    = "coming up"           // until both sides have heard each other
	AwaitingCue = "waiting for its cue" // see subject.Placed
)

// What a side may be, of a State.
const (
	sideUp      = "up"
	sideSuspect = "suspecting"
	sideHungUp  = "hung up"
)

// newer is s with what news has; the rest stays.
func (s State) newer(news State) State {
	return State{
		Trial: s.Trial, Doing: cmp.Or(news.Doing, s.Doing), Addr: cmp.Or(news.Addr, s.Addr),
		Client: cmp.Or(news.Client, s.Client), Server: cmp.Or(news.Server, s.Server),
		Until: cmp.Or(news.Until, s.Until),
	}
}

// told is a trial's State so far, for whoever is told of it.
type told struct {
	mu  sync.Mutex
	now State
}

// tell tells the runner what is new of the trial.
func (l *lab) tell(news State) {
	l.told.mu.Lock()
	defer l.told.mu.Unlock()
	next := l.told.now.newer(news)
	if next != l.told.now {
		l.told.now = next
		l.say(next)
	}
}

// tellSides tells what the sides say of themselves, until ctx ends: beside them,
// so that nobody who records an event waits for it.
func (l *lab) tellSides(ctx context.Context) {
	words := map[trace.What]string{
		trace.Up: sideUp, trace.Trust: sideUp, trace.Suspect: sideSuspect, trace.Down: "down", trace.Closed: "closed",
	}
	_, _ = l.rec.Wait(ctx, func(e trace.Event) bool {
		switch word := words[e.What]; e.Side {
		case heartbeat.ClientSide:
			l.tell(State{Client: word})
		case heartbeat.ServerSide:
			l.tell(State{Server: word})
		}
		return false
	})
}
