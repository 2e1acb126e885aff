package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Command is the command line that runs a trial of this catalogue again, with
// the same seed, given the parameters that its plan was made with.
func Command(set map[string]scenario.Span) func(harness.Trial) string {
	return func(t harness.Trial) string {
		words := []string{"go run ./cmd/flatline run", "--scenario", t.Scenario.Name, "--policy", t.Policy.Name}
		if builtIn(t.Policy.Profile) {
			words = append(words, "--profile", t.Policy.Profile.Name)
		} else {
			words = append(words, "--window", t.Policy.Profile.Window.String())
		}
		words = append(words, "--phases", fmt.Sprintf("%g", t.Phase), "--seed", fmt.Sprint(t.PlanSeed))
		for _, p := range t.Scenario.Params {
			if value, ok := set[p.Name]; ok {
				words = append(words, "--set", quote(p.Name+"="+string(value)))
			}
		}
		return strings.Join(words, " ")
	}
}

func builtIn(p heartbeat.Profile) bool {
	return slices.Contains(heartbeat.Profiles(), p)
}

// quote protects blanks and stars from a shell.
func quote(word string) string {
	if strings.ContainsAny(word, " *'\"$\\") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
