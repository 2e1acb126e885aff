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
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
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
	if got := ask[int](p, `document.querySelectorAll("#detections .mark-symbol.role-mark path[stroke='var(--text)']").length`); got != 1 {
		t.Errorf("%d dots are ringed, want that of the one that was too late", got)
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
	const rows = `[...document.querySelectorAll("#matrix tbody tr:not(.why)")].map((r) => r.cells[0].textContent + " " + r.cells[1].textContent + " " + r.cells[2].textContent)`
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
	p.wait(`document.querySelectorAll("#matrix tbody tr:not(.why)").length === 6`)
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
	p.wait(`document.querySelectorAll("#failures article:first-child .timeline details tbody tr").length === 5 + 4 + 1 + 1 + 10`)
	// With the keyboard: a row's trials, then the dialog's end.
	p.do(chromedp.Focus(chromedp.CSS(`#matrix tbody button`)), chromedp.KeyEvent("\r"))
	p.wait(`document.querySelector("#trial[open] .timeline .chart")?.dataset.drawn === "yes"`)
	p.do(chromedp.KeyEvent("\r"))
	p.wait(`!document.getElementById("trial").open`)
	p.quiet()
}

// A trial by the wire shows its connections, and what the wire showed of them; it
// has no deadlines, and without a window no band.
func TestInBrowserConnections(t *testing.T) {
	window := heartbeat.Window{Hi: 10 * time.Second}
	for _, row := range []struct {
		name  string
		rec   judge.Record
		bands int
	}{
		{"with a window", watched(window, 9332*time.Millisecond, 0), 1},
		{"only timed", watched(heartbeat.Window{}, 9332*time.Millisecond, 2177*time.Millisecond), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := open(t, withWires(t, row.rec))
			ask[chromedp.Void](p, `showTrials([0])`)
			p.wait(`document.querySelector("#trial[open] .timeline .chart")?.dataset.drawn === "yes"`)
			article := ask[string](p, `document.querySelector("#trial article").textContent`)
			for _, want := range []string{
				"link 1hung up after 9.332 sgot the other's closing after 9.332 s", "output: output/cable-pull.watched.client.log",
				"Diamond: hang-up", "Dot: a connection reached the network", "Wedge: the kernel's keepalive timer was seen",
			} {
				if !strings.Contains(article, want) {
					t.Errorf("the trial does not say %q:\n%s", want, article)
				}
			}
			const chart = `document.querySelector("#trial .timeline .chart")`
			if got := ask[int](p, chart+`.querySelectorAll(".role-axis-title").length`); got != 1 {
				t.Errorf("%d titles of axes, want that of the time alone", got)
			}
			// The fault's, and the window's.
			if got := ask[int](p, chart+`.querySelectorAll(".mark-rect.role-mark path").length`); got != 1+row.bands {
				t.Errorf("%d bands, want %d", got, 1+row.bands)
			}
			if got := ask[int](p, `document.querySelectorAll("#detections .mark-rect.role-mark path").length`); got != row.bands && row.rec.Verdict == judge.Held {
				t.Errorf("%d windows among the dots, want %d", got, row.bands)
			}
			p.quiet()
		})
	}
}

func TestInBrowserPageFitsAPhone(t *testing.T) {
	var records []judge.Record
	for _, evil := range hostile {
		records = append(records, attack(evil), with(attack(evil), judge.Failed, evil))
	}
	two := watched(heartbeat.Window{Hi: 5 * time.Second}, 9332*time.Millisecond, 0)
	for name, dir := range map[string]string{"everything": withTraces(t, everything()...), "hostile": withTraces(t, records...), "by the wire": withWires(t, two)} {
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

// The page shows every time as the terminal does, also between two milliseconds.
func TestInBrowserTimesAreRoundedAsElsewhere(t *testing.T) {
	took := []time.Duration{7_749_462_675, 7_062_500_000, 7_187_500_000, 8_000_499_999, 6_000_500_000}
	var records []judge.Record
	for i, d := range took {
		records = append(records, cablePull(fmt.Sprintf("policy-%d", i), 0.5, d, -d))
	}
	p := open(t, withTraces(t, records...))
	for i, d := range took {
		for side, want := range map[string]string{"client": seconds(d), "server": seconds(-d)} {
			if got := ask[string](p, fmt.Sprintf("seconds(data.trials[%d].%s.dot)", i, side)); got != want {
				t.Errorf("%v of the %s: %q, want %q", d, side, got, want)
			}
		}
	}
	p.quiet()
}

// What nobody counted is a dash, in the matrix and beside a trial.
func TestInBrowserWhatIsNotCounted(t *testing.T) {
	r := watched(heartbeat.Window{}, 2177*time.Millisecond)
	r.Client.Uncounted, r.Server.Uncounted = true, true
	p := open(t, withWires(t, r))
	const column = `[...document.querySelectorAll("#matrix tbody td")].map((d) => d.textContent).filter((_, i) => ["Mistakes", "Beats/h", "Bytes/h"].includes(document.querySelectorAll("#matrix thead th")[i + 1].textContent)).join()`
	if got := ask[string](p, column); got != "-,-,-" {
		t.Errorf("the matrix has %q", got)
	}
	ask[chromedp.Void](p, `showTrials([0])`)
	if got := ask[string](p, `[...document.querySelectorAll("#trial tbody tr")].find((r) => r.cells[0].textContent === "mistakes").textContent`); got != "mistakes--" {
		t.Errorf("the trial has %q", got)
	}
	p.quiet()
}

// All columns that a run can have fit a desk's screen.
func TestInBrowserMatrixFitsADesk(t *testing.T) {
	var records []judge.Record
	for _, w := range []heartbeat.Window{heartbeat.Strict().Window, heartbeat.Standard().Window} {
		r := cablePull("server-echo-timer", 0.5, w.Lo+time.Second, w.Lo+2*time.Second)
		r.Scenario, r.Verdict, r.Window = "cable-pull-in-the-middle", judge.Held, w
		r.Policy, r.Trial = fmt.Sprintf("server-echo-timer/%v", map[bool]string{true: "strict", false: "standard"}[w.Hi < 10*time.Second]), w.String()
		for _, side := range sides {
			took := *r.Of(side).Detection
			r.Of(side).End, r.Of(side).Recovery = &took, &took
			r.Checks = append(r.Checks, judge.Check{That: scenario.Ends, Side: side, Held: true})
		}
		r.Trace = ""
		if w == heartbeat.Strict().Window {
			r.Network = "kernel"
		}
		records = append(records, r)
	}
	p := open(t, withTraces(t, records...))
	if got := ask[int](p, `document.querySelectorAll("#matrix thead th").length`); got != 15 {
		t.Fatalf("%d columns, want all", got)
	}
	const over = `(() => { const s = document.querySelector("#matrix").closest(".scroll"); return s.scrollWidth - s.clientWidth })()`
	if got := ask[int](p, over); got > 0 {
		t.Errorf("the matrix is %d px too wide", got)
	}
	p.quiet()
}

// A legend has the sides that a chart has something of.
func TestInBrowserLegendsNameWhatThereIs(t *testing.T) {
	r := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	r.Server.Detection, r.Checks = nil, r.Checks[:1]
	one := history(r.Trial)
	one.Header.Policy.Server = nil
	both := cablePull("fixed", 0.5, 7*time.Second, 7*time.Second)
	for _, row := range []struct {
		rec  judge.Record
		want string
	}{{both, "client,server"}, {r, "client"}} {
		dir := withTraces(t, row.rec)
		if row.want == "client" {
			put(t, filepath.Join(dir, row.rec.Trace), jsonl(t, one))
			if _, err := Load(dir); err != nil {
				t.Fatal(err)
			}
			rep, err := Gather(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := rep.Write(dir); err != nil {
				t.Fatal(err)
			}
		}
		p := open(t, dir)
		ask[chromedp.Void](p, `showTrials([0])`)
		p.wait(`document.querySelector("#trial[open] .timeline .chart")?.dataset.drawn === "yes"`)
		for _, chart := range []string{"#detections", "#trial .timeline"} {
			if got := ask[string](p, fmt.Sprintf(`[...document.querySelectorAll(%q)].map((e) => e.textContent).join()`, chart+" .role-legend-label text")); got != row.want {
				t.Errorf("the legend of %s has %q, want %q", chart, got, row.want)
			}
		}
		p.quiet()
	}
}

// A window's name is legible on a phone: no mark lies on it.
func TestInBrowserMarksLeaveTheWindowsNameAlone(t *testing.T) {
	p := newTab(t)
	p.size(375)
	p.load(withTraces(t, everything()...))
	const over = `(() => {
	  const svg = document.querySelector("#failures .timeline .chart svg");
	  const name = [...svg.querySelectorAll("text")].find((e) => e.textContent === "window").getBoundingClientRect();
	  return [...svg.querySelectorAll(".mark-symbol.role-mark path, .mark-text.role-mark text")].map((e) => [e.textContent, e.getBoundingClientRect()])
	    .filter(([text, r]) => text !== "window" && r.width > 0 && r.left < name.right && r.right > name.left && r.top < name.bottom && r.bottom > name.top).length;
	})()`
	p.wait(`document.querySelector("#failures .timeline .chart")?.dataset.drawn === "yes"`)
	if got := ask[int](p, over); got != 0 {
		t.Errorf("%d marks lie on it", got)
	}
	p.quiet()
}
