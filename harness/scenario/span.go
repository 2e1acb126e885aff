package scenario

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Span is a time in the terms of the policy under test: a sum of durations and
// named times, each with a factor if need be.
//
//	"10s"   "0.4*lo"   "hi + 2s"   "T - D + 1s"   "0.5*T - 0.5*D"
//
// The names are those of a Scope, and the scenario's own Params. The empty
// Span is 0.
type Span string

// Scope is what the names in a Span mean.
type Scope map[string]time.Duration

// Eval is the time that s stands for. An error names the span, the word that
// it doesn't know, and the names that it does.
func (s Span) Eval(scope Scope) (time.Duration, error) {
	var sum float64
	for _, term := range s.terms() {
		ns, err := term.eval(scope)
		if err != nil {
			return 0, fmt.Errorf("span %q: %w", string(s), err)
		}
		sum += ns
	}
	if math.Abs(sum) > math.MaxInt64/2 {
		return 0, fmt.Errorf("span %q: longer than a century", string(s))
	}
	return time.Duration(math.Round(sum)), nil
}

// term is one summand: a sign, and what was written behind it.
type term struct {
	sign float64
	text string
}

// terms splits at every + and -; a "-" in front of the first term is its sign.
func (s Span) terms() []term {
	rest, sign := strings.TrimSpace(string(s)), 1.0
	if rest == "" {
		return nil
	}
	if rest[0] == '-' {
		rest, sign = rest[1:], -1
	}
	var terms []term
	for {
		at := strings.IndexAny(rest, "+-")
		if at < 0 {
			return append(terms, term{sign, strings.TrimSpace(rest)})
		}
		terms = append(terms, term{sign, strings.TrimSpace(rest[:at])})
		sign = 1
		if rest[at] == '-' {
			sign = -1
		}
		rest = rest[at+1:]
	}
}

func (t term) eval(scope Scope) (float64, error) {
	factor, name := t.sign, t.text
	if f, after, ok := strings.Cut(t.text, "*"); ok {
		number, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
		if err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
			return 0, fmt.Errorf("%q is no number", strings.TrimSpace(f))
		}
		factor, name = factor*number, strings.TrimSpace(after)
	}
	if d, ok := scope[name]; ok {
		return factor * float64(d), nil
	}
	if d, err := time.ParseDuration(name); err == nil {
		return factor * float64(d), nil
	}
	if isDuration(name) {
		return 0, fmt.Errorf("%q is longer than a century", name)
	}
	known := slices.Sorted(maps.Keys(scope))
	return 0, fmt.Errorf("%q is neither a duration such as 1.5s nor one of %s", name, strings.Join(known, ", "))
}

var digits = regexp.MustCompile("[0-9]+")

// isDuration says whether text is written like a duration, however long.
func isDuration(text string) bool {
	_, err := time.ParseDuration(digits.ReplaceAllString(text, "1"))
	return err == nil
}
