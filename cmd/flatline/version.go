package main

import (
	"fmt"
	"io"

	"github.com/flatline-go/flatline/harness"
)

// versionCmd says which version this is.
type versionCmd struct{}

// Help is shown below the command's summary.
func (*versionCmd) Help() string { return `Example: flatline version` }

// Run is called by Kong.
func (*versionCmd) Run(stdout io.Writer) error {
	_, err := fmt.Fprintln(stdout, "flatline", harness.Version())
	return err
}
