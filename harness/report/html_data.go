package report

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// pageData is what the page's scripts and charts read. Times are in seconds.
// Every text from outside is cleaned.
type pageData struct {
	Charts    map[string]json.RawMessage `json:"charts"`
	Groups    []groupData                `json:"groups"`
	Cells     []cellData                 `json:"cells"`
	Trials    []trialData                `json:"trials"`
	Failures  []int                      `json:"failures"` // indices of Trials, the gravest first
	Verdicts  []judge.Verdict            `json:"verdicts"` // the gravest first
	Timelines map[int]timeline           `json:"timelines"`

	Comparison *comparisonData `json:"comparison,omitempty"`
}

// groupData are the cells that can be compared.
type groupData struct {
	Title string  `json:"title"`
	Lo    float64 `json:"lo"`
	Hi    float64 `json:"hi"`
}

// cellData is a row of the matrix.
type cellData struct {
	Group    int           `json:"group"`
	Scenario string        `json:"scenario"`
	Policy   string        `json:"policy"`
	Profile  string        `json:"profile"`
	On       string        `json:"on"`
	Differs  string        `json:"differs,omitempty"` // what of On is not the same of all cells
	Verdict  judge.Verdict `json:"verdict"`
	Says     string        `json:"says"`
	Why      string        `json:"why,omitempty"`
	Judged   bool          `json:"judged,omitempty"`
	Client   cellSide      `json:"client"`
	Server   cellSide      `json:"server"`
}

// cellSide is a cell's side; the spreads are smallest, median and largest.
type cellSide struct {
	Detection []float64 `json:"detection,omitempty"`
	Never     string    `json:"never,omitempty"` // of connections that never ended
	End       []float64 `json:"end,omitempty"`
	Recovery  []float64 `json:"recovery,omitempty"`
	Mistakes  int       `json:"mistakes,omitempty"`
	Uncounted bool      `json:"uncounted,omitempty"`
	Beats     float64   `json:"beats,omitempty"` // per hour
	Bytes     float64   `json:"bytes,omitempty"` // per hour
}

// trialData is an attempt at a trial.
type trialData struct {
	ID         string        `json:"id"`
	Cell       int           `json:"cell"`
	Phase      float64       `json:"phase"`
	Attempt    int           `json:"attempt,omitempty"` // 0: the first
	Superseded bool          `json:"superseded,omitempty"`
	Verdict    judge.Verdict `json:"verdict"`
	Story      []string      `json:"story,omitempty"`
	Seed       string        `json:"seed"` // more than a float64 holds
	Trace      string        `json:"trace,omitempty"`
	Repeat     string        `json:"repeat,omitempty"`
	Client     trialSide     `json:"client"`
	Server     trialSide     `json:"server"`
	Links      []linkData    `json:"links,omitempty"`
	Output     []string      `json:"output,omitempty"` // files
}

// linkData is a connection that was open when the fault struck, and how it ended.
type linkData struct {
	Name   string `json:"name"`
	Client string `json:"client"`
	Server string `json:"server"`
}

// trialSide is what one side did; absent: it did not.
type trialSide struct {
	// Dot is the detection time that counts; Broken that it had to be another; Missed
	// that there had to be one; Never that a connection never ended.
	Dot       *float64 `json:"dot,omitempty"`
	Broken    bool     `json:"broken,omitempty"`
	Missed    bool     `json:"missed,omitempty"`
	Never     string   `json:"never,omitempty"`
	Phase     *float64 `json:"phase,omitempty"`
	Detection *float64 `json:"detection,omitempty"`
	End       *float64 `json:"end,omitempty"`
	Cause     string   `json:"cause,omitempty"`
	HangUp    *float64 `json:"hangup,omitempty"`
	Mistakes  int      `json:"mistakes,omitempty"`
	Uncounted bool     `json:"uncounted,omitempty"`
	Recovery  *float64 `json:"recovery,omitempty"`
	Error     *float64 `json:"error,omitempty"` // the harness's own
	Doubt     float64  `json:"doubt,omitempty"`
}

func (r Report) pageData() pageData {
	d := pageData{
		Charts: map[string]json.RawMessage{},
		// No null in them: the page may be about no trial.
		Groups: []groupData{}, Cells: []cellData{}, Trials: []trialData{},
		Verdicts: verdicts, Failures: r.failed(), Comparison: r.comparisonData(),
	}
	for _, name := range []string{"detections", "pareto", "timeline"} {
		d.Charts[name] = json.RawMessage(asset("page/" + name + ".vl.json"))
	}
	cells := map[cellKey]int{}
	for number, g := range groups(r.Matrix) {
		title := fmt.Sprintf("%s on %s", g.name(), g.on())
		d.Groups = append(d.Groups, groupData{Title: shown(title), Lo: inSeconds(g.window.Lo), Hi: inSeconds(g.window.Hi)})
		for _, c := range g.cells {
			cells[c.key()] = len(d.Cells)
			d.Cells = append(d.Cells, newCell(c, number, g.on(), Differs(c, r.Matrix)))
		}
	}
	for _, rec := range r.Records {
		cell, ok := cells[keyOf(rec)]
		if !ok {
			cell = -1 // of attempts that were to be superseded
		}
		d.Trials = append(d.Trials, newTrial(rec, cell))
	}
	return d
}

func newCell(c Cell, group int, on, differs string) cellData {
	return cellData{
		Group: group, Scenario: shown(c.Scenario), Policy: shown(c.Policy), Profile: shown(c.Profile), On: shown(on), Differs: shown(differs),
		Verdict: c.Verdict, Says: c.Outcome(), Why: shown(c.Reason), Judged: c.Judged > 0,
		Client: newCellSide(c.Client), Server: newCellSide(c.Server),
	}
}

func newCellSide(s Side) cellSide {
	return cellSide{s.Detection.inSeconds(), s.never(), s.End.inSeconds(), s.Recovery.inSeconds(), s.Mistakes, s.Uncounted, math.Round(s.BeatsPerHour), math.Round(s.BytesPerHour)}
}

func (s *Spread) inSeconds() []float64 {
	if s == nil {
		return nil
	}
	return []float64{inSeconds(s.Min), inSeconds(s.Median), inSeconds(s.Max)}
}

func newTrial(r judge.Record, cell int) trialData {
	d := trialData{
		ID: shown(r.Trial), Cell: cell, Phase: r.Phase, Superseded: r.Superseded, Verdict: r.Verdict,
		Seed: strconv.FormatUint(r.Seed, 10), Trace: shown(r.Trace), Repeat: cut(Clean(r.Repeat), 10*longest),
		Client: newTrialSide(r, heartbeat.ClientSide), Server: newTrialSide(r, heartbeat.ServerSide),
	}
	for _, c := range r.Connections {
		d.Links = append(d.Links, linkData{shown(c.Name), shown(c.Client.Alone()), shown(c.Server.Alone())})
	}
	for _, path := range r.Output {
		d.Output = append(d.Output, shown(path))
	}
	if r.Attempt > 1 {
		d.Attempt = r.Attempt
	}
	if r.Verdict != judge.Held {
		for _, line := range Story(r) {
			d.Story = append(d.Story, shown(line))
		}
	}
	return d
}

func newTrialSide(r judge.Record, side heartbeat.Side) trialSide {
	m := r.Of(side)
	s := trialSide{
		Phase: m.Phase, Detection: maybe(m.Detection), End: maybe(m.End), Cause: shown(m.Cause), HangUp: maybe(m.HangUp),
		Mistakes: m.Mistakes, Uncounted: m.Uncounted, Recovery: maybe(m.Recovery), Error: maybe(m.HarnessError), Doubt: inSeconds(m.Doubt),
	}
	if r.Expects(scenario.HangsUp, side) {
		s.Detection = maybe(r.Noticed(side))
	}
	if d := lasted(r, side); d > 0 {
		s.Never = neverIn(d)
	}
	if timed(r) {
		s.Dot = maybe(r.Noticed(side))
	}
	if judged(r) {
		s.Missed = r.Missed(side)
		s.Broken = r.Mistimed(side)
	}
	return s
}

// inSeconds keeps all of a time: whoever shows it rounds it, once.
func inSeconds(d time.Duration) float64 { return float64(d) / 1e9 }

func maybe(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	return new(inSeconds(*d))
}
