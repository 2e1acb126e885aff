//go:build unix

package heartbeat_test

import (
	"fmt"
	"os"
	"testing"
)

// childEnv says in a child process what it is to be.
const childEnv = "HEARTBEAT_CHILD"

func TestMain(m *testing.M) {
	var err error
	switch kind := os.Getenv(childEnv); kind {
	case "":
		os.Exit(m.Run())
	case "freezes":
		err = beFrozen()
	case "waits bare", "waits ours":
		err = beWaiting(kind == "waits bare")
	default:
		err = serveBench(kind)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
