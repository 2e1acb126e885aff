package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/flatline-go/flatline/harness/compare"
	"github.com/flatline-go/flatline/harness/report"
)

// closing runs trials of some seconds, which hold, into out.
func closing(t *testing.T, out string, more ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := here(t.Context(), append([]string{"run", "--scenario", "orderly-close", "--policy", "fixed,push", "--profile", "strict",
		"--phases", "0.25,0.75", "--seed", "7", "--retries", "20", "--out", out}, more...)...)
	if code != 0 {
		t.Fatalf("%q: exit code %d, %s\n%s", more, code, stderr, stdout)
	}
	return stdout
}

// Of five shards, four trials leave one empty at least. Merged, the shards are
// the whole run.
func TestShardsMakeAWhole(t *testing.T) {
	t.Chdir(t.TempDir())
	var shards []string
	empty := 0
	for i := 1; i <= 5; i++ {
		dir := fmt.Sprintf("shard-%d", i)
		stdout := closing(t, dir, "--shard", fmt.Sprintf("%d/5", i))
		if strings.Contains(stdout, "is empty: other shards have the 4 trials") {
			empty++
		}
		shards = append(shards, dir)
	}
	if empty == 0 {
		t.Error("no shard said that it is empty")
	}
	code, stdout, stderr := here(t.Context(), append([]string{"report", "--out", "merged"}, shards...)...)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "All held: 4 trials") {
		t.Fatalf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	met := map[string]bool{}
	for _, rec := range records(t, "merged") {
		if _, err := os.Stat(filepath.Join("merged", filepath.FromSlash(rec.Trace))); err != nil {
			t.Error(err)
		}
		if !rec.Superseded {
			met[strings.Split(rec.Trial, ".try")[0]] = true
		}
	}
	if len(met) != 4 {
		t.Errorf("%d trials: %v", len(met), met)
	}
	if code, stdout, stderr := here(t.Context(), append([]string{"report", "--out", "few"}, shards[1:]...)...); code != 3 || !strings.Contains(stdout, "Incomplete: ") || !strings.Contains(stderr, "shard 1/5 is missing") {
		t.Errorf("without a shard: exit code %d, %s\n%s", code, stderr, stdout)
	}
	if code, stdout, stderr := here(t.Context(), "compare", "merged", "few", "--fail-on", "regression"); code != 3 || !strings.Contains(stdout, "NEW is incomplete: shard 1/5 is missing") {
		t.Errorf("compared without a shard: exit code %d, %s\n%s", code, stderr, stdout)
	}
	if code, _, stderr := here(t.Context(), "report", "merged", shards[0], shards[1], shards[2], shards[3], shards[4], "--out", "twice"); code != 2 || !strings.Contains(stderr, "want each trial once") {
		t.Errorf("a trial twice: exit code %d, %s", code, stderr)
	}
}

func TestReportAgainAndCompare(t *testing.T) {
	t.Chdir(t.TempDir())
	stdout := closing(t, "reports", "--json")
	var r report.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || r.Summary.Trials != 4 {
		t.Fatalf("%v: not the report alone:\n%s", err, stdout)
	}
	stored, err := os.ReadFile(filepath.Join("reports", report.JSONFile))
	if err != nil || string(stored) != stdout {
		t.Errorf("%v: the printed report is not the stored one", err)
	}

	if err := os.Remove(filepath.Join("reports", report.JSONFile)); err != nil { // as if the run had been killed
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join("reports", report.MarkdownFile)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join("reports", report.JUnitFile)); err != nil {
		t.Fatal(err)
	}
	others, _ := filepath.Glob(filepath.Join("reports", "report.*"))
	for _, path := range others {
		_ = os.Remove(path)
	}
	code, said, stderr := here(t.Context(), "report", "reports")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, %s\n%s", code, stderr, said)
	}
	if again, err := os.ReadFile(filepath.Join("reports", report.JSONFile)); err != nil || string(again) != string(stored) {
		t.Errorf("%v: the report is another", err)
	}
	if code, said, stderr := here(t.Context(), "report", "reports", "--quiet"); code != 0 || stderr != "" || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "All held: 4 trials") {
		t.Errorf("exit code %d, %s\n%s", code, stderr, said)
	}

	// Killed sooner, with a record less; and without a plan.
	killed := "killed"
	if err := os.CopyFS(killed, os.DirFS("reports")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(killed, "records", "orderly-close.fixed.strict.0.25.json")); err != nil {
		t.Fatal(err)
	}
	// Its report.json says that all held, and is not believed.
	for _, args := range [][]string{{"report", killed, "--out", "merged"}, {"report", "merged"}, {"compare", "reports", killed, "--fail-on", "regression"}, {"report", killed}} {
		code, said, stderr := here(t.Context(), args...)
		if code != 3 || !strings.Contains(said, "ncomplete: 1 of") || stderr == "" {
			t.Errorf("%q: exit code %d, %s\n%s", args, code, stderr, said)
		}
	}
	for _, row := range []struct{ remove, said, stderr string }{
		{"", "Incomplete: 1 of 4 trials left no record", "flatline: 1 planned trial left no record\n"},
		{"plan.json", "Cut off: the run ended after 3 trials", "flatline: the run was killed, and left no plan: nobody knows how many trials are missing\n"},
	} {
		_ = os.Remove(filepath.Join(killed, report.JSONFile))
		_ = os.Remove(filepath.Join(killed, report.HTMLFile))
		_ = os.Remove(filepath.Join(killed, report.MarkdownFile))
		_ = os.Remove(filepath.Join(killed, report.JUnitFile))
		_ = os.Remove(filepath.Join(killed, row.remove))
		for range 2 { // what it wrote remembers
			if code, said, stderr := here(t.Context(), "report", killed, "--quiet"); code != 3 || stderr != row.stderr || !strings.HasPrefix(said, row.said) {
				t.Errorf("exit code %d, %q\n%s", code, stderr, said)
			}
		}
	}

	for format, want := range map[string]string{"table": "No regression; 0 of ", "markdown": "# No regression; 0 of ", "json": `"headline": "No regression; 0 of `} {
		code, said, stderr := here(t.Context(), "compare", "reports", filepath.Join("reports", report.JSONFile), "--fail-on", "regression", "--format", format)
		if code != 0 || stderr != "" || !strings.Contains(said, want) {
			t.Errorf("%s: exit code %d, %s\n%s", format, code, stderr, said)
		}
		if format == "json" {
			var c compare.Comparison
			if err := json.Unmarshal([]byte(said), &c); err != nil || len(c.Rows) != 2 {
				t.Errorf("%v:\n%s", err, said)
			}
		}
	}
	worse := filepath.Join("reports", "records", "orderly-close.fixed.strict.0.25.json")
	data, err := os.ReadFile(worse)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS("after", os.DirFS("reports")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("after", "records", filepath.Base(worse)), []byte(strings.Replace(string(data), `"verdict": "held"`, `"verdict": "broken"`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args []string
		code int
	}{{[]string{"compare", "reports", "after"}, 0}, {[]string{"compare", "reports", "after", "--fail-on", "regression"}, 1}, {[]string{"compare", "after", "reports", "--fail-on", "regression"}, 0}} {
		code, said, stderr := here(t.Context(), row.args...)
		if code != row.code || stderr != "" {
			t.Errorf("%q: exit code %d, want %d; %s\n%s", row.args, code, row.code, stderr, said)
		}
	}
}

func TestQuietSaysOneLine(t *testing.T) {
	t.Chdir(t.TempDir())
	if stdout := closing(t, "reports", "--quiet"); strings.Count(stdout, "\n") != 1 || !strings.HasPrefix(stdout, "All held: 4 trials") {
		t.Errorf("%s", stdout)
	}
}

func TestOneRunAtATime(t *testing.T) {
	t.Chdir(t.TempDir())
	closing(t, "reports")
	unlock, err := report.Lock("reports")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unlock() }()
	for _, args := range [][]string{
		{"run", "--scenario", "orderly-close"}, {"report", "reports"}, {"compare", "reports", "reports"},
		{"report", "reports", "--out", "new"},
	} {
		code, stdout, stderr := here(t.Context(), args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "reports is in use by another run") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit code %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if code, _, stderr := here(t.Context(), "run", "--scenario", "orderly-close", "--dry-run"); code != 0 {
		t.Errorf("a dry run writes nothing, and needs no folder: exit code %d, %s", code, stderr)
	}
	if got := len(records(t, "reports")); got < 4 {
		t.Errorf("%d records are left of 4", got)
	}
}

func TestOpen(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("what opens files there is no program that a test can replace")
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	dir := t.TempDir()
	page := filepath.Join(dir, report.MarkdownFile)
	if err := openReport(dir); err == nil || !strings.Contains(err.Error(), "there is no report in "+dir) {
		t.Errorf("no report: %v", err)
	}
	if err := os.WriteFile(page, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := openReport(dir); err == nil || !strings.Contains(err.Error(), page) || !strings.Contains(err.Error(), "xdg-open") {
		t.Errorf("nothing opens it: %v", err)
	}
	opener := func(script string) {
		if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	opener("exit 3")
	if err := openReport(dir); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("it fails: %v", err)
	}
	opener(`echo "$1" > ` + filepath.Join(bin, "opened"))
	for _, name := range []string{report.MarkdownFile, report.HTMLFile} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := openReport(dir); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(filepath.Join(bin, "opened")); string(got) != filepath.Join(dir, name)+"\n" {
			t.Errorf("opened %s, want %s", got, name)
		}
	}
}
