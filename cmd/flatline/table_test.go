package main

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
)

// Why a cell cannot be measured is said once, below the matrix, however many cells
// share it and however wide the terminal is.
func TestAReasonIsAFootnote(t *testing.T) {
	unmeasured := func(policy, reason string) report.Cell {
		return report.Cell{Scenario: "naive-cable-pull", Policy: policy, Profile: "strict", Verdict: judge.NotMeasurable, Reason: reason, Count: 2, Trials: 2}
	}
	const kernel, datagrams = "not measurable on toxiproxy: the proxy's kernel answers for the peer", "not measurable on toxiproxy: it is TCP only"
	took := report.NewSpread([]time.Duration{7 * time.Second})
	cells := []report.Cell{
		{Scenario: "cable-pull", Policy: "fixed", Profile: "strict", Verdict: judge.Broken, Reason: "it is told elsewhere", Count: 1, Trials: 3, Client: report.Side{Detection: took}, Server: report.Side{Detection: took}},
		unmeasured("keepalive", kernel), unmeasured("urgent", datagrams), unmeasured("user-timeout", kernel),
	}
	for _, columns := range []int{78, 40} {
		var out strings.Builder
		screen := newTerminal(&out)
		screen.columns = columns
		printMatrix(screen, report.Report{Matrix: cells})
		said := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range []string{"1 of 3 broken", "[1] " + kernel, "[2] " + datagrams} {
			if strings.Count(said, want) != 1 {
				t.Errorf("%d columns: not once %q in\n%s", columns, want, out.String())
			}
		}
		if n := strings.Count(said, "[1]"); n != 3 {
			t.Errorf("%d columns: %d references to the first, want two and itself:\n%s", columns, n, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if columns == 78 && len(line) > columns+1 {
				t.Errorf("%d columns: %q is wider", columns, line)
			}
		}
	}
}

// Two cells of a scenario are told apart by what they ran on.
func TestRowsAreToldApart(t *testing.T) {
	cell := func(scenario, network string) report.Cell {
		return report.Cell{Scenario: scenario, Policy: "fixed", Profile: "strict", Network: network, Subject: "pair", Verdict: judge.Held, Count: 1, Trials: 1}
	}
	group := []report.Cell{cell("cable-pull", "toxiproxy"), cell("cable-pull", "kernel"), cell("idle-kept", "kernel")}
	for i, want := range []string{"cable-pull, toxiproxy", "cable-pull, kernel", "idle-kept"} {
		if got := rowName(group[i], group); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
