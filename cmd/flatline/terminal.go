package main

import (
	"io"
	"os"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"github.com/flatline-go/flatline/harness/judge"
)

// terminal is where the command prints, and what can be printed there.
type terminal struct {
	io.Writer
	live    bool // the cursor can be moved: it is a terminal and no dumb one
	colour  bool // as live, and the user did not say NO_COLOR
	columns int  // how wide prose should be
}

// Prose is as wide as the terminal, and no wider than is easily read; elsewhere
// as wide as most terminals.
const (
	usualColumns = 78
	mostColumns  = 100
)

func newTerminal(w io.Writer) terminal {
	if t, ok := w.(terminal); ok {
		return t
	}
	t := terminal{Writer: w, columns: usualColumns}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.live = os.Getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			t.columns = min(width, mostColumns)
		}
	}
	t.colour = t.live && os.Getenv("NO_COLOR") == ""
	return t
}

// verdict paints a text in the colour of a verdict.
func (t terminal) verdict(v judge.Verdict, s string) string {
	if !t.colour {
		return s
	}
	colour := text.FgYellow
	switch v {
	case judge.Held:
		colour = text.FgGreen
	case judge.Broken, judge.Failed:
		colour = text.FgRed
	}
	return colour.EscapeSeq() + s + text.Reset.EscapeSeq()
}
