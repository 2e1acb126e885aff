package report

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/words"
)

// The elements of JUnit's XML that CI systems read, with a case's properties as
// Surefire and pytest write them.
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suite junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		Properties junitProperties `xml:"properties"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"time,attr"` // seconds
	}
	junitProperties struct {
		Properties []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Classname  string           `xml:"classname,attr"`
		Name       string           `xml:"name,attr"`
		Time       string           `xml:"time,attr"` // seconds
		Properties *junitProperties `xml:"properties"`
		Failure    *junitResult     `xml:"failure"`
		Error      *junitResult     `xml:"error"`
		Skipped    *junitResult     `xml:"skipped"`
	}
	junitResult struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit is the report in JUnit's XML: a case for each trial, except attempts
// that were superseded. A broken trial is a failure; one that the harness could
// not finish or judge is an error; one that cannot be measured is skipped.
// Trials that left no record are one more case, an error, and so are shards that
// are missing.
func (r Report) JUnit() ([]byte, error) {
	s := junitSuite{Name: program}
	var started time.Time
	for _, rec := range r.Records {
		if rec.Superseded {
			continue
		}
		if started.IsZero() || rec.Started.Before(started) {
			started = rec.Started
		}
		s.Cases = append(s.Cases, testCase(rec))
	}
	n := r.Summary.Verdicts
	errs := n[judge.Failed] + n[judge.Inconclusive] + n[judge.Interrupted]
	if missing := r.Summary.Missing; missing > 0 {
		errs++
		s.Cases = append(s.Cases, junitCase{
			Classname: program, Name: "every trial left a record", Time: seconds(0),
			Error: &junitResult{
				Message: fmt.Sprintf("%s left no record", words.Plural(missing, "trial")), Type: "missing", Text: r.Summary.MissingNames(Clean),
			},
		})
	}
	if missing := r.Summary.MissingPart(); missing != "" {
		errs++
		s.Cases = append(s.Cases, junitCase{
			Classname: program, Name: "every shard was merged", Time: seconds(0),
			Error: &junitResult{Message: missing, Type: "missing"},
		})
	}
	if r.Summary.CutOff {
		errs++
		s.Cases = append(s.Cases, junitCase{
			Classname: program, Name: "the run came to its end", Time: seconds(0),
			Error: &junitResult{Message: "nobody knows how many trials are missing", Type: "missing"},
		})
	}
	s.junitCounts = junitCounts{
		Tests: len(s.Cases), Failures: n[judge.Broken], Skipped: n[judge.NotMeasurable], Errors: errs,
		Time: seconds(r.Summary.Wall),
	}
	s.Timestamp = started.UTC().Format(time.RFC3339)
	s.Properties.add("verdict", r.Headline())
	s.Properties.add("generated_by", r.GeneratedBy)
	out, err := xml.MarshalIndent(junitSuites{junitCounts: s.junitCounts, Suite: s}, "", "  ")
	return append([]byte(xml.Header), append(out, '\n')...), err
}

func testCase(r judge.Record) junitCase {
	c := junitCase{Classname: r.Policy, Name: r.Trial, Time: seconds(r.Took), Properties: &junitProperties{}}
	result := &junitResult{Message: r.Reason, Type: string(r.Verdict), Text: details(r)}
	switch r.Verdict {
	case judge.Held:
	case judge.Broken:
		c.Failure = result
	case judge.NotMeasurable:
		c.Skipped = result
	default:
		c.Error = result
	}
	p := c.Properties
	p.add("scenario", r.Scenario)
	p.add("network", r.Network)
	p.add("subject", r.Subject)
	p.add("window", r.Window.String())
	p.add("phase", strconv.FormatFloat(r.Phase, 'g', -1, 64))
	p.add("seed", strconv.FormatUint(r.Seed, 10))
	p.add("attempt", strconv.Itoa(r.Attempt))
	for _, c := range r.Connections {
		p.add(c.Name, Endings(c))
	}
	for _, side := range sides {
		p.measures(string(side)+".", r.Of(side))
	}
	return c
}

// details are all that a failure has to tell.
func details(r judge.Record) string {
	lines := Story(r)
	if r.Trace != "" {
		lines = append(lines, "trace: "+r.Trace)
	}
	if r.Repeat != "" {
		lines = append(lines, "repeat: "+r.Repeat)
	}
	return strings.Join(lines, "\n")
}

func (p *junitProperties) add(name, value string) {
	p.Properties = append(p.Properties, junitProperty{name, value})
}

// measures adds those that happened, under the names that they have in a
// record.
func (p *junitProperties) measures(prefix string, m *judge.Measures) {
	if m.Phase != nil {
		p.add(prefix+"phase", fmt.Sprint(*m.Phase))
	}
	for _, t := range []struct {
		name string
		took *time.Duration
	}{
		{"detection_ns", m.Detection}, {"end_ns", m.End}, {"hangup_ns", m.HangUp},
		{"mistake_time_ns", m.MistakeTime}, {"recovery_ns", m.Recovery}, {"harness_error_ns", m.HarnessError},
	} {
		if t.took != nil {
			p.add(prefix+t.name, strconv.FormatInt(int64(*t.took), 10))
		}
	}
	if m.Cause != "" {
		p.add(prefix+"cause", m.Cause)
	}
	if !m.Uncounted {
		p.add(prefix+"mistakes", strconv.Itoa(m.Mistakes))
	}
	p.add(prefix+"beats_per_hour", fmt.Sprint(m.BeatsPerHour))
	p.add(prefix+"bytes_per_hour", fmt.Sprint(m.BytesPerHour))
}
