package main

import (
	"bytes"
	"io"
	"slices"

	"github.com/alecthomas/kong"
)

// screen is how many lines of help a small terminal shows, above its prompt.
const screen = 23

// printHelp is Kong's help, which fits a screen.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	out := ctx.Stdout
	var whole bytes.Buffer
	ctx.Stdout = &whole
	err := kong.DefaultHelpPrinter(options, ctx)
	ctx.Stdout = out
	if err != nil {
		return err
	}
	_, err = io.Copy(out, bytes.NewReader(fit(whole.Bytes(), screen)))
	return err
}

// fit leaves out empty lines, the first ones first, and then the heading of the
// flags, until there are no more than that many lines.
func fit(text []byte, lines int) []byte {
	all := bytes.SplitAfter(text, []byte("\n"))
	for len(all)-1 > lines { // the last one is what follows the last newline
		at := slices.IndexFunc(all, func(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 })
		if at == len(all)-1 {
			at = slices.IndexFunc(all, func(line []byte) bool { return string(line) == "Flags:\n" })
		}
		if at < 0 || at == len(all)-1 {
			break
		}
		all = slices.Delete(all, at, at+1)
	}
	return bytes.Join(all, nil)
}
