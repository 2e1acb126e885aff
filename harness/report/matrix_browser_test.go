//go:build browser

package report

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/flatline-go/flatline/harness/judge"
)

// Why a row did not hold, or could not be told, stands below it, or below the last of
// those that share it: all of it, on any screen, and wherever rows are sorted or
// filtered to.
func TestInBrowserMatrixSaysWhy(t *testing.T) {
	twin := with(cablePull("kernel-timer", 0.5, 0, 0), judge.NotMeasurable, "not measurable on toxiproxy: run it on kernel")
	twin.Trace = ""
	p := open(t, withTraces(t, append(everything(), twin)...))
	const whys = `[...document.querySelectorAll("#matrix tbody .why")].map((r) => r.previousElementSibling.cells[1].textContent + ": " + r.textContent)`
	want := []string{
		"fixed: server: expected detection within 6s..9s of the fault, but detected after 9.001s",
		"kernel-timer: not measurable on toxiproxy: run it on kernel", // and of keepalive
		"push: client: expected detection within 6s..9s of the fault, but never detected in 14s",
	}
	for _, width := range []int64{1440, 375, 320} {
		p.size(width)
		got := ask[[]string](p, whys)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%d px: %q, want %q", width, got, want)
		}
		const over = `[...document.querySelectorAll("#matrix .why p")].filter((e) => e.getBoundingClientRect().right > innerWidth || e.scrollWidth > e.clientWidth).length`
		if got := ask[int](p, over); got != 0 {
			t.Errorf("%d px: %d reasons are cut off", width, got)
		}
	}
	ask[chromedp.Void](p, `[...document.querySelectorAll("#matrix thead button")].find((b) => b.textContent === "Policy").click()`)
	if got := ask[[]string](p, whys); !slices.Equal(got, want) {
		t.Errorf("by policy: %q, want %q", got, want)
	}
	ask[chromedp.Void](p, `{ const f = document.getElementById("filters"); f.text.value = "on kernel"; f.text.dispatchEvent(new Event("input", {bubbles: true})) }`)
	if got := ask[[]string](p, whys); !slices.Equal(got, want[1:2]) {
		t.Errorf("of a text: %q, want %q", got, want[1:2])
	}
	p.quiet()
}

// The way to a row's trials is on a phone's screen, whatever tells rows apart.
func TestInBrowserTrialsAreInReach(t *testing.T) {
	records := everything()
	records[len(records)-1].Network = "kernel"
	p := newTab(t)
	p.size(375)
	p.load(withTraces(t, records...))
	if got := ask[string](p, `[...document.querySelectorAll("#matrix thead th")].map((h) => h.textContent).slice(0, 6).join()`); got != "Scenario,Policy,Profile,Verdict,Trials,On" {
		t.Errorf("the columns are %s", got)
	}
	const far = `Math.max(...[...document.querySelectorAll("#matrix tbody button")].map((b) => b.getBoundingClientRect().right))`
	if got := ask[float64](p, far); got > 375 {
		t.Errorf("a button ends at %.0f px", got)
	}
	p.quiet()
}
