package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
)

// planFile has the names of the trials that a run is to make, so that one that
// was killed cannot be taken for a whole one.
const planFile = "plan.json"

type plan struct {
	GeneratedBy string   `json:"generated_by"`
	Trials      []string `json:"trials"`
	Split
}

// Plan notes in dir, which Prepare has made ready, which trials the run will leave
// records of: whoever makes its report, also if it was killed, can tell then how
// many are missing.
func Plan(dir string, trials []string) error {
	return PlanShard(dir, trials, harness.Shard{})
}

// PlanShard is Plan for one part of a run: whoever merges the parts can tell then
// which are not there.
func PlanShard(dir string, trials []string, shard harness.Shard) error {
	p := plan{Trials: trials}
	if shard.Of > 0 {
		p.Shards = []harness.Shard{shard}
	}
	return p.write(dir)
}

func (p plan) write(dir string) error {
	p.GeneratedBy = generatedBy()
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", planFile, err)
	}
	if err := replace(filepath.Join(dir, planFile), append(data, '\n')); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// planned is what a run was to make; ok is false if it left no plan.
func planned(dir string) (p plan, ok bool, err error) {
	path := filepath.Join(dir, planFile)
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return plan{}, false, nil
	}
	if err != nil {
		return plan{}, false, fmt.Errorf("read the plan: %w", err)
	}
	switch err := json.Unmarshal(data, &p); {
	case err != nil:
		return plan{}, false, fmt.Errorf("read the plan: %s: broken JSON: %w", path, err)
	case !strings.HasPrefix(p.GeneratedBy, program+" "):
		return plan{}, false, fmt.Errorf("read the plan: %s is none of %s's", path, program)
	}
	return p, true, nil
}

// incomplete notes what no record can tell of the run in dir: which trials left
// none. Its plan says it; without one a stored report does, and without either
// nobody knows.
func (r *Report) incomplete(dir string, of *stored) error {
	p, known, err := planned(dir)
	switch {
	case known:
		names := unanswered(p.Trials, r.Records)
		r.Summary.Missed = Missed{Missing: len(names), MissingTrials: names, Split: p.Split}
	case of != nil:
		r.Summary.Missed = of.Summary
	default:
		r.Summary.CutOff = true
	}
	return err
}

// unanswered are the trials that have no record, in alphabetical order: of an
// attempt that was to be superseded, the later one is to be there.
func unanswered(trials []string, records []judge.Record) []string {
	missing := map[string]bool{}
	for _, name := range trials {
		missing[name] = true
	}
	for _, r := range records {
		if !r.Superseded {
			delete(missing, r.Trial)
			delete(missing, strings.TrimSuffix(r.Trial, fmt.Sprintf(".try%d", r.Attempt)))
		}
	}
	return slices.Sorted(maps.Keys(missing))
}
