package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// choose returns those of all whose names are wanted, in the order of all;
// without a wish, all of them. flag is who asks.
func choose[T any](flag, what string, all []T, name func(T) string, wanted []string) ([]T, error) {
	if len(wanted) == 0 {
		return all, nil
	}
	var names []string
	for _, item := range all {
		if n := name(item); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, w := range wanted {
		if !slices.Contains(names, w) {
			return nil, usage("--%s: unknown %s %q%s, known: %s", flag, what, w, suggestion(w, names), strings.Join(names, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(item T) bool { return !slices.Contains(wanted, name(item)) }), nil
}

// suggestion is the name that was probably meant, if there is one.
func suggestion(word string, names []string) string {
	if ext := filepath.Ext(word); ext == ".yaml" || ext == ".yml" {
		return " (a name is wanted; the flag for a file of your own, where there is one, is in --help)"
	}
	best, distance := "", 1+len(word)/3
	for _, n := range names {
		if d := levenshtein.Distance(strings.ToLower(word), n, nil); d < distance {
			best, distance = n, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}
