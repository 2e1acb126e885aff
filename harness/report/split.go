package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness"
)

// Split says which parts of a run that was split over machines there are. The zero
// Split is a run in one.
type Split struct {
	// Shards are the parts that a run was, or that a merge has brought together.
	Shards []harness.Shard `json:"shards,omitempty"`
	// MissingShards are those that a merge has not found. A run that is one part
	// misses none.
	MissingShards []harness.Shard `json:"missing_shards,omitempty"`
}

// merged is what the shards come to once they are all that there is: in order, each
// once.
func (s Split) merged() (out Split) {
	out.Shards = slices.Clone(s.Shards)
	slices.SortFunc(out.Shards, func(a, b harness.Shard) int {
		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.Index, b.Index))
	})
	out.Shards = slices.Compact(out.Shards)
	out.MissingShards = out.others()
	return out
}

// others are the shards that complete those that are there.
func (s Split) others() (out []harness.Shard) {
	for i, have := range s.Shards {
		if i > 0 && s.Shards[i-1].Of == have.Of {
			continue
		}
		for index := 1; index <= have.Of; index++ {
			if one := (harness.Shard{Index: index, Of: have.Of}); !slices.Contains(s.Shards, one) {
				out = append(out, one)
			}
		}
	}
	return out
}

// Part is "shard 1/3" of a run that was this part alone; "" if it is the whole, or
// lacks what it should have.
func (s Split) Part() string {
	if len(s.MissingShards) > 0 || len(s.others()) == 0 {
		return ""
	}
	text, _ := listOfShards(s.Shards)
	return text
}

// MissingPart is "shard 3/3 is missing", with as many shards as people read; "": none
// is.
func (s Split) MissingPart() string {
	if len(s.MissingShards) == 0 {
		return ""
	}
	text, verb := listOfShards(s.MissingShards)
	return text + " " + verb + " missing"
}

// listOfShards names shards, and has the verb that they are followed by.
func listOfShards(shards []harness.Shard) (text, verb string) {
	if len(shards) == 1 {
		return "shard " + shards[0].String(), "is"
	}
	var names []string
	for _, s := range shards[:min(mostMissing, len(shards))] {
		names = append(names, s.String())
	}
	text = "shards " + strings.Join(names, ", ")
	if more := len(shards) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text, "are"
}
