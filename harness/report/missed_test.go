package report

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
)

func TestMissingTrialsAreNamed(t *testing.T) {
	held := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	few := []string{held.Trial, "<b>_c_", "a.b"}
	many := []string{held.Trial}
	for i := range 12 {
		many = append(many, fmt.Sprintf("t%02d", i))
	}
	for _, row := range []struct {
		plan []string
		want map[string][]string
	}{
		{few, map[string][]string{
			JSONFile:     {`"missing": 2`, `"\u003cb\u003e_c_",`, `"a.b"`},
			MarkdownFile: {"\nLeft no record: " + `\<b\>\_c\_` + ", a.b.\n"},
			HTMLFile:     {`<p class="bad">Left no record: &lt;b&gt;_c_, a.b.</p>`},
			JUnitFile:    {`<error message="2 trials left no record" type="missing">&lt;b&gt;_c_, a.b</error>`},
		}},
		{many, map[string][]string{
			JSONFile:     {`"missing": 12`, `"t11"`},
			MarkdownFile: {"\nLeft no record: t00, t01, t02, t03, t04, t05, t06, t07, t08, t09 and 2 more.\n"},
			HTMLFile:     {"t08, t09 and 2 more.</p>"},
			JUnitFile:    {"t08, t09 and 2 more<"},
		}},
		{[]string{held.Trial}, nil},
	} {
		dir := storedRun(t, 0, held)
		if err := Plan(dir, row.plan); err != nil {
			t.Fatal(err)
		}
		r, err := Conclude(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load(filepath.Join(dir, JSONFile))
		if err != nil || !slices.Equal(again.Summary.MissingTrials, r.Summary.MissingTrials) || again.Summary.Missing != r.Summary.Missing {
			t.Errorf("loaded: %v, %+v, want %+v", err, again.Summary.Missed, r.Summary.Missed)
		}
		for _, name := range []string{JSONFile, MarkdownFile, HTMLFile, JUnitFile} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range row.want[name] {
				if !strings.Contains(string(text), want) {
					t.Errorf("no %q in %s", want, name)
				}
			}
			if row.want == nil && strings.Contains(string(text), "eft no record") {
				t.Errorf("%s says that a trial is missing", name)
			}
		}
	}
}

// Runs of which one left no plan have lost what is known by name, and more.
func TestMergedNamesOfMissingTrials(t *testing.T) {
	a, b := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second), cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	planned, unplanned := storedRun(t, 0, a), storedRun(t, 2, b)
	if err := Plan(planned, []string{a.Trial, "lost"}); err != nil {
		t.Fatal(err)
	}
	r, err := Merge(filepath.Join(t.TempDir(), "out"), []string{planned, unplanned})
	if err != nil || r.Summary.Missing != 3 || r.Summary.MissingNames(Clean) != "lost and 2 more" {
		t.Errorf("%v, %+v", err, r.Summary.Missed)
	}
	if names := (Missed{Missing: 2}).MissingNames(Clean); names != "" {
		t.Errorf("of trials that nobody can name: %q", names)
	}
}

// A run that was interrupted before its first trial ended has a report.
func TestARunWithoutARecordIsConcluded(t *testing.T) {
	dir := planOf(t, "a", "b")
	r, err := Conclude(dir)
	if err != nil || r.Summary.MissingNames(Clean) != "a, b" || r.ExitCode() != 3 {
		t.Errorf("%v, %+v", err, r.Summary)
	}
	if _, err := os.Stat(filepath.Join(dir, HTMLFile)); err != nil {
		t.Error(err)
	}
}

// What could not be written is reported from memory, and each trial once.
func TestRecordsThatCouldNotBeWritten(t *testing.T) {
	a, b := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second), cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	some := storedRun(t, 0, a)
	if err := Plan(some, []string{a.Trial, b.Trial}); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{some, planOf(t, a.Trial, b.Trial)} {
		r, err := Conclude(dir, a, b)
		if err != nil || r.Headline() != "All held: 2 trials; 4 of 4 expectations held." {
			t.Errorf("%v, %s", err, r.Headline())
		}
	}
	put(t, filepath.Join(some, recordsDir, "half.json"), "{")
	if r, err := Conclude(some, a, b); err == nil || r.Summary.Trials != 2 {
		t.Errorf("beside half a record: %v, %s", err, r.Headline())
	}
	if r, err := Conclude(some); err == nil || r.Schema != 0 {
		t.Errorf("nothing to show: %v, %s", err, r.Headline())
	}
}

// A report that cannot be written is there to be shown, as far as it goes it is
// written, and nothing half written stays.
func TestAReportThatCannotBeWritten(t *testing.T) {
	held := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	// A folder in its place is as good as a full disk, before anything is written and
	// after all is.
	for _, inTheWay := range []string{HTMLFile + ".new", HTMLFile} {
		dir := killed(t, held)
		if err := Plan(dir, []string{held.Trial}); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, inTheWay, "mine"), "")
		r, err := Conclude(dir)
		if err == nil || !strings.Contains(err.Error(), "write the report: ") || r.Headline() != "All held: 1 trial; 2 of 2 expectations held." {
			t.Errorf("%s: %v, %s", inTheWay, err, r.Headline())
		}
		for name := range contents(t, dir) {
			if strings.HasSuffix(name, ".new") {
				t.Errorf("%s: %s is left", inTheWay, name)
			}
		}
		for _, name := range []string{JSONFile, MarkdownFile, JUnitFile} {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
	}
}

// Where one run's plan is lost, what the reports name is put together: in one order,
// a trial that two of them miss once, and none that another has made.
func TestMergedNamesWithoutAPlan(t *testing.T) {
	missing := func(record judge.Record, names ...string) string {
		dir := storedRun(t, 0, record)
		r, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		r.Summary.Missed = Missed{Missing: len(names) + 1, MissingTrials: names} // one that nobody names
		if err := r.Write(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	made := cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	a, b := missing(cablePull("fixed", 0.5, 7*time.Second, 7*time.Second), "d", "b", made.Trial), missing(made, "b", "a")
	for _, dirs := range [][]string{{a, b}, {b, a}} {
		r, err := Merge(filepath.Join(t.TempDir(), "out"), dirs)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"a", "b", "d"}; !slices.Equal(r.Summary.MissingTrials, want) || r.Summary.Missing != 5 {
			t.Errorf("%d missing, %q; want 5, and of these %q", r.Summary.Missing, r.Summary.MissingTrials, want)
		}
	}
}
