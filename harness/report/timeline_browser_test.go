//go:build browser

package report

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// withFaults is a folder with a trial in which more than its cable was struck.
func withFaults(t *testing.T, faults map[string]time.Duration) string {
	t.Helper()
	r := cablePull("fixed", 0.5, 7550*time.Millisecond, 7550*time.Millisecond)
	tr := history(r.Trial)
	index := 0
	for kind, after := range faults {
		index++
		at := 3*second + int64(after)
		tr.Events = append(tr.Events, trace.Event{T: at, Side: trace.Network, What: trace.FaultOn, Kind: kind, Strike: &network.Strike{Fault: index, On: at}})
	}
	trace.Sort(tr.Events)
	dir := folder(t, r)
	put(t, filepath.Join(dir, r.Trace), jsonl(t, tr))
	rep, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := rep.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The names of faults that strike one after the other lie on nothing, and end
// within the chart; those of one instant are one name.
func TestInBrowserNamesOfFaultsAreLegible(t *testing.T) {
	dir := withFaults(t, map[string]time.Duration{"crash": 46 * time.Millisecond, "latency": 300 * time.Millisecond, "half-open-down": 9900 * time.Millisecond})
	const text = `[...document.querySelectorAll("#trial .timeline .chart .mark-text.role-mark text")].filter((e) => e.textContent)`
	const over = `(() => {
	  const all = ` + text + `.map((e) => e.getBoundingClientRect());
	  return all.filter((a, i) => all.some((b, j) => j > i && a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top)).length;
	})()`
	const outside = `(() => {
	  const frame = document.querySelector("#trial .timeline .chart .role-scope .background").getBoundingClientRect();
	  return ` + text + `.map((e) => e.getBoundingClientRect()).filter((r) => r.left < frame.left || r.right > frame.right).length;
	})()`
	for _, width := range []int64{1440, 375} {
		p := newTab(t)
		p.size(width)
		p.load(dir)
		ask[chromedp.Void](p, `showTrials([0])`)
		p.wait(`document.querySelector("#trial[open] .timeline .chart")?.dataset.drawn === "yes"`)
		names := ask[[]string](p, text+`.map((e) => e.textContent)`)
		for _, want := range []string{"cable-pull, crash", "latency", "half-open-down"} {
			if !slices.Contains(names, want) {
				t.Errorf("%d px: %q, and no %q", width, names, want)
			}
		}
		if got := ask[int](p, over); got != 0 {
			t.Errorf("%d px: %d of %q lie on others", width, got, names)
		}
		if got := ask[int](p, outside); got != 0 {
			t.Errorf("%d px: %d of %q leave the chart", width, got, names)
		}
		p.quiet()
	}
}

// A trial's numbers are those that there are, and say what they mean.
func TestInBrowserATrialsNumbers(t *testing.T) {
	cut := watched(heartbeat.Window{}, 1686*time.Millisecond)
	cut.Client.Uncounted, cut.Server.Uncounted = true, true
	cut.Connections[0].Server = judge.Ending{For: 12 * time.Second}
	p := open(t, withWires(t, with(cut, judge.Interrupted, "the run was interrupted")))
	ask[chromedp.Void](p, `showTrials([0])`)
	rows := ask[[]string](p, `[...document.querySelector("#trial table").rows].map((r) => [...r.cells].map((c) => c.textContent).join(" "))`)
	if want := []string{" client server", "detection, s 1.686 never in 12.000 s", "mistakes - -"}; !slices.Equal(rows, want) {
		t.Errorf("%q, want %q", rows, want)
	}
	if got := ask[int](p, `document.querySelectorAll("#detections .mark-symbol.role-mark path[transform]").length`); got != 1 {
		t.Errorf("%d dots, want the client's", got)
	}
	ask[chromedp.Void](p, `document.querySelector("#trial details").open = true`)
	p.wait(`document.querySelector("#trial details").textContent.includes("0 just after it heard its peer")`)
	p.quiet()
}
