package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy"
	"github.com/flatline-go/flatline/harness/report"
)

// A comparison that is interrupted on its first network reports what there is, and
// counts the trials of the others too. One that is killed has said by then what
// is missing.
func TestFidelityInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	seed := uint64(1)
	f := fidelityCmd{Policy: []string{"fixed"}, Phases: []float64{0.5}, Seed: &seed, Out: filepath.Join(t.TempDir(), "reports")}
	f.Profile = []string{"strict"}
	plans, err := f.plans("")
	if err != nil {
		t.Fatal(err)
	}
	plans[0].start = func() (network.Network, error) {
		n, err := toxiproxy.New()
		return opened{n, interrupt}, err
	}
	plans[1].start = func() (network.Network, error) {
		t.Error("the second network is started")
		return nil, errors.New("it has no use")
	}
	var out, complaints bytes.Buffer
	err = f.compare(ctx, streams{&out, &complaints}, plans)
	var end exit
	if !errors.As(err, &end) || end.code != exitInterrupted || !strings.Contains(err.Error(), "has what there is") {
		t.Errorf("ended with %v, want exit code %d", err, exitInterrupted)
	}
	for _, name := range []string{report.HTMLFile, report.MarkdownFile, report.JSONFile, report.JUnitFile} {
		if !exists(filepath.Join(f.Out, name)) {
			t.Errorf("no %s", name)
		}
	}
	all := len(plans[0].trials) + len(plans[1].trials)
	r, err := report.Load(f.Out)
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary.Trials+r.Summary.Missing != all || r.Summary.Verdicts[judge.Interrupted] == 0 || r.Summary.Missing < len(plans[1].trials) {
		t.Errorf("of %d trials %d have a record, and %d none: %s", all, r.Summary.Trials, r.Summary.Missing, r.Headline())
	}
	// Without the report the plan says as much.
	if err := os.Remove(filepath.Join(f.Out, report.JSONFile)); err != nil {
		t.Fatal(err)
	}
	killed, err := report.Load(f.Out)
	if err != nil || killed.Summary.CutOff || killed.Summary.Missing != r.Summary.Missing {
		t.Errorf("of a killed run %d are missing, want %d: %v", killed.Summary.Missing, r.Summary.Missing, err)
	}
}

// opened is a network that tells of its first path.
type opened struct {
	network.Network
	tell func()
}

func (o opened) Open(ctx context.Context, setup network.Setup) (network.Path, error) {
	p, err := o.Network.Open(ctx, setup)
	o.tell()
	return p, err
}
