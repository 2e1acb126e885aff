package subject

import (
	"strings"
	"testing"
	"time"
)

func TestCommandRefuses(t *testing.T) {
	sh := []string{"sh"}
	for _, row := range []struct {
		name    string
		command Command
		want    string
	}{
		{name: "nothing", want: "there is no server"},
		{name: "two servers", command: Command{Upstream: "a:1", Server: sh, Client: sh}, want: "there are two servers"},
		{name: "no client", command: Command{Upstream: "a:1"}, want: "there is no client"},
		{name: "an upstream without a port", command: Command{Upstream: "a", Client: sh}, want: `upstream "a": want host:port`},
		{name: "an upstream at port 0", command: Command{Upstream: "a:0", Client: sh}, want: `upstream "a:0"`},
		{name: "a port by name", command: Command{Upstream: "a:http", Client: sh}, want: `upstream "a:http"`},
		{name: "half a place to listen", command: Command{Upstream: "a:1", Listen: "5000"}, want: `listen "5000": want host:port`},
		{name: "any place to listen", command: Command{Upstream: "a:1", Listen: "127.0.0.1:0"}, want: `listen "127.0.0.1:0": want host:port`},
		{name: "no such client", command: Command{Upstream: "a:1", Client: []string{"./no-such-program"}}, want: "client's command: "},
		{name: "no such server", command: Command{Server: []string{"./no-such-program"}, Client: sh}, want: "server's command: "},
		{name: "a port beyond", command: Command{Server: sh, Client: sh, ServerPort: 65536}, want: "server's port 65536: want 1 to 65535"},
		{name: "a wait below 0", command: Command{Upstream: "a:1", Client: sh, After: -time.Second}, want: "a wait of -1s"},
	} {
		if _, err := row.command.New(Setup{}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want an error with %q", row.name, err, row.want)
		}
	}
	for _, good := range []Command{
		{Upstream: "localhost:5672", Client: sh}, {Upstream: "[::1]:1", Listen: "127.0.0.1:5000"}, {Server: sh, Client: sh}, {Server: sh, Listen: ":1", ServerPort: 7},
	} {
		if _, err := good.New(Setup{}); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
}

func TestCommandsName(t *testing.T) {
	for _, row := range []struct {
		command Command
		want    string
	}{
		{Command{Client: []string{"npm", "run"}}, "npm"},
		{Command{Client: []string{"redis-cli"}, Server: []string{"redis-server"}}, "redis-cli and redis-server"},
		{Command{Label: "ours", Client: []string{"npm"}}, "ours"},
		{Command{}, "by hand"},
	} {
		if got := row.command.Name(); got != row.want {
			t.Errorf("%+v is called %q, want %q", row.command, got, row.want)
		}
	}
}

// A process is told its address three times, and no shell reads it.
func TestAProcessIsToldItsAddress(t *testing.T) {
	p, err := newProcess(Setup{}, "client", []string{"x", "--to={addr}", "{host}", "$HOME", "{port}{port}"}, "127.0.0.1:5000")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(p.cmd.Args, " "), "x --to=127.0.0.1:5000 127.0.0.1 $HOME 50005000"; got != want {
		t.Errorf("arguments %q, want %q", got, want)
	}
	env := strings.Join(p.cmd.Env, "\n") + "\n"
	for _, want := range []string{"FLATLINE_ADDR=127.0.0.1:5000\n", "FLATLINE_HOST=127.0.0.1\n", "FLATLINE_PORT=5000\n"} {
		if !strings.Contains(env, want) {
			t.Errorf("its environment lacks %q", want)
		}
	}
}

func TestTailKeepsTheLastLines(t *testing.T) {
	var said tail
	for _, text := range []string{strings.Repeat("x", 5000) + "\n", "1\n2\n\n", "3\r\n4\n", "5", "\n"} {
		if n, err := said.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got, want := said.String(), "1 | 2 | 3 | 4 | 5"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(said.kept) > tailBytes {
		t.Errorf("it keeps %d bytes", len(said.kept))
	}
}
