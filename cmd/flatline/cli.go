package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/flatline-go/flatline/harness"
	"github.com/flatline-go/flatline/harness/report"
)

// The exit codes, beside those of report.Report.ExitCode.
const (
	exitUsage       = 2
	exitFailed      = 3
	exitInterrupted = 130
)

// exit ends the command with a code; err is said on standard error, unless it
// is nil.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string { return fmt.Sprintf("exit code %d: %v", e.code, e.err) }

func (e exit) Unwrap() error { return e.err }

// usage is an error of whoever called us.
func usage(format string, args ...any) error { return exit{exitUsage, fmt.Errorf(format, args...)} }

type cli struct {
	Run      runCmd      `cmd:"" set:"networks=kernel, relay" help:"Run scenarios under policies, and report."`
	Watch    watchCmd    `cmd:"" set:"networks=kernel" help:"Run any client and server, and time who hangs up, by the wire alone."`
	Sim      simCmd      `cmd:"" help:"Simulate scenarios in virtual time, many times, and measure."`
	Proxy    proxyCmd    `cmd:"" help:"Serve Toxiproxy's API, with toxics that break like a network."`
	Peer     peerCmd     `cmd:"" help:"Be the client or the server that are put to the test, as a process."`
	Report   reportCmd   `cmd:"" help:"Report on a stored run again, or on several as one."`
	Fidelity fidelityCmd `cmd:"" help:"Hold the proxy against the kernel."`
	Compare  compareCmd  `cmd:"" help:"Hold two runs against each other."`
	Judge    judgeCmd    `cmd:"" help:"Judge detectors over traces, or over arrivals in CSV files."`
	Tune     tuneCmd     `cmd:"" help:"Say which interval and which timeout to use."`
	List     listCmd     `cmd:"" help:"Say which scenarios, policies and profiles there are."`
	Version  versionCmd  `cmd:"" help:"Say which version this is."`
}

const description = `Flatline breaks networks on purpose, and says how long each side of a heartbeat takes to notice.

Example:

	flatline run --profile strict --scenario cable-pull

Exit codes: 0 every expectation held, 1 one did not, 2 wrong use, 3 the harness failed or a trial stayed inconclusive, 130 interrupted.`

// run is the whole program but for its signals, which end ctx.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &checked{Writer: stdout}
	err := execute(ctx, args, out, stderr)
	if out.err != nil { // what could not be said is worth more than what was
		err = exit{exitFailed, fmt.Errorf("write to standard output: %w", out.err)}
	}
	if err == nil {
		return 0
	}
	end := exit{exitFailed, err}
	_ = errors.As(err, &end)
	if end.err != nil {
		printLine(newTerminal(stderr), "", "flatline: "+oneLine(end.err))
	}
	return end.code
}

// checked remembers that it could not be written to. Who reads may leave, as head
// does: that is no error.
type checked struct {
	io.Writer
	err error
}

func (c *checked) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		return len(b), nil
	}
	c.err = cmp.Or(c.err, err)
	return n, err
}

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 { // whoever says nothing knows nothing yet
		return cmp.Or(execute(ctx, []string{"--help"}, stderr, stderr), error(exit{exitUsage, nil}))
	}
	var c cli
	answered := false // by --help
	parser, err := kong.New(&c,
		kong.Name("flatline"), kong.Description(description),
		kong.Vars{"parallel": fmt.Sprint(harness.DefaultParallel)},
		kong.Writers(stdout, stderr), kong.Exit(func(int) { answered = true }),
		kong.Help(printHelp), kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
	)
	if err != nil {
		return fmt.Errorf("describe the command line: %w", err)
	}
	parser.Model.HelpFlag.Hidden = true // whoever reads of it has found it
	hideRare(parser.Model.Children)
	parsed, err := parser.Parse(translate(args))
	if answered {
		return nil
	}
	if err != nil {
		return misuse(err)
	}
	if err := refuseEmpty(parsed); err != nil {
		return err
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.BindTo(stdout, (*io.Writer)(nil))
	parsed.Bind(streams{stdout, stderr})
	return parsed.Run()
}

// translate is what people type who know other programs.
func translate(args []string) []string {
	if len(args) == 0 {
		return args
	}
	switch args[0] {
	case "help":
		return append(slices.Clone(args[1:]), "--help")
	case "--version":
		return append([]string{"version"}, args[1:]...)
	default:
		return args
	}
}

// hideRare hides the flags that a command's help only names.
func hideRare(commands []*kong.Node) {
	for _, c := range commands {
		of, ok := c.Target.Addr().Interface().(interface{ rare() []string })
		for _, f := range c.Flags {
			f.Hidden = f.Hidden || ok && slices.Contains(of.rare(), f.Name)
		}
	}
}

// refuseEmpty refuses a flag with an empty value, such as --scenario=, which is
// rather an empty variable of a script than a wish for the default.
func refuseEmpty(parsed *kong.Context) error {
	for _, step := range parsed.Path {
		if f := step.Flag; f != nil && (f.Target.Kind() == reflect.Slice || f.Target.Kind() == reflect.String) && f.Target.Len() == 0 {
			return usage("--%s: it is empty, want %s, or leave it out", f.Name, f.PlaceHolder)
		}
	}
	return nil
}

// oneLine makes an error fit a line.
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
	return report.Clean(strings.Join(lines, "; "))
}
