package main

import (
	"errors"
	"fmt"

	"github.com/flatline-go/flatline/harness/report"
	"github.com/flatline-go/flatline/harness/words"
)

// reportCmd makes a stored run's report again, or one of several runs.
type reportCmd struct {
	Dirs []string `arg:"" name:"dir" help:"Folders of runs, such as the shards of one."`
	Out  string   `placeholder:"DIR" help:"Report's folder; an old one goes. Default: the run's own."`
	outputFlags
}

// Help is shown below the command's summary.
func (*reportCmd) Help() string {
	return `Example: flatline report shard-1 shard-2 --out reports`
}

// Run is called by Kong.
func (c *reportCmd) Run(s streams) error {
	if len(c.Dirs) > 1 && c.Out == "" {
		return usage("--out: want a folder for the report of %d runs", len(c.Dirs))
	}
	out := c.Out
	var r report.Report
	var err error
	if out == "" {
		out = c.Dirs[0]
		r, err = report.Renew(out)
	} else {
		r, err = report.Merge(out, c.Dirs)
	}
	if err != nil {
		return usage("%w", err)
	}
	return c.end(s, r, out)
}

// end prints a report that is in dir, opens it, and is its exit code.
func (o outputFlags) end(s streams, r report.Report, dir string) error {
	if err := o.print(s, r, dir); err != nil {
		return err
	}
	if o.Open {
		if err := openReport(dir); err != nil {
			fmt.Fprintln(s.err, "flatline: "+oneLine(err)) // the verdict stands
		}
	}
	switch code := r.ExitCode(); {
	case code == exitFailed && r.Summary.CutOff:
		return exit{code, errors.New("the run was killed, and left no plan: nobody knows how many trials are missing")}
	case code == exitFailed && r.Summary.Missing > 0:
		return exit{code, fmt.Errorf("%s left no record", words.Plural(r.Summary.Missing, "planned trial"))}
	case code == exitFailed && len(r.Summary.MissingShards) > 0:
		return exit{code, fmt.Errorf("%s: want all of a run's shards", r.Summary.MissingPart())}
	case code != 0:
		return exit{code, nil}
	default:
		return nil
	}
}
