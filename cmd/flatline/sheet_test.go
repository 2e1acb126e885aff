package main

import (
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/table"
)

// A table that is wider than the terminal comes in parts, each with the names of its
// rows; in a pipe it comes whole.
func TestATableFitsTheTerminal(t *testing.T) {
	show := func(columns int, live bool) []string {
		var out strings.Builder
		screen := newTerminal(&out)
		screen.live, screen.width = live, columns
		tab := newTable(screen, "family", "every", "detection time", "mistakes", "unseen", "overhead per hour")
		tab.SetColumnConfigs([]table.ColumnConfig{{Number: 5, Hidden: true}})
		tab.AppendRow(table.Row{"fixed", "2s", "6.68-8.85s", "1/158d", "hidden", "1,714"})
		tab.AppendRow(table.Row{"phi", "-", "none"})
		said := tab.Render()
		if out.String() != said+"\n" {
			t.Errorf("printed %q, and says %q", out.String(), said)
		}
		return strings.Split(said, "\n")
	}
	for _, row := range []struct {
		columns int
		live    bool
		want    string // the heads of the parts
	}{
		{80, true, "family every detection time mistakes overhead per hour"},
		{40, true, "family every detection time mistakes, family overhead per hour"},
		{26, true, "family every, family detection time, family mistakes, family overhead per hour"},
		{5, true, "family every, family detection time, family mistakes, family overhead per hour"},
		{0, false, "family every detection time mistakes overhead per hour"},
	} {
		var heads []string
		lines := show(row.columns, row.live)
		for i, line := range lines {
			if line == "" {
				continue
			}
			if i == 0 || lines[i-1] == "" {
				heads = append(heads, strings.Join(strings.Fields(line), " "))
			}
			if strings.Contains(line, "hidden") || row.columns >= 26 && len(line) > row.columns {
				t.Errorf("%d columns: %q", row.columns, line)
			}
		}
		if got := strings.Join(heads, ", "); got != row.want {
			t.Errorf("%d columns: %q, want %q", row.columns, got, row.want)
		}
		if n := strings.Count(strings.Join(lines, "\n"), "fixed"); n != len(heads) {
			t.Errorf("%d columns: %d rows of fixed, want %d", row.columns, n, len(heads))
		}
	}
}
