package subject

import (
	"fmt"
	"time"
)

// LateError says that a limit of time has passed. Like a net.Error it is a timeout.
type LateError struct {
	What  string // has not happened, as "the two sides did not hear each other"
	Limit time.Duration
}

func (e LateError) Error() string { return fmt.Sprintf("%s within %v", e.What, e.Limit) }

// Timeout is true.
func (LateError) Timeout() bool { return true }
