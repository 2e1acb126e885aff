package report

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
)

var update = flag.Bool("update", false, "rewrite testdata/")

func TestFilesAreAsReviewed(t *testing.T) {
	r := gather(t, run()...)
	dir := t.TempDir()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{JSONFile, MarkdownFile, JUnitFile} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
		if *update {
			put(t, golden, string(got))
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs from %s; if that is right, run the test with -update. Got:\n%s", name, golden, got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestMissingTrialsAreNoGoodNews(t *testing.T) {
	held := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	r := gather(t, held, with(held, judge.Interrupted, "the run was interrupted"))
	r.Summary.Missing = 3
	if got, want := r.Summary.Headline(), "Incomplete: 3 of 5 trials left no record; 2 of 2 expectations held; 1 interrupted."; got != want {
		t.Errorf("headline %q, want %q", got, want)
	}
	r = gather(t, held)
	r.Summary.Missing = 1
	if got := r.ExitCode(); got != 3 {
		t.Errorf("exit code %d, want 3", got)
	}
	junit, err := r.JUnit()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<testsuite name="flatline" tests="2" failures="0" errors="1"`, `<error message="1 trial left no record"`} {
		if !strings.Contains(string(junit), want) {
			t.Errorf("junit.xml does not say %s:\n%s", want, junit)
		}
	}
}

// The order of the files decides nothing.
func TestOrderIsStable(t *testing.T) {
	records := run()
	want := gather(t, records...)
	slices.Reverse(records)
	if got := gather(t, records...); !reflect.DeepEqual(got, want) {
		t.Errorf("reversed files:\n%+v\nwant\n%+v", got, want)
	}
}

func TestGatherNamesWhatItCannotRead(t *testing.T) {
	good, err := json.Marshal(cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, new string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("the record has no %s", old)
		}
		return strings.Replace(string(good), old, new, 1)
	}
	for _, row := range []struct {
		name string
		file string
		want []string
	}{
		{name: "cut off", file: string(good[:100]), want: []string{"bad.json", "broken JSON", "want a record"}},
		{name: "empty", file: "", want: []string{"bad.json", "broken JSON"}},
		{name: "a list", file: "[]", want: []string{"bad.json", "want a record"}},
		{name: "two records", file: string(good) + string(good), want: []string{"bad.json", "broken JSON"}},
		{name: "another schema", file: swap(`"schema":1`, `"schema":2`), want: []string{"bad.json", "schema 2", "reads 1"}},
		{name: "no schema", file: `{"trial":"x"}`, want: []string{"bad.json", `no "schema"`, "schema 1"}},
		{name: "no trial", file: swap(`"trial":"cable-pull.fixed.strict.0.5"`, `"trial":""`), want: []string{"bad.json", `no "trial"`}},
		{name: "a wrong type", file: swap(`"attempt":1`, `"attempt":"first"`), want: []string{"bad.json", "attempt"}},
		{name: "another verdict", file: swap(`"verdict":"held"`, `"verdict":"great"`), want: []string{"bad.json", `"great"`, `"held"`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := folder(t, run()...)
			put(t, filepath.Join(dir, recordsDir, "bad.json"), row.file)
			_, err := Gather(dir)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestNoTrialIsNoGoodNews(t *testing.T) {
	empty := t.TempDir()
	put(t, filepath.Join(empty, recordsDir, "README"), "not a record")
	for name, dir := range map[string]string{"no folder": filepath.Join(t.TempDir(), "none"), "no record": empty} {
		if _, err := Gather(dir); err == nil || !strings.Contains(err.Error(), "no trial has ended") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExitCodeAndHeadline(t *testing.T) {
	held := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	broken := cablePull("fixed", 0.5, 7*time.Second, 10*time.Second)
	inconclusive := with(held, judge.Inconclusive, "stalled")
	superseded := inconclusive
	superseded.Superseded = true
	failed := with(held, judge.Failed, "no sockets")
	unmeasured := with(held, judge.NotMeasurable, "not measurable on toxiproxy: run it on kernel")
	interrupted := with(held, judge.Interrupted, "the run was interrupted")
	for _, row := range []struct {
		name     string
		records  []judge.Record
		code     int
		headline string
	}{
		{"held", []judge.Record{held}, 0, "All held: 1 trial; 2 of 2 expectations held."},
		{"held in the end", []judge.Record{superseded, held}, 0, "All held: 1 trial; 2 of 2 expectations held; 1 retried."},
		{"held where measurable", []judge.Record{held, unmeasured}, 0, "All held: 1 trial; 2 of 2 expectations held; 1 not measurable."},
		{"broken", []judge.Record{held, broken}, 1, "Broken: 1 of 2 trials; 3 of 4 expectations held."},
		{"broken and failed", []judge.Record{broken, failed}, 1, "Broken: 1 of 2 trials; 1 of 2 expectations held; 1 failed."},
		{"failed", []judge.Record{held, failed}, 3, "Failed: the harness could not run 1 of 2 trials; 2 of 2 expectations held."},
		{"inconclusive", []judge.Record{held, held, inconclusive}, 3, "Inconclusive: the harness itself stalled in 1 of 3 trials; 4 of 4 expectations held."},
		{"interrupted", []judge.Record{held, interrupted}, 3, "Interrupted: 1 of 2 trials had not finished; 2 of 2 expectations held."},
		{"broken, then interrupted", []judge.Record{broken, interrupted}, 1, "Interrupted: 1 of 2 trials had not finished; 1 of 2 expectations held; 1 broken."},
		{"nothing measurable", []judge.Record{unmeasured}, 3, "Nothing was judged: none of 1 trial is measurable here."},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := gather(t, row.records...)
			if got := r.ExitCode(); got != row.code {
				t.Errorf("exit code %d, want %d", got, row.code)
			}
			if got := r.Summary.Headline(); got != row.headline {
				t.Errorf("headline %q, want %q", got, row.headline)
			}
			if !strings.HasPrefix(r.Markdown(), "# "+row.headline+"\n") {
				t.Errorf("the page does not begin with the headline:\n%.200s", r.Markdown())
			}
		})
	}
}
