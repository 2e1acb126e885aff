package main

import (
	"time"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// longestLook is enough for a firewall and a window of a day each. No wait for the
// strike is longer.
const longestLook = 50 * time.Hour

// minAfter is the least time to watch after a fault's end.
const minAfter = time.Second

// look decides how long s is watched, and refuses a time in which nothing could be
// told. It puts the time into set.
func (w *watchCmd) look(s scenario.Scenario, policy heartbeat.Policy, set map[string]scenario.Span) error {
	if _, twice := set["observe"]; twice {
		return usage("--set: observe is --observe")
	}
	if w.Observe != nil {
		if *w.Observe <= 0 || *w.Observe > longestLook {
			return usage("--observe: %v, want more than 0, at most %v", *w.Observe, longestLook)
		}
		set["observe"] = scenario.Span(w.Observe.String())
	}
	scope, err := s.NewScope(policy, set)
	if err != nil {
		return usage("--set: %w", err)
	}
	idle := s.Idle(scope)
	if w.Observe != nil {
		w.observe = *w.Observe
	} else {
		w.observe = w.usualLook() + idle
		set["observe"] = scenario.Span(w.observe.String())
		if scope, err = s.NewScope(policy, set); err != nil {
			return usage("--set: %w", err)
		}
	}
	if err := w.seesTheEnd(s, scope); err != nil {
		return err
	}
	return w.canTell(idle)
}

// seesTheEnd refuses a fault that is to end, and would not within the time.
func (w *watchCmd) seesTheEnd(s scenario.Scenario, scope scenario.Scope) error {
	whole, _ := s.Observe.Eval(scope) // what means nothing, the plan refuses
	for _, step := range s.Faults {
		if step.For == "" {
			continue
		}
		at, _ := step.At.Eval(scope)
		lasts, _ := step.For.Eval(scope)
		short := at + lasts + minAfter - whole
		least := w.observe + short
		switch {
		case step.For == "observe" || short <= 0: // the wait itself, with what comes after
		case least > longestLook:
			return usage("--set: %s ends %v after the strike (%s), which wants to be watched for %v, and %v is the most", step.Fault.Kind, at+lasts, step.For, least, longestLook)
		default:
			return usage("--observe: %v, and %s ends %v after the strike (--set %s=TIME): %v too short, want %v at least", w.observe, step.Fault.Kind, at+lasts, step.For, short, least)
		}
	}
	return nil
}

// usualLook is how long is watched where nobody says it, beside a firewall's time.
func (w *watchCmd) usualLook() time.Duration {
	usual := 2 * time.Minute
	if w.Window != nil {
		usual = max(usual, w.Window.Hi+10*time.Second)
	}
	return usual
}

// canTell refuses what can show nothing: a firewall strikes once no byte has
// passed for its idle time, and the window counts from that byte.
func (w *watchCmd) canTell(idle time.Duration) error {
	var hi time.Duration
	if w.Window != nil {
		hi = w.Window.Hi
	}
	least := idle + hi + time.Second
	switch {
	case w.observe > longestLook:
		return usage("--set: a firewall that forgets after idle=%v wants to be watched for %v, and %v is the most", idle, w.observe, longestLook)
	case w.Window != nil && hi <= idle:
		return usage("--window: %v, want an upper bound above the firewall's idle time, %v (--set idle=TIME): it counts from the last byte, and before that time nothing is dead", w.Window, idle)
	case w.observe >= least || w.Window == nil && idle == 0:
		return nil
	case idle == 0:
		return usage("--observe: %v, want a second more than the window's upper bound at least: %v", w.observe, least)
	case w.Window == nil:
		return usage("--observe: %v, want a second more than the firewall's idle time (--set idle=%v) at least: %v", w.observe, idle, least)
	default:
		return usage("--observe: %v, want a second more than the firewall's idle time (--set idle=%v) and the window's upper bound at least: %v", w.observe, idle, least)
	}
}
