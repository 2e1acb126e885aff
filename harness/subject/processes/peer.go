package processes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/subject/process"
	"github.com/flatline-go/flatline/heartbeat"
)

// peer is the process of one side, as seen from this one.
type peer struct {
	side    heartbeat.Side
	process *process.Process
	in      io.WriteCloser
	told    *told
	exited  func(side heartbeat.Side, how error) // see subject.Setup
	end     context.CancelFunc                   // ends it in order
	ended   chan struct{}                        // closed once it has

	asking sync.Mutex // one question at a time

	mu     sync.Mutex
	frozen bool
	meant  bool // its end is
	why    error
}

// patience is how long a peer may take to answer, and to end: on a machine with a
// hundred of them, which all want to do that at once, it has taken five seconds.
const patience = 15 * time.Second

// newPeer makes ready to run side, which is told addr.
func newPeer(s subject.Setup, side heartbeat.Side, addr string) (*peer, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	now := time.Now() // both clocks at once: between two readings this process may stand still
	setup, err := json.Marshal(peerSetup{
		Addr: addr, Policy: s.Policy, Mode: s.Mode, Datagrams: s.Datagrams,
		Epoch: now.UnixNano() - int64(now.Sub(s.Epoch)), // by today's wall clock, as the peer reads it
	})
	if err != nil {
		return nil, err
	}
	p := &peer{side: side, exited: s.Exited, ended: make(chan struct{})}
	cmd := exec.Command(program) //nolint:gosec // it is ourselves
	cmd.Env = append(os.Environ(), peerEnv+"="+string(side), setupEnv+"="+string(setup))
	p.told = newTold(s, side, func() { p.process.Kill() })
	cmd.Stdout = p.told
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	p.process = process.New(side, cmd)
	p.process.Bye, p.process.Grace = p.bye, patience
	return p, nil
}

// run runs the process to its end, which Exited is told unless it was meant.
func (p *peer) run(ctx context.Context) {
	defer close(p.ended)
	ctx, p.end = context.WithCancel(ctx)
	defer p.end()
	close(p.told.begun)
	how := p.process.Run(ctx)
	p.mu.Lock()
	p.why = how
	if bad := p.told.bad(); bad != nil {
		p.why = fmt.Errorf("%w; it %v", bad, how) //nolint:errorlint // it ended as it was bad
	}
	how = fmt.Errorf("the %s's process %w", p.side, p.why)
	// One that is asked to end has to do so, and without an error, as of a race or a panic.
	meant := p.meant || ctx.Err() != nil && p.told.bad() == nil && p.process.ExitCode() <= 0 && !p.process.Refused()
	p.mu.Unlock()
	if !meant && p.exited != nil {
		p.exited(p.side, how)
	}
}

// ready waits until the process listens, or is about to dial, and returns since
// when. It then learns how far their clocks may be apart.
func (p *peer) ready() (at int64, err error) {
	<-p.told.begun
	begun, err := p.answer()
	if err != nil {
		return 0, err
	}
	apart := anyhow
	for n := 0; n < enoughReadings || n < mostReadings && !apart.close(); n++ {
		from := p.told.now()
		a, err := p.question(beThere)
		if err != nil {
			return 0, err
		}
		apart = apart.and(ahead{a.T - p.told.now(), a.T - from})
	}
	if apart.least > apart.most {
		return 0, fmt.Errorf("its clock moves against ours: it was %v ahead at least, and %v at most", time.Duration(apart.least), time.Duration(apart.most))
	}
	by, uncertainty := apart.likely()
	p.told.ahead.Store(by)
	p.told.uncertainty.Store(uncertainty)
	return begun.T - by, nil
}

// ask makes the peer do something, and returns what it says to that.
func (p *peer) ask(what string) error {
	a, err := p.question(what)
	if err != nil {
		return err
	}
	return a.err()
}

func (p *peer) question(what string) (answer, error) {
	p.asking.Lock()
	defer p.asking.Unlock()
	p.mu.Lock()
	frozen := p.frozen
	p.mu.Unlock()
	if frozen {
		return answer{}, fmt.Errorf("the %s is frozen", p.side)
	}
	if _, err := fmt.Fprintln(p.in, what); err != nil {
		return answer{}, fmt.Errorf("tell the %s to %s: %w", p.side, what, err)
	}
	return p.answer()
}

// answer is the peer's next. One that does not come ends the peer: it would be taken
// for that to another question.
func (p *peer) answer() (answer, error) {
	select {
	case a := <-p.told.answers:
		return a, nil
	case <-p.ended:
		p.mu.Lock()
		defer p.mu.Unlock()
		return answer{}, fmt.Errorf("the %s's process %w", p.side, p.why)
	case <-time.After(patience):
		err := subject.LateError{What: "does not answer", Limit: patience}
		p.told.refuse(err)
		return answer{}, fmt.Errorf("the %s's process %w", p.side, err)
	}
}

// bye asks the process to end in order: its input ends.
func (p *peer) bye() {
	_ = p.thaw()
	_ = p.in.Close()
}

// leave ends it in order, and waits.
func (p *peer) leave() {
	p.end()
	<-p.ended
}

func (p *peer) crash() error {
	p.mu.Lock()
	p.meant = true
	p.mu.Unlock()
	p.process.Kill()
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
		return subject.LateError{What: "its process does not die", Limit: patience}
	}
}

func (p *peer) freeze() error {
	p.asking.Lock() // not in the middle of an answer
	defer p.asking.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.process.Stop(); err != nil {
		return err
	}
	p.frozen = true
	return nil
}

func (p *peer) thaw() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.frozen {
		return nil
	}
	p.frozen = false
	return p.process.Proceed()
}
