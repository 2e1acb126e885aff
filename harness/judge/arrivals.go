package judge

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// OnBeats are the distinct detectors of policies, whichever side has them, that
// can be judged where only beats are known, sent every interval. Detectors that
// have the beat interval as a parameter get this one. leftOut says in sentences
// who can't be, and why.
func OnBeats(policies []heartbeat.Policy, interval time.Duration) (candidates []Candidate, leftOut []string) {
	policies, leftOut = WithDetector(policies)
	for _, p := range policies {
		for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
			config := p.Detector(side)
			if config == nil {
				continue
			}
			if paced, ok := config.(detect.Paced); ok {
				config = paced.WithInterval(interval)
			}
			if err := config.Validate(); err != nil {
				leftOut = append(leftOut, fmt.Sprintf("The %s's detector of policy %s is left out: %v.", side, p.Name, err))
				continue
			}
			if !worksOnBeats(config, interval) {
				leftOut = append(leftOut, fmt.Sprintf("The %s's detector of policy %s, %s, is left out: beats alone never make it suspect anyone.",
					side, p.Name, config.Name()))
				continue
			}
			candidates = AddCandidate(candidates, Candidate{Detector: detect.Named{Config: config}, Policies: []string{p.Name}})
		}
	}
	return candidates, leftOut
}

// WithDetector are the policies that have a detector on some side; leftOut is a
// sentence about the others, if there are any.
func WithDetector(policies []heartbeat.Policy) (with []heartbeat.Policy, leftOut []string) {
	var names []string
	for _, p := range policies {
		if p.Client == nil && p.Server == nil {
			names = append(names, p.Name)
		} else {
			with = append(with, p)
		}
	}
	if len(names) > 0 {
		leftOut = []string{fmt.Sprintf("Left out, having no detector: %s.", strings.Join(names, ", "))}
	}
	return with, leftOut
}

// worksOnBeats says whether a detector that hears beats, and nothing else, ever
// has a deadline. A thousand are enough to learn from.
func worksOnBeats(config detect.Config, interval time.Duration) bool {
	d := config.New()
	d.Start(0)
	for seq := range uint64(1000) {
		d.Heard(detect.Beat, seq, int64(seq)*int64(interval))
		if _, ok := d.Deadline(); ok {
			return true
		}
	}
	return false
}

// Source is a stream of arrivals at one side of one session, as capture.Reader
// has them.
type Source interface {
	// Next is the next events, in order of time; io.EOF: there are none.
	Next() ([]trace.Event, error)
	// Last is the instant of the last arrival so far.
	Last() int64
}

// Arrivals judges candidates over a capture, whose peer lived from its first
// arrival to its last.
func Arrivals(s Source, candidates []Candidate) ([]Result, error) {
	many := NewMany(configs(candidates), Truth{})
	for {
		events, err := s.Next()
		if errors.Is(err, io.EOF) {
			return results(candidates, many.End(s.Last())), nil
		}
		if err != nil {
			return nil, err
		}
		many.Tell("", events)
	}
}
