package harness

import (
	"maps"
	"slices"
	"strings"
)

// words lists a set's names for an error, in alphabetical order.
func words(set map[string]bool) string {
	if len(set) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}
