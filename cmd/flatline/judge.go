package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/capture"
	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/trace"
	"github.com/flatline-go/flatline/heartbeat"
)

// judgeCmd judges detectors over what was recorded.
type judgeCmd struct {
	Files  []string `arg:"" name:"trace" help:"Traces (.jsonl), or captures (CSV)."`
	Policy []string `placeholder:"NAME" help:"Policies whose detectors to judge. Default: all that fit."`
	policyFile
	Profile  string         `placeholder:"NAME" help:"Profile of the policies. Default: a trace's own, else strict."`
	Interval *time.Duration `placeholder:"TIME" help:"A capture's beat interval. Default: estimated."`
	SkipBad  bool           `help:"Leave a capture's bad lines out, and count them."`
	JSON     bool           `name:"json" help:"Print JSON."`
}

// Help is shown below the command's summary.
func (*judgeCmd) Help() string {
	return `A capture has a header and the columns seq, arrived_ns and perhaps sent_ns; every row is a beat that one side heard of a living peer. For example:

	flatline judge arrivals.csv --policy fixed,push --profile strict`
}

// Run is called by Kong.
func (j *judgeCmd) Run(ctx context.Context, s streams) error {
	if j.Interval != nil && *j.Interval <= 0 {
		return usage("--interval: %v, want more than 0", *j.Interval)
	}
	judged := []judgement{}
	var errs []error
	for _, file := range j.Files {
		of, err := j.judge(ctx, file)
		var wrongUse exit
		switch {
		case ctx.Err() != nil:
			return exit{exitInterrupted, fmt.Errorf("interrupted while judging %s", file)}
		case errors.As(err, &wrongUse):
			return err // not the file's fault
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		default:
			judged = append(judged, of)
			if of.CutOff {
				fmt.Fprintf(s.err, "flatline: %s: %s\n", report.Clean(file), cutOff)
			}
		}
	}
	if j.JSON {
		if err := printJSON(s.out, judged); err != nil {
			return err
		}
	} else {
		for i, of := range judged {
			if i > 0 {
				fmt.Fprintln(s.out)
			}
			of.print(s.out)
		}
	}
	if len(errs) > 0 {
		return usage("%w", errors.Join(errs...))
	}
	return nil
}

// policies are those of the profile that were asked for: the usual profile's, and
// more beside or instead of them, where no other profile was asked for.
func (j *judgeCmd) policies(usual heartbeat.Profile, more ...heartbeat.Policy) ([]heartbeat.Policy, error) {
	if j.Profile != "" {
		chosen, err := choose("profile", "profile", heartbeat.Profiles(), func(p heartbeat.Profile) string { return p.Name }, []string{j.Profile})
		if err != nil {
			return nil, err
		}
		usual, more = chosen[0], nil
	}
	all, err := heartbeat.Policies(usual)
	if err != nil {
		return nil, err
	}
	for _, own := range more {
		if i := slices.IndexFunc(all, func(p heartbeat.Policy) bool { return p.Name == own.Name }); i >= 0 {
			all[i] = own
		} else {
			all = append(all, own)
		}
	}
	own, err := j.ownPolicies()
	if err != nil {
		return nil, err
	}
	for _, p := range own { // of their own profiles
		if !slices.ContainsFunc(all, func(q heartbeat.Policy) bool { return q.Key() == p.Key() }) {
			all = append(all, p)
		}
	}
	return choose("policy", "policy", all, func(p heartbeat.Policy) string { return p.Name }, j.Policy)
}

func (j *judgeCmd) judge(ctx context.Context, file string) (of judgement, err error) {
	f, err := os.Open(file)
	if err != nil {
		return judgement{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return judgement{}, fmt.Errorf("it is a folder, want traces (.jsonl) or captures (CSV); those of a run are %s", filepath.Join(file, "traces", "*.jsonl"))
	}
	raw := interruptible{ctx, f}
	in := bufio.NewReader(raw)
	isTrace := filepath.Ext(file) == ".jsonl"
	if !isTrace {
		first, err := in.Peek(1)
		if err != nil && !errors.Is(err, io.EOF) {
			return judgement{}, err
		}
		isTrace = string(first) == "{"
	}
	if !isTrace {
		of, err = j.capture(in)
		of.File = file
		return of, err
	}
	if j.Interval != nil {
		return judgement{}, errors.New("--interval belongs to captures, and this is a trace, which says its own")
	}
	whole, err := rewound(raw, in)
	if err != nil {
		return judgement{}, err
	}
	of, err = j.trace(whole)
	if err != nil {
		return judgement{}, err
	}
	of.File = file
	if j.SkipBad {
		of.LeftOut = append(of.LeftOut, "Left aside: --skip-bad, which is for captures. A trace has no bad lines.")
	}
	if _, err := whole.Seek(0, io.SeekStart); err != nil {
		return judgement{}, err
	}
	ended, err := trace.Whole(whole)
	of.CutOff = !ended
	return of, err
}

// cutOff is what is said of a trace that is not whole.
const cutOff = "the end of this trace is missing: it is cut off, and judged as far as it goes"

// noTrace says why err came of what has no trace's header.
func noTrace(f io.ReadSeeker, err error) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	line, _ := bufio.NewReader(io.LimitReader(f, 1<<20)).ReadBytes('\n')
	var header struct {
		Schema int `json:"schema"`
	}
	if len(line) == 0 || json.Unmarshal(line, &header) == nil && header.Schema != 0 {
		return err
	}
	return errors.New("line 1: this is no trace, whose first line is a header, and each other an event: want a file that a run wrote into traces/, or a capture (CSV)")
}

// rewound is what in has begun to read from f, from its start: a pipe's all of it,
// in memory.
func rewound(f io.ReadSeeker, in io.Reader) (io.ReadSeeker, error) {
	if _, err := f.Seek(0, io.SeekStart); err == nil {
		return f, nil
	}
	all, err := io.ReadAll(in)
	return bytes.NewReader(all), err
}

// interruptible fails once its context has ended.
type interruptible struct {
	ctx context.Context
	io.ReadSeeker
}

func (i interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.ReadSeeker.Read(p)
}

func (j *judgeCmd) trace(f io.ReadSeeker) (judgement, error) {
	in, err := trace.NewReader(f)
	if err != nil {
		return judgement{}, noTrace(f, err)
	}
	h := in.Header
	policies, err := j.policies(h.Policy.Profile, h.Policy)
	if err != nil {
		return judgement{}, err
	}
	of := judgement{Trial: h.Trial, Interval: h.Interval, Window: h.Window}
	if len(j.Policy) == 0 {
		policies, of.LeftOut = judge.WithDetector(policies)
		policies = slices.DeleteFunc(policies, func(p heartbeat.Policy) bool {
			why := judge.Fits(h, p)
			if why != nil {
				of.LeftOut = append(of.LeftOut, fmt.Sprintf("Left out: %v.", why))
			}
			return why != nil
		})
		if len(policies) == 0 {
			return judgement{}, fmt.Errorf("nothing to judge it by. %s", strings.Join(of.LeftOut, " "))
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return judgement{}, err
	}
	of.Results, err = judge.Compare(f, policies)
	return of, err
}

func (j *judgeCmd) capture(f io.Reader) (judgement, error) {
	policies, err := j.policies(heartbeat.Strict())
	if err != nil {
		return judgement{}, err
	}
	options := capture.Options{SkipBad: j.SkipBad}
	if j.Interval != nil {
		options.Interval = *j.Interval
	}
	in, err := capture.NewReader(f, options)
	if err != nil {
		return judgement{}, err
	}
	of := judgement{Interval: in.Interval, Window: policies[0].Profile.Window}
	candidates, leftOut := judge.OnBeats(policies, in.Interval)
	of.LeftOut = leftOut
	if len(candidates) == 0 {
		return judgement{}, fmt.Errorf("nothing to judge it by. %s", strings.Join(leftOut, " "))
	}
	of.Results, err = judge.Arrivals(in, candidates)
	of.Arrivals, of.Skipped, of.Assumed = in.Rows, in.Bad, in.Assumed()
	return of, err
}
