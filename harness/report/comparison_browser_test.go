//go:build browser

package report

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/flatline-go/flatline/harness/tune"
)

// The chart has a mark for each point and each tuned detector, in the light and in
// the dark, on a desk and on a phone; the tables say the same.
func TestInBrowserComparisonIsDrawn(t *testing.T) {
	c := compared(t, tune.Equal{Mistakes: tune.Rate{Count: 60, Per: 24 * time.Hour}})
	p := open(t, withComparison(t, c))
	const drawn = `document.querySelector("#comparison .chart")?.dataset.drawn === "yes"`
	const marks = `document.querySelectorAll("#comparison .mark-symbol.role-mark path[transform]").length`
	for _, width := range []int64{1440, 375} {
		p.size(width)
		p.wait(drawn)
		p.wait(fmt.Sprintf("%s === %d", marks, len(c.Points)+len(c.Tuned)))
		if got := ask[int](p, `document.documentElement.scrollWidth`); int64(got) > width {
			t.Errorf("the page is %d wide on a screen of %d", got, width)
		}
		const frame = `document.querySelector("#comparison .chart .background").getBoundingClientRect().width`
		if got := ask[float64](p, frame); got < float64(width)-130 {
			t.Errorf("the chart is %.0f wide on a screen of %d", got, width)
		}
	}
	if got := ask[int](p, `document.querySelectorAll("#comparison .mark-line.role-mark path").length`); got != len(c.Tuned) {
		t.Errorf("%d lines, want one for each of %d detectors", got, len(c.Tuned))
	}
	if got := ask[int](p, `document.querySelectorAll("#comparison .role-legend-symbol path").length`); got != len(c.Tuned) {
		t.Errorf("%d detectors in the legend, want %d", got, len(c.Tuned))
	}
	if got := ask[int](p, `document.querySelectorAll("#comparison > div > .scroll tbody tr").length`); got != len(c.Tuned) {
		t.Errorf("%d rows of tuned detectors, want %d", got, len(c.Tuned))
	}
	p.do(chromedp.Click(chromedp.CSS(`#comparison details summary`)))
	p.wait(fmt.Sprintf(`document.querySelectorAll("#comparison details tbody tr").length === %d`, len(c.Points)))
	if ask[bool](p, `[...document.querySelectorAll("main > section")].some((s) => !s.hidden && s.querySelector("#matrix, #detections"))`) {
		t.Error("a report without trials shows a matrix")
	}
	p.quiet()
}
