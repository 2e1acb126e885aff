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

// printHeadline prints a verdict's sentence in its colour.
func printHeadline(t terminal, v judge.Verdict, sentence string) {
	for _, line := range linesFor(t, sentence, 0) {
		fmt.Fprintln(t, t.verdict(v, line))
	}
}

// printLine prints what is a line in a log, and for a person lines that fit: the
// first begins with bullet, and the others stand below what follows it.
func printLine(t terminal, bullet, sentence string) {
	printBelow(t, bullet, linesFor(t, sentence, len(bullet)))
}

// linesFor is a sentence in lines that leave so many columns free, where a person
// reads it; else in one.
func linesFor(t terminal, sentence string, free int) []string {
	if !t.live {
		return []string{report.Clean(sentence)}
	}
	return wrapped(t, sentence, free)
}

// printWrapped prints sentences as printLine does, in lines that fit wherever they
// are read.
func printWrapped(w io.Writer, bullet, sentences string) {
	printBelow(w, bullet, wrapped(newTerminal(w), sentences, len(bullet)))
}

func wrapped(t terminal, sentences string, free int) []string {
	lines := strings.Split(text.WrapSoft(report.Clean(sentences), max(20, t.columns-free)), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return lines
}

func printBelow(w io.Writer, bullet string, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(w, bullet+line)
		bullet = strings.Repeat(" ", len(bullet))
	}
}
