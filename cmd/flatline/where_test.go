package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/heartbeat"
)

// A scenario that ran on two networks is told apart wherever it stands; on one,
// nobody needs its name.
func TestTablesNameTheNetworkAmongSeveral(t *testing.T) {
	of := func(networks ...string) string {
		var r report.Report
		for _, network := range networks {
			r.Matrix = append(r.Matrix, report.Cell{
				Scenario: "cable-pull", Policy: "fixed", Profile: "strict", Window: heartbeat.Strict().Window, Network: network,
				Verdict: judge.Broken, Count: 1, Trials: 1, Judged: 1,
			})
			r.Records = append(r.Records, judge.Record{Scenario: "cable-pull", Policy: "fixed/strict", Network: network, Phase: 0.5, Verdict: judge.Broken})
		}
		var out bytes.Buffer
		printMatrix(newTerminal(&out), r)
		printFailures(newTerminal(&out), r, "reports")
		return out.String()
	}
	lines := strings.Split(of("toxiproxy", "kernel"), "\n")
	for _, want := range []string{
		"fixed/strict 6s..9s on toxiproxy", "fixed/strict 6s..9s on kernel",
		"broken: cable-pull under fixed/strict on toxiproxy, phase 0.5", "broken: cable-pull under fixed/strict on kernel, phase 0.5",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q in %q", want, lines)
		}
	}
	if got := of("toxiproxy"); strings.Contains(got, "toxiproxy") {
		t.Errorf("of one network: %s", got)
	}
}
