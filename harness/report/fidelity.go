package report

import (
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/flatline-go/flatline/harness/fidelity"
)

// fidelity is how far two networks are apart, and what stock toxics tell, as tables
// of report.md.
func (r Report) fidelity() (parts []part) {
	for _, shown := range fidelity.Show(r.Fidelity) {
		head := fmt.Sprintf("\n## %s on %s and on %s, s\n\n", escaped(string(shown.Measure)), fidelity.Proxy, fidelity.Kernel)
		p := rows("rows of the comparison of networks", head, tableOf(shown), 6)
		for _, note := range shown.Notes {
			p.items = append(p.items, "\n"+escaped(note)+"\n")
		}
		parts = append(parts, p)
	}
	return append(parts, rows("lies of stock toxics", "\n## What stock toxics tell that no cable does\n\n", tableOf(fidelity.ShowLies(r.Lies))))
}

func tableOf(shown fidelity.Shown) table.Writer {
	t := table.NewWriter()
	t.AppendHeader(cellsOf(shown.Head))
	for _, cells := range shown.Cells {
		t.AppendRow(cellsOf(cells))
	}
	return t
}

func cellsOf(texts []string) (row table.Row) {
	for _, text := range texts {
		row = append(row, escaped(text))
	}
	return row
}
