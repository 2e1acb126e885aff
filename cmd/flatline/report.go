package main

import (
	"fmt"

	"github.com/flatline-go/flatline/harness/report"
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
	for _, dir := range c.Dirs {
		if report.Unended(dir) {
			printProse(c.told(s), fmt.Sprintf("%s has no %s: its run did not come to its end, and nobody knows which trials are missing.", dir, report.JSONFile))
		}
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
	if code := r.ExitCode(); code != 0 {
		return exit{code, nil}
	}
	return nil
}
