package scenarios_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/subject/processes"
)

func TestMain(m *testing.M) {
	processes.BePeer()
	os.Exit(m.Run())
}

func TestScenarios(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Scenarios")
}

// reports is where all processes of the suite write their traces and records.
func reports() string {
	if dir := os.Getenv("FLATLINE_REPORTS"); dir != "" {
		return dir
	}
	return filepath.Join("..", "reports")
}

// release is the first process's: it holds the folder for all of them, until
// the report is written.
var release func() error

// The first process clears what an earlier run left; then all begin.
var _ = SynchronizedBeforeSuite(func() {
	var err error
	release, err = report.Lock(reports())
	Expect(err).NotTo(HaveOccurred())
	Expect(report.Prepare(reports())).To(Succeed())
}, func() {})

// A spec of another shard is not run here.
var _ = BeforeEach(func() {
	if s := shard(); !s.Has(CurrentSpecReport().FullText()) {
		Skip("it is not in shard " + s.String())
	}
})

var _ = ReportAfterSuite("reports", func(r Report) {
	if release == nil { // a dry run, or the folder is another run's
		return
	}
	defer func() { Expect(release()).To(Succeed()) }()
	if records, _ := filepath.Glob(filepath.Join(reports(), "records", "*.json")); len(records) == 0 {
		if s := shard(); s.Of > 0 { // the others' report should not miss it
			Expect(report.PlanShard(reports(), []string{}, s)).To(Succeed())
		}
		return // no spec that runs trials was selected
	}
	gathered, err := report.Gather(reports())
	Expect(err).NotTo(HaveOccurred())
	if s := shard(); s.Of > 0 {
		gathered.Summary.Shards = []harness.Shard{s}
	}
	Expect(gathered.Write(reports())).To(Succeed())
	var differ []error
	for _, r := range gathered.Records {
		differ = append(differ, judgedAgain(reports(), r))
	}
	Expect(errors.Join(differ...)).To(Succeed())
})

// runTrials runs the trials, all at once, and returns the records that count.
// Nothing that they started may be left afterwards.
func runTrials(ctx context.Context, r harness.Runner, trials []harness.Trial) []judge.Record {
	GinkgoHelper()
	before := gleak.Goroutines()
	records, err := suite(r).Run(ctx, trials)
	Expect(err).NotTo(HaveOccurred())
	Eventually(gleak.Goroutines).WithContext(ctx).WithTimeout(leaksLimit).ShouldNot(gleak.HaveLeaked(before))
	return slices.DeleteFunc(records, func(rec judge.Record) bool { return rec.Superseded })
}

// retries is how often an inconclusive trial is run again; every report counts
// them.
func retries() int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("FLATLINE_RETRIES"), "0"))
	if err != nil || n < 0 {
		panic("FLATLINE_RETRIES: want a number, 0 or more") // the specs' time limits need it
	}
	return n
}

// shard is the part of the suite that runs here, of as many machines.
func shard() (s harness.Shard) {
	if text := os.Getenv("FLATLINE_SHARD"); text != "" {
		if err := s.UnmarshalText([]byte(text)); err != nil {
			panic("FLATLINE_SHARD: " + err.Error())
		}
	}
	return s
}

// limit is how long a spec of these trials may take: so long that a trial on the
// busiest machine can still say that it is inconclusive.
func limit(trials []harness.Trial) time.Duration { return limitOf(harness.Runner{}, trials) }

// limitOf is limit for a Runner of the spec's own.
func limitOf(r harness.Runner, trials []harness.Trial) time.Duration {
	return suite(r).Longest(trials) + leaksLimit + slack
}

const (
	// leaksLimit is how long what the trials started may take to be gone.
	leaksLimit = 5 * time.Second
	// slack is for all that nobody waits for, and that is slow on such a machine.
	slack = 15 * time.Second
)

// suite is r as the suite runs its trials. A hundred processes that begin in the same
// quarter of a minute stall each other where a machine is slow.
func suite(r harness.Runner) harness.Runner {
	r.Out, r.Retries, r.Spread = reports(), retries(), cmp.Or(r.Spread, 40*time.Second)
	r.Progress = func(s harness.State) { GinkgoWriter.Printf("%s: %s\n", s.Trial, s.Doing) }
	return r
}

// longestFirst is the priority of a spec of these trials: with fewer processes than
// specs, the shorter ones run while the longest last.
func longestFirst(trials []harness.Trial) SpecPriority {
	var longest time.Duration
	for _, t := range trials {
		longest = max(longest, t.Longest())
	}
	return SpecPriority(longest / time.Second)
}
