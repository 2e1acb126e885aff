package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLockIsOneWriters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	unlock, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := idle(dir); err == nil || !strings.Contains(err.Error(), "in use by another run") {
		t.Errorf("idle: %v", err)
	}
	if _, err := Lock(dir); err == nil || !strings.Contains(err.Error(), dir+" is in use by another run") {
		t.Errorf("a second writer: %v", err)
	}
	if err := Prepare(dir); err != nil {
		t.Errorf("the holder prepares: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := idle(dir); err != nil {
		t.Errorf("idle: %v", err)
	}
	unlock, err = Lock(dir)
	if err != nil {
		t.Fatalf("after its end: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestIdleLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := idle(dir); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); slices.Contains(got, lockFile) {
		t.Errorf("left %q", got)
	}
}

// "$DIR/" is that where DIR is not set.
func TestNoReportInARoot(t *testing.T) {
	root := filepath.VolumeName(t.TempDir()) + string(filepath.Separator)
	for _, dir := range []string{root, filepath.Join(root, ".."), root + "."} {
		if unlock, err := Lock(dir); err == nil || !strings.Contains(err.Error(), "is the root of a file system: want a folder below it") {
			t.Errorf("lock %s: %v", dir, err)
			if err == nil {
				_ = unlock()
			}
		}
		if _, err := os.Stat(filepath.Join(root, lockFile)); err == nil {
			t.Errorf("%s in %s", lockFile, dir)
		}
	}
}

func TestLockNamesWhatIsNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	put(t, file, "")
	if _, err := Lock(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v, want an error that names %s", err, file)
	}
}
