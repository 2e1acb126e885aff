package main

import (
	"strings"

	"github.com/flatline-go/flatline/harness/scenario"
)

// settings reads --set: NAME=TIME, each name once.
func settings(texts []string) (map[string]scenario.Span, error) {
	set := map[string]scenario.Span{}
	for _, text := range texts {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" || value == "" {
			return nil, usage("--set: %q, want NAME=TIME, such as idle=240s", text)
		}
		if _, twice := set[name]; twice {
			return nil, usage("--set: %s is set twice, want it once", name)
		}
		set[name] = scenario.Span(value)
	}
	return set, nil
}
