package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lockFile is what a writer of a report's folder holds. It stays: to remove it
// would pull it away from under the next one.
const lockFile = ".lock"

// Lock takes dir, and makes it if need be, for one writer, so that two runs
// don't mix. It is an error if somebody else has it, or if dir is the root of a file
// system, which is what a script's empty variable comes to. It is free again once
// unlock is called, or the process ends, however it does. Processes that write
// one report together share the lock of whoever prepared it.
func Lock(dir string) (unlock func() error, err error) {
	if isRoot(dir) {
		return nil, fmt.Errorf("%s is the root of a file system: want a folder below it", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o644))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	case !ok:
		return nil, inUse(dir)
	default:
		return lock.Unlock, nil
	}
}

// isRoot says whether dir, or what it links to, has no folder above it.
func isRoot(dir string) bool {
	path, err := filepath.EvalSymlinks(dir)
	if err != nil {
		path = dir // it is not there yet
	}
	path, err = filepath.Abs(path)
	return err == nil && filepath.Dir(path) == path
}

// idle is an error if somebody writes into dir. Whoever can't look, because the
// folder is not theirs to lock, takes it as it is.
func idle(dir string) error {
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetFlag(os.O_RDONLY))
	switch ok, err := lock.TryRLock(); {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return nil
	case err != nil:
		return fmt.Errorf("lock %s: %w", dir, err)
	case !ok:
		return inUse(dir)
	default:
		return lock.Unlock()
	}
}

func inUse(dir string) error {
	return fmt.Errorf("%s is in use by another run: wait for its end, or choose another folder", dir)
}
