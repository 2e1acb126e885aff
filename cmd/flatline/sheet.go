package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// sheet is a table without lines, which costs the fewest columns. What is wider than
// the terminal is printed in parts, one below the other.
type sheet struct {
	table.Writer
	t       terminal
	columns int
	// names are the columns that say what a row is: each part begins with them.
	names   int
	configs []table.ColumnConfig
}

func newTable(w io.Writer, header ...any) *sheet {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	style.Options.SeparateColumns = true
	style.Box = table.BoxStyle{MiddleVertical: "  "}
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	t.AppendHeader(header)
	return &sheet{Writer: t, t: newTerminal(w), columns: len(header), names: 1}
}

// SetColumnConfigs is the table's.
func (s *sheet) SetColumnConfigs(configs []table.ColumnConfig) { s.configs = configs }

// Render prints the table, and returns what it printed.
func (s *sheet) Render() string {
	var parts []string
	for rest := s.others(); len(parts) == 0 || len(rest) > 0; {
		n := s.fits(rest)
		parts, rest = append(parts, s.with(rest[:n])), rest[n:]
	}
	out := strings.Join(parts, "\n\n")
	fmt.Fprintln(s.t, out)
	return out
}

// others are the numbers of the columns that are no names, and are shown at all.
func (s *sheet) others() (out []int) {
	for number := s.names + 1; number <= s.columns; number++ {
		if !slices.ContainsFunc(s.configs, func(c table.ColumnConfig) bool { return c.Number == number && c.Hidden }) {
			out = append(out, number)
		}
	}
	return out
}

// fits is how many of the columns fit the terminal beside the names: one at least,
// and all where nobody sees an edge.
func (s *sheet) fits(columns []int) int {
	n := len(columns)
	for s.t.live && n > 1 && text.LongestLineLen(s.with(columns[:n])) > s.t.width {
		n--
	}
	return n
}

// with is the table with the names and those columns.
func (s *sheet) with(columns []int) string {
	configs := slices.Clone(s.configs)
	for number := s.names + 1; number <= s.columns; number++ {
		if slices.Contains(columns, number) {
			continue
		}
		at := slices.IndexFunc(configs, func(c table.ColumnConfig) bool { return c.Number == number })
		if at < 0 {
			at, configs = len(configs), append(configs, table.ColumnConfig{Number: number})
		}
		configs[at].Hidden = true
	}
	s.Writer.SetColumnConfigs(configs)
	return strings.TrimRight(s.Writer.Render(), "\n")
}
