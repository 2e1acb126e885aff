package fidelity

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/subject"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// rec is a record whose client took that long, and was to detect.
func rec(network string, phase float64, took time.Duration) judge.Record {
	r := judge.Record{
		Scenario: "cable-pull", Policy: "fixed/strict", Network: network, Phase: phase, Verdict: judge.Held,
		Checks: []judge.Check{{That: scenario.Detects, Side: heartbeat.ClientSide}},
	}
	if took > 0 {
		r.Client.Detection = &took
	}
	return r
}

func TestVerdicts(t *testing.T) {
	unmeasured := rec(Proxy, 0.5, 0)
	unmeasured.Verdict = judge.NotMeasurable
	doubtful := rec(Kernel, 0.5, 7100*time.Millisecond)
	doubtful.Client.Doubt = 60 * time.Millisecond
	doubtful.Started = time.Now()
	superseded := rec(Kernel, 0.5, 9*time.Second)
	superseded.Superseded, superseded.Started = true, time.Now()
	standstill := rec(Kernel, 0.5, 9*time.Second)
	standstill.Client.Doubt = 2 * time.Second
	for _, row := range []struct {
		name    string
		records []judge.Record
		want    Verdict
	}{
		{"the same", []judge.Record{rec(Proxy, 0.5, 7*time.Second), rec(Kernel, 0.5, 7*time.Second)}, Agrees},
		{"as far apart as they may be", []judge.Record{rec(Proxy, 0.5, 7*time.Second), rec(Kernel, 0.5, 7050*time.Millisecond)}, Agrees},
		{"further", []judge.Record{rec(Proxy, 0.5, 7*time.Second), rec(Kernel, 0.5, 7051*time.Millisecond)}, Differs},
		{"further at one phase", []judge.Record{
			rec(Proxy, 0.5, 7*time.Second), rec(Kernel, 0.5, 7*time.Second), rec(Kernel, 0.95, 6*time.Second), rec(Proxy, 0.95, 7*time.Second),
		}, Differs},
		{"further, on a busy machine", []judge.Record{rec(Proxy, 0.5, 7*time.Second), doubtful}, Doubtful},
		{"never on one", []judge.Record{rec(Proxy, 0.5, 7*time.Second), rec(Kernel, 0.5, 0)}, Differs},
		{"on one only", []judge.Record{rec(Proxy, 0.5, 7*time.Second)}, Differs},
		{"at no phase in common", []judge.Record{rec(Proxy, 0.05, 7*time.Second), rec(Kernel, 0.95, 7*time.Second)}, Differs},
		{"further at one phase, and doubtful at another that is further still", []judge.Record{
			rec(Proxy, 0.05, 7*time.Second), rec(Kernel, 0.05, 7060*time.Millisecond), rec(Proxy, 0.5, 7*time.Second), standstill,
		}, Differs},
		{"doubtful at one phase", []judge.Record{rec(Proxy, 0.05, 7*time.Second), rec(Kernel, 0.05, 7*time.Second), rec(Proxy, 0.5, 7*time.Second), standstill}, Doubtful},
		{"a calm trial before a busy one", []judge.Record{rec(Proxy, 0.5, 7*time.Second), rec(Kernel, 0.5, 7*time.Second), doubtful}, Agrees},
		{"an attempt that another took the place of", []judge.Record{rec(Proxy, 0.5, 7*time.Second), superseded, rec(Kernel, 0.5, 7*time.Second)}, Agrees},
		{"a phase too few", []judge.Record{rec(Proxy, 0.5, 7*time.Second), rec(Kernel, 0.5, 7*time.Second), rec(Kernel, 0.95, 7*time.Second)}, Differs},
		{"not on a proxy", []judge.Record{unmeasured, rec(Kernel, 0.5, 7*time.Second)}, Excused},
	} {
		rows := Table(row.records)
		if len(rows) != 1 {
			t.Errorf("%s: %d rows", row.name, len(rows))
			continue
		}
		if got := rows[0].Verdict; got != row.want {
			t.Errorf("%s: %s, want %s (%v)", row.name, got, row.want, rows[0])
		}
	}
}

// Runs of several subjects that were merged are not one: neither are two modes.
func TestSubjectsAndModesAreNotMixed(t *testing.T) {
	of := func(on, subject string, mode heartbeat.Mode, took time.Duration) judge.Record {
		r := rec(on, 0.5, took)
		r.Subject, r.Mode = subject, mode
		return r
	}
	records := []judge.Record{
		of(Proxy, "ssh", heartbeat.Act, 8*time.Second), of(Kernel, "ssh", heartbeat.Act, 8*time.Second),
		of(Proxy, "redis", heartbeat.Act, 20*time.Second), of(Kernel, "redis", heartbeat.Act, 20*time.Second),
		of(Proxy, "ssh", heartbeat.Observe, 7*time.Second), of(Kernel, "ssh", heartbeat.Observe, 7*time.Second),
		of(Proxy, "one", heartbeat.Act, 5*time.Second), of(Kernel, "other", heartbeat.Act, 6*time.Second),
	}
	rows := Both(Table(records))
	var got []string
	for _, r := range rows {
		got = append(got, strings.Join([]string{r.Subject, r.Mode.String(), r.Text(Proxy), r.Text(Kernel), string(r.Verdict)}, " "))
	}
	want := []string{"redis act 20.000 20.000 agrees", "ssh act 8.000 8.000 agrees", "ssh observe 7.000 7.000 agrees"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	shown := Show(rows)[0]
	if n := len(shown.Head); !slices.Equal(shown.Head[n-2:], []string{"subject", "mode"}) || !slices.Equal(shown.Cells[2][n-2:], []string{"ssh", "observe"}) {
		t.Errorf("shown as %q, %q; want the subject and the mode in the last columns", shown.Head, shown.Cells)
	}
	if shown := Show(rows[:1])[0]; slices.Contains(shown.Head, "subject") {
		t.Errorf("shown as %q, want no subject where there is one only", shown.Head)
	}
}

func TestCellsArePairedByPhase(t *testing.T) {
	rows := Table([]judge.Record{
		rec(Proxy, 0.05, 8*time.Second), rec(Proxy, 0.5, 7*time.Second), rec(Kernel, 0.5, 7010*time.Millisecond), rec(Kernel, 0.95, 6*time.Second),
	})
	if len(rows) != 1 || rows[0].Apart == nil || *rows[0].Apart != 10*time.Millisecond || rows[0].Verdict != Differs {
		t.Fatalf("rows %+v", rows)
	}
	if p, k, s := rows[0].Text(Proxy), rows[0].Text(Kernel), rows[0].Text(Stock); p != "8.000/7.000/-" || k != "-/7.010/6.000" || s != "-" {
		t.Errorf("%q, %q, %q", p, k, s)
	}
	rows = Table([]judge.Record{rec(Proxy, 0.05, 7*time.Second), rec(Kernel, 0.95, 7*time.Second)})
	if len(rows) != 1 || rows[0].Apart != nil {
		t.Errorf("apart where they have no phase in common: %+v", rows)
	}
}

// some is a time that a record may lack.
func some(d time.Duration) *time.Duration {
	if d == 0 {
		return nil
	}
	return &d
}

// recovery is a trial of our pair whose cable was out for 8 s: when its client
// recovered, when its session ended, and when its old connection went on.
func recovery(on string, recovery, end, resumed time.Duration) judge.Record {
	r := rec(on, 0.5, 7*time.Second)
	r.Subject = subject.Pair{}.Name()
	r.Strikes = []network.Strike{{On: int64(time.Second), Off: int64(9 * time.Second)}}
	r.Client.Recovery, r.Client.End, r.Client.Resumed = some(recovery), some(end), some(resumed)
	return r
}

// That a recovery comes at another time has a reason, which the record shows; that
// there is none has not.
func TestRecoveries(t *testing.T) {
	of := recovery
	const ended, soon, late = 7 * time.Second, time.Millisecond, time.Second
	for _, row := range []struct {
		name          string
		proxy, kernel judge.Record
		want          Verdict
		why           string
	}{
		{"a new connection, later", of(Proxy, soon, ended, 0), of(Kernel, late, ended, 0), Excused, WhyRedial},
		{"a new connection, sooner: the proxy has lost a handshake", of(Proxy, late, ended, 0), of(Kernel, soon, ended, 0), Excused, WhyRedial},
		{"the old connection, later", of(Proxy, soon, 0, 0), of(Kernel, late, 0, 0), Excused, WhyResend},
		{"the old connection, sooner", of(Proxy, late, 0, 0), of(Kernel, soon, 0, 0), Differs, ""},
		{"the old connection, by the wire", of(Proxy, soon, ended, soon), of(Kernel, late, ended, late), Excused, WhyResend},
		{"the old connection here, a new one there", of(Proxy, soon, 0, 0), of(Kernel, late, ended, 0), Differs, ""},
		{"at the same time", of(Proxy, soon, ended, 0), of(Kernel, 2*soon, ended, 0), Agrees, ""},
		{"never on the kernel", of(Proxy, soon, ended, 0), of(Kernel, 0, ended, 0), Differs, ""},
		{"never on the proxy", of(Proxy, 0, ended, 0), of(Kernel, soon, ended, 0), Differs, ""},
	} {
		if got := recovered(t, row.proxy, row.kernel); got.Verdict != row.want || strings.Join(got.Why, "") != row.why {
			t.Errorf("%s: %s, %q, want %s, %q", row.name, got.Verdict, got.Why, row.want, row.why)
		}
	}
}

// recovered is the row about the recovery of two trials.
func recovered(t *testing.T, proxy, kernel judge.Record) Row {
	t.Helper()
	rows := Table([]judge.Record{proxy, kernel})
	if len(rows) != 2 || rows[0].Measure != Detection || rows[1].Measure != Recovery {
		t.Fatalf("rows %+v", rows)
	}
	return rows[1]
}

// A reason excuses a difference only as far as it explains it.
func TestAnExcuseHasABound(t *testing.T) {
	const ended, soon, a = 7 * time.Second, time.Millisecond, time.Nanosecond
	change := func(r judge.Record, how func(*judge.Record)) judge.Record { how(&r); return r }
	far := func(r *judge.Record) { r.RoundTrip = 500 * time.Millisecond }
	cutFor := func(d time.Duration) func(*judge.Record) {
		return func(r *judge.Record) { r.Strikes[0].Off = r.Strikes[0].On + int64(d) }
	}
	twice := func(r *judge.Record) {
		r.Strikes = append(r.Strikes, network.Strike{On: int64(10 * time.Second), Off: int64(11 * time.Second)})
	}
	foreign := func(r *judge.Record) { r.Subject = "theirs" }
	for _, row := range []struct {
		name string
		of   func(on string, took time.Duration) judge.Record
		most time.Duration // 0: nobody knows
		why  string
	}{
		{"a new connection: a handshake and a backoff", func(on string, took time.Duration) judge.Record {
			return recovery(on, took, ended, 0)
		}, 4*time.Second + Tolerance, WhyRedial},
		{"on a slow path: two round trips more", func(on string, took time.Duration) judge.Record {
			return change(recovery(on, took, ended, 0), far)
		}, 5*time.Second + Tolerance, WhyRedial},
		{"of a client that nobody knows", func(on string, took time.Duration) judge.Record {
			return change(recovery(on, took, ended, 0), foreign)
		}, 0, WhyForeign},
		{"the old connection: as long as the cut, and a timeout", func(on string, took time.Duration) judge.Record {
			return recovery(on, took, 0, 0)
		}, 9*time.Second + Tolerance, WhyResend},
		{"of a client that nobody knows, whose kernel does the same", func(on string, took time.Duration) judge.Record {
			return change(recovery(on, took, 0, 0), foreign)
		}, 9*time.Second + Tolerance, WhyResend},
		{"on a slow path: the timeout is three round trips", func(on string, took time.Duration) judge.Record {
			return change(recovery(on, took, 0, 0), far)
		}, 9500*time.Millisecond + Tolerance, WhyResend},
		{"cut twice", func(on string, took time.Duration) judge.Record {
			return change(recovery(on, took, 0, 0), twice)
		}, 11*time.Second + Tolerance, WhyResend},
		{"cut for so long that the timeouts double no more", func(on string, took time.Duration) judge.Record {
			return change(recovery(on, took, 0, 0), cutFor(10*time.Minute))
		}, 2*time.Minute + Tolerance, WhyResend},
	} {
		late := soon + row.most
		if row.most == 0 {
			late = 90 * time.Second
		}
		got := recovered(t, row.of(Proxy, soon), row.of(Kernel, late))
		if got.Verdict != Excused || got.Most() != row.most || strings.Join(got.Why, "") != row.why {
			t.Errorf("%s: %s, at most %v, for %q; want it excused, at most %v, for %q", row.name, got.Verdict, got.Most(), got.Why, row.most, row.why)
		}
		if row.most == 0 {
			continue
		}
		got = recovered(t, row.of(Proxy, soon), row.of(Kernel, late+a))
		if got.Verdict != Differs || got.Most() != row.most || strings.Join(got.Why, "") != row.why {
			t.Errorf("%s, and a nanosecond: %s, at most %v, for %q; want that it differs", row.name, got.Verdict, got.Most(), got.Why)
		}
		if want := "want at most " + row.most.String(); !strings.Contains(got.String(), want) {
			t.Errorf("%s: %q, want %q in it", row.name, got, want)
		}
		busy := row.of(Kernel, late+a)
		busy.Client.Doubt = a
		if got := recovered(t, row.of(Proxy, soon), busy); got.Verdict != Doubtful {
			t.Errorf("%s, and a nanosecond of a busy machine: %s", row.name, got.Verdict)
		}
	}
}

// How far apart a recovery may be stands in its row, its reason below.
func TestShowNamesTheBound(t *testing.T) {
	const ended = 7 * time.Second
	for _, row := range []struct {
		took time.Duration
		want string
	}{{time.Second, "excused (1): at most 4.05s"}, {time.Minute, "differs (1): at most 4.05s"}} {
		tables := Show(Table([]judge.Record{recovery(Proxy, time.Millisecond, ended, 0), recovery(Kernel, row.took, ended, 0)}))
		if len(tables) != 2 || !slices.Contains(tables[1].Cells[0], row.want) || !slices.Equal(tables[1].Notes, []string{"(1) " + WhyRedial}) {
			t.Errorf("tables %+v, want %q", tables, row.want)
		}
		if slices.ContainsFunc(tables[0].Cells[0], func(cell string) bool { return strings.Contains(cell, "at most") }) {
			t.Errorf("detections %v", tables[0].Cells)
		}
	}
}

func TestAgainIsForDoubtfulPhases(t *testing.T) {
	doubtful := rec(Kernel, 0.5, 8*time.Second)
	doubtful.Client.Doubt = 2 * time.Second
	rows := Table([]judge.Record{rec(Proxy, 0.05, 7*time.Second), rec(Kernel, 0.05, 7*time.Second), rec(Proxy, 0.5, 7*time.Second), doubtful})
	policy := heartbeat.Policy{Name: "fixed", Profile: heartbeat.Strict()}
	var trials []harness.Trial
	for _, phase := range []float64{0.05, 0.5} {
		trials = append(trials, harness.Trial{Scenario: scenario.Scenario{Name: "cable-pull"}, Policy: policy, Phase: phase})
	}
	if got := Again(rows, trials); len(got) != 1 || got[0].Phase != 0.5 {
		t.Errorf("again: %+v", got)
	}
}

func TestLies(t *testing.T) {
	r := rec(Stock, 0.5, 0)
	r.Checks = append(r.Checks, judge.Check{Side: trace.Network, Expected: "cable-pull to strike"})
	r.Strikes = []network.Strike{{On: 0, Off: int64(10 * time.Second)}}
	early, heal := 7*time.Second, 10010*time.Millisecond
	leaks, dies := r, r
	leaks.Server.End, leaks.Server.Cause = &early, "peer closed"
	dies.Client.End, dies.Client.Cause = &heal, "peer closed"
	leaks.Reached = 2
	superseded, elsewhere := leaks, leaks
	superseded.Superseded, elsewhere.Network = true, Proxy
	want := []string{
		"the leaked close: in 1 of 2 trials a side learned of its peer's hang-up through a cable that was out (cable-pull under fixed/strict at phase 0.5: the server, peer closed after 7.000)",
		"the phantom accept: in 1 of 2 trials a server accepted connections through a cable that was out (cable-pull under fixed/strict at phase 0.5: 2)",
		"the heal that kills: in 1 of 2 trials a connection that had lived through the cut was ended by its end (cable-pull under fixed/strict at phase 0.5)",
	}
	var got []string
	for _, l := range Lies([]judge.Record{leaks, dies, superseded, elsewhere}) {
		got = append(got, l.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("lies %q, want %q", got, want)
	}
	if lies := Lies([]judge.Record{r}); len(lies) > 0 {
		t.Errorf("of a trial that was told none: %v", lies)
	}
}
