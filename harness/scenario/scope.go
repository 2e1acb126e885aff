package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// NewScope is what the names in s's Spans mean for a policy:
//
//	lo, hi  the window's bounds (lo: see heartbeat.Profile.LowerBound)
//	D       the beat interval
//	T       the silence that the policy's detector allows before it has learned
//	        anything: the server's, or else the client's; the profile's timeout,
//	        if neither allows one
//	t       the policy's echo timer; the profile's, if it has none
//	d, J, m the profile's one-way delay, round-trip jitter and margin
//
// (a foreign policy without a window has d, J, m and, if it is given, D only)
// and s's Params, with the values of set in place of their defaults. A name in
// set that is no parameter of s is left out: sets are shared by scenarios.
func (s Scenario) NewScope(p heartbeat.Policy, set map[string]Span) (Scope, error) {
	scope := Scope{"d": p.Profile.Delay, "J": p.Profile.Jitter, "m": p.Profile.Margin}
	if p.Profile.Window != (heartbeat.Window{}) {
		t, err := p.Profile.Timing()
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
		scope["lo"], scope["hi"] = p.Profile.LowerBound(), p.Profile.Window.Hi
		scope["D"], scope["T"], scope["t"] = t.Interval, t.Silence, t.EchoTimer
	}
	if p.Interval > 0 {
		scope["D"] = p.Interval
	}
	for _, c := range []detect.Config{p.Client, p.Server} {
		if c == nil {
			continue
		}
		if silence := detect.Patience(c); silence > 0 {
			scope["T"] = silence
		}
		if timer, ok := c.(detect.EchoTimer); ok {
			scope["t"] = timer.Timeout
		}
	}
	for _, param := range s.Params {
		span := param.Default
		if v, ok := set[param.Name]; ok {
			span = v
		}
		value, err := span.Eval(scope)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: parameter %s: %w", s.Name, param.Name, err)
		}
		scope[param.Name] = value
		if scope[param.Name] <= 0 {
			return nil, fmt.Errorf("scenario %s: parameter %s=%s is %v under %s, want more than 0", s.Name, param.Name, span, scope[param.Name], p.Key())
		}
	}
	return scope, nil
}

// OfProcesses says whether s kills or stops a side's process.
func (s Scenario) OfProcesses() bool {
	return slices.ContainsFunc(s.Faults, func(step Step) bool { return step.Fault.Kind.OfProcess() })
}

// Stops says whether s stops one. How long it stood still its side knows from its
// own deadline on, so that its trace is no other detector's.
func (s Scenario) Stops() bool {
	return slices.ContainsFunc(s.Faults, func(step Step) bool { return step.Fault.Kind == Freeze })
}

// Idle is the longest time after which a firewall of s's forgets a flow; 0: there is
// none.
func (s Scenario) Idle(scope Scope) (longest time.Duration) {
	for _, step := range s.Faults {
		idle, _ := step.Fault.Idle.Eval(scope) // what means nothing, Validate refuses
		longest = max(longest, idle)
	}
	return longest
}

// Same says whether s comes to the same under two scopes: every time in it.
func (s Scenario) Same(a, b Scope) bool {
	for _, span := range s.spans() {
		x, _ := span.Eval(a)
		y, _ := span.Eval(b)
		if x != y {
			return false
		}
	}
	return true
}

// AppliesTo says whether s is meant for policies of that name, probe and
// direction.
func (s Scenario) AppliesTo(p heartbeat.Policy) bool {
	if len(s.Beats) > 0 && !slices.Contains(s.Beats, p.Beats) {
		return false
	}
	if len(s.Policies) == 0 {
		return p.Probe != heartbeat.ProbeNone && !p.Probe.AsksKernel()
	}
	return slices.Contains(s.Policies, p.Name)
}

// AppliesTo says whether e is about policies of that name.
func (e Expectation) AppliesTo(policy string) bool {
	return len(e.Policies) == 0 || slices.Contains(e.Policies, policy)
}

// IsTrueOf says whether e is about the network of that name.
func (e Expectation) IsTrueOf(network string) bool {
	return len(e.Networks) == 0 || slices.Contains(e.Networks, network)
}

// Expected are the expectations of a policy on a network, by their names.
func (s Scenario) Expected(policy, network string) []Expectation {
	return slices.DeleteFunc(slices.Clone(s.Expect), func(e Expectation) bool {
		return !e.AppliesTo(policy) || !e.IsTrueOf(network)
	})
}

// Spans are all times in s, each with the place that it stands at.
func (s Scenario) spans() map[string]Span {
	spans := map[string]Span{
		"observe":       s.Observe,
		"delay latency": s.Delay.Latency, "delay jitter": s.Delay.Jitter,
		"traffic every": s.Traffic.Every, "traffic from": s.Traffic.From, "traffic until": s.Traffic.Until,
	}
	for i, step := range s.Faults {
		at := fmt.Sprintf("fault %d (%s) ", i+1, step.Fault.Kind)
		spans[at+"at"], spans[at+"for"] = step.At, step.For
		spans[at+"idle"] = step.Fault.Idle
		spans[at+"out"], spans[at+"every"] = step.Fault.Out, step.Fault.Every
		spans[at+"latency"], spans[at+"jitter"] = step.Fault.Delay.Latency, step.Fault.Delay.Jitter
	}
	for i, e := range s.Expect {
		at := fmt.Sprintf("expectation %d (%s) ", i+1, e.That)
		spans[at+"within lo"], spans[at+"within hi"] = e.Within.Lo, e.Within.Hi
	}
	return spans
}

// Validate says what is wrong with s, naming the place, for any policy of the
// scope's kind. What is expected of some policies only may make no sense under that
// scope: see Under.
func (s Scenario) Validate(scope Scope) error {
	if s.Name == "" || s.Claim == "" || len(s.Expect) == 0 {
		return fmt.Errorf("scenario %q: want a name, a claim and at least one expectation", s.Name)
	}
	spans := s.spans()
	for _, place := range slices.Sorted(maps.Keys(spans)) {
		if _, err := spans[place].Eval(scope); err != nil {
			return fmt.Errorf("scenario %s: %s: %w", s.Name, place, err)
		}
	}
	if observe, _ := s.Observe.Eval(scope); observe <= 0 {
		return fmt.Errorf("scenario %s: observe is %v, want more than 0", s.Name, observe)
	}
	for _, d := range s.Beats {
		known := []heartbeat.Direction{heartbeat.FromClient, heartbeat.FromServer, heartbeat.FromBoth}
		if !slices.Contains(known, d) {
			return fmt.Errorf("scenario %s: beats: %q, want some of %s", s.Name, d, join(known))
		}
	}
	for _, p := range s.Params {
		if slices.Contains(reserved(), p.Name) {
			return fmt.Errorf("scenario %s: parameter %s: that name means something already, as do %s", s.Name, p.Name, strings.Join(reserved(), ", "))
		}
	}
	for _, e := range s.Expect {
		if err := e.validate(scope); err != nil {
			return fmt.Errorf("scenario %s: %w", s.Name, err)
		}
	}
	for _, step := range s.Faults {
		for name, span := range map[string]Span{"at": step.At, "for": step.For} {
			if d, _ := span.Eval(scope); d < 0 {
				return fmt.Errorf("scenario %s: fault %s: %s is %v, want 0 or more", s.Name, step.Fault.Kind, name, d)
			}
		}
		if err := step.Fault.validate(); err != nil {
			return fmt.Errorf("scenario %s: %w", s.Name, err)
		}
		if f := step.Fault.Kind; (f == Leave || f == Reset) && step.For != "" {
			return fmt.Errorf("scenario %s: fault %s: for is %s, and it does not last", s.Name, f, step.For)
		}
		if lasts, _ := step.For.Eval(scope); step.For != "" && lasts == 0 {
			return fmt.Errorf("scenario %s: fault %s: for is %v, want more than 0; without for it lasts until the trial ends", s.Name, step.Fault.Kind, lasts)
		}
		if musts := []Must{MustStrike, MustNotStrike, MayStrike}; !slices.Contains(musts, step.Must) {
			return fmt.Errorf("scenario %s: fault %s: must is %q, want one of %s", s.Name, step.Fault.Kind, step.Must, join(musts))
		}
		if step.Fault.Kind.OfPeer() && step.Must != MustStrike {
			return fmt.Errorf("scenario %s: fault %s: must is %q, want %s: what a peer is made to do happens", s.Name, step.Fault.Kind, step.Must, MustStrike)
		}
	}
	if err := s.validateTimes(scope); err != nil {
		return fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	if err := s.validateSense(scope); err != nil {
		return fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	for _, phase := range s.Phases {
		if !(phase >= 0 && phase <= 1) {
			return fmt.Errorf("scenario %s: phase %v, want 0 to 1", s.Name, phase)
		}
	}
	return nil
}

// validateTimes refuses a fault that would never be applied, and two that want the
// same cable, or the same of anything, at one time.
func (s Scenario) validateTimes(scope Scope) error {
	observe, _ := s.Observe.Eval(scope)
	type span struct {
		step     Step
		from, to time.Duration
	}
	var before []span
	for _, step := range s.Faults {
		at, _ := step.At.Eval(scope)
		lasts, _ := step.For.Eval(scope)
		if at >= observe {
			return fmt.Errorf("fault %s: at is %v, want less than the %v of observe: it would never be applied", step.Fault.Kind, at, observe)
		}
		this := span{step, at, at + lasts}
		if lasts == 0 && !(step.Fault.Kind == Leave || step.Fault.Kind == Reset) {
			this.to = observe
		}
		for _, other := range before {
			if this.step.Fault.excludes(other.step.Fault) && this.from < other.to && other.from < this.to {
				return fmt.Errorf("faults %s (%v to %v) and %s (%v to %v) overlap, and are of the same part: want one after the other",
					other.step.Fault.Kind, other.from, other.to, step.Fault.Kind, this.from, this.to)
			}
		}
		before = append(before, this)
	}
	return nil
}

// reserved are the names that NewScope gives a meaning.
func reserved() []string { return []string{"lo", "hi", "D", "T", "t", "d", "J", "m"} }

func (e Expectation) validate(scope Scope) error {
	if !slices.Contains(Outcomes(), e.That) {
		return fmt.Errorf("unknown outcome %q, known: %s", e.That, join(Outcomes()))
	}
	if e.Side != "" && e.Side.Peer() == "" {
		return fmt.Errorf("expectation %s: side is %q, want %s, %s or neither", e.That, e.Side, heartbeat.ClientSide, heartbeat.ServerSide)
	}
	if e.Count < 0 {
		return fmt.Errorf("expectation %s: count is %d, want 0 or more", e.That, e.Count)
	}
	lo, _ := e.Within.Lo.Eval(scope)
	hi, _ := e.Within.Hi.Eval(scope)
	if e.Within.Lo != "" && e.Within.Hi != "" && lo > hi {
		return fmt.Errorf("expectation %s: within %v..%v, want the lower bound first", e.That, lo, hi)
	}
	origins := []Origin{FromFault, FromLastByte, FromHeal, FromPeersEnd}
	if !slices.Contains(origins, e.From) {
		return fmt.Errorf("expectation %s: unknown origin %q, known: %s", e.That, e.From, join(origins[1:]))
	}
	return nil
}

func join[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
