package fidelity

import (
	"fmt"
	"slices"
	"time"
)

// Shown are rows as a table of texts, and the notes below it.
type Shown struct {
	Measure Measure // that all rows are of; "": they are lies
	Head    []string
	Cells   [][]string
	Notes   []string
}

// Show makes tables of rows, one for each measure. Where Stock was not tried it
// has no column; nor have the subject and the mode, if they are all the same.
func Show(rows []Row) (tables []Shown) {
	stock := slices.ContainsFunc(rows, func(r Row) bool { return r.Text(Stock) != "-" })
	several := slices.ContainsFunc(rows, func(r Row) bool { return r.Subject != rows[0].Subject || r.Mode != rows[0].Mode })
	for _, m := range []Measure{Detection, Recovery} {
		t := Shown{Measure: m, Head: []string{"scenario", "policy", "side", Proxy, Kernel, "apart", "verdict"}}
		if stock {
			t.Head = append(t.Head, "stock toxics")
		}
		if several {
			t.Head = append(t.Head, "subject", "mode")
		}
		for _, r := range rows {
			if r.Measure != m {
				continue
			}
			verdict, apart := string(r.Verdict), "-"
			for _, why := range r.Why {
				if !slices.Contains(t.Notes, why) {
					t.Notes = append(t.Notes, why)
				}
				verdict += fmt.Sprintf(" (%d)", slices.Index(t.Notes, why)+1)
			}
			if most := r.Most(); len(r.Why) > 0 && most > Tolerance {
				verdict += fmt.Sprintf(": at most %v", most.Round(time.Millisecond))
			}
			if r.Apart != nil {
				apart = r.Apart.Round(time.Millisecond).String()
			}
			cells := []string{r.Scenario, r.Policy, string(r.Side), r.Text(Proxy), r.Text(Kernel), apart, verdict}
			if stock {
				cells = append(cells, r.Text(Stock))
			}
			if several {
				cells = append(cells, r.Subject, r.Mode.String())
			}
			t.Cells = append(t.Cells, cells)
		}
		for i := range t.Notes {
			t.Notes[i] = fmt.Sprintf("(%d) %s", i+1, t.Notes[i])
		}
		if len(t.Cells) > 0 {
			tables = append(tables, t)
		}
	}
	return tables
}

// ShowLies makes a table of lies.
func ShowLies(lies []Lie) Shown {
	t := Shown{Head: []string{"stock toxics tell", "that is", "trials", "such as"}}
	for _, l := range lies {
		t.Cells = append(t.Cells, []string{l.Name, l.What, fmt.Sprintf("%d of %d", l.Found, l.Trials), l.Example})
	}
	return t
}
