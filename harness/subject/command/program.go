package command

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/flatline-go/flatline/harness/subject/process"
	"github.com/flatline-go/flatline/heartbeat"
)

// program is one side's.
type program struct {
	*process.Process
	output io.Closer // of all that it prints; nil: nobody wants it
}

// newProgram makes ready to run argv as a side, which is told addr. What it prints
// goes to a file that output makes; nil: nowhere.
func newProgram(side heartbeat.Side, argv []string, addr string, output func(string) (io.WriteCloser, error)) (*program, error) {
	cmd, err := tell(argv, addr)
	if err != nil {
		return nil, err
	}
	p := &program{}
	if output != nil {
		file, err := output(string(side))
		if err != nil {
			return nil, err
		}
		both := &locked{to: file}
		p.output, cmd.Stdout, cmd.Stderr = file, both, both
	}
	p.Process = process.New(side, cmd)
	p.Mark()
	return p, nil
}

// tell makes a command of argv that is told addr, in its arguments and in its
// environment.
func tell(argv []string, addr string) (*exec.Cmd, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	told := strings.NewReplacer("{addr}", addr, "{host}", host, "{port}", port)
	args := make([]string, len(argv))
	for i, arg := range argv {
		args[i] = told.Replace(arg)
	}
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec // to run it is the point
	cmd.Env = append(os.Environ(), "FLATLINE_ADDR="+addr, "FLATLINE_HOST="+host, "FLATLINE_PORT="+port)
	return cmd, nil
}

// run runs it to its end: see process.Process.Run.
func (p *program) run(ctx context.Context) error {
	how := p.Run(ctx)
	if p.output == nil {
		return how
	}
	return errors.Join(how, p.output.Close())
}

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
