package main

import (
	"strings"
	"testing"
)

func TestWatchWrongUse(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"no server", []string{"--", "go"}, "there is no server"},
		{"no client", []string{"--upstream", "localhost:1"}, "there is no client"},
		{"no --", []string{"--upstream", "localhost:1", "go", "version"}, `"go": want -- before the command`},
		{"no server's command", []string{"--server"}, "--server: want its command after --"},
		{"no such program", []string{"--upstream", "localhost:1", "--", "no-such-program"}, "client's command: "},
		{"half an upstream", []string{"--upstream", "localhost", "--", "go"}, `upstream "localhost": want host:port`},
		{"another scenario", []string{"--upstream", "localhost:1", "--scenario", "orderly-close", "--", "go"}, `unknown scenario "orderly-close", known: cable-pull`},
		{"another side", []string{"--upstream", "localhost:1", "--side", "left", "--", "go"}, "--side"},
		{"a parameter of another", []string{"--upstream", "localhost:1", "--set", "idle=1s", "--", "go"}, `parameter "idle": the chosen scenarios have observe, reconnect`},
		{"observe twice", []string{"--upstream", "localhost:1", "--set", "observe=1s", "--", "go"}, "observe is --observe"},
		{"too short a look", []string{"--upstream", "localhost:1", "--window", "..30s", "--observe", "30s", "--", "go"}, "--observe: 30s, want a second more than the window's upper bound at least: 31s"},
		{"no trials", []string{"--upstream", "localhost:1", "--trials", "0", "--", "go"}, "--trials: 0, want 1 to 1000"},
		{"no look", []string{"--upstream", "localhost:1", "--observe=-1s", "--", "go"}, "--observe: -1s"},
		{"no wait", []string{"--upstream", "localhost:1", "--after", "0s", "--", "go"}, "--after: 0s, want more than 0"},
		{"one address for two", []string{"--upstream", "localhost:1", "--listen", "127.0.0.1:5000", "--parallel", "2", "--", "go"}, "--parallel: 2 trials cannot share an address"},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, stderr := flatline(t, append([]string{"watch"}, row.args...)...)
			if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "flatline: ") || !strings.Contains(stderr, row.want) {
				t.Errorf("exit code %d, %q, %q; want 2 and %q", code, stdout, stderr, row.want)
			}
			nothingWritten(t)
		})
	}
}
