package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/tune"
	"github.com/flatline-go/flatline/heartbeat"
)

// compared is a real comparison of four detectors, as small as can be.
func compared(t *testing.T, e tune.Equal) tune.Comparison {
	t.Helper()
	m := sim.Model{
		Name: "lossy", Delivery: sim.UDP, Loss: sim.Loss{Rate: 0.05},
		Delay: sim.Delay{Law: sim.Uniform, Latency: 200 * time.Millisecond, Jitter: 100 * time.Millisecond},
	}
	h, err := tune.Record(t.Context(), m, heartbeat.ClientSide, 2*time.Second, 20_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	families := slices.DeleteFunc(tune.Families(), func(f tune.Family) bool {
		return !slices.Contains([]string{"fixed", "missed", "echo-timer", "phi"}, f.Name)
	})
	c, err := h.Compare(t.Context(), e, families)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withComparison is the folder of a report with a comparison, and the records.
func withComparison(t *testing.T, c tune.Comparison) string {
	t.Helper()
	dir := t.TempDir()
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if err := WriteComparison(dir, c); err != nil {
		t.Fatal(err)
	}
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAComparisonIsReported(t *testing.T) {
	c := compared(t, tune.Equal{Mistakes: tune.Rate{Count: 60, Per: 24 * time.Hour}})
	dir := withComparison(t, c)
	r, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	const headline = "Compared 4 detectors, tuned to 60/d mistakes."
	if r.Headline() != headline || r.ExitCode() != 0 || len(r.Comparison.Tuned) != 4 {
		t.Errorf("%q, exit code %d", r.Headline(), r.ExitCode())
	}
	for name, wants := range map[string][]string{
		HTMLFile:     {"<h1>" + headline, `"pareto":{`, `"title":"Tuned to 60/d mistakes, on lossy"`, `"family":"echo-timer"`},
		MarkdownFile: {"# " + headline, "| Detector | Mistakes per day |", "| fixed timeout ", "missed counts whole beats"},
		JSONFile:     {`"comparison": {`, `"mistakes": "60/d"`},
		JUnitFile:    {headline},
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("no %q in %s", want, name)
			}
		}
	}
	// No trial ran: nothing is said of any.
	for _, name := range []string{HTMLFile, MarkdownFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "What this rests on") {
			t.Errorf("%s has no end", name)
		}
		for _, not := range []string{"Harness error", "Stalls", "Sum of trial times", "Each trial has its own", "each trial has its own"} {
			if strings.Contains(string(text), not) {
				t.Errorf("%s speaks of %q", name, not)
			}
		}
	}
	// report.json alone is enough.
	if err := os.Remove(filepath.Join(dir, comparisonFile)); err != nil {
		t.Fatal(err)
	}
	if r, err := Load(filepath.Join(dir, JSONFile)); err != nil || r.Headline() != headline {
		t.Errorf("%q, %v", r.Headline(), err)
	}
}

// Beside records the run's own verdict comes first, and a report without a
// comparison has no trace of one.
func TestAComparisonBesideTrials(t *testing.T) {
	dir := folder(t, run()...)
	without, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if page, err := without.HTML(dir); err != nil || strings.Contains(string(page), `"comparison":`) {
		t.Errorf("a comparison where there is none: %v", err)
	}
	if err := WriteComparison(dir, compared(t, tune.Equal{Detection: 9 * time.Second})); err != nil {
		t.Fatal(err)
	}
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Headline() != without.Headline() || r.ExitCode() != without.ExitCode() || r.Comparison == nil {
		t.Errorf("%q, exit code %d, want %q, %d", r.Headline(), r.ExitCode(), without.Headline(), without.ExitCode())
	}
}

func TestAComparisonOfSomebodyElses(t *testing.T) {
	for text, want := range map[string]string{
		`{"schema": 99}`: "schema 99, this version reads 1",
		`{"schema": `:    "want a comparison, as flatline sim --equal writes it",
	} {
		dir := folder(t, run()...)
		put(t, filepath.Join(dir, comparisonFile), text)
		if _, err := Gather(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if err := Prepare(dir); err == nil || !strings.Contains(err.Error(), "is no comparison of flatline's") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
