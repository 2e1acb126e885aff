package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// Command is the command line that runs a trial again, with the same seed. The
// zero Command is that of this catalogue's trials under the built-in policies.
type Command struct {
	// Program is what runs flatline; "": "go run ./cmd/flatline".
	Program string
	// Set are the parameters that the trial's plan was made with.
	Set map[string]scenario.Span
	// Policies and Scenarios are the files that had others than the built-in
	// ones; "": none.
	Policies, Scenarios string
	// Where are the flags that say on what network, and with whom; none: a
	// Toxiproxy and a pair in the command's own process.
	Where []string
	// Network is the network model of a trial in virtual time, Networks the file
	// that it is from, if it is not built in; "": live.
	Network, Networks string
	// Out is the folder for the new report, which must not take the old one's
	// place; "": reports/repeat.
	Out string
}

// names are those of the policies that share t, the one that runs first: it
// decides the seed.
func names(t harness.Trial) string {
	all := []string{t.Policy.Name}
	for _, p := range t.Also {
		all = append(all, p.Name)
	}
	return strings.Join(all, ",")
}

// Line is the command for t.
func (c Command) Line(t harness.Trial) string {
	program := cmp.Or(c.Program, "go run ./cmd/flatline")
	words := []string{program, "run"}
	if c.Network != "" {
		words = []string{program, "sim --trials 1 --network-model", c.Network}
		if c.Networks != "" {
			words = append(words, "--networks", quote(c.Networks))
		}
	}
	words = append(words, "--scenario", t.Scenario.Name, "--policy", names(t))
	if builtIn(t.Policy.Profile) {
		words = append(words, "--profile", t.Policy.Profile.Name)
	} else {
		words = append(words, "--window", t.Policy.Profile.Window.String())
	}
	if c.Policies != "" {
		words = append(words, "--policies", quote(c.Policies))
	}
	if c.Scenarios != "" {
		words = append(words, "--scenarios", quote(c.Scenarios))
	}
	if c.Network != "" || t.Mode != heartbeat.Act { // the default of one, not of the other
		words = append(words, "--mode", t.Mode.String())
	}
	for _, word := range c.Where {
		words = append(words, quote(word))
	}
	words = append(words, "--phases", fmt.Sprintf("%g", t.Phase), "--seed", fmt.Sprint(t.PlanSeed))
	for _, p := range t.Scenario.Params {
		if value, ok := c.Set[p.Name]; ok {
			words = append(words, "--set", quote(p.Name+"="+string(value)))
		}
	}
	words = append(words, "--out", quote(cmp.Or(c.Out, "reports/repeat")))
	return strings.Join(words, " ")
}

func builtIn(p heartbeat.Profile) bool {
	return slices.Contains(heartbeat.Profiles(), p)
}

// Quote writes the words of a command for a shell.
func Quote(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

// quote protects a word from a shell, if need be.
func quote(word string) string {
	if word == "" || strings.ContainsFunc(word, special) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// special says whether a shell could make something of r.
func special(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./=:,+@", r)
}
