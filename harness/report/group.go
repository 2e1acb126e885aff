package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/heartbeat"
)

// group is the cells that can be compared: those of one profile on one network
// and subject.
type group struct {
	groupKey
	cells []Cell
}

type groupKey struct {
	window                    heartbeat.Window
	profile, network, subject string
	mode                      heartbeat.Mode
}

// groups are the matrix, taken apart; the strictest profile comes first.
func groups(matrix []Cell) []group {
	var out []group
	at := map[groupKey]int{}
	for _, c := range matrix {
		k := groupKey{c.Window, c.Profile, c.Network, c.Subject, c.Mode}
		i, known := at[k]
		if !known {
			i = len(out)
			at[k] = i
			out = append(out, group{groupKey: k})
		}
		out[i].cells = append(out[i].cells, c)
	}
	slices.SortStableFunc(out, func(a, b group) int { return compareProfiles(a.window, b.window, a.profile, b.profile) })
	return out
}

// name is the profile and its window.
func (g groupKey) name() string {
	if g.profile == g.window.String() {
		return g.profile
	}
	return g.profile + ", " + g.window.String()
}

// Title is a policy, with its profile, and its window: "fixed/strict 6s..9s". A
// profile that is a window says it already.
func Title(policy string, w heartbeat.Window) string {
	if strings.HasSuffix(policy, "/"+w.String()) {
		return policy
	}
	return policy + " " + w.String()
}

// Differs is what a cell's trials ran on, as far as that is not the same of all the
// cells.
func Differs(c Cell, all []Cell) string {
	var parts []string
	for _, part := range []func(Cell) string{
		func(c Cell) string { return c.Network },
		func(c Cell) string { return "subject " + c.Subject },
		func(c Cell) string { return "mode " + c.Mode.String() },
	} {
		if slices.ContainsFunc(all, func(other Cell) bool { return part(other) != part(c) }) {
			parts = append(parts, part(c))
		}
	}
	return strings.Join(parts, ", ")
}

// on is what the trials ran on.
func (g groupKey) on() string {
	return fmt.Sprintf("%s (subject %s, mode %s)", g.network, g.subject, g.mode)
}
