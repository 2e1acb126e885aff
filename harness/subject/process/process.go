// Package process runs a program as one side of a trial, and sees to it that
// nothing of it outlives the trial, or this process.
package process

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/heartbeat"
)

// Process is a program that is a side. Make one with New.
type Process struct {
	// Bye asks it to end; nil: SIGTERM to its group does.
	Bye func()
	// Grace is how long it may take to end then, before it is killed; 0: 2 s.
	Grace time.Duration

	side heartbeat.Side
	cmd  *exec.Cmd
	said tail   // of its standard error
	mark string // a variable in its environment, and in that of all that it starts; "": it starts nothing

	mu      sync.Mutex
	runs    bool          // it has started, and its end was not seen
	asked   bool          // to end
	refused bool          // it did not end when it was asked to
	moved   []*os.Process // what it started, perhaps out of its group
}

// New makes ready to run cmd as a side, in a process group of its own. Of its
// standard error, the end is kept, for Run to tell.
func New(side heartbeat.Side, cmd *exec.Cmd) *Process {
	p := &Process{side: side, cmd: cmd}
	cmd.Stderr = also(cmd.Stderr, &p.said)
	cmd.WaitDelay = time.Second // for output that a grandchild holds open
	isolate(cmd)
	return p
}

// Mark marks whatever the process will start, so that it ends with it, and with
// this process, wherever it has moved. It is called before Run.
func (p *Process) Mark() {
	p.mark = "FLATLINE_PROCESS_" + rand.Text() + "="
	p.cmd.Env = append(p.cmd.Environ(), p.mark)
}

// Run starts the process and waits for its end, which ctx may bring; then nothing
// that it started is left. The error is half a sentence: how it ended.
func (p *Process) Run(ctx context.Context) error {
	// The kernel ends the process with the thread that started it: see isolate.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	tell, release := func(int) {}, func() {}
	if p.mark != "" {
		tell, release = guard(p.mark)
	}
	defer release()
	if err := network.On(ctx, p.side, p.cmd.Start); err != nil {
		return fmt.Errorf("did not start: %w", err)
	}
	tell(p.cmd.Process.Pid)
	p.running(true)
	exited := make(chan struct{})
	var ending sync.WaitGroup
	ending.Go(func() { p.end(ctx, exited) })
	err := p.cmd.Wait()
	p.running(false)
	kill(p.cmd.Process) // what it left behind, of its group
	close(exited)
	ending.Wait()
	for _, m := range p.moved {
		_ = m.Kill()
		_ = m.Release()
	}
	if p.mark != "" {
		killMarked(p.mark)
	}
	return p.ended(err)
}

// end ends the process once ctx has, unless it exits before.
func (p *Process) end(ctx context.Context, exited <-chan struct{}) {
	select {
	case <-exited:
		return
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.asked = true
	p.mu.Unlock()
	if p.Bye == nil {
		ask(p.cmd.Process)
	} else {
		p.Bye()
	}
	select {
	case <-exited:
	case <-time.After(p.grace()):
		p.mu.Lock()
		p.refused = true
		p.mu.Unlock()
		p.Kill()
	}
}

func (p *Process) grace() time.Duration { return cmp.Or(p.Grace, 2*time.Second) }

func (p *Process) running(runs bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs = runs
}

// Remember notes what the process has started, while it runs, for its end.
func (p *Process) Remember() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.runs {
		p.moved = offspring(p.cmd.Process.Pid)
	}
}

// Pids are the processes that it is made of now, as far as can be seen: itself and
// what it has started and, with a mark, whatever of that has moved away. Elsewhere
// than on Linux only itself; none, if nothing runs.
func (p *Process) Pids() (pids []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []*os.Process
	if p.runs {
		pids = append(pids, p.cmd.Process.Pid)
		all = offspring(p.cmd.Process.Pid)
	}
	if p.mark != "" {
		all = append(all, marked(p.mark)...)
	}
	for _, one := range all {
		if !slices.Contains(pids, one.Pid) {
			pids = append(pids, one.Pid)
		}
		_ = one.Release()
	}
	return pids
}

// Kill kills the process's group, as long as it runs: later, another may have its
// number.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.runs {
		kill(p.cmd.Process)
	}
}

// Refused says that the process did not end within its time when it was asked to,
// and was killed.
func (p *Process) Refused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused
}

// ExitCode is that of a process that has ended; -1: a signal ended it. 0: it never
// started.
func (p *Process) ExitCode() int {
	if state := p.cmd.ProcessState; state != nil {
		return state.ExitCode()
	}
	return 0
}

func (p *Process) ended(err error) error {
	how := "exited with code 0"
	if state := p.cmd.ProcessState; state != nil && !state.Success() {
		how = "ended: " + state.String()
	} else if state == nil {
		how = fmt.Sprintf("ended: %v", err)
	}
	signal := p.signal()
	if signal != "" {
		how = fmt.Sprintf("exited with code %d, as a shell says of signal %s", p.ExitCode(), signal)
	}
	refused := p.Refused()
	if refused {
		how = fmt.Sprintf("did not end within %v of being asked to, and was killed", p.grace())
	}
	if last := p.said.String(); last != "" {
		how += "; it said last: " + last
	}
	switch {
	case refused:
		return lateError{errors.New(how)}
	case p.crashed(), signal != "":
		return CrashError{errors.New(how)}
	default:
		return errors.New(how)
	}
}

// CrashError is Run's of a process that a signal ended, or that was a shell's and
// says so of what it ran: not the signal that tells a writer that nobody reads, by
// which programs end on purpose.
type CrashError struct{ error }

func (p *Process) crashed() bool {
	if p.cmd.ProcessState == nil {
		return false
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() != syscall.SIGPIPE
}

// signal is the one that ended what the process ran, as its exit code says in the
// way of shells; "": none did, or we may have sent it.
func (p *Process) signal() string {
	name := shellSays(p.ExitCode())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked && (name == "SIGHUP" || name == "SIGINT" || name == "SIGTERM") {
		return ""
	}
	return name
}

// lateError is a timeout, like a net.Error.
type lateError struct{ error }

func (lateError) Timeout() bool { return true }
