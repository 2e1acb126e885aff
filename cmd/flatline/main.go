// Command flatline breaks networks on purpose and says how long each side of a
// heartbeat takes to notice. See flatline --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/flatline-go/flatline/harness/subject/processes"
)

func main() {
	processes.BePeer() // if it is one, that is all
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// Who reads our output may leave early: the report is written all the same.
	// Nobody reads the channel: to write is an error then, as it is where the signal
	// is ignored, but programs under test would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	// The first signal ends the run in order; a second one finds the default
	// again, and kills.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
