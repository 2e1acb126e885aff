package command

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/subject"
)

func TestCommandRefuses(t *testing.T) {
	sh := []string{"sh"}
	for _, row := range []struct {
		name string
		kind Kind
		want string
	}{
		{name: "nothing", want: "there is no server"},
		{name: "two servers", kind: Kind{Upstream: "a:1", Server: sh, Client: sh}, want: "there are two servers"},
		{name: "no client", kind: Kind{Upstream: "a:1"}, want: "there is no client"},
		{name: "an upstream without a port", kind: Kind{Upstream: "a", Client: sh}, want: `upstream "a": want host:port`},
		{name: "an upstream at port 0", kind: Kind{Upstream: "a:0", Client: sh}, want: `upstream "a:0"`},
		{name: "a port by name", kind: Kind{Upstream: "a:http", Client: sh}, want: `upstream "a:http"`},
		{name: "half a place to listen", kind: Kind{Upstream: "a:1", Listen: "5000"}, want: `listen "5000": want host:port`},
		{name: "any place to listen", kind: Kind{Upstream: "a:1", Listen: "127.0.0.1:0"}, want: `listen "127.0.0.1:0": want host:port`},
		{name: "no such client", kind: Kind{Upstream: "a:1", Client: []string{"./no-such-program"}}, want: "client's command: "},
		{name: "no such server", kind: Kind{Server: []string{"./no-such-program"}, Client: sh}, want: "server's command: "},
		{name: "a port beyond", kind: Kind{Server: sh, Client: sh, ServerPort: 65536}, want: "server's port 65536: want 1 to 65535"},
		{name: "a wait below 0", kind: Kind{Upstream: "a:1", Client: sh, After: -time.Second}, want: "after: -1s, want 0 or more"},
		{name: "no time at all to come up", kind: Kind{Upstream: "a:1", Client: sh, ComeUp: -time.Second}, want: "come-up: -1s, want 0 or more"},
	} {
		if _, err := row.kind.New(subject.Setup{}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want an error with %q", row.name, err, row.want)
		}
	}
	for _, good := range []Kind{
		{Upstream: "localhost:5672", Client: sh}, {Upstream: "[::1]:1", Listen: "127.0.0.1:5000"}, {Server: sh, Client: sh}, {Server: sh, Listen: ":1", ServerPort: 7},
	} {
		if _, err := good.New(subject.Setup{}); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
}

func TestCommandsName(t *testing.T) {
	for _, row := range []struct {
		kind Kind
		want string
	}{
		{Kind{Client: []string{"npm", "run"}}, "npm"},
		{Kind{Client: []string{"redis-cli"}, Server: []string{"redis-server"}}, "redis-cli and redis-server"},
		{Kind{Label: "ours", Client: []string{"npm"}}, "ours"},
		{Kind{}, "by hand"},
	} {
		if got := row.kind.Name(); got != row.want {
			t.Errorf("%+v is called %q, want %q", row.kind, got, row.want)
		}
	}
}

// A program is told its address three times, and no shell reads it.
func TestAProgramIsToldItsAddress(t *testing.T) {
	cmd, err := tell([]string{"x", "--to={addr}", "{host}", "$HOME", "{port}{port}"}, "127.0.0.1:5000")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(cmd.Args, " "), "x --to=127.0.0.1:5000 127.0.0.1 $HOME 50005000"; got != want {
		t.Errorf("arguments %q, want %q", got, want)
	}
	env := strings.Join(cmd.Env, "\n") + "\n"
	for _, want := range []string{"FLATLINE_ADDR=127.0.0.1:5000\n", "FLATLINE_HOST=127.0.0.1\n", "FLATLINE_PORT=5000\n"} {
		if !strings.Contains(env, want) {
			t.Errorf("its environment lacks %q", want)
		}
	}
}
