package judge_test

import (
	"cmp"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// history is a trace in the making. Its instants are seconds.
type history struct {
	t     *testing.T
	trace trace.Trace
}

// begin is a session of fixed/strict (D = 2 s, T = 8.55 s) that is up at 0 s and
// beats at 0 and 2 s, under a scenario.
func begin(t *testing.T, s scenario.Scenario) *history {
	t.Helper()
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		t.Fatal(err)
	}
	p := policies[1]
	scope, err := s.NewScope(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &history{t: t, trace: trace.Trace{Header: trace.Header{
		Schema: trace.Schema, Trial: "t", Scenario: s, Params: scope, Policy: p,
		Window: p.Profile.Window, Interval: p.Interval,
	}}}
	h.both(0, trace.Up, "")
	for i, at := range []float64{0, 2} {
		h.add(trace.Event{T: ns(at), Side: "client", What: trace.Sent, Kind: "beat", Seq: uint64(i)})
		h.add(trace.Event{T: ns(at + .01), Side: "server", What: trace.Heard, Kind: "beat", Seq: uint64(i)})
		h.add(trace.Event{T: ns(at + .02), Side: "client", What: trace.Heard, Kind: "echo", Seq: uint64(i)})
	}
	return h
}

// numb takes the detectors away: the test's suspicions follow from none.
func (h *history) numb() *history {
	h.trace.Header.Policy.Client, h.trace.Header.Policy.Server = nil, nil
	return h
}

func ns(seconds float64) int64 { return int64(math.Round(seconds * 1e9)) }

func (h *history) add(e trace.Event) {
	if e.Session == "" && (e.Side == "client" || e.Side == "server") {
		e.Session = "a"
	}
	h.trace.Events = append(h.trace.Events, e)
}

func (h *history) both(at float64, what trace.What, cause string) {
	h.add(trace.Event{T: ns(at), Side: "client", What: what, Cause: cause})
	h.add(trace.Event{T: ns(at), Side: "server", What: what, Cause: cause})
}

// cut is a cable pull that withheld something.
func (h *history) cut(on, off float64) {
	h.fault(on, off, network.Strike{On: ns(on), Off: ns(off), WithheldUp: 16, LastPassedUp: network.Never, LastPassedDown: network.Never})
}

// fault is one whose network counts what passes it.
func (h *history) fault(on, off float64, s network.Strike) {
	s.Counted = true
	h.struck(on, off, s)
}

func (h *history) struck(on, off float64, s network.Strike) {
	h.add(trace.Event{T: ns(on), Side: trace.Network, What: trace.FaultOn})
	h.add(trace.Event{T: ns(off), Side: trace.Network, What: trace.FaultOff, Strike: &s})
}

// judge sorts the events, as a reader does, and judges them.
func (h *history) judge() judge.Record {
	h.t.Helper()
	var out strings.Builder
	rec, err := trace.NewRecorder(&out, h.trace.Header)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range h.trace.Events {
		rec.Record(e)
	}
	if _, err := rec.Close(); err != nil {
		h.t.Fatal(err)
	}
	tr, err := trace.Read(strings.NewReader(out.String()))
	if err != nil {
		h.t.Fatal(err)
	}
	return judge.Judge(tr)
}

func pulled(expect ...scenario.Expectation) scenario.Scenario {
	return scenario.Scenario{
		Name: "pulled", Claim: "c",
		Faults: []scenario.Step{{Fault: scenario.Fault{Kind: scenario.CablePull}, Must: scenario.MustStrike}},
		Expect: expect,
	}
}

func wantVerdict(t *testing.T, r judge.Record, want judge.Verdict, reason string) {
	t.Helper()
	if r.Verdict != want || !strings.Contains(r.Reason, reason) {
		t.Errorf("got %s (%s), want %s (%s)", r.Verdict, r.Reason, want, reason)
	}
}

func wantTime(t *testing.T, what string, got *time.Duration, want time.Duration) {
	t.Helper()
	if got == nil || *got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// The server last heard a beat at 2.01 s, so suspects at 10.56 s; the client an
// echo at 2.02 s, so suspects at 10.57 s. Struck at 3 s: 7.56 s and 7.57 s.
func TestDetectionTimesCountFromTheFault(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Detects}))
	h.cut(3, 14)
	h.add(trace.Event{T: ns(10.561), Side: "server", What: trace.Suspect})
	h.add(trace.Event{T: ns(10.57), Side: "client", What: trace.Suspect, Detail: "numbers"})
	r := h.judge()
	wantVerdict(t, r, judge.Held, "")
	wantTime(t, "client", r.Client.Detection, 7570*time.Millisecond)
	wantTime(t, "server", r.Server.Detection, 7561*time.Millisecond)
	wantTime(t, "client's harness error", r.Client.HarnessError, 0)
	wantTime(t, "server's harness error", r.Server.HarnessError, time.Millisecond)
	if *r.Client.Phase != .49 || *r.Server.Phase != .495 {
		t.Errorf("phases %v and %v, want 0.49 and 0.495", *r.Client.Phase, *r.Server.Phase)
	}
	if r.Client.Mistakes+r.Server.Mistakes != 0 || r.Client.Why != "numbers" {
		t.Errorf("mistakes or reason wrong: %+v", r.Client)
	}
}

func TestDetectionOutsideTheWindow(t *testing.T) {
	for _, row := range []struct {
		name    string
		suspect float64 // 0: never
		verdict judge.Verdict
		reason  string
	}{
		{name: "lower bound", suspect: 9, verdict: judge.Held},
		{name: "too soon", suspect: 8.9999, verdict: judge.Broken, reason: "client: expected detection within 6s..9s of the fault, but detected after 6s"},
		{name: "upper bound", suspect: 12, verdict: judge.Held},
		{name: "too late", suspect: 12.001, verdict: judge.Broken, reason: "detected after 9.001s"},
		{name: "never", verdict: judge.Broken, reason: "never detected in 17s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})).numb()
			h.cut(3, 20)
			if row.suspect > 0 {
				h.add(trace.Event{T: ns(row.suspect), Side: "client", What: trace.Suspect})
			}
			wantVerdict(t, h.judge(), row.verdict, row.reason)
		})
	}
}

// A fault that did nothing fails its trial, whatever the sides did.
func TestAFaultMustProveItself(t *testing.T) {
	s := pulled(scenario.Expectation{That: scenario.Unnoticed})
	h := begin(t, s).numb()
	h.fault(3, 20, network.Strike{On: ns(3), Off: ns(20)})
	wantVerdict(t, h.judge(), judge.Broken, "network: expected cable-pull to strike, but it touched nothing")

	wantVerdict(t, begin(t, s).numb().judge(), judge.Broken, "it was never applied")

	s.Faults[0].Must = scenario.MustNotStrike
	h = begin(t, s).numb()
	h.cut(3, 20)
	wantVerdict(t, h.judge(), judge.Broken, "16 bytes withheld from the server")
}

func TestMistakes(t *testing.T) {
	during := []scenario.Expectation{{That: scenario.Detects, Side: heartbeat.ClientSide}}
	none := []scenario.Expectation{{That: scenario.Mistakes, Side: heartbeat.ClientSide, Count: 0}}
	for _, row := range []struct {
		name    string
		expect  []scenario.Expectation
		suspect []float64
		want    int
	}{
		{name: "before the fault", expect: during, suspect: []float64{2.5, 10}, want: 1},
		{name: "while cut", expect: during, suspect: []float64{10}, want: 0},
		{name: "while late bytes may be under way", expect: during, suspect: []float64{10, 14.4}, want: 0},
		{name: "after the heal", expect: during, suspect: []float64{10, 14.5}, want: 1},
		{name: "nothing excuses one", expect: none, suspect: []float64{10}, want: 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, pulled(row.expect...)).numb()
			h.cut(3, 14)
			for _, at := range row.suspect {
				h.add(trace.Event{T: ns(at), Side: "client", What: trace.Suspect})
				h.add(trace.Event{T: ns(at + .25), Side: "client", What: trace.Trust})
			}
			r := h.judge()
			if r.Client.Mistakes != row.want {
				t.Errorf("got %d mistakes, want %d", r.Client.Mistakes, row.want)
			}
			if row.want > 0 {
				wantTime(t, "mistake duration", r.Client.MistakeTime, 250*time.Millisecond)
			}
		})
	}
}

// stall is a time in which the harness stood still.
type stall struct{ at, length, uncertain float64 }

// The client detects 7 s after the fault, 1 s from the window's lower bound: two
// stalls can have moved that by their sum.
func TestAStallThatCouldChangeTheVerdictIsInconclusive(t *testing.T) {
	for _, row := range []struct {
		name    string
		suspect float64 // 0: never
		stalls  []stall
		verdict judge.Verdict
	}{
		{name: "too short to matter", suspect: 10, stalls: []stall{{5, .6, 0}, {7, .4, 0}}, verdict: judge.Held},
		{name: "two that may matter", suspect: 10, stalls: []stall{{5, .6, 0}, {7, .401, 0}}, verdict: judge.Inconclusive},
		{name: "a third cannot add to it", suspect: 10, stalls: []stall{{5, .6, 0}, {7, .4, 0}, {8, .4, 0}}, verdict: judge.Held},
		{name: "one in two loops is one", suspect: 10, stalls: []stall{{5, .6, 0}, {5.1, .6, 0}}, verdict: judge.Held},
		{name: "it may have begun before it showed", suspect: 10, stalls: []stall{{5, .98, .03}}, verdict: judge.Inconclusive},
		{name: "broken beyond doubt", suspect: 8, stalls: []stall{{5, .999, 0}}, verdict: judge.Broken},
		{name: "broken, or not", suspect: 8, stalls: []stall{{5, 1.001, 0}}, verdict: judge.Inconclusive},
		// Observed for 11 s, 2 s more than the window has.
		{name: "never", stalls: []stall{{5, 2, 0}}, verdict: judge.Broken},
		{name: "never, or too late to see", stalls: []stall{{5, 2.001, 0}}, verdict: judge.Inconclusive},
		// The client's last beat before the fault left at 2 s.
		{name: "over before anything rests on it", suspect: 10, stalls: []stall{{.5, 1.462, 0}}, verdict: judge.Held},
		{name: "just not over", suspect: 10, stalls: []stall{{.5, 1.463, 0}}, verdict: judge.Inconclusive},
		{name: "begun after the time was over", suspect: 10, stalls: []stall{{10.001, 2, 0}}, verdict: judge.Held},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})).numb()
			h.cut(3, 14)
			if row.suspect > 0 {
				h.add(trace.Event{T: ns(row.suspect), Side: "client", What: trace.Suspect})
			}
			for _, s := range row.stalls {
				h.add(trace.Event{T: ns(s.at), To: ns(s.at + s.length), Uncertainty: ns(s.uncertain), Side: trace.Harness, What: trace.Stall})
			}
			wantVerdict(t, h.judge(), row.verdict, "")
		})
	}
}

// A side puts its deadline off by each stall that its own loop notices: four of
// them make four times the doubt, though the harness sees them as well.
func TestASidesOwnStallsAddUp(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide}))
	h.trace.Header.Policy.Server = nil
	h.cut(2.03, 14)
	for i := range 4 {
		from := 4 + 2*float64(i)
		h.add(trace.Event{T: ns(from), To: ns(from + .15), Side: "client", What: trace.Stall})
		h.add(trace.Event{T: ns(from + .01), To: ns(from + .14), Side: trace.Harness, What: trace.Stall})
	}
	h.add(trace.Event{T: ns(11.17), Side: "client", What: trace.Suspect}) // at 10.57 s but for the stalls
	r := h.judge()
	wantVerdict(t, r, judge.Inconclusive, "wrong by 600ms: client: detected after 9.14s")
}

// The client's last arrival was at 2.02 s: at 10 s, 0.57 s are left until it
// would suspect, and until then nobody can say that it never would have.
func TestACloseCallIsDoubted(t *testing.T) {
	for _, row := range []struct {
		stall   float64
		verdict judge.Verdict
	}{
		{stall: .57, verdict: judge.Held},
		{stall: .571, verdict: judge.Inconclusive},
	} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Mistakes, Side: heartbeat.ClientSide}))
		h.trace.Header.Policy.Server = nil
		h.cut(3, 10)
		h.add(trace.Event{T: ns(5), To: ns(5 + row.stall), Side: trace.Harness, What: trace.Stall})
		r := h.judge()
		wantVerdict(t, r, row.verdict, "")
		wantTime(t, "slack", r.Checks[1].Slack, 570*time.Millisecond)
	}
}

// A subject that tells nothing is timed by its hang-up on the wire.
func TestAForeignSideIsTimedByItsHangUp(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide},
		scenario.Expectation{That: scenario.Unnoticed, Side: heartbeat.ServerSide},
		scenario.Expectation{That: scenario.Recovers, Side: heartbeat.ClientSide}))
	h.trace.Events = nil
	flow := network.Untouched()
	flow.Passed, flow.FirstPassed, flow.LastPassed = 10, ns(1), ns(3)
	first := network.Link{Born: ns(1), Up: flow, Down: flow}
	first.Up.HungUp = ns(10)
	dead := network.Link{Born: ns(11), Dead: true, Up: network.Untouched(), Down: network.Untouched()}
	dead.Up.HungUp = ns(12)
	second := network.Link{Born: ns(15), Up: flow, Down: flow}
	second.Up.FirstPassed, second.Down.FirstPassed = ns(15.2), ns(15.5)
	for _, l := range []network.Link{first, dead, second} {
		h.add(trace.Event{T: l.Born, Side: trace.Network, What: trace.Dial, Link: &l})
	}
	h.cut(3, 14)
	h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.Canary})
	r := h.judge()
	wantVerdict(t, r, judge.Held, "")
	wantTime(t, "client", r.Client.Detection, 7*time.Second)
	wantTime(t, "recovery", r.Client.Recovery, 1500*time.Millisecond)
}

// A foreign connection may ride a fault out, be ended by its peer's closing, or
// have been over before the fault.
func TestAForeignConnectionsStory(t *testing.T) {
	for _, row := range []struct {
		name   string
		link   func(l *network.Link)
		expect scenario.Expectation
		want   judge.Verdict
		reason string
	}{
		{
			name:   "rides it out",
			link:   func(l *network.Link) { l.Up.Resumed, l.Down.Resumed = ns(14.1), ns(14.3) },
			expect: scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "300ms"}},
			want:   judge.Held,
		},
		{
			name:   "carries one way only",
			link:   func(l *network.Link) { l.Up.Resumed = ns(14.1) },
			expect: scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "300ms"}},
			want:   judge.Broken, reason: "no session carried data in 6s",
		},
		{
			name:   "carries, but was hung up",
			link:   func(l *network.Link) { l.Up.Resumed, l.Down.Resumed, l.Up.HungUp = ns(14.1), ns(14.3), ns(10) },
			expect: scenario.Expectation{That: scenario.Recovers, Within: scenario.Range{Hi: "300ms"}},
			want:   judge.Broken, reason: "no session carried data in 6s",
		},
		{
			name:   "its peer's closing reaches it",
			link:   func(l *network.Link) { l.Down.Closed = ns(5) },
			expect: scenario.Expectation{That: scenario.Ends, Side: heartbeat.ClientSide, Within: scenario.Range{Hi: "2s"}},
			want:   judge.Held,
		},
		{
			name:   "the network ends it",
			link:   func(l *network.Link) { l.Up.Ended = ns(5) },
			expect: scenario.Expectation{That: scenario.Ends, Side: heartbeat.ServerSide, Within: scenario.Range{Hi: "2s"}},
			want:   judge.Held,
		},
		{
			name:   "was over before",
			link:   func(l *network.Link) { l.Up.HungUp = ns(2) },
			expect: scenario.Expectation{That: scenario.Ends, Side: heartbeat.ClientSide, Within: scenario.Range{Hi: "2s"}},
			want:   judge.Broken, reason: "it did not in 17s",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, pulled(row.expect))
			h.trace.Events = nil
			flow := network.Untouched()
			flow.Passed, flow.FirstPassed, flow.LastPassed, flow.Withheld = 10, ns(1), ns(2.5), 5
			l := network.Link{Born: ns(1), Up: flow, Down: flow}
			row.link(&l)
			h.add(trace.Event{T: l.Born, Side: trace.Network, What: trace.Dial, Link: &l})
			h.cut(3, 14)
			h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
			r := h.judge()
			if row.want == judge.Broken && strings.Contains(r.Reason, "to strike") {
				r.Reason = r.Checks[1].Sentence() // a fault of a link that was over strikes nothing
			}
			wantVerdict(t, r, row.want, row.reason)
		})
	}
}

// What comes after the observation is no part of it: a fault that nobody undid
// does not end because its proof was read.
func TestTheObservationEnds(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Recovers})).numb()
	h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
	h.cut(3, 20.001)
	h.add(trace.Event{T: ns(20.002), Side: "client", What: trace.Sent, Kind: "beat", Seq: 2})
	r := h.judge()
	wantVerdict(t, r, judge.Broken, "the fault never ended")
	if r.Took != 20*time.Second {
		t.Errorf("took %v, want 20s", r.Took)
	}
}

func TestRecoveryNeedsDataOnALivingSession(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Recovers})).numb()
	h.cut(3, 14)
	h.both(11, trace.Down, "peer went silent")
	for i, session := range []string{"b", "c"} { // b dies before any data came
		at := 15 + 2*float64(i)
		for _, side := range []trace.Side{"client", "server"} {
			h.add(trace.Event{T: ns(at), Side: side, Session: session, What: trace.Up})
			h.add(trace.Event{T: ns(at + .1), Side: side, Session: session, What: trace.Heard, Kind: "beat"})
			if session == "b" {
				h.add(trace.Event{T: ns(at + 1), Side: side, Session: session, What: trace.Down})
			} else {
				h.add(trace.Event{T: ns(at + .2), Side: side, Session: session, What: trace.Heard, Kind: "data"})
			}
		}
	}
	r := h.judge()
	wantVerdict(t, r, judge.Held, "")
	wantTime(t, "recovery", r.Client.Recovery, 3100*time.Millisecond)
}

func TestConnectionsThatReachTheServerThroughACut(t *testing.T) {
	born := func(at float64, dead bool) network.Link {
		return network.Link{Born: ns(at), Dead: dead, Up: network.Untouched(), Down: network.Untouched()}
	}
	for _, row := range []struct {
		name string
		kind scenario.Kind
		link network.Link
		want int
	}{
		{"before it", scenario.CablePull, born(2.9, false), 0},
		{"during it", scenario.CablePull, born(5, false), 1},
		{"during it, and lost", scenario.CablePull, born(5, true), 0},
		{"after it", scenario.CablePull, born(14.1, false), 0},
		{"with one way cut", scenario.HalfOpenDown, born(5, false), 1},
		{"during a fault that cuts nothing", scenario.Latency, born(5, false), 0},
	} {
		s := pulled(scenario.Expectation{That: scenario.Detects})
		s.Faults[0].Fault.Kind = row.kind
		h := begin(t, s)
		h.add(trace.Event{T: row.link.Born, Side: trace.Network, What: trace.Dial, Link: &row.link})
		h.cut(3, 14)
		if got := h.judge().Reached; got != row.want {
			t.Errorf("%s: %d, want %d", row.name, got, row.want)
		}
	}
}

func TestTheRoundTripIsThePathsOwn(t *testing.T) {
	for _, row := range []struct {
		delay scenario.Delay
		want  time.Duration
	}{
		{scenario.Delay{}, 0},
		{scenario.WorstDelay(), 600 * time.Millisecond},
		{scenario.Delay{Latency: "100ms", Jitter: "10ms", Law: scenario.Normal}, 260 * time.Millisecond},
	} {
		s := pulled(scenario.Expectation{That: scenario.Detects})
		s.Delay = row.delay
		if got := begin(t, s).judge().RoundTrip; got != row.want {
			t.Errorf("%+v: %v, want %v", row.delay, got, row.want)
		}
	}
}

func TestUnknownOutcomeIsNotHeld(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: "sings"})).numb()
	h.cut(3, 14)
	wantVerdict(t, h.judge(), judge.Broken, "knows no such outcome")
}

// The live detector and the pure one must agree, whichever of them suspects.
func TestALiveDetectorThatIsNotThePureOneFailsItsTrial(t *testing.T) {
	for _, row := range []struct {
		name    string
		suspect float64 // of the client, whose deadline is at 10.57 s; 0: never
		want    judge.Verdict
	}{
		{name: "agree", suspect: 10.572, want: judge.Held},
		{name: "too soon", suspect: 10.2, want: judge.Failed},
		{name: "too late", suspect: 10.7, want: judge.Failed},
		{name: "never", want: judge.Failed},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, pulled(scenario.Expectation{That: scenario.StaysDown}))
			h.trace.Header.Policy.Server = nil
			h.cut(3, 11.5)
			h.add(trace.Event{T: ns(12), Side: trace.Harness, What: trace.Canary})
			if row.suspect > 0 {
				h.add(trace.Event{T: ns(row.suspect), Side: "client", What: trace.Suspect})
			}
			wantVerdict(t, h.judge(), row.want, "")
		})
	}
}

// What a live detector that is not the pure one can explain is no expectation's
// failure; what it cannot is one all the same.
func TestAnImpureDetectorExplainsWhatBroke(t *testing.T) {
	hi := func(hi time.Duration) func(*history) {
		return func(h *history) { h.trace.Header.Window = heartbeat.Window{Lo: time.Second, Hi: hi} }
	}
	for _, row := range []struct {
		name   string
		expect scenario.Expectation
		server float64 // when it suspects, whose deadline is at 10.56 s; 0: never, its process was stopped
		change func(*history)
		want   judge.Verdict
		reason string
	}{
		{
			"a process that somebody has stopped", scenario.Expectation{That: scenario.Detects}, 0, func(*history) {}, judge.Failed,
			"the server and its pure detector are 6.44s apart on the same trace, more than a quarter of the profile's margin (37.5ms), " +
				"which may be why this broke: server: expected detection within 6s..9s of the fault, but never detected in 14s",
		},
		{"that much too late", scenario.Expectation{That: scenario.Detects}, 10.66, hi(7600 * time.Millisecond), judge.Failed, "but detected after 7.66s"},
		{
			"too late by far more", scenario.Expectation{That: scenario.Detects}, 10.66, hi(2 * time.Second), judge.Broken,
			"expected detection within 1s..2s of the fault, but detected after",
		},
		{"a mistake", scenario.Expectation{That: scenario.Mistakes, Side: "server"}, 2.6, func(*history) {}, judge.Failed, "expected 0 mistakes, but 1 mistake"},
		{
			"a damaged message", scenario.Expectation{That: scenario.DataIntact}, 0,
			func(h *history) { h.add(trace.Event{T: ns(2.5), Side: "server", What: trace.Damaged}) }, judge.Broken, "the server got a damaged message",
		},
		{
			"the other side's is too late by itself", scenario.Expectation{That: scenario.Detects, Side: "client"}, 0, hi(6 * time.Second), judge.Broken,
			"client: expected detection within 1s..6s of the fault, but detected after 7.57s",
		},
		{
			"the other side's, which waits for the hang-up",
			scenario.Expectation{That: scenario.Ends, Side: "client", From: scenario.FromPeersEnd, Causes: []heartbeat.Cause{session.GaveUp}},
			0, func(*history) {}, judge.Failed, "the server and its pure detector are 6.44s apart",
		},
		{
			"the other side's, which was hung up on", scenario.Expectation{That: scenario.Unnoticed, Side: "client"}, 2.6,
			func(h *history) {
				h.add(trace.Event{T: ns(2.6), Side: "client", What: trace.Down, Cause: string(session.GaveUp)})
			},
			judge.Failed, "its session was over at 2.6s",
		},
		{
			"the other side's, which a recovery takes as well", scenario.Expectation{That: scenario.Recovers, Side: "client", Within: scenario.Range{Hi: "1s"}},
			0, func(*history) {}, judge.Failed, "the server and its pure detector are 6.44s apart",
		},
		{
			"the trial's", scenario.Expectation{That: scenario.StaysDown}, 10.66,
			func(h *history) { h.add(trace.Event{T: ns(12), Session: "b", Side: "client", What: trace.Up}) }, judge.Failed, "the client had one after 9s",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, pulled(row.expect))
			h.cut(3, 14)
			h.add(trace.Event{T: ns(10.57), Side: "client", What: trace.Suspect})
			if row.server > 0 {
				h.add(trace.Event{T: ns(row.server), Side: "server", What: trace.Suspect})
			}
			h.add(trace.Event{T: ns(17), Side: trace.Harness, What: trace.End})
			row.change(h)
			wantVerdict(t, h.judge(), row.want, row.reason)
		})
	}
}

// A session that was lost before the fault is no session that noticed nothing.
func TestUnnoticedNeedsASession(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Unnoticed, Side: heartbeat.ClientSide})).numb()
	h.add(trace.Event{T: ns(2.5), Side: "client", What: trace.Down})
	h.cut(3, 11)
	wantVerdict(t, h.judge(), judge.Broken, "its session was over at 2.5s")
}

// The server hears beats while only the way to the client is dead.
func TestAHalfOpenWayExcusesOneSide(t *testing.T) {
	s := pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})
	s.Faults[0].Fault.Kind = scenario.HalfOpenDown
	h := begin(t, s).numb()
	h.cut(3, 14)
	h.both(10, trace.Suspect, "")
	if r := h.judge(); r.Client.Mistakes != 0 || r.Server.Mistakes != 1 {
		t.Errorf("mistakes %d and %d, want 0 and 1", r.Client.Mistakes, r.Server.Mistakes)
	}
}

// An absent bound is absent.
func TestHalfARange(t *testing.T) {
	for _, row := range []struct {
		within scenario.Range
		want   judge.Verdict
	}{
		{within: scenario.Range{Lo: "1s"}, want: judge.Broken},
		{within: scenario.Range{Lo: "0s"}, want: judge.Held},
		{within: scenario.Range{Hi: "500ms"}, want: judge.Held},
		{within: scenario.Range{Hi: "499ms"}, want: judge.Broken},
	} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Ends, Side: heartbeat.ClientSide, Within: row.within})).numb()
		h.cut(3, 14)
		h.add(trace.Event{T: ns(3.5), Side: "client", What: trace.Down})
		wantVerdict(t, h.judge(), row.want, "")
	}
}

// Two cuts, from 3 to 5 s and from 20 to 22 s; what they held may come 450 ms
// late. A suspicion between them is a mistake, and no detection; it lasts until
// it is trusted again, or the next cut makes it right.
func TestEachCutExcusesForItself(t *testing.T) {
	s := pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})
	s.Faults = append(s.Faults, s.Faults[0])
	for _, row := range []struct {
		name           string
		suspect, trust float64
		mistakes       int
		lasted         time.Duration
		detection      time.Duration // 0: none
	}{
		{name: "in the first", suspect: 4, trust: 6, detection: time.Second},
		{name: "just after the first", suspect: 5.45, trust: 6, detection: 2450 * time.Millisecond},
		{name: "between", suspect: 5.451, trust: 7, mistakes: 1, lasted: 1549 * time.Millisecond},
		{name: "between, and into the second", suspect: 18, trust: 21, mistakes: 1, lasted: 2 * time.Second},
		{name: "in the second", suspect: 21, trust: 23, detection: 18 * time.Second},
		{name: "before, and into the first", suspect: 2.5, trust: 4, mistakes: 1, lasted: 500 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := begin(t, s).numb()
			h.cut(3, 5)
			h.fault(20, 22, network.Strike{Fault: 1, On: ns(20), Off: ns(22), WithheldUp: 1})
			h.add(trace.Event{T: ns(row.suspect), Side: "client", What: trace.Suspect})
			h.add(trace.Event{T: ns(row.trust), Side: "client", What: trace.Trust})
			h.add(trace.Event{T: ns(30), Side: trace.Harness, What: trace.End})
			m := h.judge().Client
			if m.Mistakes != row.mistakes {
				t.Errorf("%d mistakes, want %d", m.Mistakes, row.mistakes)
			}
			if row.lasted > 0 {
				wantTime(t, "mistake", m.MistakeTime, row.lasted)
			}
			if row.detection == 0 && m.Detection != nil {
				t.Errorf("detected after %v, want never", *m.Detection)
			} else if row.detection > 0 {
				wantTime(t, "detection", m.Detection, row.detection)
			}
		})
	}
}

// Only the way to the client is dead from 3 s on: the server's mistake, from 2.5 s
// on, does not become right.
func TestAFaultEndsNoMistakeOfTheOtherSide(t *testing.T) {
	s := pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})
	s.Faults[0].Fault.Kind = scenario.HalfOpenDown
	for _, row := range []struct {
		what trace.What
		want time.Duration
	}{
		{what: trace.Trust, want: 4500 * time.Millisecond},
		{what: trace.Closed, want: 4500 * time.Millisecond}, // in order: the mistake is over as well
		{what: trace.Down, want: 7500 * time.Millisecond},   // it lost the session, until the next
	} {
		h := begin(t, s).numb()
		h.cut(3, 14)
		h.add(trace.Event{T: ns(2.5), Side: "server", What: trace.Suspect})
		h.add(trace.Event{T: ns(7), Side: "server", What: row.what})
		h.add(trace.Event{T: ns(10), Side: "server", Session: "b", What: trace.Up})
		r := h.judge()
		if r.Server.Mistakes != 1 {
			t.Fatalf("%d mistakes, want 1", r.Server.Mistakes)
		}
		wantTime(t, string(row.what), r.Server.MistakeTime, row.want)
	}
}

// Who pushes hears the other's beats while only its own way is dead; who waits for
// echoes doesn't. A firewall that forgot silences both.
func TestWhatAFaultExcuses(t *testing.T) {
	for _, row := range []struct {
		name           string
		kind           scenario.Kind
		probe          heartbeat.Probe
		beats          heartbeat.Direction
		client, server int
	}{
		{name: "cable, echo", kind: scenario.CablePull, probe: heartbeat.ProbeEcho, beats: heartbeat.FromClient},
		{name: "way up, echo", kind: scenario.HalfOpenUp, probe: heartbeat.ProbeEcho, beats: heartbeat.FromClient},
		{name: "way down, echo", kind: scenario.HalfOpenDown, probe: heartbeat.ProbeEcho, beats: heartbeat.FromClient, server: 1},
		{name: "way down, the server's echoes", kind: scenario.HalfOpenDown, probe: heartbeat.ProbeEcho, beats: heartbeat.FromServer},
		{name: "way up, push", kind: scenario.HalfOpenUp, probe: heartbeat.ProbePush, beats: heartbeat.FromBoth, client: 1},
		{name: "way down, push", kind: scenario.HalfOpenDown, probe: heartbeat.ProbePush, beats: heartbeat.FromBoth, server: 1},
		{name: "firewall", kind: scenario.IdleDrop, probe: heartbeat.ProbePush, beats: heartbeat.FromBoth},
		{name: "latency", kind: scenario.Latency, probe: heartbeat.ProbePush, beats: heartbeat.FromBoth, client: 1, server: 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := pulled(scenario.Expectation{That: scenario.StaysDown})
			s.Faults[0].Fault.Kind = row.kind
			h := begin(t, s).numb()
			h.trace.Header.Policy.Probe, h.trace.Header.Policy.Beats = row.probe, row.beats
			h.cut(3, 14)
			h.both(10, trace.Suspect, "")
			if r := h.judge(); r.Client.Mistakes != row.client || r.Server.Mistakes != row.server {
				t.Errorf("mistakes %d and %d, want %d and %d", r.Client.Mistakes, r.Server.Mistakes, row.client, row.server)
			}
		})
	}
}

// The session that a fault strikes is the newest that is up then.
func TestTheSessionThatWasStruck(t *testing.T) {
	for _, row := range []struct {
		name     string
		up, ends float64 // session b
		want     float64 // 0: none
	}{
		{name: "the newer", up: 2.1, ends: 11, want: 8},
		{name: "the older, once the newer is over", up: 2.1, ends: 2.9, want: 7},
		{name: "one that is over at that instant", up: 2.1, ends: 3},
		{name: "one that comes up at that instant", up: 3, ends: 11, want: 8},
		{name: "one that comes up later is not", up: 3.001, ends: 11, want: 7},
	} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide})).numb()
		h.add(trace.Event{T: ns(row.up), Side: "client", Session: "b", What: trace.Up})
		h.cut(3, 14)
		h.add(trace.Event{T: ns(10), Side: "client", What: trace.Suspect})
		if row.ends > 3 {
			h.add(trace.Event{T: ns(11), Side: "client", Session: "b", What: trace.Suspect})
		}
		h.add(trace.Event{T: ns(row.ends), Side: "client", Session: "b", What: trace.Closed})
		trace.Sort(h.trace.Events)
		if got := h.judge().Client.Detection; row.want > 0 {
			wantTime(t, row.name, got, time.Duration(ns(row.want)))
		} else if got != nil {
			t.Errorf("%s: %v, want none", row.name, *got)
		}
	}
}

// A fault that silences nobody can be told from nothing until its end, and a
// moment longer.
func TestASuspicionAfterADelay(t *testing.T) {
	for suspect, want := range map[float64]bool{14.45: true, 14.451: false} {
		s := pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide, Within: scenario.Range{Lo: "0s"}})
		s.Faults[0].Fault.Kind = scenario.Latency
		h := begin(t, s).numb()
		h.cut(3, 14)
		h.add(trace.Event{T: ns(suspect), Side: "client", What: trace.Suspect})
		h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
		if m := h.judge().Client; (m.Detection != nil) != want || m.Mistakes != 1 {
			t.Errorf("suspected at %v s: detection %v, %d mistakes; want it %v, and 1", suspect, m.Detection, m.Mistakes, want)
		}
	}
}

// foreign is a trial of a subject that tells nothing, its cable out from 3 to 14 s,
// observed until 20 s.
func foreign(t *testing.T, e scenario.Expectation, links ...network.Link) judge.Record {
	t.Helper()
	h := begin(t, pulled(e))
	h.trace.Events = nil
	for _, l := range links {
		h.add(trace.Event{T: l.Born, Side: trace.Network, What: trace.Dial, Link: &l})
	}
	h.cut(3, 14)
	h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
	return h.judge()
}

func TestAForeignSidesSession(t *testing.T) {
	client := heartbeat.ClientSide
	told := changed(carried(1, 10), func(l *network.Link) { l.Down.Closed = ns(9) })
	busy := changed(carried(1, 10), func(l *network.Link) { l.Up.Withheld = 5 })
	for _, row := range []struct {
		name   string
		expect scenario.Expectation
		links  []network.Link
		want   judge.Verdict
		reason string
	}{
		{name: "the youngest", expect: scenario.Expectation{That: scenario.Detects, Side: client}, links: []network.Link{carried(1, 12.1), busy}, want: judge.Held},
		{name: "hung up after the heal", expect: scenario.Expectation{That: scenario.Detects, Side: client, Within: scenario.Range{Hi: "20s"}}, links: []network.Link{changed(busy, func(l *network.Link) { l.Up.HungUp = ns(14.001) })},
			want: judge.Broken, reason: "its session ended after 11.001s (hung up)"},
		{name: "told", expect: scenario.Expectation{That: scenario.Detects, Side: client}, links: []network.Link{told}, want: judge.Broken, reason: "its session ended after 6s (peer closed)"},
		{name: "hung up after the heal, which is noticing", expect: scenario.Expectation{That: scenario.Unnoticed, Side: client}, links: []network.Link{changed(busy, func(l *network.Link) { l.Up.HungUp = ns(15) })},
			want: judge.Broken, reason: "its session ended after 12s (hung up)"},
	} {
		t.Run(row.name, func(t *testing.T) { wantVerdict(t, foreign(t, row.expect, row.links...), row.want, row.reason) })
	}
	fresh := changed(carried(15, 0), func(l *network.Link) { l.Up.FirstPassed, l.Down.FirstPassed = ns(15.5), ns(16) })
	for resumed, want := range map[float64]float64{15: 1, 17: 2} { // the first of both
		old := changed(carried(1, 0), func(l *network.Link) { l.Up.Withheld, l.Up.Resumed, l.Down.Resumed = 5, ns(15), ns(resumed) })
		rec := foreign(t, scenario.Expectation{That: scenario.Recovers, Side: client}, old, fresh)
		wantTime(t, "recovery", rec.Client.Recovery, time.Duration(ns(want)))
		wantTime(t, "resumed", rec.Client.Resumed, time.Duration(ns(resumed-14)))
	}
	rec := foreign(t, scenario.Expectation{That: scenario.Detects, Side: client}, busy)
	if m := rec.Client; m.Mistakes != 0 || !m.Uncounted || len(rec.Connections) != 0 {
		t.Errorf("%+v, connections %v; want mistakes uncounted", m, rec.Connections)
	}
	rec = foreign(t, scenario.Expectation{That: scenario.Mistakes, Side: client, Count: 1}, busy)
	if m := rec.Client; m.Mistakes != 1 || m.Uncounted {
		t.Errorf("%+v; want 1 mistake", m)
	}
}

// A cable that is out twice is judged by both times; the second finds nothing.
func TestAFaultsStrikesAddUp(t *testing.T) {
	for _, row := range []struct {
		name          string
		kind          scenario.Kind // "": cable-pull
		must          scenario.Must
		first, second network.Strike
		want          judge.Verdict
		reason        string
	}{
		{name: "must strike", must: scenario.MustStrike, first: network.Strike{WithheldUp: 7, Closings: 1}, want: judge.Held},
		{name: "must not strike", must: scenario.MustNotStrike, first: network.Strike{WithheldUp: 7, Dials: 1}, second: network.Strike{WithheldUp: 2},
			want: judge.Broken, reason: "9 bytes withheld from the server, 1 dial lost"},
		{name: "must not strike, and forgets", kind: scenario.IdleDrop, must: scenario.MustNotStrike, first: network.Strike{Forgotten: ns(4)}, want: judge.Broken, reason: "idle-drop to find nothing to do"},
		{name: "must not strike, and does not", kind: scenario.IdleDrop, must: scenario.MustNotStrike, want: judge.Held},
		{name: "a byte that passed the first", must: scenario.MustStrike, first: network.Strike{WithheldUp: 7, PassedDown: 1}, want: judge.Broken, reason: "bytes passed all the same"},
		{name: "a byte that passed the second", must: scenario.MustStrike, first: network.Strike{WithheldUp: 7}, second: network.Strike{PassedUp: 1}, want: judge.Broken, reason: "bytes passed all the same"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := pulled(scenario.Expectation{That: scenario.StaysDown})
			s.Faults[0].Must, s.Faults[0].Fault.Kind = row.must, cmp.Or(row.kind, scenario.CablePull)
			h := begin(t, s).numb()
			for i, strike := range []network.Strike{row.first, row.second} {
				on := 3 + 5*float64(i)
				strike.On, strike.Off, strike.Forgotten = ns(on), ns(on+2), cmp.Or(strike.Forgotten, network.Never)
				h.fault(on, on+2, strike)
			}
			h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
			wantVerdict(t, h.judge(), row.want, row.reason)
		})
	}
}

// What passed the way that is not cut is no leak, nor what a link passed that was past
// the cut already. Of a network that does not count, nobody knows.
func TestWhatPassesACut(t *testing.T) {
	for _, row := range []struct {
		name   string
		kind   scenario.Kind
		off    int64
		strike network.Strike
		last   float64 // byte to the server
		want   judge.Verdict
		reason string
	}{
		{name: "the way up, of a way down", kind: scenario.HalfOpenDown, off: ns(10), strike: network.Strike{Counted: true, PassedUp: 1}, last: 4, want: judge.Held},
		{name: "the way down, of a way down", kind: scenario.HalfOpenDown, off: ns(10), strike: network.Strike{Counted: true, PassedDown: 1}, last: 2, want: judge.Broken, reason: "bytes passed all the same"},
		{name: "the way up, of a way up", kind: scenario.HalfOpenUp, off: ns(10), strike: network.Strike{Counted: true, PassedUp: 1}, last: 4, want: judge.Broken, reason: "bytes passed all the same"},
		{name: "past the cut", kind: scenario.CablePull, off: network.Never, strike: network.Strike{Counted: true}, last: 4, want: judge.Held},
		{name: "uncounted, healed", kind: scenario.CablePull, off: ns(10), last: 2, want: judge.Broken, reason: "does not count"},
		{name: "uncounted, never healed", kind: scenario.HalfOpenUp, off: network.Never, last: 2, want: judge.Broken, reason: "does not count"},
		{name: "uncounted, of no cut", kind: scenario.Loss, off: ns(10), last: 12, want: judge.Held},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := pulled(scenario.Expectation{That: scenario.StaysDown})
			s.Faults[0].Fault.Kind = row.kind
			h := begin(t, s).numb()
			l := changed(carried(1, 0), func(l *network.Link) {
				l.Up.LastPassed, l.Up.Withheld = ns(row.last), 1
			})
			h.add(trace.Event{T: l.Born, Side: trace.Network, What: trace.Dial, Link: &l})
			row.strike.On, row.strike.Off, row.strike.WithheldUp, row.strike.Forgotten = ns(3), row.off, 1, network.Never
			h.struck(3, 10, row.strike)
			h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
			wantVerdict(t, h.judge(), row.want, row.reason)
		})
	}
}

// A fault strikes if it does so to any connection that is in use, whichever is the
// youngest; a dial that it loses is none.
func TestAFaultStrikesAConnectionInUse(t *testing.T) {
	struck := changed(carried(1, 0), func(l *network.Link) { l.Up.Withheld = 5 })
	for _, row := range []struct {
		name  string
		links []network.Link
		want  judge.Verdict
	}{
		{name: "the older", links: []network.Link{struck, carried(1.5, 0)}, want: judge.Held},
		{name: "the younger", links: []network.Link{carried(1.5, 0), struck}, want: judge.Held},
		{name: "one that was over", links: []network.Link{carried(1.5, 0), changed(struck, func(l *network.Link) { l.Down.HungUp = ns(2.9) })}, want: judge.Broken},
	} {
		t.Run(row.name, func(t *testing.T) {
			wantVerdict(t, foreign(t, scenario.Expectation{That: scenario.StaysDown}, row.links...), row.want, "")
		})
	}
}

// The second of two strikes is not excused by what the first withheld, nor by a
// hang-up after it: it met nothing but somebody else's dial.
func TestAStrikeIsItsOwn(t *testing.T) {
	hung := func(l *network.Link) { l.Up.HungUp = ns(12) }
	for _, row := range []struct {
		name   string
		first  network.Strike
		change func(*network.Link)
		second network.Strike
		want   judge.Verdict
		reason string
	}{
		{name: "what the first withheld", first: network.Strike{WithheldUp: 4}, change: func(l *network.Link) { l.Up.Withheld = 4 }, want: judge.Broken, reason: "but 1 dial lost"},
		{name: "what the first withheld, the other way", change: func(l *network.Link) { l.Down.Withheld = 4 }, second: network.Strike{WithheldUp: 4}, want: judge.Broken},
		{name: "what the second withheld", change: func(l *network.Link) { l.Up.Withheld = 4 }, second: network.Strike{WithheldUp: 4}, want: judge.Held},
		{name: "a hang-up after it", change: hung, want: judge.Broken, reason: "but 1 dial lost"},
		{name: "a hang-up while it lasted", change: func(l *network.Link) { l.Up.HungUp = ns(9) }, want: judge.Held},
		{name: "an end after it", change: func(l *network.Link) { l.Up.Ended = ns(12) }, want: judge.Broken},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := pulled(scenario.Expectation{That: scenario.StaysDown})
			s.Faults = append(s.Faults, s.Faults[0])
			s.Faults[0].Must = scenario.MayStrike
			h := begin(t, s).numb()
			l := changed(carried(1, 0), row.change)
			h.add(trace.Event{T: l.Born, Side: trace.Network, What: trace.Dial, Link: &l})
			row.second.Fault, row.second.Dials = 1, 1
			for i, strike := range []network.Strike{row.first, row.second} {
				on := 3 + 5*float64(i)
				strike.On, strike.Off, strike.Forgotten = ns(on), ns(on+2), network.Never
				h.fault(on, on+2, strike)
			}
			h.add(trace.Event{T: ns(20), Side: trace.Harness, What: trace.End})
			wantVerdict(t, h.judge(), row.want, row.reason)
		})
	}
}
