package report

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
)

// shardRun is the folder of one part of a run; without records it was empty.
func shardRun(t *testing.T, index, of int, records ...judge.Record) string {
	t.Helper()
	dir := t.TempDir()
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	if len(records) > 0 {
		dir = storedRun(t, 0, records...)
		for _, r := range records {
			names = append(names, r.Trial)
		}
	}
	if err := PlanShard(dir, names, harness.Shard{Index: index, Of: of}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Parts of a run are the whole only if all of them are there, though each has all that
// it planned.
func TestAMissingShardIsNoticed(t *testing.T) {
	a := shardRun(t, 1, 3, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
	b := shardRun(t, 2, 3, cablePull("push", 0.5, 7*time.Second, 7*time.Second))
	c := shardRun(t, 3, 3)
	unsplit := storedRun(t, 0, cablePull("chen", 0.5, 7*time.Second, 7*time.Second))
	for _, row := range []struct {
		name     string
		dirs     []string
		headline string
		missing  []harness.Shard
	}{
		{"all, of which one is empty", []string{c, a, b}, "All held: 2 trials; 4 of 4 expectations held.", nil},
		{"the empty one is missing", []string{b, a}, "Incomplete: after 2 trials shard 3/3 is missing; 4 of 4 expectations held.", []harness.Shard{{Index: 3, Of: 3}}},
		{"a full one is missing", []string{c, b}, "Incomplete: after 1 trial shard 1/3 is missing; 2 of 2 expectations held.", []harness.Shard{{Index: 1, Of: 3}}},
		{"one alone", []string{b}, "Incomplete: after 1 trial shards 1/3, 3/3 are missing; 2 of 2 expectations held.", []harness.Shard{{Index: 1, Of: 3}, {Index: 3, Of: 3}}},
		{"empty ones alone", []string{shardRun(t, 2, 3), c}, "Incomplete: after 0 trials shard 1/3 is missing.", []harness.Shard{{Index: 1, Of: 3}}},
		{"with a run that left no plan", []string{b, unsplit, c}, "Incomplete: after 2 trials shard 1/3 is missing; 4 of 4 expectations held.", []harness.Shard{{Index: 1, Of: 3}}},
		{"a killed one", []string{a, b, shardRunKilled(t, 3, 3, "lost")}, "Incomplete: 1 of 3 trials left no record; 4 of 4 expectations held.", nil},
		{"a killed one, and one is missing", []string{a, shardRunKilled(t, 3, 3, "lost")}, "Incomplete: 1 of 2 trials left no record; shard 2/3 is missing; 2 of 2 expectations held.", []harness.Shard{{Index: 2, Of: 3}}},
	} {
		out := filepath.Join(t.TempDir(), "out")
		merged, err := Merge(out, row.dirs)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		renewed, errRenewed := Renew(out)
		loaded, errLoaded := Load(filepath.Join(out, JSONFile))
		if len(row.dirs) == 2 && merged.Summary.Trials == 0 {
			loaded, errLoaded = merged, nil // nothing ran: the file alone is no run's
		}
		for _, r := range []Report{merged, renewed, loaded} {
			want := 0
			if strings.HasPrefix(row.headline, "Incomplete") {
				want = 3
			}
			if r.Headline() != row.headline || !reflect.DeepEqual(r.Summary.MissingShards, row.missing) || r.ExitCode() != want {
				t.Errorf("%s: exit code %d, %s %v; want %s", row.name, r.ExitCode(), r.Headline(), r.Summary.MissingShards, row.headline)
			}
		}
		if errRenewed != nil || errLoaded != nil {
			t.Errorf("%s: again: %v, %v", row.name, errRenewed, errLoaded)
		}
	}
	if _, err := Merge(filepath.Join(t.TempDir(), "out"), []string{shardRun(t, 1, 1)}); err == nil || !strings.Contains(err.Error(), "no trial has ended") {
		t.Errorf("nothing at all: %v", err)
	}
}

// shardRunKilled is the folder of a part that was killed at once.
func shardRunKilled(t *testing.T, index, of int, names ...string) string {
	t.Helper()
	dir := shardRun(t, index, of)
	if err := PlanShard(dir, names, harness.Shard{Index: index, Of: of}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What was merged without a part is completed by it.
func TestAMissingShardComesLater(t *testing.T) {
	a := shardRun(t, 1, 2, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
	b := shardRun(t, 2, 2, cablePull("push", 0.5, 7*time.Second, 7*time.Second))
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	if r, err := Merge(first, []string{a}); err != nil || r.ExitCode() != 3 {
		t.Errorf("one: %v, %s", err, r.Headline())
	}
	if r, err := Merge(second, []string{first, b}); err != nil || r.ExitCode() != 0 || r.Summary.Part() != "" {
		t.Errorf("both: %v, %s", err, r.Headline())
	}
}

// A part's own report is complete, and says that it is a part.
func TestAShardAloneIsNoError(t *testing.T) {
	dir := shardRun(t, 2, 3, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
	r, err := Conclude(dir)
	if want := "All held: 1 trial; 2 of 2 expectations held; shard 2/3."; err != nil || r.ExitCode() != 0 || r.Headline() != want {
		t.Errorf("%v, exit code %d, %q, want %q", err, r.ExitCode(), r.Headline(), want)
	}
}

func TestMissingShardsAreNamed(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	a := shardRun(t, 2, 20, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
	if _, err := Merge(out, []string{a}); err != nil {
		t.Fatal(err)
	}
	const names = "shards 1/20, 3/20, 4/20, 5/20, 6/20, 7/20, 8/20, 9/20, 10/20, 11/20 and 9 more"
	for name, want := range map[string]string{
		JSONFile:     `"missing_shards": [`,
		HTMLFile:     "of a run that was split, and not merged",
		MarkdownFile: names + " are missing",
		JUnitFile:    `<error message="` + names + ` are missing" type="missing">`,
	} {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%v: no %q in %s", err, want, name)
		}
	}
}

func TestAPlanOfNoShard(t *testing.T) {
	dir := shardRun(t, 1, 2, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
	put(t, filepath.Join(dir, planFile), `{"generated_by":"flatline v1","trials":[],"shards":["3/2"]}`)
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), `shard "3/2"`) {
		t.Errorf("%v", err)
	}
}
