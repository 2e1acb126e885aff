package sim

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// pushes is a policy whose client only sends and whose server only hears.
func pushes(every time.Duration) heartbeat.Policy {
	return heartbeat.Policy{
		Name: "pushes", Profile: heartbeat.Strict(), Probe: heartbeat.ProbePush, Beats: heartbeat.FromClient, Interval: every,
		Server: detect.Fixed{Timeout: time.Hour},
	}
}

// policyFixed is the policy of that name, of beats 2 s apart and their echoes.
func policyFixed(t *testing.T) heartbeat.Policy {
	t.Helper()
	all, err := heartbeat.Policies(heartbeat.Strict())
	i := slices.IndexFunc(all, func(p heartbeat.Policy) bool { return p.Name == "fixed" })
	if err != nil || i < 0 {
		t.Fatal("no policy fixed", err)
	}
	return all[i]
}

// took is how long each beat was under way, by number; -1: it did not arrive.
func took(t *testing.T, events []trace.Event) []time.Duration {
	t.Helper()
	var out []time.Duration
	sent := map[uint64]int64{}
	for _, e := range events {
		if e.Kind != "beat" {
			continue
		}
		switch e.What {
		case trace.Sent:
			sent[e.Seq] = e.T
			out = append(out, -1)
		case trace.Heard:
			if out[e.Seq] < 0 {
				out[e.Seq] = time.Duration(e.T - sent[e.Seq])
			}
		}
	}
	return out
}

func record(t *testing.T, s Setup) []trace.Event {
	t.Helper()
	events, err := Record(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// Beats are 1 s apart, the round trip is always 100 ms: the timeout is 300 ms. A
// beat that meets a cut is sent again 300 ms, 900 ms, 2.1 s and 4.5 s after it left,
// and what was sent meanwhile goes with it.
func TestTCPSendsAgainOnItsLadder(t *testing.T) {
	s := Setup{
		Policy: pushes(time.Second), Mode: heartbeat.Observe, Life: 100 * time.Second,
		Model: Model{Delivery: TCP, Delay: Delay{Latency: 50 * ms}},
		Scenario: scenario.Scenario{
			Faults:  []scenario.Step{{Fault: scenario.Fault{Kind: scenario.HalfOpenUp}, For: "2.5s"}},
			Observe: "10s",
		},
		Phase: .5,
	}
	late := slices.DeleteFunc(took(t, record(t, s)), func(d time.Duration) bool { return d == 50*ms })
	// The cut begins 450 ms before a beat leaves, and ends 2.05 s after that: so the
	// fourth attempt, after 2.1 s, gets through, with the two beats behind it.
	want := []time.Duration{2150 * ms, 1150 * ms, 150 * ms}
	if !slices.Equal(late, want) {
		t.Errorf("late were %v, want %v", late, want)
	}
}

func TestRetransmissionTimeout(t *testing.T) {
	var r rtt
	for _, row := range []struct {
		sample time.Duration
		want   time.Duration
	}{
		{100 * ms, 300 * ms}, // SRTT = R, RTTVAR = R/2: 4 x 50 ms is the floor
		{900 * ms, 1150 * ms},
	} {
		r.sample(int64(row.sample))
		if got := time.Duration(r.rto()); got != row.want {
			t.Errorf("after a round trip of %v: %v, want %v", row.sample, got, row.want)
		}
	}
	r.backoff = 1
	if got := time.Duration(r.rto()); got != 2300*ms {
		t.Errorf("the second time %v, want twice as long", got)
	}
	r.backoff = 60
	if got := time.Duration(r.rto()); got != 120*time.Second {
		t.Errorf("at last %v, want 2m0s", got)
	}
}

// A stream keeps the order whatever the delays; datagrams don't, and lose and
// double as they are told.
func TestDeliveries(t *testing.T) {
	jitter := Delay{Law: Uniform, Latency: 200 * ms, Jitter: 200 * ms}
	heardOf := func(m Model) (sent int, heard []uint64) {
		events := record(t, Setup{Policy: pushes(100 * ms), Mode: heartbeat.Observe, Model: m, Life: 1000 * time.Second, Seed: 3})
		for _, e := range events {
			switch {
			case e.Kind == "beat" && e.What == trace.Sent:
				sent++
			case e.Kind == "beat" && e.What == trace.Heard:
				heard = append(heard, e.Seq)
			}
		}
		return sent, heard
	}
	share := func(what string, got, of int, want float64) {
		if p := float64(got) / float64(of); !close(p, want, math.Sqrt(want*(1-want)), of) {
			t.Errorf("%s: %v, want %v", what, p, want)
		}
	}
	for _, m := range []Model{{Delay: jitter}, {Delivery: TCP, Delay: jitter, Loss: Loss{Rate: .2}, Duplicate: .5, Reorder: .5, ReorderBy: 500 * ms}} {
		if sent, heard := heardOf(m); !slices.IsSorted(heard) || len(slices.Compact(heard)) < sent-20 {
			t.Errorf("%v: of %d beats %d were heard, in order: %v", m, sent, len(heard), slices.IsSorted(heard))
		}
	}
	sent, heard := heardOf(Model{Delivery: UDP, Delay: jitter})
	if slices.IsSorted(heard) || len(heard) < sent-5 {
		t.Errorf("of %d datagrams %d were heard, in order: %v; want all, out of order", sent, len(heard), slices.IsSorted(heard))
	}
	sent, heard = heardOf(Model{Delivery: UDP, Loss: Loss{Rate: .2}})
	share("heard of datagrams", len(heard), sent, .8)
	sent, heard = heardOf(Model{Delivery: UDP, Duplicate: .3})
	share("second copies of datagrams", len(heard)-sent, sent, .3)
	_, heard = heardOf(Model{Delivery: UDP, Reorder: .1, ReorderBy: 150 * ms})
	overtaken := 0
	for i := 1; i < len(heard); i++ {
		if heard[i] < heard[i-1] {
			overtaken++
		}
	}
	share("datagrams overtaken by the next, which was not held up itself", overtaken, len(heard), .1*.9)
}

// A side that stands still hears nothing until it goes on, and tells its detector.
func TestStall(t *testing.T) {
	p := pushes(time.Second)
	p.Server = detect.Fixed{Timeout: 1500 * ms}
	s := Setup{
		Policy: p, Mode: heartbeat.Observe, Life: 10 * time.Second, Phase: .5, Scenario: scenario.Scenario{Observe: "10s"},
		Stalls: []Stall{{Side: heartbeat.ServerSide, At: 0, For: 3 * time.Second}},
	}
	var stalled, together int
	for _, e := range record(t, s) {
		switch {
		case e.What == trace.Stall && e.Side == heartbeat.ServerSide && e.To-e.T == int64(3*time.Second):
			stalled = int(e.To)
		case e.What == trace.Heard && e.Kind == "beat" && stalled > 0 && e.T == int64(stalled):
			together++
		case e.What == trace.Suspect:
			t.Errorf("suspected at %v", e.Offset())
		}
	}
	if stalled == 0 || together != 3 {
		t.Errorf("stalled until %v, and heard %d beats then; want 3", time.Duration(stalled), together)
	}
}

// Stalls of one side that overlap, or follow each other at once, are one.
func TestStallsThatOverlap(t *testing.T) {
	stall := func(side heartbeat.Side, at, lasts time.Duration) Stall {
		return Stall{Side: side, At: at * time.Second, For: lasts * time.Second}
	}
	s := Setup{
		Policy: policyFixed(t), Mode: heartbeat.Observe, Life: time.Minute, Scenario: scenario.Scenario{Observe: "30s"},
		Stalls: []Stall{
			stall(heartbeat.ServerSide, 12, 1), stall(heartbeat.ServerSide, 1, 4), stall(heartbeat.ServerSide, 0, 2), stall(heartbeat.ServerSide, 3, 1),
			stall(heartbeat.ClientSide, 4, 2), stall(heartbeat.ServerSide, 13, 1), stall(heartbeat.ServerSide, 8, 1),
		},
	}
	var got []Stall
	for _, e := range record(t, s) {
		if e.What == trace.Stall {
			got = append(got, Stall{Side: e.Side, At: time.Duration(e.T) - time.Minute, For: time.Duration(e.To - e.T)})
		}
	}
	want := []Stall{stall(heartbeat.ServerSide, 0, 5), stall(heartbeat.ClientSide, 4, 2), stall(heartbeat.ServerSide, 8, 1), stall(heartbeat.ServerSide, 12, 2)}
	if !slices.Equal(got, want) {
		t.Errorf("stood still %+v, want %+v", got, want)
	}
}

// A client whose session has lasted dials again at once; one whose sessions keep
// ending waits longer and longer.
func TestRedialBacksOff(t *testing.T) {
	for _, row := range []struct {
		every    time.Duration
		patient  bool
		wantMost time.Duration
	}{
		{every: 10 * time.Second, wantMost: subject.BackoffInitial},
		{every: time.Second, patient: true, wantMost: subject.BackoffMax},
	} {
		s := Setup{Policy: policyFixed(t), Mode: heartbeat.Act, Scenario: scenario.Scenario{Observe: "200s"}}
		for n := range 15 {
			at := scenario.Span((time.Duration(n+1) * row.every).String())
			s.Scenario.Faults = append(s.Scenario.Faults, scenario.Step{Fault: scenario.Fault{Kind: scenario.Reset, Side: heartbeat.ClientSide}, At: at})
		}
		var longest time.Duration
		hungUp := int64(0)
		for _, e := range record(t, s) {
			if e.What == trace.Dial {
				longest = max(longest, time.Duration(e.Link.Born-hungUp))
				hungUp = e.Link.Up.HungUp
			}
		}
		if longest == 0 || longest > row.wantMost || row.patient && longest <= 2*subject.BackoffInitial {
			t.Errorf("reset every %v: waited for up to %v, want at most %v, and for patience: %v", row.every, longest, row.wantMost, row.patient)
		}
	}
}

// A side whose session has ended has none that a fault could strike, though its
// connection may still be there.
func TestAFaultStrikesOpenSessions(t *testing.T) {
	for state, struck := range map[endState]bool{open: true, lingers: false, closed: false} {
		w, err := newWorld(&Setup{Policy: policyFixed(t), Mode: heartbeat.Act}, nil)
		if err != nil {
			t.Fatal(err)
		}
		l := w.connect()
		w.current = [2]*link{l, l}
		l.ends[client].state = state
		w.struck(scenario.CablePull)
		if (w.struckLink[client] == l) != struck || w.struckLink[server] != l {
			t.Errorf("in state %d: struck %v, want the client's to be: %v, and the server's", state, w.struckLink, struck)
		}
	}
}

// A hello's answer is waited for as long as the subject does.
func TestHelloIsWaitedFor(t *testing.T) {
	for _, row := range []struct {
		takes time.Duration // both ways
		up    bool
	}{{subject.Handshake - 2*ms, true}, {subject.Handshake + 2*ms, false}} {
		_, err := Run(context.Background(), Setup{Policy: policyFixed(t), Mode: heartbeat.Observe, Model: Model{Delay: Delay{Latency: row.takes / 2}}})
		if (err == nil) != row.up || err != nil && !errors.As(err, new(NeverUpError)) {
			t.Errorf("an answer that takes %v: %v, want the sides up: %v", row.takes, err, row.up)
		}
	}
}

// What the network does is decided as things arrive at it, whether or not a side
// stands still: a client that does throughout a cut hears nothing that was lost,
// and the network's own account is the same to the byte.
func TestAStallOfASideChangesNothingOnTheNetwork(t *testing.T) {
	p := pushes(time.Second)
	p.Beats, p.Server, p.Client = heartbeat.FromServer, nil, detect.Fixed{Timeout: time.Hour}
	for _, d := range []Delivery{UDP, TCP, Proxied} {
		s := Setup{
			Policy: p, Mode: heartbeat.Observe, Model: Model{Delivery: d, Delay: Delay{Latency: 50 * ms}}, Life: 10 * time.Second, Phase: .5,
			Scenario: scenario.Scenario{
				Faults: []scenario.Step{
					{Fault: scenario.Fault{Kind: scenario.HalfOpenDown}, For: "5s"},
					{Fault: scenario.Fault{Kind: scenario.Leave, Side: heartbeat.ServerSide}, At: "9500ms"},
				},
				Observe: "14s",
			},
		}
		type account struct {
			strike network.Strike
			link   network.Link // the first one
		}
		trial := func(stalls ...Stall) (of account, heard []uint64) {
			s.Stalls = stalls
			for _, e := range record(t, s) {
				switch {
				case e.What == trace.FaultOff && e.Strike != nil:
					of.strike = *e.Strike
				case e.What == trace.Dial && e.Session == "link 1":
					of.link = *e.Link
				case e.What == trace.Heard && e.Kind == "beat":
					heard = append(heard, e.Seq)
				}
			}
			return of, heard
		}
		calm, heard := trial()
		still, late := trial(Stall{Side: heartbeat.ClientSide, At: 500 * ms, For: 5 * time.Second})
		if still != calm || !slices.Equal(late, heard) {
			t.Errorf("%q: beats %v and %+v\nwith a stall %v and %+v", d, heard, calm, late, still)
		}
		// Of a stream the cut stops the first beat, behind which the others wait. Where
		// that is sent again the cut stops it again, and the flow counts it once.
		want := int64(session.HeaderSize)
		if d == UDP {
			want *= 5
		}
		if f, again := calm.link.Down.Withheld, calm.strike.WithheldDown > want; f != want || again != (d == TCP) {
			t.Errorf("%q: the cut stopped %d bytes, %d of them distinct, want %d", d, calm.strike.WithheldDown, f, want)
		}
		// A closing, too, gets to a client that stands still.
		ends, _ := trial(Stall{Side: heartbeat.ClientSide, At: 8500 * ms, For: 5 * time.Second})
		if f := ends.link.Down; d != UDP && (f.HungUp <= 0 || f.Closed != f.HungUp+int64(50*ms)) {
			t.Errorf("%q: %+v, want its closing to take 50 ms", d, f)
		}
	}
}
