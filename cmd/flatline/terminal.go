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
	live    bool      // the cursor can be moved: it is a terminal and no dumb one
	colour  bool      // as live, and the user did not say NO_COLOR
	screen  io.Writer // what shows, without what stands between
	columns int       // how wide prose should be
	width   int       // how wide it is; 0 if it is no terminal
	rows    int       // how high it is; 0 if it is no terminal
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
	t := terminal{Writer: w, screen: w, columns: usualColumns}
	if c, ok := w.(*checked); ok {
		t.screen = c.Writer
	}
	if f, ok := t.screen.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.live = os.Getenv("TERM") != "dumb"
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			t.columns, t.width, t.rows = min(width, mostColumns), width, height
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
	case timed: // neither good nor bad
		return s
	case judge.Held:
		colour = text.FgGreen
	case judge.Broken, judge.Failed:
		colour = text.FgRed
	}
	return colour.EscapeSeq() + s + text.Reset.EscapeSeq()
}
