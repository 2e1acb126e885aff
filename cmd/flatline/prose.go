package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// printProse prints sentences in lines that fit a terminal.
func printProse(w io.Writer, sentences string) { printWrapped(w, "", sentences) }

// printItem prints one of a list.
func printItem(w io.Writer, sentences string) { printWrapped(w, "- ", sentences) }

// printHeadline prints a verdict's sentence in its colour: for a person in
// lines that fit, for a log in one.
func printHeadline(t terminal, v judge.Verdict, sentence string) {
	sentence = report.Clean(sentence)
	if t.live {
		sentence = text.WrapSoft(sentence, t.columns)
	}
	for line := range strings.SplitSeq(sentence, "\n") {
		fmt.Fprintln(t, t.verdict(v, strings.TrimSpace(line)))
	}
}

// printWrapped begins the first line with bullet, and the others below what
// follows it.
func printWrapped(w io.Writer, bullet, sentences string) {
	lines := text.WrapSoft(report.Clean(sentences), max(20, newTerminal(w).columns-len(bullet)))
	for line := range strings.SplitSeq(lines, "\n") {
		fmt.Fprintln(w, bullet+strings.TrimSpace(line))
		bullet = strings.Repeat(" ", len(bullet))
	}
}
