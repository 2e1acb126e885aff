package processes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// line is what a peer prints: an event of its trace, or an answer.
type line struct {
	trace.Event
	// Did is what became of a request: an error's text, or nothing; nil: this is
	// no answer.
	Did *string `json:"did,omitempty"`
	// Over says that the side's Serve or Dial has returned, and why.
	Over string `json:"over,omitempty"`
}

// answer is a peer's to a request.
type answer struct {
	T    int64 // by its clock
	text string
}

func (a answer) err() error {
	if a.text == "" {
		return nil
	}
	return errors.New(a.text)
}

// What a peer may print, in bytes: a trial of a minute is some hundred lines of
// two hundred, and one with a beat each millisecond a megabyte per second.
const (
	longestLine = 64 << 10
	mostOutput  = 8 << 20 // at once, and
	mostRate    = 4 << 20 // per second
)

// told is a peer's standard output: events go to the trace. What is none ends the
// peer.
type told struct {
	side   heartbeat.Side
	record func(trace.Event)
	exited func(side heartbeat.Side, how error)
	epoch  time.Time
	kill   func()
	begun  chan struct{} // closed once there can be output
	// ahead is by how much its clock is ahead of ours, in nanoseconds, and
	// uncertainty by how much that may be wrong.
	ahead, uncertainty atomic.Int64
	answers            chan answer

	rest  []byte // of a line
	lines int
	total int
	up    bool // the side has had a session
	over  bool // its Serve or Dial has returned

	mu  sync.Mutex
	why error // it is not listened to any more
}

func newTold(s subject.Setup, side heartbeat.Side, kill func()) *told {
	return &told{
		side: side, record: s.Record, exited: s.Exited, epoch: s.Epoch, kill: kill,
		begun: make(chan struct{}), answers: make(chan answer, 1),
	}
}

func (t *told) now() int64 { return int64(time.Since(t.epoch)) }

// bad is what is wrong with what it said; nil: nothing.
func (t *told) bad() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.why
}

func (t *told) Write(b []byte) (int, error) {
	if t.bad() == nil {
		t.refuse(t.hear(b))
	}
	return len(b), nil
}

// refuse ends the peer, and does not listen to it any more, if something is wrong.
func (t *told) refuse(why error) {
	if why == nil {
		return
	}
	t.mu.Lock()
	t.why = why
	t.mu.Unlock()
	t.kill()
}

func (t *told) hear(b []byte) error {
	if t.total += len(b); t.total > mostOutput+int(mostRate*time.Duration(t.now()).Seconds()) {
		return fmt.Errorf("prints more than %d MiB, and %d MiB per second", mostOutput>>20, mostRate>>20)
	}
	t.rest = append(t.rest, b...)
	for {
		text, rest, whole := bytes.Cut(t.rest, []byte("\n"))
		if len(text) > longestLine {
			return fmt.Errorf("prints a line of more than %d bytes", longestLine)
		}
		if !whole {
			return nil
		}
		t.rest = rest
		t.lines++
		if err := t.understand(text); err != nil {
			return fmt.Errorf("prints nonsense in line %d, want events of a trace: %w", t.lines, err)
		}
	}
}

func (t *told) understand(text []byte) error {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return fmt.Errorf("%.100q: %w", text, err)
	}
	read := l.T
	l.T -= t.ahead.Load()
	if l.To != 0 {
		l.To -= t.ahead.Load()
	}
	switch now := t.now(); {
	case l.Did != nil:
		select {
		case t.answers <- answer{read, *l.Did}:
		default:
			return fmt.Errorf("%.100q: nobody had asked", text)
		}
	case l.Over != "" && t.over:
		return fmt.Errorf("%.100q: it had ended before", text)
	case l.Over != "":
		t.over = true
		// A side that was up says by its events how it ended.
		if !t.up && t.exited != nil {
			t.exited(t.side, fmt.Errorf("the %s ended: %s", t.side, l.Over))
		}
	case l.Side != t.side || l.What == "":
		return fmt.Errorf("%.100q: no event of the %s", text, t.side)
	case l.T < -t.uncertainty.Load() || l.T > now+t.uncertainty.Load()+int64(time.Millisecond):
		return fmt.Errorf("%.100q: it is %v now", text, time.Duration(now))
	default:
		t.up = t.up || l.What == trace.Up
		l.Uncertainty = t.uncertainty.Load()
		t.record(l.Event)
	}
	return nil
}
