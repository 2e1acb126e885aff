package report

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
)

// stored is the folder of a run that has ended, with its traces and its report.
func storedRun(t *testing.T, missing int, records ...judge.Record) string {
	t.Helper()
	dir := t.TempDir()
	for _, r := range records {
		if r.Trace != "" {
			r.Trace = "traces/" + r.Trial + ".jsonl"
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, recordsDir, r.Trial+".json"), string(data))
		if r.Trace != "" {
			put(t, filepath.Join(dir, r.Trace), `{"schema":1,"trial":"`+r.Trial+`"}`+"\n"+`{"event":"end"}`+"\n")
		}
	}
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	r.Summary.Missing = missing
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// killed is the folder of a run that was killed: records and traces alone.
func killed(t *testing.T, records ...judge.Record) string {
	t.Helper()
	dir := storedRun(t, 0, records...)
	for _, name := range []string{JSONFile, HTMLFile, MarkdownFile, JUnitFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// contents are all files below dir but the lock.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range files(t, dir) {
		if name == lockFile {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(data)
	}
	return out
}

func TestMergeIsTheSameInAnyOrder(t *testing.T) {
	all := run()
	whole := contents(t, storedRun(t, 3, all...))
	a, b, c := storedRun(t, 1, all[:3]...), storedRun(t, 0, all[3:4]...), storedRun(t, 2, all[4:]...)
	empty := t.TempDir()
	for _, sub := range []string{recordsDir, tracesDir} {
		if err := os.Mkdir(filepath.Join(empty, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dirs := range [][]string{{a, b, c, empty}, {c, empty, a, b}, {b, c, a}} {
		out := filepath.Join(t.TempDir(), "out")
		r, err := Merge(out, dirs)
		if err != nil {
			t.Fatal(err)
		}
		if r.Summary.Missing != 3 {
			t.Errorf("%d missing, want 1 + 0 + 2", r.Summary.Missing)
		}
		got := contents(t, out)
		for name, text := range whole {
			if got[name] != text {
				t.Errorf("%s differs from that of a run in one:\n%s\nwant\n%s", name, got[name], text)
			}
		}
		if len(got) != len(whole) {
			t.Errorf("%d files, want the %d of a run in one", len(got), len(whole))
		}
	}
}

// Trials that were judged on one trace bring it once; what processes printed
// comes along.
func TestMergeBringsSharedTracesAndOutput(t *testing.T) {
	ran := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	ran.Output = []string{"output/" + ran.Trial + ".client.log", "output/" + ran.Trial + ".server.log"}
	shared := cablePull("chen", 0.5, 7*time.Second, 7*time.Second)
	shard := storedRun(t, 0, ran, shared)
	shared.Shares, shared.Trace, shared.Output = ran.Trial, ran.Trace, ran.Output
	data, err := json.Marshal(shared)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(shard, recordsDir, shared.Trial+".json"), string(data))
	if err := os.Remove(filepath.Join(shard, tracesDir, shared.Trial+".jsonl")); err != nil {
		t.Fatal(err)
	}
	for _, path := range ran.Output {
		put(t, filepath.Join(shard, filepath.FromSlash(path)), "it says "+path)
	}
	if _, err := Renew(shard); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	if _, err := Merge(out, []string{shard}); err != nil {
		t.Fatal(err)
	}
	if got, want := contents(t, out), contents(t, shard); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	ran.Output[1] = "output/../records/secret.log"
	if data, err = json.Marshal(ran); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(shard, recordsDir, ran.Trial+".json"), string(data))
	if _, err := Merge(out, []string{shard}); err == nil || !strings.Contains(err.Error(), "want a file in output/") {
		t.Errorf("output elsewhere: %v", err)
	}
}

func TestMergeTakesAnEarlierReportsPlace(t *testing.T) {
	out := storedRun(t, 0, cablePull("push", 0.5, 7*time.Second, 7*time.Second))
	shard := storedRun(t, 0, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
	if _, err := Merge(out, []string{shard}); err != nil {
		t.Fatal(err)
	}
	if got, want := contents(t, out), contents(t, shard); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestMergeRefuses(t *testing.T) {
	fixed := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	push := cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	trace := filepath.Join("traces", fixed.Trial+".jsonl")
	for _, row := range []struct {
		name string
		harm func(t *testing.T, dir string)
		want []string
	}{
		{"a trial in two", func(t *testing.T, dir string) {
			data, _ := json.Marshal(push)
			put(t, filepath.Join(dir, recordsDir, push.Trial+".json"), string(data))
			put(t, filepath.Join(dir, push.Trace), "{\"schema\":1,\"trial\":\""+push.Trial+"\"}\n{\"event\":\"end\"}\n")
		}, []string{push.Trial, "DIR", "OTHER"}},
		{"half a record", func(t *testing.T, dir string) { put(t, filepath.Join(dir, recordsDir, "half.json"), `{"schema":1,`) },
			[]string{"half.json", "broken JSON"}},
		{"no record of ours", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, recordsDir, "song.json"), `{"artist":"Queen"}`)
		},
			[]string{"song.json", `no "schema"`}},
		{"another report.json", func(t *testing.T, dir string) { put(t, filepath.Join(dir, JSONFile), `{"tests":3}`) },
			[]string{JSONFile, "no report of flatline's"}},
		{"half a report.json", func(t *testing.T, dir string) { put(t, filepath.Join(dir, JSONFile), `{"tests":`) },
			[]string{JSONFile, "broken JSON"}},
		{"a report.json of the future", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, JSONFile), `{"generated_by":"flatline v9","schema":9}`)
		}, []string{JSONFile, "schema 9"}},
		{"no trace", func(t *testing.T, dir string) { _ = os.Remove(filepath.Join(dir, trace)) }, []string{trace, "want the trace"}},
		{"half a trace", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, trace), "{\"schema\":1,\"trial\":\""+fixed.Trial+"\"}\n{")
		},
			[]string{trace, "cut off"}},
		{"a trace without its last lines", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, trace), "{\"schema\":1,\"trial\":\""+fixed.Trial+"\"}\n{}\n")
		},
			[]string{trace, "cut off"}},
		{"a trace that two have written", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, trace), "{\"schema\":1,\"trial\":\""+fixed.Trial+"\"}\n{\"t_ns\":3,\"si{\"t_ns\":5}\n{\"event\":\"end\"}\n")
		},
			[]string{trace, "line 2", "want a trace that nobody else has written to"}},
		{"no trace of ours", func(t *testing.T, dir string) { put(t, filepath.Join(dir, trace), "hello\n") }, []string{trace, "no trace of trial"}},
		{"another trial's trace", func(t *testing.T, dir string) { put(t, filepath.Join(dir, trace), "{\"schema\":1,\"trial\":\"x\"}\n") },
			[]string{trace, "no trace of trial " + fixed.Trial}},
		{"an empty trace", func(t *testing.T, dir string) { put(t, filepath.Join(dir, trace), "") }, []string{trace, "no trace of trial"}},
		{"a trace elsewhere", func(t *testing.T, dir string) {
			r := fixed
			r.Trace = "traces/../../secret"
			data, _ := json.Marshal(r)
			put(t, filepath.Join(dir, recordsDir, r.Trial+".json"), string(data))
		}, []string{"secret", "want a file in traces/"}},
		{"a trial elsewhere", func(t *testing.T, dir string) {
			r := fixed
			r.Trial = "../secret"
			data, _ := json.Marshal(r)
			put(t, filepath.Join(dir, recordsDir, fixed.Trial+".json"), string(data))
		}, []string{"../secret", "want a name"}},
		{"a record under another name", func(t *testing.T, dir string) {
			_ = os.Rename(filepath.Join(dir, recordsDir, fixed.Trial+".json"), filepath.Join(dir, recordsDir, "a.json"))
		}, []string{fixed.Trial + ".json", "under its name"}},
		{"no records", func(t *testing.T, dir string) { _ = os.RemoveAll(filepath.Join(dir, recordsDir)) }, []string{recordsDir, "want the folder of a run"}},
		{"a run that goes on", func(t *testing.T, dir string) {
			unlock, err := Lock(dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = unlock() })
		}, []string{"in use by another run"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir, other := storedRun(t, 0, fixed), storedRun(t, 0, push)
			row.harm(t, dir)
			out := storedRun(t, 0, cablePull("chen", 0.5, 7*time.Second, 7*time.Second))
			before := contents(t, out)
			for _, dirs := range [][]string{{dir, other}, {other, dir}} {
				_, err := Merge(out, dirs)
				if err == nil {
					t.Fatal("no error")
				}
				for _, want := range row.want {
					want = strings.NewReplacer("DIR", dir, "OTHER", other).Replace(want)
					if !strings.Contains(err.Error(), want) {
						t.Errorf("error %q does not say %q", err, want)
					}
				}
			}
			if after := contents(t, out); !reflect.DeepEqual(after, before) {
				t.Error("it has written")
			}
		})
	}
	dir := storedRun(t, 0, fixed)
	if _, err := Merge(dir, []string{dir}); err == nil || !strings.Contains(err.Error(), "into itself") {
		t.Errorf("into itself: %v", err)
	}
}

func TestRenewKeepsWhatNoRecordTells(t *testing.T) {
	dir := storedRun(t, 2, run()...)
	before := contents(t, dir)
	put(t, filepath.Join(dir, MarkdownFile), "spoilt")
	r, err := Renew(dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary.Missing != 2 {
		t.Errorf("%d missing, want 2", r.Summary.Missing)
	}
	if after := contents(t, dir); !reflect.DeepEqual(after, before) {
		t.Error("the report is another")
	}
}

func TestRenewAfterAKilledRun(t *testing.T) {
	dir := killed(t, run()...)
	for range 2 { // the renewed report remembers it
		r, err := Renew(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := r.Summary.Headline(), "Cut off: the run ended after 8 trials, and nobody knows how many are missing; "; !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		if r.Summary.Verdicts = map[judge.Verdict]int{judge.Held: 8}; r.ExitCode() != 3 {
			t.Errorf("exit code %d, want 3", r.ExitCode())
		}
	}
}

// A plan says how many trials a killed run has not come to.
func TestAPlanTellsWhatIsMissing(t *testing.T) {
	held := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	names := []string{held.Trial, "b", "c"}
	retried := with(held, judge.Inconclusive, "it stood still")
	retried.Superseded = true
	again := held
	again.Trial, again.Attempt = held.Trial+".try2", 2
	dir := killed(t, retried, again)
	if err := Plan(dir, names); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r, err := Renew(dir)
		if err != nil {
			t.Fatal(err)
		}
		if r.Summary.Missing != 2 || r.Summary.CutOff || r.ExitCode() != 3 {
			t.Errorf("exit code %d, %+v", r.ExitCode(), r.Summary)
		}
	}
	alone := killed(t, retried) // before its second attempt had ended
	if err := Plan(alone, names); err != nil {
		t.Fatal(err)
	}
	if r, err := Load(alone); err != nil || r.Summary.Missing != 3 {
		t.Errorf("of an attempt that was to be superseded: %v, %+v", err, r.Summary.Missed)
	}
	none := planOf(t, "b", "c", "d")
	whole := storedRun(t, 0, held)
	out := filepath.Join(t.TempDir(), "out")
	r, err := Merge(out, []string{whole, none})
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary.Missing != 3 {
		t.Errorf("%d missing of a shard that was killed at once, want 3", r.Summary.Missing)
	}
	if err := Prepare(none); err != nil {
		t.Fatal(err)
	}
	if _, has, _ := planned(none); has {
		t.Error("the old plan is still there")
	}
	put(t, filepath.Join(none, planFile), "{}")
	if err := Prepare(none); err == nil || !strings.Contains(err.Error(), planFile) {
		t.Errorf("somebody else's plan: %v", err)
	}
}

// planOf is the folder of a run that was killed before any trial had ended.
func planOf(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if err := Plan(dir, names); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestARunWithoutARecordIsIncomplete(t *testing.T) {
	dir, out := planOf(t, "a", "b"), filepath.Join(t.TempDir(), "out")
	for name, of := range map[string]func() (Report, error){
		"loaded":  func() (Report, error) { return Load(dir) },
		"renewed": func() (Report, error) { return Renew(dir) },
		"again":   func() (Report, error) { return Renew(dir) },
		"merged":  func() (Report, error) { return Merge(out, []string{dir, planOf(t, "b", "c")}) },
	} {
		r, err := of()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := 2
		if name == "merged" {
			want = 3 // one is planned twice
		}
		if r.Summary.Missing != want || r.ExitCode() != 3 {
			t.Errorf("%s: exit code %d, %+v", name, r.ExitCode(), r.Summary)
		}
	}
	r, err := Renew(out)
	if err != nil || r.Summary.Missing != 3 {
		t.Errorf("of what was merged: %v, %+v", err, r.Summary)
	}
	if n := r.strip(); len(n) != 2 || n[0].Value != "0 trials" || n[1].What != "Missing" || n[1].Class() != "bad" {
		t.Errorf("the strip says %+v", n)
	}
}

// A record that was lost after the run had ended well is missing all the same,
// whoever asks.
func TestALostRecordIsMissing(t *testing.T) {
	a, b := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second), cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	dir := storedRun(t, 0, a, b)
	if err := Plan(dir, []string{a.Trial, b.Trial}); err != nil {
		t.Fatal(err)
	}
	merged := filepath.Join(t.TempDir(), "merged")
	for _, of := range []string{dir, merged} {
		if of == merged {
			if r, err := Merge(merged, []string{dir}); err != nil || r.Summary.Missing != 0 {
				t.Fatalf("%v, %+v", err, r.Summary)
			}
		}
		record := filepath.Join(of, recordsDir, b.Trial+".json")
		data, err := os.ReadFile(record)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(record); err != nil {
			t.Fatal(err)
		}
		for name, ask := range map[string]func() (Report, error){
			"loaded": func() (Report, error) { return Load(of) }, "renewed": func() (Report, error) { return Renew(of) },
			"merged": func() (Report, error) { return Merge(filepath.Join(t.TempDir(), "out"), []string{of}) },
		} {
			r, err := ask()
			if err != nil || r.Summary.Missing != 1 || r.ExitCode() != 3 || !strings.HasPrefix(r.Headline(), "Incomplete: 1 of 2 trials") {
				t.Errorf("%s: %v, exit code %d, %s", name, err, r.ExitCode(), r.Headline())
			}
		}
		put(t, record, string(data))
		if r, err := Renew(of); err != nil || r.ExitCode() != 0 {
			t.Errorf("with the record again: %v, %s", err, r.Headline())
		}
	}
}

// All records of a folder that has its report are as missing as one.
func TestAllRecordsLost(t *testing.T) {
	a := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	dir := storedRun(t, 0, a)
	if err := os.Remove(filepath.Join(dir, recordsDir, a.Trial+".json")); err != nil {
		t.Fatal(err)
	}
	if r, err := Load(dir); err == nil || !strings.Contains(err.Error(), "no trial has ended") {
		t.Errorf("without a plan: %v, %s", err, r.Headline())
	}
	if err := Plan(dir, []string{a.Trial}); err != nil {
		t.Fatal(err)
	}
	if r, err := Load(dir); err != nil || r.Summary.Missing != 1 || r.ExitCode() != 3 {
		t.Errorf("%v, %s", err, r.Headline())
	}
}

func TestRenewRefusesABrokenTrace(t *testing.T) {
	a := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	for name, harm := range map[string]func(string) error{
		"gone":    os.Remove,
		"cut off": func(path string) error { return os.Truncate(path, 10) },
		"without an end": func(path string) error {
			return os.WriteFile(path, []byte(`{"schema":1,"trial":"`+a.Trial+"\"}\n{"), 0o644)
		},
		"cut off at a line's end": func(path string) error {
			return os.WriteFile(path, []byte(`{"schema":1,"trial":"`+a.Trial+"\"}\n{}\n"), 0o644)
		},
		"all gone": func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
	} {
		dir := storedRun(t, 0, a)
		if err := harm(filepath.Join(dir, tracesDir, a.Trial+".jsonl")); err != nil {
			t.Fatal(err)
		}
		before := contents(t, dir)
		_, err := Renew(dir)
		if err == nil || !strings.Contains(err.Error(), a.Trial+".jsonl") {
			t.Errorf("%s: %v, want an error that names the trace", name, err)
		}
		if !reflect.DeepEqual(contents(t, dir), before) {
			t.Errorf("%s: it has written", name)
		}
	}
}

func TestRenewRefuses(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	if _, err := Renew(none); err == nil || !strings.Contains(err.Error(), none) {
		t.Errorf("%v, want an error that names %s", err, none)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("it was made")
	}
	dir := folder(t, run()...)
	put(t, filepath.Join(dir, MarkdownFile), "# Sales")
	if _, err := Renew(dir); err == nil || !strings.Contains(err.Error(), MarkdownFile) {
		t.Errorf("%v, want an error that names %s", err, MarkdownFile)
	}
}

func TestLoadAReportAlone(t *testing.T) {
	dir := storedRun(t, 2, run()...)
	want, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	alone := t.TempDir()
	if err := os.Rename(filepath.Join(dir, JSONFile), filepath.Join(alone, JSONFile)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{alone, filepath.Join(alone, JSONFile)} {
		got, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%+v, want\n%+v", path, got, want)
		}
	}
	put(t, filepath.Join(alone, JSONFile), `{"generated_by":"flatline v1","schema":1,"records":[{"schema":1}]}`)
	if _, err := Load(alone); err == nil || !strings.Contains(err.Error(), "record 1: no \"trial\"") {
		t.Errorf("a bad record: %v", err)
	}
}

func TestJudgedAreACellsRecords(t *testing.T) {
	r := gather(t, run()...)
	n := 0
	for _, c := range r.Matrix {
		got := r.Judged(c)
		n += len(got)
		if len(got) != c.Judged {
			t.Errorf("%s under %s: %d records, want %d", c.Scenario, c.Policy, len(got), c.Judged)
		}
	}
	if all := len(slices.DeleteFunc(r.Records, func(rec judge.Record) bool { return !judged(rec) })); n != all {
		t.Errorf("%d records in all cells, want %d", n, all)
	}
}

// What has no end, or has to be waited for, is not read.
func TestLoadReadsOnlyRegularFiles(t *testing.T) {
	const device = os.DevNull // which has an end, should it be read after all
	if _, err := Load(device); err == nil || !strings.Contains(err.Error(), device+" is neither a folder nor a file: want the folder of a run") {
		t.Errorf("a device: %v", err)
	}
	for _, name := range []string{JSONFile, planFile, comparisonFile, recordsDir + "/a.json"} {
		dir := storedRun(t, 0, cablePull("fixed", 0.5, 7*time.Second, 7*time.Second))
		_ = os.Remove(filepath.Join(dir, name))
		if err := os.Symlink(device, filepath.Join(dir, name)); err != nil {
			t.Skip(err) // not everybody may make links on every system
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), filepath.Base(name)+": it is no regular file") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A copy of a record in its folder would count twice.
func TestOneTrialHasOneRecord(t *testing.T) {
	dir := folder(t, run()...)
	data, err := os.ReadFile(filepath.Join(dir, recordsDir, "0000.json"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, recordsDir, "copy.json"), string(data))
	if _, err := Gather(dir); err == nil || !strings.Contains(err.Error(), "want one of them") {
		t.Errorf("got %v, want both named", err)
	}
}
