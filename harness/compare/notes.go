package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness/report"
)

// notes are what differs between the runs but for their outcome.
func notes(base, now report.Report, pairs []pair) []string {
	out := []string{}
	for _, d := range []struct {
		what string
		of   func(report.Cell) string
	}{
		{"windows", func(c report.Cell) string { return c.Window.String() }},
		{"networks", func(c report.Cell) string { return c.Network }},
		{"subjects", func(c report.Cell) string { return c.Subject }},
		{"modes", func(c report.Cell) string { return c.Mode.String() }},
	} {
		if n := distinct(pairs, d.of); n != "" {
			out = append(out, fmt.Sprintf("Different %s: %s.", d.what, n))
		}
	}
	if n, of := seeds(base, now); n > 0 {
		out = append(out, fmt.Sprintf("Different seeds in %d of %d trials: what is random was drawn anew.", n, of))
	}
	phased := 0
	for _, p := range pairs {
		if !slices.Equal(p.base.phases(), p.new.phases()) {
			phased++
		}
	}
	if phased > 0 {
		out = append(out, fmt.Sprintf("Different phases, or numbers of trials at a phase, in %d of %d cells: only phases that both runs have are compared.", phased, len(pairs)))
	}
	names := slices.Sorted(maps.Keys(base.Versions))
	for _, name := range names {
		was, is := strings.Join(base.Versions[name], " and "), strings.Join(now.Versions[name], " and ")
		if was != is && is != "" {
			out = append(out, fmt.Sprintf("Different %s: %s, then %s.", name, was, is))
		}
	}
	if n := base.Summary.Missing; n > 0 { // of NEW it is worse than a note
		out = append(out, fmt.Sprintf("BASE is incomplete: %d of its trials left no record.", n))
	}
	if missing := base.Summary.MissingPart(); missing != "" {
		out = append(out, "BASE is incomplete: "+missing+".")
	}
	if was, is := base.Summary.Part(), now.Summary.Part(); was != is {
		out = append(out, fmt.Sprintf("Different parts of a run: %s, then %s.", cmp.Or(was, "the whole"), cmp.Or(is, "the whole")))
	}
	if base.Summary.CutOff {
		out = append(out, "BASE was cut off: nobody knows how many of its trials left no record.")
	}
	return out
}

// distinct says which values differ between cells, each pair of values once;
// "": none does.
func distinct(pairs []pair, of func(report.Cell) string) string {
	var out []string
	for _, p := range pairs {
		was, is := of(p.base.Cell), of(p.new.Cell)
		if said := fmt.Sprintf("%s, then %s", was, is); was != is && !slices.Contains(out, said) {
			out = append(out, said)
		}
	}
	return strings.Join(out, "; ")
}

// seeds counts the trials that both runs have, and those of them whose seeds
// differ. Repetitions and retries have their trial's name, and more.
func seeds(base, now report.Report) (differ, both int) {
	was := map[string]uint64{}
	for _, r := range base.Records {
		was[r.Trial] = r.Seed
	}
	for _, r := range now.Records {
		if seed, known := was[r.Trial]; known {
			both++
			if seed != r.Seed {
				differ++
			}
		}
	}
	return differ, both
}
