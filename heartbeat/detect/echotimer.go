package detect

import (
	"fmt"
	"slices"
	"time"
)

// EchoTimer suspects the peer once a beat stayed unanswered for Timeout. The
// timer starts as the beat leaves; data is no answer.
//
// deadline = sending of the oldest unanswered beat + Timeout (+ the time that
// our own loop stalled since); never while every beat is answered
//
// It keeps 16 bytes per unanswered beat.
type EchoTimer struct {
	// Timeout is the longest wait for an echo that is no suspicion: 1ns to
	// 24h. It may be longer than the beat interval.
	Timeout time.Duration `json:"timeout_ns"`
}

// Name is "echo-timer".
func (EchoTimer) Name() string { return "echo-timer" }

// Validate refuses a timeout out of range.
func (c EchoTimer) Validate() error { return validTimeout(c.Name(), c.Timeout) }

// New makes the detector.
func (c EchoTimer) New() Detector { return &echoTimer{timeout: int64(c.Timeout)} }

type echoTimer struct {
	timeout int64
	clock   clock
	next    uint64       // the number after the latest beat sent
	waiting []unanswered // oldest first
}

type unanswered struct {
	seq uint64
	at  int64 // when it left, moved on by our own stalls since
}

func (e *echoTimer) Start(now int64) { e.clock.start(now) }

func (e *echoTimer) Sent(seq uint64, now int64) {
	if !e.clock.started || seq < e.next {
		return
	}
	e.next = seq + 1
	e.waiting = append(e.waiting, unanswered{seq, e.clock.at(now)})
}

func (e *echoTimer) Heard(kind Kind, seq uint64, now int64) {
	e.clock.at(now)
	if kind != Echo {
		return
	}
	n := 0
	for n < len(e.waiting) && e.waiting[n].seq <= seq {
		n++
	}
	// The rest moves to the front, so that the slice never grows by use.
	e.waiting = slices.Delete(e.waiting, 0, n)
}

func (e *echoTimer) Stalled(from, to int64) {
	e.clock.at(to)
	for i := range e.waiting {
		// Only the part of the stall after the beat left was waiting.
		e.waiting[i].at += max(0, to-max(from, e.waiting[i].at))
	}
}

func (e *echoTimer) Deadline() (int64, bool) {
	if len(e.waiting) == 0 {
		return 0, false
	}
	return e.waiting[0].at + e.timeout, true
}

func (e *echoTimer) Explain() string {
	if len(e.waiting) == 0 {
		return "echo-timer: no beat waits for an echo"
	}
	oldest := e.waiting[0]
	return fmt.Sprintf("echo-timer: beat %d unanswered since %s, timeout %v",
		oldest.seq, seconds(oldest.at), time.Duration(e.timeout))
}
