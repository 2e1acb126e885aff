package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func TestPrepareRemovesOurFilesOnly(t *testing.T) {
	dir := folder(t, run()...)
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "traces", "a.jsonl"), `{"schema":1,"trial":"a","policy":{}}`+"\n{}\n")
	put(t, filepath.Join(dir, "records", "w.json"), `{"schema":1,"trial":"w","output":["output/w.client.log","output/gone.log","../w.txt","traces/c.txt"]}`)
	put(t, filepath.Join(dir, "output", "w.client.log"), "said")
	others := []string{"notes.md", "output/other.log", "records/README", "traces/b.jsonl", "traces/c.txt"}
	for _, name := range others {
		put(t, filepath.Join(dir, name), "")
	}
	put(t, filepath.Join(dir, "traces", "b.jsonl"), `{"level":"info"}`)
	// What a full disk leaves, or a run that is killed in the middle of a write.
	put(t, filepath.Join(dir, "traces", "empty.jsonl"), "")
	put(t, filepath.Join(dir, "traces", "torn.jsonl"), `{"schema":1,"trial":"to`)
	put(t, filepath.Join(dir, "records", "empty.json"), "")
	put(t, filepath.Join(dir, "records", "torn.json.new"), `{"schema":1,"tri`)
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !slices.Equal(got, others) {
		t.Errorf("left %q, want %q", got, others)
	}
}

// A run that was killed leaves records without a report.
func TestPrepareAfterAKilledRun(t *testing.T) {
	dir := folder(t, run()...)
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); got != nil {
		t.Errorf("left %q", got)
	}
}

func TestPrepareMakesTheFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"records", "traces"} {
		if _, err := os.Stat(filepath.Join(dir, sub)); err != nil {
			t.Error(err)
		}
	}
	if got := files(t, dir); got != nil {
		t.Errorf("left %q", got)
	}
}

func TestPrepareRefusesWhatIsNotOurs(t *testing.T) {
	for _, row := range []struct{ name, path, text, want string }{
		{"another report.json", "report.json", `{"tests": 3}`, "is no report of flatline's"},
		{"another report.md", "report.md", "# Sales", "is no report of flatline's"},
		{"another junit.xml", "junit.xml", "<testsuites/>", "is no report of flatline's"},
		{"another record", "records/song.json", `{"artist": "Queen"}`, "is no record of a trial"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := folder(t, run()...)
			put(t, filepath.Join(dir, row.path), row.text)
			before := files(t, dir)
			err := Prepare(dir)
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), filepath.Base(row.path)) {
				t.Errorf("error %v, want one that says %q", err, row.want)
			}
			if after := files(t, dir); !slices.Equal(after, before) {
				t.Errorf("left %q of %q", after, before)
			}
		})
	}
}

func TestPrepareRefusesWhatItCannotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	put(t, file, "")
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if err := Prepare(dir); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error %v, want one that names it", dir, err)
		}
	}
}
