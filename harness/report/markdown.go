package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/words"
)

// Markdown is the report as a page of at most 60 kB, which fits the summary of
// a CI job: the verdict, what did not hold, the matrix, and what it takes to
// trust it. What doesn't fit is left out, from the end of each part, and
// counted.
func (r Report) Markdown() string {
	parts := []part{r.missing(), r.comparison(), r.failures()}
	parts = append(parts, r.windows(), r.connections())
	parts = append(parts, r.fidelity()...)
	parts = append(parts, r.tables()...)
	return page("# "+escaped(r.Headline())+"\n", parts, r.trust())
}

// missing names the trials that left no record.
func (r Report) missing() (p part) {
	if names := r.Summary.MissingNames(escaped); names != "" {
		p.items = []string{"\nLeft no record: " + names + ".\n"}
	}
	return p
}

// failures tells of each trial that did not hold.
func (r Report) failures() part {
	p := part{what: "trials that did not hold", head: "\n## What did not hold, or could not be told\n", most: mostBytes / 2}
	for _, rec := range r.Failures() {
		p.items = append(p.items, failure(rec, r.Where(rec.Network)))
	}
	return p
}

// failure tells of a trial; where is its network, if that has to be said.
func failure(r judge.Record, where string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s: %s under %s%s, phase %g\n\n", r.Verdict, escaped(r.Scenario), escaped(r.Policy), escaped(where), r.Phase)
	for _, line := range Story(r) {
		fmt.Fprintf(&b, "- %s\n", escaped(line))
	}
	if r.Trace != "" {
		fmt.Fprintf(&b, "- trace: %s\n", code(r.Trace))
	}
	for _, path := range r.Output {
		fmt.Fprintf(&b, "- output: %s\n", code(path))
	}
	if r.Repeat != "" {
		fmt.Fprintf(&b, "- trial seed %d; to run it again:\n\n%s", r.Seed, codeBlock(r.Repeat))
	}
	return b.String()
}

// windows hold the extremes against the windows.
func (r Report) windows() part {
	t := table.NewWriter()
	t.AppendHeader(table.Row{"Profile", "Window", "Side", "n", "Missed", "Earliest, s", "in", "Latest, s", "in", "Held"})
	for _, d := range r.Summary.Detections {
		t.AppendRow(table.Row{
			escaped(d.Profile), d.Window.String(), string(d.Side), d.N, d.Missed,
			seconds(d.Earliest.Took), escaped(d.Earliest.Trial), seconds(d.Latest.Took), escaped(d.Latest.Trial), yes(d.Held()),
		})
	}
	return rows("rows of the windows", "\n## Detection times against the windows\n\n", t, 4, 5, 6, 8)
}

// connections are those that were open when a fault struck, of trials by the wire.
func (r Report) connections() part {
	t := table.NewWriter()
	t.AppendHeader(table.Row{"Trial", "Connection", "Client", "Server", "Output"})
	for _, rec := range r.Records {
		if rec.Superseded {
			continue
		}
		var output []string
		for _, path := range rec.Output {
			output = append(output, escaped(path))
		}
		for _, c := range rec.Connections {
			t.AppendRow(table.Row{escaped(rec.Trial), escaped(c.Name), escaped(c.Client.Alone()), escaped(c.Server.Alone()), strings.Join(output, ", ")})
		}
	}
	return rows("connections", "\n## Hang-ups, by connection\n\n", t)
}

// tables are the matrix, one table for what can be compared.
func (r Report) tables() []part {
	var parts []part
	for _, g := range groups(r.Matrix) {
		head := fmt.Sprintf("\n## %s on %s (subject %s, mode %s)\n\n",
			escaped(g.name()), escaped(g.network), escaped(g.subject), g.mode)
		parts = append(parts, rows("rows of the matrix", head, matrixTable(g.cells), 4, 5, 6, 7, 8, 9, 10, 11, 12))
	}
	return parts
}

func matrixTable(cells []Cell) table.Writer {
	ends := slices.ContainsFunc(cells, Cell.Ends)
	t := table.NewWriter()
	head := table.Row{"Scenario", "Policy", "Verdict", "Client T_D, s", "Server T_D, s"}
	if ends {
		head = append(head, "Client end, s", "Server end, s")
	}
	t.AppendHeader(append(head, "Mistakes", "Client recovery, s", "Server recovery, s", "Client beats/h (bytes/h)", "Server beats/h (bytes/h)"))
	for _, c := range cells {
		row := table.Row{escaped(c.Scenario), escaped(c.Policy), escaped(c.Sentence()), c.Client.Took(), c.Server.Took()}
		if ends {
			row = append(row, c.Client.End.String(), c.Server.End.String())
		}
		t.AppendRow(append(row, mistakes(c), recovery(c.Client.Recovery), recovery(c.Server.Recovery), overhead(c, c.Client), overhead(c, c.Server)))
	}
	return t
}

// trust is what a reader needs to believe the rest.
func (r Report) trust() string {
	var b strings.Builder
	b.WriteString("\n## What this rests on\n\n")
	if !r.Compares() {
		r.trials(&b)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(&b, "- %s: %s\n", escaped(name), escaped(strings.Join(r.Versions[name], ", ")))
	}
	fmt.Fprintf(&b, "- Report: by %s, format %d.\n", escaped(r.GeneratedBy), r.Schema)
	return b.String()
}

// trials are what a reader needs to believe what is said of trials.
func (r Report) trials(b *strings.Builder) {
	b.WriteString("- T_D, the detection time: smallest/median/largest, in seconds; recovery: median/largest. End: of a session that is expected to end, as T_D. Mistakes: the client's + the server's. -: not measured; mistakes of a side that tells nothing are not counted, nor beats that are its own or a kernel's.\n")
	s := r.Summary
	if e := s.HarnessError; e != nil {
		fmt.Fprintf(b, "- Harness error, that is how much later a side suspected than the pure detector does on the same trace: n %d, p50 %v, p99 %v, largest %v.\n",
			e.N, fine(e.P50), fine(e.P99), fine(e.Max))
	} else {
		b.WriteString("- Harness error: not measured, because no side of ours suspected its peer.\n")
	}
	fmt.Fprintf(b, "- Stalls: %d, the longest %v. Inconclusive: %d. Retried: %d.\n",
		s.Stalls.N, fine(s.Stalls.Longest), s.Verdicts[judge.Inconclusive], s.Retried)
	fmt.Fprintf(b, "- Sum of trial times %v, wall %v, ratio %.1f.\n",
		words.Milli(s.TrialTime), words.Milli(s.Wall), s.Ratio)
	b.WriteString("- Seeds: each trial has its own; they are in " + JSONFile + ", with the command that runs it again.\n")
}

// rows makes a part of a table; the columns of those numbers are aligned right.
func rows(what, head string, t table.Writer, right ...int) part {
	p := part{what: what}
	if t.Length() == 0 {
		return p
	}
	configs := make([]table.ColumnConfig, len(right))
	for i, number := range right {
		configs[i] = table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight}
	}
	t.SetColumnConfigs(configs)
	lines := strings.SplitAfter(t.RenderMarkdown()+"\n", "\n")
	p.head = head + lines[0] + lines[1]
	p.items = lines[2 : len(lines)-1]
	return p
}

func recovery(s *Spread) string {
	if s == nil {
		return "-"
	}
	return seconds(s.Median) + "/" + seconds(s.Max)
}

// mistakes are the client's and the server's: "-" stands for those that nobody
// counted.
func mistakes(c Cell) string {
	if c.Judged == 0 || c.Client.Uncounted && c.Server.Uncounted {
		return "-"
	}
	of := func(s Side) string {
		if s.Uncounted {
			return "-"
		}
		return strconv.Itoa(s.Mistakes)
	}
	return of(c.Client) + " + " + of(c.Server)
}

func overhead(c Cell, s Side) string {
	if c.Judged == 0 || !c.Beats() {
		return "-"
	}
	return fmt.Sprintf("%.0f (%.0f)", s.BeatsPerHour, s.BytesPerHour)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

func fine(d time.Duration) time.Duration { return d.Round(time.Microsecond) }

func yes(held bool) string {
	if held {
		return "yes"
	}
	return "no"
}
