//go:build browser

package report

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Screenshots for people to look at go to $FLATLINE_SCREENSHOTS; without it
// there are none. $FLATLINE_REPORT is the folder of another report to take
// them of.
func TestInBrowserPictures(t *testing.T) {
	out := os.Getenv("FLATLINE_SCREENSHOTS")
	if out == "" {
		t.Skip("FLATLINE_SCREENSHOTS names no folder")
	}
	dir := os.Getenv("FLATLINE_REPORT")
	if dir == "" {
		dir = withTraces(t, everything()...)
	}
	p := open(t, dir)
	for _, width := range []int64{1440, 375} {
		for _, scheme := range []string{"light", "dark"} {
			p.size(width)
			p.scheme(scheme)
			for name, show := range map[string]string{
				"top":        `scrollTo(0, 0)`,
				"failure":    `document.querySelector("#failures figure")?.scrollIntoView()`,
				"detections": `document.querySelector("#detections").scrollIntoView()`,
				"matrix":     `document.querySelector("#filters").scrollIntoView()`,
				"trust":      `document.querySelector(".facts").scrollIntoView()`,
				"trial":      `showTrials(data.trials.map((_, i) => i), data.failures[0] ?? 0)`,
			} {
				ask[chromedp.Void](p, show)
				time.Sleep(400 * time.Millisecond) // charts follow the width
				png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				put(t, filepath.Join(out, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), string(png))
				ask[chromedp.Void](p, `document.getElementById("trial").close()`)
			}
		}
	}
	// As in the README: what a report begins with, and the story of one trial.
	p.scheme("light")
	p.do(chromedp.EmulateViewport(1200, 900))
	ask[chromedp.Void](p, `(() => {
		const i = data.trials.findIndex((t) => t.verdict === "held" && cellOf(t).scenario === "cable-pull" && cellOf(t).policy === "echo-timer" && t.phase === 0.5);
		const article = trialArticle(Math.max(i, 0), "h2", true);
		article.style.border = "none";
		article.querySelectorAll("table, pre, p:has(+ pre), details:not([open]), :scope > .note").forEach((e) => e.remove());
		document.querySelector("#detections").after(article);
		for (let e = article; e !== document.body; e = e.parentElement)
			for (let next = e.nextElementSibling; next; next = next.nextElementSibling) next.style.display = "none";
	})()`)
	time.Sleep(time.Second)
	readme, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(out, "readme.png"), string(readme))
	p.load(dir)
	// As it is printed.
	p.size(794)
	time.Sleep(400 * time.Millisecond)
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(out, "print.png"), string(png))
	p.quiet()
}
