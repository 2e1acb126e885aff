//go:build !unix

package process

import "errors"

// CanStop says whether this operating system can stop a process.
const CanStop = false

// Stop is not to be had here.
func (*Process) Stop() error { return errors.ErrUnsupported }

// Proceed is not to be had here.
func (*Process) Proceed() error { return errors.ErrUnsupported }
