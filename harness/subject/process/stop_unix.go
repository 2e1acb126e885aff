//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// CanStop says whether this operating system can stop a process.
const CanStop = true

// Stop stops a process that has started, and returns once it stands still, as far
// as that can be seen.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return seen(p.cmd.Process, true)
}

// Proceed lets it go on. It is an error if somebody else has, as far as that can be
// seen: then it did not stand still all the time.
func (p *Process) Proceed() error {
	if is, err := stopped(p.cmd.Process); err == nil && !is {
		return fmt.Errorf("process %d had gone on already: somebody else has sent it SIGCONT", p.cmd.Process.Pid)
	}
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	return seen(p.cmd.Process, false)
}

// seen waits until the process is stopped, or not, where that can be seen.
func seen(p *os.Process, wanted bool) error {
	const limit = 5 * time.Second
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
		switch is, err := stopped(p); {
		case errors.Is(err, errors.ErrUnsupported):
			return nil
		case err != nil:
			return err
		case is == wanted:
			return nil
		}
	}
	return lateError{fmt.Errorf("process %d does not change its state within %v", p.Pid, limit)}
}

// stopped says whether Linux has the process stopped.
func stopped(p *os.Process) (bool, error) {
	if runtime.GOOS != "linux" {
		return false, errors.ErrUnsupported
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
	if err != nil {
		return false, err
	}
	// pid (name) state ...; a name may have anything in it.
	line := string(text)
	return strings.HasPrefix(line[strings.LastIndexByte(line, ')')+2:], "T"), nil
}
