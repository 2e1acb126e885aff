package report

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/fidelity"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
)

// on is r as it was on another network, that much later.
func on(network string, r judge.Record, later time.Duration) judge.Record {
	r.Network, r.Trial = network, r.Trial+"."+network
	r.Client.Detection = new(*r.Client.Detection + later)
	r.Client.Recovery = new(*r.Client.Recovery + later)
	return r
}

func TestNetworksAreHeldAgainstEachOther(t *testing.T) {
	pull := cablePull("fixed", 0.5, 7500*time.Millisecond, 7600*time.Millisecond)
	alone := cablePull("push", 0.5, 7*time.Second, 7*time.Second)
	pull.Client.End, pull.Server.End = pull.Client.Detection, pull.Server.Detection
	dir := folder(t, pull, on(fidelity.Kernel, pull, 60*time.Millisecond), on(fidelity.Stock, pull, time.Second), alone)
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	for name, wants := range map[string][]string{
		JSONFile: {`"fidelity": [`, `"apart_ns": 60000000`},
		HTMLFile: {"How faithful is the proxy?", "<td>7.500</td><td>7.560</td><td>60ms</td><td>differs</td><td>8.500</td>", "<td>excused (1): at most 4.05s</td>", "(1) a new connection"},
		MarkdownFile: {
			"\n## T\\_D on toxiproxy and on kernel, s\n", "| scenario | policy | side | toxiproxy | kernel | apart | verdict | stock toxics |",
			"| cable-pull | fixed/strict | client | 7.500 | 7.560 | 60ms | differs | 8.500 |", "| agrees |", "(1) a new connection",
		},
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("no %q in %s", want, name)
			}
		}
	}
	for _, row := range r.Fidelity {
		if row.Policy == alone.Policy {
			t.Errorf("a row of what ran on one network only: %v", row)
		}
	}
	again, err := Load(filepath.Join(dir, JSONFile))
	if err != nil || len(again.Fidelity) != len(r.Fidelity) {
		t.Errorf("of report.json alone: %d rows, want %d: %v", len(again.Fidelity), len(r.Fidelity), err)
	}
}

// What stock toxics tell is shown below, whether or not another network ran.
func TestWhatStockToxicsTell(t *testing.T) {
	pull := on(fidelity.Stock, cablePull("fixed", 0.5, 7500*time.Millisecond, 7600*time.Millisecond), 0)
	pull.Scenario, pull.Reached = "<b>a|b", 2
	pull.Strikes = []network.Strike{{On: 0, Off: int64(10 * time.Second)}}
	dir := folder(t, pull)
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		JSONFile: `"name": "the phantom accept",`,
		HTMLFile: "<th scope=\"row\">the phantom accept</th><td>a server accepted connections through a cable that was out</td>" +
			"<td>1 of 1</td><td>&lt;b&gt;a|b under fixed/strict at phase 0.5: 2</td>",
		MarkdownFile: "| the phantom accept | a server accepted connections through a cable that was out | 1 of 1 | " +
			`\<b\>a\|b under fixed/strict at phase 0.5: 2 |`,
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in %s", want, name)
		}
	}
	again, err := Load(filepath.Join(dir, JSONFile))
	if err != nil || !slices.Equal(again.Lies, r.Lies) {
		t.Errorf("of report.json alone: %v, want %v: %v", again.Lies, r.Lies, err)
	}
}

func TestOneNetworkIsHeldAgainstNone(t *testing.T) {
	dir := folder(t, run()...)
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.HTML(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Fidelity) > 0 || strings.Contains(string(page), "How faithful") || strings.Contains(r.Markdown(), "toxiproxy and on kernel") {
		t.Errorf("rows %v", r.Fidelity)
	}
}

func TestAFailureNamesItsNetworkAmongSeveral(t *testing.T) {
	late := cablePull("fixed", 0.5, 9500*time.Millisecond, 7600*time.Millisecond)
	const alone, among = "### broken: cable-pull under fixed/strict, phase 0.5\n", "### broken: cable-pull under fixed/strict on kernel, phase 0.5\n"
	if text := gather(t, late).Markdown(); !strings.Contains(text, alone) {
		t.Errorf("no %q in %s", alone, text)
	}
	if text := gather(t, late, on(fidelity.Kernel, late, 0)).Markdown(); !strings.Contains(text, among) {
		t.Errorf("no %q in %s", among, text)
	}
}
