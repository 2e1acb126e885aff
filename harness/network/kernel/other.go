//go:build !linux

package kernel

import (
	"errors"

	"github.com/flatline-go/flatline/harness/network"
)

var errNotHere = errors.New("kernel: it takes Linux: run it on toxiproxy, or in a virtual machine")

// New is an error: this is not Linux.
func New() (network.Network, error) { return nil, errNotHere }

// Enter is an error: this is not Linux.
func Enter() error { return errNotHere }
