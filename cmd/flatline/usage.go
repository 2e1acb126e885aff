package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// ours are Kong's words for what it was not given, and our own: what is wanted, and
// what was there.
var ours = []struct {
	kongs *regexp.Regexp
	words string
}{
	{regexp.MustCompile(`(expected .* but got|want a value, not|expected value value but got) "EOL".*`), "it has no value, want one"},
	{regexp.MustCompile(`missing value, expecting .*`), "it has no value, want one"},
	{regexp.MustCompile(`expected value value but got`), "want a value, not"},
	{regexp.MustCompile(`expected (?:an int|a valid \d+ bit u?int|u?int value) but got ("[^"]*").*`), "$1, want a whole number, 0 or more"},
	{regexp.MustCompile(`expected (?:a float|float value) but got ("[^"]*").*`), "$1, want a number"},
	{regexp.MustCompile(`expected duration(?: value)? but got ("[^"]*").*`), "$1, want a time, such as 10s or 2m30s"},
	{regexp.MustCompile(`bool value must be .* but got (.*)`), "$1, want no value"},
	{regexp.MustCompile(`^(--\S+) must be one of "",("[^",]*") but got (.*)`), "$1: $3, want $2"},
	{regexp.MustCompile(`^(--\S+) must be one of (\S+) but got (.*)`), "$1: $3, want one of $2"},
	{regexp.MustCompile(`^unexpected argument (\S+)`), "unknown argument $1"},
	{regexp.MustCompile(`^expected "(.*)"$`), "want $1"},
	{regexp.MustCompile(`^expected one of`), "want one of"},
	{regexp.MustCompile(`^missing flags: `), "want "},
	{regexp.MustCompile(`, did you mean (.*)\?$`), " (did you mean $1?)"},
}

// misuse is the error of a command line that Kong refuses.
func misuse(err error) error {
	text := err.Error()
	for _, o := range ours {
		text = o.kongs.ReplaceAllString(text, o.words)
	}
	help := "flatline"
	if refused, ok := errors.AsType[*kong.ParseError](err); ok && refused.Context.Selected() != nil {
		help = refused.Context.Selected().FullPath()
	} else {
		text = strings.Replace(text, "unknown argument", "unknown command", 1)
	}
	return usage("%s; see %s --help", strings.ReplaceAll(text, `","`, `", "`), help)
}
