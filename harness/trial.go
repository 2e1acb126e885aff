package harness

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Trial is one scenario, under one policy, struck at one phase.
type Trial struct {
	// ID is unique within a plan and names the trial's files.
	ID       string
	Scenario scenario.Scenario
	Policy   heartbeat.Policy
	// Also are policies that the trial's trace is judged by as well: a record
	// each. Only an observing trial may have them.
	Also  []heartbeat.Policy
	Mode  heartbeat.Mode
	Phase float64 // in [0, 1]
	// PlanSeed is the plan's seed, moved on by one for each repetition: a plan
	// with this one, for this trial alone, gives it the same Seed.
	PlanSeed uint64
	Seed     uint64 // of everything random in it
	// Scope is what the names in the scenario's Spans mean.
	Scope scenario.Scope
	// Repeat is the command that runs this trial alone; "": unknown.
	Repeat string

	number  int    // of the repetition, from 1
	network string // that its name ends with; "": none
}

// id is the trial's under a policy.
func (t Trial) id(p heartbeat.Policy) string {
	id := fileName(fmt.Sprintf("%s.%s.%s.%g", t.Scenario.Name, p.Name, p.Profile.Name, t.Phase))
	if t.number > 1 {
		id += fmt.Sprintf(".run%d", t.number) // no phase ends like that
	}
	if t.network != "" {
		id += "." + fileName(t.network)
	}
	return id
}

// Records are the names of the records that the trial leaves, one for each policy
// that it is judged by: its own first.
func (t Trial) Records() []string {
	names := []string{t.ID}
	for _, p := range t.Also {
		names = append(names, t.id(p))
	}
	return names
}

// Window is what a detection must fall in.
func (t Trial) Window() heartbeat.Window { return t.Policy.Profile.Window }

// Longest is how long the trial takes at most, but for a slow machine: it comes
// up, sees an arrival, waits for its phase, strikes and observes.
func (t Trial) Longest() time.Duration {
	observe, _ := t.Scenario.Observe.Eval(t.Scope) // NewPlan has evaluated it
	var canaries time.Duration
	if t.sendsCanaries() {
		canaries = 2 * canaryPatience(t.Policy)
	}
	return time.Second + 4*t.Policy.Profile.Delay + canaries + time.Duration(t.Phase*float64(t.Scope["D"])) + observe
}

// Plan is what to run.
type Plan struct {
	Scenarios []scenario.Scenario
	Policies  []heartbeat.Policy
	// Mode is that of all trials but those whose scenario has its own. Policies that
	// observe, send the same, to which the scenario comes to the same, and of which
	// it expects the same, share a trial: the first of them runs, the others are
	// judged on its trace.
	Mode heartbeat.Mode
	// Phases replace those of the scenarios; nil: the scenarios' own.
	Phases []float64
	// Repeat is how often each trial is run, at least once.
	Repeat int
	// Set are values for the scenarios' parameters.
	Set map[string]scenario.Span
	// Seed decides every trial's seed.
	Seed uint64
	// Network is what the trials' names end with, so that those of several
	// networks can share a folder; "": nothing.
	Network string
	// Command is what a trial's Repeat is made with; nil: no command is given.
	Command func(Trial) string
}

// maxTrials bounds a plan: a typing error should not fill the memory.
const maxTrials = 20000

// Trials are the plan's trials: each scenario with each policy that it applies
// to, at each phase. It is an error if there is none, if a value of Set belongs
// to no scenario, or if a scenario cannot be understood.
func (p Plan) Trials() ([]Trial, error) {
	if err := p.checkSet(); err != nil {
		return nil, err
	}
	for _, phase := range p.Phases {
		if !(phase >= 0 && phase <= 1) { // NaN is neither
			return nil, fmt.Errorf("phase %v, want 0 to 1", phase)
		}
	}
	if p.Repeat > maxTrials {
		return nil, fmt.Errorf("repeat %d, want at most %d", p.Repeat, maxTrials)
	}
	var trials []Trial
	for _, s := range p.Scenarios {
		groups, err := p.groups(s)
		if err != nil {
			return nil, err
		}
		for _, g := range groups {
			trials = append(trials, p.trials(s, g)...)
			if len(trials) > maxTrials {
				return nil, fmt.Errorf("more than %d trials: choose fewer scenarios, policies, phases or repetitions", maxTrials)
			}
		}
	}
	seen := map[string]bool{}
	for _, t := range trials {
		for _, policy := range append([]heartbeat.Policy{t.Policy}, t.Also...) {
			id := t.id(policy)
			if seen[id] {
				return nil, fmt.Errorf("two trials would be called %s: want different names of scenarios and policies, and each phase once", id)
			}
			seen[id] = true
		}
	}
	if len(trials) == 0 {
		return nil, fmt.Errorf("nothing to run: none of the scenarios applies to any of the policies")
	}
	return trials, nil
}

// group are policies that share their trials of a scenario.
type group struct {
	policies []heartbeat.Policy // the first runs
	scope    scenario.Scope     // the first's
}

// groups are the policies that s applies to.
func (p Plan) groups(s scenario.Scenario) (groups []group, err error) {
next:
	for _, policy := range p.Policies {
		if !s.AppliesTo(policy) {
			continue
		}
		scope, err := s.NewScope(policy, p.Set)
		if err != nil {
			return nil, err
		}
		own := s.Under(policy.Name)
		if len(s.Expect) > 0 && len(own.Expect) == 0 {
			return nil, fmt.Errorf("scenario %s expects nothing of policy %s: want an expectation that applies to it", s.Name, policy.Name)
		}
		if err := own.Validate(scope); err != nil {
			return nil, fmt.Errorf("under %s: %w", policy.Key(), err)
		}
		for i, g := range groups {
			if p.mode(s) == heartbeat.Observe && !s.Stops() && sharesTrial(g.policies[0], policy) && s.Same(g.scope, scope) && s.ExpectsSame(g.policies[0].Name, policy.Name) {
				groups[i].policies = append(groups[i].policies, policy)
				continue next
			}
		}
		groups = append(groups, group{[]heartbeat.Policy{policy}, scope})
	}
	return groups, nil
}

// mode is that of s's trials.
func (p Plan) mode(s scenario.Scenario) heartbeat.Mode { return max(p.Mode, s.Mode) }

// sharesTrial says whether two policies are told apart by their detectors alone.
func sharesTrial(a, b heartbeat.Policy) bool {
	bare := func(p heartbeat.Policy) heartbeat.Policy {
		p.Name, p.Client, p.Server = "", nil, nil
		return p
	}
	return a.Client != nil && b.Client != nil && bare(a) == bare(b)
}

func (p Plan) trials(s scenario.Scenario, g group) []Trial {
	policy := g.policies[0]
	phases := p.Phases
	if len(phases) == 0 {
		phases = s.Phases
	}
	if len(phases) == 0 {
		phases = scenario.DefaultPhases()
	}
	var trials []Trial
	for _, phase := range phases {
		for n := range max(1, p.Repeat) {
			t := Trial{Scenario: s, Policy: policy, Also: g.policies[1:], Mode: p.mode(s), Phase: phase, Scope: g.scope, number: 1}
			t.ID = t.id(policy)
			t.PlanSeed = p.Seed + uint64(n)
			t.Seed = seed(t.PlanSeed, t.ID)
			t.number += n
			t.network = p.Network
			t.ID = t.id(policy)
			if p.Command != nil {
				t.Repeat = p.Command(t)
			}
			trials = append(trials, t)
		}
	}
	return trials
}

func (p Plan) checkSet() error {
	known := map[string]bool{}
	for _, s := range p.Scenarios {
		for _, param := range s.Params {
			known[param.Name] = true
		}
	}
	for name := range p.Set {
		if !known[name] {
			return fmt.Errorf("parameter %q: the chosen scenarios have %s", name, names(known))
		}
	}
	return nil
}

// seed is a trial's own, the same whatever else the plan contains.
func seed(plan uint64, trial string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s", plan, trial)
	return h.Sum64()
}

// fileName is a name that every file system takes.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune(".-_", r) {
			return r
		}
		return '-'
	}, name)
}

// names lists a set's names for an error, in alphabetical order.
func names(set map[string]bool) string {
	if len(set) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}
