package main

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

// full is a disk without room.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

// What could not be said is an error; a reader who has left is none.
func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{"list"}, {"version"}, {"--help"}, {"run", "--dry-run"}} {
		var stderr strings.Builder
		code := run(t.Context(), args, full{errors.New("no space left on device")}, &stderr)
		if code != exitFailed || !strings.Contains(stderr.String(), "write to standard output: no space left on device") {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
		if code := run(t.Context(), args, full{syscall.EPIPE}, &stderr); code != 0 {
			t.Errorf("%q, whose reader has left: exit code %d", args, code)
		}
	}
}

func TestWhatOtherProgramsUnderstand(t *testing.T) {
	for _, pair := range [][2]string{{"help", "--help"}, {"help watch", "watch --help"}, {"--version", "version"}} {
		_, got, _ := flatline(t, strings.Fields(pair[0])...)
		_, want, _ := flatline(t, strings.Fields(pair[1])...)
		if got == "" || got != want {
			t.Errorf("%s says %q, want %q", pair[0], got, want)
		}
	}
}

// Whatever is wrong on the command line is said as we say things: what was there,
// what would be right, and which help tells more.
func TestMisuseIsSaidInOurWords(t *testing.T) {
	for args, want := range map[string]string{
		"wach":                    `unknown command wach (did you mean "watch"?); see flatline --help`,
		"run cable-pull":          `unknown argument cable-pull; see flatline run --help`,
		"run --sead 3":            `unknown flag --sead (did you mean one of "--set", "--seed", "--shard"?); see flatline run --help`,
		"run --repeat x":          `--repeat: "x", want a whole number, 0 or more; see flatline run --help`,
		"run --repeat -1":         `--repeat: "-1", want a whole number, 0 or more; see flatline run --help`,
		"run --seed 1.5":          `--seed: "1.5", want a whole number, 0 or more; see flatline run --help`,
		"run --repeat":            `--repeat: it has no value, want one; see flatline run --help`,
		"run --scenario":          `--scenario: it has no value, want one; see flatline run --help`,
		"tune --window":           `--window: it has no value, want one; see flatline tune --help`,
		"run --phases a":          `--phases: "a", want a number; see flatline run --help`,
		"run --quiet=maybe":       `--quiet: "maybe", want no value; see flatline run --help`,
		"run --network x":         `--network: "x", want one of "toxiproxy", "kernel", "relay"; see flatline run --help`,
		"compare --fail-on x a b": `--fail-on: "x", want "regression"; see flatline compare --help`,
		"sim --life x":            `--life: "x", want a time, such as 10s or 2m30s; see flatline sim --help`,
		"report":                  `want <dir> ...; see flatline report --help`,
		"fidelity --phases 3":     `--phases: 3, want numbers from 0 to 1`,
		"tune":                    `want --window=LO..HI; see flatline tune --help`,
		"peer":                    `want one of "client", "server"; see flatline peer --help`,
		"peer client --profile":   `--profile: it has no value, want one; see flatline peer client --help`,
		"run --shard 3/2":         `--shard: shard "3/2", want i/n, such as 2/3: i from 1 to n, n at most 1000; see flatline run --help`,
	} {
		if code, _, stderr := here(t.Context(), strings.Fields(args)...); code != 2 || stderr != "flatline: "+want+"\n" {
			t.Errorf("%s: exit code %d, %q, want %q", args, code, stderr, want)
		}
	}
}

// Whoever says nothing is helped, and used it wrongly all the same.
func TestNoCommandIsHelped(t *testing.T) {
	_, help, _ := here(t.Context(), "--help")
	if code, stdout, stderr := here(t.Context()); code != 2 || stdout != "" || stderr != help {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}
