package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/flatline-go/flatline/harness/tune"
	"github.com/flatline-go/flatline/harness/words"
)

// comparisonFile is where a run keeps a fair comparison of detectors, beside its
// records.
const comparisonFile = "comparison.json"

// WriteComparison puts a comparison into dir, for Gather.
func WriteComparison(dir string, c tune.Comparison) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", comparisonFile, err)
	}
	if err := replace(filepath.Join(dir, comparisonFile), append(data, '\n')); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

// readComparison is the one in dir; nil: there is none.
func readComparison(dir string) (*tune.Comparison, error) {
	data, err := readFile(filepath.Join(dir, comparisonFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var c tune.Comparison
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s: %w; want a comparison, as flatline sim --equal writes it", comparisonFile, err)
	}
	if c.Schema != tune.ComparisonSchema {
		return nil, fmt.Errorf("%s: schema %d, this version reads %d", comparisonFile, c.Schema, tune.ComparisonSchema)
	}
	return &c, nil
}

// headline is a comparison as one line.
func headline(c tune.Comparison) string {
	return fmt.Sprintf("Compared %s, tuned to %v.", words.Plural(len(c.Tuned), "detector"), c.Equal)
}

// comparisonStrip says what was compared, and where.
func comparisonStrip(c tune.Comparison) []number {
	h := c.History
	out := []number{
		{What: "Compared", Value: words.Plural(len(c.Tuned), "detector"), Detail: fmt.Sprintf("tuned to %v", c.Equal)},
		{What: "On the same arrivals", Value: words.Count(h.Arrivals), Detail: fmt.Sprintf("of %s beats, one every %v, %s days; seed %d", words.Count(h.Beats), h.Interval, words.Number(h.Long().Hours()/24), h.Seed)},
		{What: "Network model", Value: shown(h.Model.Name), Detail: shown(h.Model.String())},
	}
	for _, t := range c.Tuned {
		if t.Why == "" && t.Against == nil {
			out = append(out, number{What: "The others are held against", Value: t.Family, Detail: fmt.Sprintf("T_D %.3fs in the median, %s mistakes", t.Detection.Median.Seconds(), tune.PerDay(t.Rate.PerDay))})
		}
	}
	return out
}

// comparison is the comparison as a table of report.md.
func (r Report) comparison() part {
	c := r.Comparison
	if c == nil {
		return part{}
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"Detector", "Mistakes per day", "95 %", "T_D median, s", "p99, s", "Largest, s"})
	for _, x := range c.Tuned {
		if x.Why != "" {
			continue
		}
		t.AppendRow(table.Row{
			escaped(Detector(x.Detector.Config)), words.Number(x.Rate.PerDay), words.Number(x.Rate.Least) + " to " + words.Number(x.Rate.Most),
			fmt.Sprintf("%.3f", x.Detection.Median.Seconds()), fmt.Sprintf("%.3f", x.Detection.P99.Seconds()), fmt.Sprintf("%.3f", x.Detection.Max.Seconds()),
		})
	}
	p := part{what: "parts of the comparison", head: fmt.Sprintf("\n## Detectors tuned to %v, on %s\n\n", c.Equal, escaped(c.History.Model.Name))}
	p.items = append(p.items, t.RenderMarkdown()+"\n\n")
	for _, line := range tune.Conclude(*c) {
		p.items = append(p.items, "- "+escaped(line)+"\n")
	}
	return p
}

// comparisonData is what the page shows of a comparison. Times are in seconds.
type comparisonData struct {
	Title  string       `json:"title"`
	Says   []string     `json:"says"`
	Points []pointData  `json:"points"`
	Tuned  []pointData  `json:"tuned"` // those of them that were asked for
	Bound  []boundsData `json:"bound"` // what they were tuned to
}

// pointData is a detector at one value of its parameter.
type pointData struct {
	Family   string  `json:"family"`
	With     string  `json:"with"`
	Median   float64 `json:"median"`
	P99      float64 `json:"p99"`
	Max      float64 `json:"max"`
	Mistakes float64 `json:"mistakes"` // per day
	Least    float64 `json:"least"`
	Most     float64 `json:"most"`
}

// boundsData is a rate of mistakes, or absent, where a detection was given.
type boundsData struct {
	Mistakes float64 `json:"mistakes"`
}

// comparisonData is nil if the report has none.
func (r Report) comparisonData() *comparisonData {
	c := r.Comparison
	if c == nil {
		return nil
	}
	d := &comparisonData{Title: shown(fmt.Sprintf("Tuned to %v, on %s", c.Equal, c.History.Model.Name))}
	for _, line := range tune.Conclude(*c) {
		d.Says = append(d.Says, Clean(line))
	}
	for _, p := range c.Points {
		d.Points = append(d.Points, pointData{
			Family: shown(p.Family), With: shown(fmt.Sprintf("%s %.4g", p.Knob, p.Value)),
			Median: inSeconds(p.Median), P99: inSeconds(p.P99), Max: inSeconds(p.Max),
			Mistakes: p.Rate.PerDay, Least: p.Rate.Least, Most: p.Rate.Most,
		})
	}
	for _, t := range c.Tuned {
		if t.Why == "" {
			d.Tuned = append(d.Tuned, pointData{
				Family: shown(t.Family), With: shown(Detector(t.Detector.Config)),
				Median: inSeconds(t.Detection.Median), P99: inSeconds(t.Detection.P99), Max: inSeconds(t.Detection.Max),
				Mistakes: t.Rate.PerDay, Least: t.Rate.Least, Most: t.Rate.Most,
			})
		}
	}
	if c.Equal.Detection == 0 {
		d.Bound = []boundsData{{c.Equal.Mistakes.PerDay()}}
	}
	return d
}
