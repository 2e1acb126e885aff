package wild

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// quick hangs up 1 s after the last byte that it heard: the client, which says
// something every 100 ms; its server echoes and has no deadline.
func quick() Pair {
	return Pair{
		Library: "quick", Setting: "client-only",
		Serve: func(ln net.Listener) error {
			return accept(ln, func(_ context.Context, c net.Conn) { pump(c, c) })
		},
		Dial: func(ctx context.Context, addr string) error {
			return dial(ctx, addr, func(ctx context.Context, c net.Conn) error {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				go func() {
					_ = repeat(ctx, 100*time.Millisecond, func() error { _, err := c.Write([]byte("hello")); return err })
				}()
				buf := make([]byte, 100)
				for {
					if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
						return err
					}
					if _, err := c.Read(buf); err != nil {
						return err
					}
				}
			})
		},
	}
}

func TestWrongExpectationsGoRed(t *testing.T) {
	t.Parallel()
	n, err := toxiproxy.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	const after = 900 * time.Millisecond // the last byte came up to 100 ms before the fault
	for _, test := range []struct {
		name   string
		fault  scenario.Kind
		expect Sides
		want   string // part of the error; "": none
	}{
		{name: "right", fault: scenario.CablePull, expect: sides(at(after).itself(), never)},
		{name: "right when told", fault: scenario.HalfOpenDown, expect: sides(at(after).itself(), at(after).told())},
		{name: "right when kept", fault: scenario.IdleDrop, expect: Sides{Kept: true}},
		{name: "too soon", fault: scenario.CablePull, expect: sides(at(after-2*time.Second), never), want: "client"},
		{name: "too late", fault: scenario.CablePull, expect: sides(at(after+2*time.Second), never), want: "client"},
		{name: "never", fault: scenario.CablePull, expect: unnoticed, want: "client"},
		{name: "not never", fault: scenario.CablePull, expect: sides(at(after), at(after)), want: "server"},
		{name: "told, not itself", fault: scenario.HalfOpenDown, expect: sides(at(after), at(after).itself()), want: "peer closed"},
		{name: "itself, not told", fault: scenario.CablePull, expect: sides(at(after).told(), never), want: "ended by itself"},
		{name: "not kept", fault: scenario.CablePull, expect: Sides{Kept: true}, want: "find nothing to do"},
		{name: "kept after all", fault: scenario.IdleDrop, expect: unnoticed, want: "to strike"},
		{name: "due at the end", fault: scenario.CablePull, expect: sides(at(5*time.Second), never), want: "want an observation"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := quick()
			tr := &trial{pair: p, observe: 5 * time.Second}
			for _, f := range faults() {
				if f.Kind == test.fault {
					f.sides = func(Expect) Sides { return test.expect }
					tr.fault = f
				}
			}
			err := tr.run(t.Context(), n)
			if err == nil {
				err = tr.check()
			}
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

// What nobody could have seen in that time is not said to be as expected.
func TestUnseenEndsAreNamed(t *testing.T) {
	p := quick()
	p.Expect.CablePull = sides(at(37*time.Second), never)
	for observe, want := range map[time.Duration]string{time.Minute: "| as expected |", 35 * time.Second: "| not watched long enough: client |"} {
		tr := &trial{pair: p, fault: faults()[0], observe: observe}
		tr.record.Verdict = judge.Held
		if got := markdown([]*trial{tr}, observe); !strings.Contains(got, want) {
			t.Errorf("watched for %v: no %q in\n%s", observe, want, got)
		}
	}
}

func TestFates(t *testing.T) {
	for _, test := range []struct {
		name    string
		fate    Fate
		expect  scenario.Expectation
		text    string
		observe time.Duration
	}{
		{
			name: "never", fate: never, observe: time.Minute, text: "never by itself",
			expect: scenario.Expectation{That: scenario.Unnoticed, Side: heartbeat.ClientSide},
		},
		{
			// 37 s, a second early or late
			name: "at", fate: at(37 * time.Second).itself(), observe: time.Minute, text: "37 s",
			expect: scenario.Expectation{
				That: scenario.Detects, Side: heartbeat.ClientSide, Within: scenario.Range{Lo: "36s", Hi: "38s"},
			},
		},
		{
			name: "between", fate: between(3*time.Second, 4500*time.Millisecond).told(), observe: time.Minute, text: "3-4.5 s, told",
			expect: scenario.Expectation{
				That: scenario.Ends, Side: heartbeat.ClientSide, Within: scenario.Range{Lo: "2s", Hi: "5.5s"},
			},
		},
		{
			name: "after the observation", fate: at(37 * time.Second), observe: 35 * time.Second, text: "37 s",
			expect: scenario.Expectation{That: scenario.Unnoticed, Side: heartbeat.ClientSide},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := quick()
			p.Expect.CablePull = sides(test.fate, never)
			s, err := faults()[0].scenario(p, test.observe)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Expect[0]; got.That != test.expect.That || got.Side != test.expect.Side || got.Within != test.expect.Within {
				t.Errorf("expects %+v, want %+v", got, test.expect)
			}
			if got := test.fate.String(); got != test.text {
				t.Errorf("fate %q, want %q", got, test.text)
			}
		})
	}
}
