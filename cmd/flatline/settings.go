package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
)

// settings reads --set: NAME=TIME, each name once.
func settings(texts []string) (map[string]scenario.Span, error) {
	set := map[string]scenario.Span{}
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			return nil, usage("--set: %q, want NAME=TIME, such as idle=1s", text)
		}
		if _, twice := set[name]; twice {
			return nil, usage("--set: %s is set twice, want it once", name)
		}
		set[name] = scenario.Span(value)
	}
	return set, nil
}

// longestSet is the most that a parameter may come to: no network takes more.
const longestSet = 30 * 24 * time.Hour

// withSet are the trials of a plan, with set: the plan may be right only with it. An
// error that the plan has without it too is none of set's.
func withSet(plan harness.Plan, set map[string]scenario.Span) ([]harness.Trial, error) {
	plan.Set = set
	trials, err := plan.Trials()
	if err != nil {
		plan.Set = nil
		if _, without := plan.Trials(); without != nil && without.Error() == err.Error() {
			return nil, usage("%w", err)
		}
		return nil, usage("--set: %w", err)
	}
	for _, t := range trials {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if value := t.Scope[name]; value > longestSet {
				return nil, usage("--set: %s=%s is %v in %s, want at most %v", name, set[name], value, t.Scenario.Name, longestSet)
			}
		}
	}
	return trials, nil
}
