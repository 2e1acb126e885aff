package subject

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// process is one program of a Command.
type process struct {
	cmd    *exec.Cmd
	output io.WriteCloser // of all that it prints
	said   *tail          // of its standard error

	mu    sync.Mutex
	runs  bool
	moved []*os.Process // what it started, perhaps out of its group
}

// grace is how long a process may take to end after SIGTERM.
const grace = 2 * time.Second

// newProcess makes ready to run argv, which is told addr.
func newProcess(s Setup, name string, argv []string, addr string) (*process, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	p := &process{output: nowhere{io.Discard}, said: new(tail)}
	if s.Output != nil {
		if p.output, err = s.Output(name); err != nil {
			return nil, err
		}
	}
	told := strings.NewReplacer("{addr}", addr, "{host}", host, "{port}", port)
	args := make([]string, len(argv))
	for i, arg := range argv {
		args[i] = told.Replace(arg)
	}
	p.cmd = exec.Command(args[0], args[1:]...) //nolint:gosec // to run it is the point
	p.cmd.Env = append(os.Environ(), "FLATLINE_ADDR="+addr, "FLATLINE_HOST="+host, "FLATLINE_PORT="+port)
	both := &locked{to: p.output}
	p.cmd.Stdout, p.cmd.Stderr = both, io.MultiWriter(both, p.said)
	p.cmd.WaitDelay = time.Second // for output that a grandchild holds open
	isolate(p.cmd)
	return p, nil
}

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

// locked is a writer for the two streams of a process.
type locked struct {
	mu sync.Mutex
	to io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(b)
}

// run starts the process and waits for its end, which ctx may bring; then nothing
// that it started is left. The error is half a sentence: how it ended.
func (p *process) run(ctx context.Context) error {
	// The kernel ends the process with the thread that started it: see isolate.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	tell, release := guard()
	if err := p.cmd.Start(); err != nil {
		release()
		return errors.Join(fmt.Errorf("did not start: %w", err), p.output.Close())
	}
	tell(p.cmd.Process.Pid)
	p.running(true)
	exited := make(chan struct{})
	var ending sync.WaitGroup
	ending.Go(func() {
		select {
		case <-exited:
			return
		case <-ctx.Done():
		}
		ask(p.cmd.Process)
		select {
		case <-exited:
		case <-time.After(grace):
			kill(p.cmd.Process)
		}
	})
	err := p.cmd.Wait()
	p.running(false)
	close(exited)
	ending.Wait()
	release()
	kill(p.cmd.Process) // what it left behind
	for _, m := range p.moved {
		_ = m.Kill()
		_ = m.Release()
	}
	return errors.Join(p.ended(err), p.output.Close())
}

func (p *process) running(runs bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs = runs
}

// remember notes what the process has started, while it runs, for its end.
func (p *process) remember() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.runs {
		p.moved = offspring(p.cmd.Process.Pid)
	}
}

func (p *process) ended(err error) error {
	how := "exited with code 0"
	if state := p.cmd.ProcessState; state != nil && !state.Success() {
		how = "ended: " + state.String()
	} else if state == nil {
		how = fmt.Sprintf("ended: %v", err)
	}
	if last := p.said.String(); last != "" {
		how += "; it said last: " + last
	}
	return errors.New(how)
}
