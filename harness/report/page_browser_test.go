//go:build browser

package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/flatline-go/flatline/harness/judge"
)

func TestInBrowserChartsShowEveryTrial(t *testing.T) {
	dir := withTraces(t, everything()...)
	p := open(t, dir)
	data, err := os.ReadFile(filepath.Join(dir, JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	dots, never := 0, 0
	for _, c := range r.Matrix {
		for _, side := range sides {
			if s := c.Of(side).Detection; s != nil {
				dots += s.N
			}
		}
	}
	for _, d := range r.Summary.Detections {
		never += d.Missed
	}
	if dots != 11 || never != 1 {
		t.Errorf("report.json has %d detections and %d missed ones, want 11 and 1", dots, never)
	}
	if got := ask[int](p, `document.querySelectorAll("#detections .mark-symbol.role-mark path[transform]").length`); got != dots {
		t.Errorf("%d dots, want %d", got, dots)
	}
	const says = `[...document.querySelectorAll("#detections .mark-text.role-mark text")].filter((e) => e.textContent === "never").length`
	if got := ask[int](p, says); got != never {
		t.Errorf("%d sides shown as never detecting, want %d", got, never)
	}
	const dot = `document.querySelector("#detections .mark-symbol.role-mark path[transform]")`
	ask[chromedp.Void](p, dot+`.scrollIntoView({block: "center"})`)
	at := ask[struct{ X, Y, Width, Height float64 }](p, dot+`.getBoundingClientRect().toJSON()`)
	x, y := at.X+at.Width/2, at.Y+at.Height/2
	p.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
	p.wait(`document.querySelector("#vg-tooltip-element.visible") !== null`)
	said := ask[string](p, `document.getElementById("vg-tooltip-element").textContent`)
	for _, want := range []string{"detected after", " s", "phase asked for", "the side's own phase", "traces/cable-pull"} {
		if !strings.Contains(said, want) {
			t.Errorf("hovering over a dot says %q, and not %q", said, want)
		}
	}
	p.do(chromedp.MouseClickXY(x, y))
	p.wait(`document.querySelector("#trial[open] .timeline .chart")?.dataset.drawn === "yes"`)
	p.quiet()
}

func TestInBrowserMatrixSortsAndFilters(t *testing.T) {
	p := open(t, withTraces(t, everything()...))
	const rows = `[...document.querySelectorAll("#matrix tbody tr")].map((r) => r.cells[0].textContent + " " + r.cells[1].textContent + " " + r.cells[2].textContent)`
	all := []string{
		"cable-pull fixed strict", "cable-pull push strict", "cable-pull keepalive strict",
		"cable-pull echo-timer strict", "latency-step fixed strict", "cable-pull fixed standard",
	}
	choose := func(name, value string) string {
		return fmt.Sprintf(`{ const f = document.getElementById("filters"); f[%q].value = %q; f[%q].dispatchEvent(new Event("input", {bubbles: true})) }`, name, value, name)
	}
	head := func(name string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("#matrix thead button")].find((b) => b.textContent === %q).click()`, name)
	}
	for _, step := range []struct {
		name, do string
		want     []string
	}{
		{"at first, by verdict", `0`, all},
		{"by policy", head("Policy"), []string{all[3], all[0], all[4], all[5], all[2], all[1]}},
		{"by policy, down", head("Policy"), []string{all[1], all[2], all[0], all[4], all[5], all[3]}},
		{"by detection time", head("Client T_D"), []string{all[2], all[1], all[4], all[3], all[0], all[5]}},
		{"a profile", choose("profile", "standard"), []string{all[5]}},
		{"a profile and a verdict that it has not", choose("verdict", "broken"), []string{}},
		{"the verdict alone", choose("profile", ""), []string{all[1], all[0]}},
		{"a scenario", choose("verdict", "") + choose("scenario", "latency-step"), []string{all[4]}},
		{"a policy", choose("scenario", "") + choose("policy", "keepalive"), []string{all[2]}},
		{"a text of several words", choose("policy", "") + choose("text", "Strict KERNEL"), []string{all[2]}},
		{"no such text", choose("text", "nobody"), []string{}},
	} {
		ask[chromedp.Void](p, step.do)
		if got := ask[[]string](p, rows); strings.Join(got, ", ") != strings.Join(step.want, ", ") {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
	p.do(chromedp.Click(chromedp.CSS(`#filters button[type=reset]`)))
	p.wait(`document.querySelectorAll("#matrix tbody tr").length === 6`)
	p.quiet()
}

func TestInBrowserTimelinesOpen(t *testing.T) {
	p := open(t, withTraces(t, everything()...))
	const first = `document.querySelector("#failures article .timeline`
	p.wait(first + ` .chart")?.dataset.drawn === "yes"`)
	// Four frames that arrived and one that did not, two deadlines of each side,
	// and when both detected.
	if got := ask[int](p, first+`").querySelectorAll(".mark-rule.role-mark line").length`); got != 4+1+4+2 {
		t.Errorf("%d rules, want 11", got)
	}
	if text := ask[string](p, first+` figcaption").textContent`); !strings.Contains(text, "its last deadline was set at -1.000 s and passed at 7.550 s") {
		t.Errorf("it says %q", text)
	}
	if text := ask[string](p, `document.querySelector("#failures article ul").textContent`); !strings.Contains(text, "why the server suspected, times counted from the trial's start: nothing heard since 2s") {
		t.Errorf("it says %q", text)
	}
	p.do(chromedp.Click(chromedp.CSS(`#failures article .timeline details summary`)))
	p.wait(`document.querySelectorAll("#failures article:first-child .timeline details tbody tr").length === 5 + 4 + 1 + 10`)
	// With the keyboard: a row's trials, then the dialog's end.
	p.do(chromedp.Focus(chromedp.CSS(`#matrix tbody button`)), chromedp.KeyEvent("\r"))
	p.wait(`document.querySelector("#trial[open] .timeline .chart")?.dataset.drawn === "yes"`)
	p.do(chromedp.KeyEvent("\r"))
	p.wait(`!document.getElementById("trial").open`)
	p.quiet()
}

func TestInBrowserPageFitsAPhone(t *testing.T) {
	var records []judge.Record
	for _, evil := range hostile {
		records = append(records, attack(evil), with(attack(evil), judge.Failed, evil))
	}
	for name, dir := range map[string]string{"everything": withTraces(t, everything()...), "hostile": withTraces(t, records...)} {
		t.Run(name, func(t *testing.T) {
			p := open(t, dir)
			for _, width := range []int64{375, 320} {
				p.size(width)
				p.wait(fmt.Sprintf(`innerWidth === %d && [...document.querySelectorAll(".chart svg")].every((s) => s.getBoundingClientRect().right <= %d)`, width, width))
				if got := ask[int](p, `document.documentElement.scrollWidth`); got > int(width) {
					t.Errorf("%d px wide on a screen of %d", got, width)
				}
			}
			p.quiet()
		})
	}
}

func TestInBrowserHostileNamesShowAsText(t *testing.T) {
	p := newTab(t)
	for name, evil := range hostile {
		if name == "blank" {
			continue // nothing to see
		}
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.load(withTraces(t, attack(evil)))
			ask[chromedp.Void](p, `showTrials([0])`)
			want, err := json.Marshal(shown(evil + "s"))
			if err != nil {
				t.Fatal(err)
			}
			for _, place := range []string{"#matrix tbody th", "#trial h2", "#failures h3"} {
				if !ask[bool](p, fmt.Sprintf(`document.querySelector(%q).textContent.includes(%s)`, place, want)) {
					t.Errorf("%s does not show the scenario's name %s", place, want)
				}
			}
			if got := ask[int](p, `document.querySelectorAll("img, body b, a").length`); got != 0 {
				t.Errorf("%d elements that a name made", got)
			}
			p.quiet()
		})
	}
}

// A run that is as long as they get opens at once, and stays a file to mail.
func TestInBrowserFiveThousandTrials(t *testing.T) {
	for _, row := range []struct {
		name   string
		server time.Duration // its detection time
	}{{"held", 7 * time.Second}, {"broken", 10 * time.Second}} {
		t.Run(row.name, func(t *testing.T) {
			var records []judge.Record
			for i := range 5000 {
				client := time.Duration(6000+i%2900) * time.Millisecond
				r := cablePull(fmt.Sprintf("policy-%02d", i/10%25), float64(i%10)/10, client, row.server)
				for _, side := range sides {
					m := r.Of(side)
					m.End, m.HangUp, m.Cause = m.Detection, m.Detection, "peer went silent"
				}
				r.Scenario = fmt.Sprintf("scenario-%02d", i/250)
				r.Trial = r.Scenario + r.Trial
				r.Trace = "traces/" + r.Trial + ".jsonl"
				records = append(records, r)
			}
			dir := withTraces(t, records...)
			info, err := os.Stat(filepath.Join(dir, HTMLFile))
			if err != nil {
				t.Fatal(err)
			}
			p := open(t, dir)
			took := p.opened()
			t.Logf("%d bytes, %.0f timelines, opened in %v", info.Size(), ask[float64](p, `Object.keys(data.timelines).length`), took)
			for range 2 { // another process may have had the processor
				if took > 3*time.Second {
					p.do(chromedp.Reload())
					p.wait(allDrawn)
					took = min(took, p.opened())
				}
			}
			if took > 3*time.Second {
				t.Errorf("opened in %v, want less than 3 s", took)
			}
			if info.Size() > mostHTML {
				t.Errorf("%d bytes, want at most 5 MB", info.Size())
			}
			if got := ask[int](p, `document.querySelectorAll("#detections .mark-symbol.role-mark path[transform]").length`); got != 10_000 {
				t.Errorf("%d dots, want 10,000", got)
			}
			p.quiet()
		})
	}
}

// opened is how long the page took until its charts were drawn.
func (p *tab) opened() time.Duration {
	p.t.Helper()
	ms := ask[float64](p, `performance.getEntriesByName("drawn")[0].startTime`)
	return time.Duration(ms * float64(time.Millisecond))
}
