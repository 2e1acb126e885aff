package judge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// A session that ends just after the deadline had its suspicion: nothing that could have
// taken it back was still to come.
func TestAsAnotherPolicyAtTheEndOfASession(t *testing.T) {
	for end, want := range map[float64]int{6.019: 0, 6.021: 1} {
		h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide}))
		h.trace.Header.Mode = heartbeat.Observe
		h.cut(3, 8)
		h.add(trace.Event{T: ns(end), Side: heartbeat.ClientSide, What: trace.Down, Cause: "peer closed"})
		h.add(trace.Event{T: ns(10), Side: trace.Harness, What: trace.End})
		p := h.trace.Header.Policy
		p.Client, p.Server = detect.Fixed{Timeout: 4 * time.Second}, nil
		as, err := judge.As(h.trace, p)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, e := range as.Events {
			if e.What == trace.Suspect {
				got++
			}
		}
		if got != want {
			t.Errorf("an end at %v s, the deadline at 6.02 s: %d suspicions, want %d", end, got, want)
		}
	}
}

// The client heard an echo at 2.02 s and hears the next at 9 s: 4 s of patience
// end at 6.02 s, 8 s never do.
func TestAsAnotherPolicy(t *testing.T) {
	h := begin(t, pulled(scenario.Expectation{That: scenario.Detects, Side: heartbeat.ClientSide}))
	h.trace.Header.Mode = heartbeat.Observe
	h.trace.Header.Policy.Server = nil
	h.cut(3, 8)
	h.add(trace.Event{T: ns(3), Side: "client", What: trace.Suspect, Detail: "of its own"})
	h.add(trace.Event{T: ns(6.021), Side: "client", What: trace.Sent, Kind: "beat", Seq: 2})
	h.add(trace.Event{T: ns(9), Side: "client", What: trace.Trust})
	h.add(trace.Event{T: ns(9), Side: "client", What: trace.Heard, Kind: "echo", Seq: 2})
	h.add(trace.Event{T: ns(10), Side: trace.Harness, What: trace.End})
	for _, row := range []struct {
		name    string
		timeout time.Duration
		want    []string
	}{
		{name: "impatient", timeout: 4 * time.Second, want: []string{"suspect at 6.02s: fixed: silent since 2.020s, timeout 4s", "trust at 9s: "}},
		{name: "patient", timeout: 8 * time.Second},
		{name: "to the end", timeout: time.Second, want: []string{
			"suspect at 1.02s: fixed: silent since 0.020s, timeout 1s", "trust at 2.02s: ",
			"suspect at 3.02s: fixed: silent since 2.020s, timeout 1s", "trust at 9s: ",
			"suspect at 10s: fixed: silent since 9.000s, timeout 1s",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := h.trace.Header.Policy
			p.Name, p.Client = row.name, detect.Fixed{Timeout: row.timeout}
			as, err := judge.As(h.trace, p)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range as.Events {
				if e.What == trace.Suspect || e.What == trace.Trust {
					got = append(got, string(e.What)+" at "+e.Offset().String()+": "+e.Detail)
				}
			}
			if strings.Join(got, "\n") != strings.Join(row.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(row.want, "\n"))
			}
			if as.Header.Policy.Name != row.name {
				t.Errorf("it is %s's", as.Header.Policy.Name)
			}
		})
	}
	h.trace.Header.Mode = heartbeat.Act
	other := h.trace.Header.Policy
	other.Client = detect.Fixed{Timeout: 4 * time.Second}
	if _, err := judge.As(h.trace, other); err == nil || !strings.Contains(err.Error(), "acted") {
		t.Errorf("got %v, want an error that says that it acted", err)
	}
}
