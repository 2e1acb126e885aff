package main

import (
	"fmt"
	"io"

	"github.com/flatline-go/flatline/harness"
)

// versionCmd says which version this is.
type versionCmd struct{}

// Run is called by Kong.
func (*versionCmd) Run(stdout io.Writer) error {
	_, err := fmt.Fprintln(stdout, "flatline", harness.Version())
	return err
}
