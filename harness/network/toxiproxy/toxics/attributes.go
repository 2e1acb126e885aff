package toxics

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxSpan is the longest span of time that an attribute accepts.
const MaxSpan = 30 * 24 * time.Hour

const (
	maxCount      = 1 << 30
	defaultBuffer = 1 << 20
)

// Reach says which directions a fault concerns.
type Reach string

// The reaches. The zero Reach is not one.
const (
	None     Reach = "none"
	ThisWay  Reach = "this-way"  // the direction of the toxic that is updated
	BothWays Reach = "both-ways" // at the same instant
)

var reaches = []Reach{None, ThisWay, BothWays}

// attributes reads a toxic's attributes from JSON, each by one call. What is
// absent stays as it was. The first error stays.
type attributes struct {
	raw   map[string]json.RawMessage
	known []string
	err   error
}

func parse(data []byte) *attributes {
	a := new(attributes)
	if json.Unmarshal(data, &a.raw) != nil || a.raw == nil {
		a.err = errors.New("attributes are not a JSON object")
	}
	return a
}

// require makes what is absent an error, once it is read.
func (a *attributes) require(keys ...string) {
	for _, key := range keys {
		if _, given := a.raw[key]; !given && a.err == nil {
			a.raw[key] = json.RawMessage("missing")
		}
	}
}

// name reads a name, which must not be empty.
func (a *attributes) name(key string, to *string) {
	a.read(key, "a name in quotes", to, func() bool { return *to != "" })
}

// flag reads true or false.
func (a *attributes) flag(key string, to *bool) {
	a.read(key, "true or false", to, func() bool { return true })
}

// seed reads any unsigned number.
func (a *attributes) seed(key string, to *uint64) {
	a.read(key, "a whole number in 0..18446744073709551615", to, func() bool { return true })
}

// span reads nanoseconds.
func (a *attributes) span(key string, to *time.Duration) {
	accepted := fmt.Sprintf("nanoseconds, a whole number in 0..%d (30 days)", MaxSpan)
	a.read(key, accepted, to, func() bool { return *to >= 0 && *to <= MaxSpan })
}

// count reads a whole number, of at least least.
func (a *attributes) count(key string, to *int64, least int64) {
	accepted := fmt.Sprintf("a whole number in %d..%d", least, maxCount)
	a.read(key, accepted, to, func() bool { return *to >= least && *to <= maxCount })
}

// word reads one of a few words.
func word[T ~string](a *attributes, key string, to *T, accepted ...T) {
	quoted := make([]string, len(accepted))
	for i, w := range accepted {
		quoted[i] = strconv.Quote(string(w))
	}
	a.read(key, strings.Join(quoted, ", "), to, func() bool { return slices.Contains(accepted, *to) })
}

func (a *attributes) read(key, accepted string, to any, valid func() bool) {
	a.known = append(a.known, key)
	raw, given := a.raw[key]
	delete(a.raw, key)
	if !given || a.err != nil {
		return
	}
	if string(raw) == "null" || json.Unmarshal(raw, to) != nil || !valid() {
		a.err = fmt.Errorf("attribute %q is %s; accepted: %s", key, raw, accepted)
	}
}

// done is the first error. Attributes that nobody reads are one, but for the
// proof: a client may send back what it got.
func (a *attributes) done() error {
	delete(a.raw, "proof")
	if a.err == nil && len(a.raw) > 0 {
		unknown := make([]string, 0, len(a.raw))
		for key := range a.raw {
			unknown = append(unknown, key)
		}
		a.err = fmt.Errorf("attribute %q is unknown; accepted: %s", slices.Min(unknown), strings.Join(a.known, ", "))
	}
	return a.err
}

// fixed refuses to change an attribute of a toxic that exists.
func fixed[T comparable](key string, was, is T) error {
	if was == is {
		return nil
	}
	return fmt.Errorf("attribute %q is %v; accepted, once the toxic exists: %v", key, is, was)
}

// alone refuses what takes a toxic in either direction.
func alone(key, toxic string, p *place) error {
	return fmt.Errorf("attribute %q takes a %s in both streams: add one %s with the same cable first",
		key, toxic, opposite(p.stream))
}
