package scenarios_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/expect"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/scenarios"
)

// The network of a live trial, in virtual time.
var proxied = sim.Model{}

// What simulates works rather than waits, and would make live trials late: these
// specs come after all others.
var _ = Describe("In virtual time,", Serial, Label("network:sim"), func() {
	BeforeEach(func() { // it has the machine for itself
		procs := runtime.GOMAXPROCS(runtime.NumCPU())
		DeferCleanup(func() { runtime.GOMAXPROCS(procs) })
	})

	It("each live trial takes as long", func(ctx SpecContext) {
		compared := 0
		for _, e := range entries() {
			if e.policy.Probe.AsksKernel() {
				continue
			}
			for _, t := range e.trials {
				compared += agreesWithVirtualTime(ctx, t)
			}
		}
		if compared == 0 {
			Skip("no live trial was selected")
		}
		AddReportEntry("compared with virtual time", fmt.Sprintf("%d trials", compared))
	}, SpecTimeout(2*time.Minute))

	for _, profile := range heartbeat.Profiles() {
		trialsOf := func(mode heartbeat.Mode) []harness.Trial {
			policies, err := heartbeat.Policies(profile)
			Expect(err).NotTo(HaveOccurred())
			trials, err := harness.Plan{Scenarios: scenarios.All(), Policies: policies, Seed: seed(), Mode: mode}.Trials()
			Expect(err).NotTo(HaveOccurred())
			return trials
		}

		It("every entry of the catalogue keeps its claim, in "+profile.Name, Label("profile:"+profile.Name), func(ctx SpecContext) {
			trials := trialsOf(heartbeat.Act)
			records, err := harness.Runner{Virtual: &proxied}.Run(ctx, trials)
			Expect(err).NotTo(HaveOccurred())
			Expect(len(records)).To(BeNumerically(">", 300))
			of := map[string]harness.Trial{}
			for _, t := range trials {
				for _, name := range t.Records() {
					of[name] = t
				}
			}
			for _, rec := range records {
				if t := of[rec.Trial]; rec.Verdict == judge.NotMeasurable {
					Expect(t.Policy.Probe.AsksKernel() || takesKernel(t.Scenario) || t.Scenario.OfProcesses()).To(BeTrue(), rec.Reason)
					continue
				}
				Expect(rec).To(expect.Hold())
				for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
					if e := rec.Of(side).HarnessError; e != nil {
						Expect(*e).To(BeZero(), "%s: nothing is late here", rec.Trial)
					}
				}
			}
		}, SpecTimeout(time.Minute))

		for _, mode := range []heartbeat.Mode{heartbeat.Act, heartbeat.Observe} {
			It(fmt.Sprintf("what is counted is what the judge says of a recording, where sides %v, in %s", mode, profile.Name), Label("profile:"+profile.Name), func(ctx SpecContext) {
				compared := 0
				for _, t := range trialsOf(mode) {
					if proxied.Supports(t.Policy, t.Scenario) != nil {
						continue
					}
					compared += countedAsJudged(ctx, t)
				}
				Expect(compared).To(BeNumerically(">", 50))
			}, SpecTimeout(time.Minute))
		}
	}
})

// countedAsJudged compares what a trial comes to without a recording with the
// verdict on one, and returns how many detections that was about.
func countedAsJudged(ctx context.Context, t harness.Trial) (detections int) {
	GinkgoHelper()
	counted, err := sim.Run(ctx, t.Simulated(proxied))
	Expect(err).NotTo(HaveOccurred(), t.ID)
	verdict := judged(ctx, t, t.Simulated(proxied))
	for side, m := range map[heartbeat.Side]sim.Measures{heartbeat.ClientSide: counted.Client, heartbeat.ServerSide: counted.Server} {
		of := verdict.Of(side)
		if silences(t, side) {
			var want []time.Duration
			if of.Detection != nil {
				want = []time.Duration{*of.Detection}
			}
			Expect(m.Detections).To(Equal(want), "%s: T_D of the %s", t.ID, side)
			detections += len(want)
		}
		Expect(m.Mistakes).To(Equal(of.Mistakes), "%s: mistakes of the %s", t.ID, side)
		if of.MistakeTime != nil {
			mean, _ := m.MistakeTime()
			Expect(mean).To(Equal(*of.MistakeTime), "%s: mean duration of a mistake of the %s", t.ID, side)
		}
	}
	return detections
}

// silences says whether some fault of a trial keeps side from hearing its peer.
func silences(t harness.Trial, side heartbeat.Side) bool {
	for _, step := range t.Scenario.Faults {
		if step.Fault.Kind.Silences(side, t.Policy) {
			return true
		}
	}
	return false
}

// agreesWithVirtualTime holds a trial that was run live against the same in virtual
// time, struck at the same instant: both sides take as long, within what a live
// verdict and its pure detector's may be apart. Only what the machine stood still
// may come on top. It returns 1, or 0 if there is nothing to compare.
func agreesWithVirtualTime(ctx context.Context, t harness.Trial) int {
	GinkgoHelper()
	live, recorded, ok := lastOf(t)
	if !ok {
		return 0
	}
	struck := struckAt(t, recorded)
	var disagreements string
	// A beat that left close to the strike may be on either side of it: by what
	// stamps are apart or, where the machine stood still, by that.
	const stamps = 3 * time.Millisecond
	stalls := max(live.Client.Doubt, live.Server.Doubt)
	if stalls > t.Policy.Profile.Margin/4 {
		// Beats left late, and a virtual machine's do not: whatever is apart now, or
		// is not, comes of that.
		AddReportEntry("not compared with virtual time", fmt.Sprintf("%s: the machine stood still for up to %v", t.ID, stalls), ReportEntryVisibilityAlways)
		return 0
	}
	for _, off := range []time.Duration{0, -stamps, stamps, -stalls, stalls} {
		s := t.Simulated(proxied)
		s.Phase = max(0, float64(struck+off)/float64(t.Scope["D"]))
		disagreement := apart(live, judged(ctx, t, s), upApart(recorded))
		if disagreement == "" {
			return 1
		}
		disagreements += fmt.Sprintf("struck %v later:\n%s", off, disagreement)
	}
	Fail(fmt.Sprintf("%s, struck %v after the sign of life that the phase counts from:\n%s", t.ID, struck, disagreements))
	return 0
}

// lastOf is the newest record of a trial that held, and its trace; false: it was not
// run here, or did not hold.
func lastOf(t harness.Trial) (rec judge.Record, tr trace.Trace, ok bool) {
	GinkgoHelper()
	for attempt := 1 + retries(); attempt > 0; attempt-- {
		name := t.ID
		if attempt > 1 {
			name += fmt.Sprintf(".try%d", attempt)
		}
		text, err := os.ReadFile(filepath.Join(reports(), "records", name+".json"))
		if err != nil {
			continue
		}
		Expect(json.Unmarshal(text, &rec)).To(Succeed())
		tr, err = trace.ReadFile(filepath.Join(reports(), filepath.FromSlash(rec.Trace)))
		Expect(err).NotTo(HaveOccurred())
		return rec, tr, rec.Verdict == judge.Held
	}
	return rec, tr, false
}

// judged is the verdict on a trial in virtual time.
func judged(ctx context.Context, t harness.Trial, s sim.Setup) judge.Record {
	GinkgoHelper()
	events, err := sim.Record(ctx, s)
	Expect(err).NotTo(HaveOccurred(), t.ID)
	trace.Sort(events)
	return judge.Judge(trace.Trace{Header: trace.Header{
		Scenario: t.Scenario, Params: t.Scope, Network: "sim", Policy: t.Policy, Window: t.Window(), Mode: t.Mode, Interval: t.Policy.Interval,
	}, Events: events})
}

// struckAt is how long after what its phase counts from a trial was struck: see
// harness.Trial.
func struckAt(t harness.Trial, recorded trace.Trace) time.Duration {
	from, sign := int64(0), false
	for _, e := range recorded.Events {
		switch {
		case e.What == trace.FaultOn:
			return time.Duration(e.T - from)
		case e.Side == heartbeat.ClientSide && e.What == trace.Up && !sign:
			from = e.T
		case e.Side == heartbeat.ClientSide && e.What == trace.Heard && (e.Kind == "echo" || e.Kind == "beat") && !sign:
			from, sign = e.T, true
		}
	}
	return time.Duration(t.Phase * float64(t.Scope["D"]))
}

// upApart is how long one side was up before the other, at first: in virtual time
// they are together, so that live beats may be that much later.
func upApart(recorded trace.Trace) time.Duration {
	up := map[heartbeat.Side]int64{}
	for _, e := range recorded.Events {
		if _, again := up[e.Side]; e.What == trace.Up && !again {
			up[e.Side] = e.T
		}
	}
	return time.Duration(up[heartbeat.ClientSide] - up[heartbeat.ServerSide]).Abs()
}

// apart says on which times live and virtual disagree by more than is explained by
// stalls and by how far apart the sides were up; "": on none.
func apart(live, virtual judge.Record, up time.Duration) (out string) {
	for _, side := range []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide} {
		l, v := live.Of(side), virtual.Of(side)
		what, a, b := "T_D", l.Detection, v.Detection
		if (a == nil) != (b == nil) || a == nil { // who is told by its peer at that instant may be told first
			what, a, b = "end", l.End, v.End
		}
		if (a == nil) != (b == nil) {
			out += fmt.Sprintf("  %s: %s is %v live, and %v in virtual time\n", side, what, show(a), show(b))
			continue
		}
		if a != nil && (*a-*b).Abs() > agreement+l.Doubt+up {
			out += fmt.Sprintf("  %s: %s is %v live, and %v in virtual time; stalls explain %v, and sides that were up at different instants %v\n", side, what, show(a), show(b), l.Doubt, up)
		}
	}
	return out
}

func show(d *time.Duration) string {
	if d == nil {
		return "none"
	}
	return d.Round(time.Microsecond).String()
}
