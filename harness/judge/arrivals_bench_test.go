package judge_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/capture"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// BenchmarkMillionArrivals judges nine detectors, or as many as there are, over
// a million arrivals, from CSV to their measures.
func BenchmarkMillionArrivals(b *testing.B) {
	const interval = 2 * time.Second
	policies, err := heartbeat.Policies(heartbeat.Strict())
	if err != nil {
		b.Fatal(err)
	}
	candidates, _ := judge.OnBeats(policies, interval)
	for t := interval; len(candidates) < 9; t += interval / 4 {
		candidates = judge.AddCandidate(candidates, judge.Candidate{Detector: detect.Named{Config: detect.Fixed{Timeout: t}}})
	}
	random := rand.New(rand.NewPCG(1, 0))
	file := bytes.NewBufferString("seq,sent_ns,arrived_ns\n")
	for seq := range int64(1_000_000) {
		sent := seq * int64(interval)
		fmt.Fprintf(file, "%d,%d,%d\n", seq, sent, sent+int64(random.ExpFloat64()*1e8))
	}
	b.ReportAllocs()
	for b.Loop() {
		in, err := capture.NewReader(bytes.NewReader(file.Bytes()), capture.Options{})
		if err != nil {
			b.Fatal(err)
		}
		results, err := judge.Arrivals(in, candidates)
		if err != nil || in.Rows != 1_000_000 || len(results) < 9 {
			b.Fatalf("%v: %d rows, %d results", err, in.Rows, len(results))
		}
	}
}
