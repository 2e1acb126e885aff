package report

import (
	"encoding/json"
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
			put(t, filepath.Join(dir, r.Trace), `{"schema":1,"trial":"`+r.Trial+`"}`+"\n{}\n")
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
			put(t, filepath.Join(dir, push.Trace), "{\"schema\":1,\"trial\":\""+push.Trial+"\"}\n")
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
	dir := folder(t, run()...)
	if !Unended(dir) {
		t.Error("it has not ended")
	}
	if _, err := Renew(dir); err != nil {
		t.Fatal(err)
	}
	if Unended(dir) {
		t.Error("it has a report")
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
