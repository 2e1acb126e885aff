package toxiproxy

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	api "github.com/Shopify/toxiproxy/v2/client"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/network/toxiproxy/toxics"
	"github.com/flatline-go/flatline/harness/scenario"
)

// oldest is the oldest Toxiproxy that can be used: 2.5.0 has no PATCH.
const oldest = "2.6.0"

// comeUp bounds how long Connect waits for a server that is just being started.
const comeUp = 3 * time.Second

// UnreachableError says that nobody answers at an URL, or not as Toxiproxy does.
type UnreachableError struct {
	URL string
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no Toxiproxy answers at %s: %v; start one there: flatline proxy", e.URL, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// TooOldError says that a server's API lacks what is needed.
type TooOldError struct{ URL, Version string }

func (e *TooOldError) Error() string {
	return fmt.Sprintf("the Toxiproxy at %s (version %s) cannot switch toxics by PATCH: want %s or newer", e.URL, e.Version, oldest)
}

// StockError says what cannot be had of a server that has Toxiproxy's own toxics
// only.
type StockError struct{ Kind scenario.Kind }

func (e *StockError) Error() string { return fmt.Sprintf("only flatline proxy can do %s", e.Kind) }

// remote is a server that is not in this process. A nil remote is one that is.
type remote struct {
	url     string
	host    string // of its URL: where its proxies can be reached
	version string
	run     string // told apart from other users of the same server
}

// Connect is the network of the Toxiproxy server whose API is at address,
// host:port or http://host:port. Its proxies are dialled at the same host; it
// must reach the upstreams of the paths and, at the host advertise ("":
// 127.0.0.1), this process. The errors are *UnreachableError and *TooOldError, or
// say what is wrong with the address.
//
// A server without Flatline's toxics is a network called "stock", which refuses
// most faults with a *StockError.
func Connect(ctx context.Context, address, advertise string) (network.Network, error) {
	at, err := parse(address)
	if err != nil {
		return nil, err
	}
	n := newNetwork(api.NewClient(at.String()), func() error {
		http.DefaultClient.CloseIdleConnections() // the API client's, too
		return nil
	})
	n.remote = &remote{url: at.String(), host: at.Hostname(), run: strings.ToLower(rand.Text()[:8])}
	if n.remote.version, err = n.greet(ctx, at.String()); err != nil {
		return nil, errors.Join(err, n.stop())
	}
	can, err := n.canDo(ctx)
	switch {
	case err == nil && !can.patches:
		return nil, errors.Join(&TooOldError{at.String(), n.remote.version}, n.stop())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("ask the Toxiproxy at %s what it can do: %w", at, err), n.stop())
	case can.ours:
		return n, nil
	}
	taps, err := New()
	if err != nil {
		return nil, errors.Join(err, n.stop())
	}
	return &stockServer{Network: n, taps: taps, host: advertise}, nil
}

func parse(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	at, err := url.Parse(address)
	if err == nil {
		switch {
		case at.Scheme != "http" && at.Scheme != "https":
			err = fmt.Errorf("scheme %q", at.Scheme)
		case at.Hostname() == "":
			err = errors.New("no host")
		case strings.Trim(at.Path, "/") != "" || at.RawQuery != "" || at.User != nil:
			err = errors.New("more than a host and a port")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("address of a Toxiproxy %q: %w; accepted: host:port or http://host:port", address, err)
	}
	at.Path = ""
	if at.Port() == "" {
		at.Host = net.JoinHostPort(at.Hostname(), "8474")
	}
	return at, nil
}

// greet asks for the server's version.
func (n *Network) greet(ctx context.Context, address string) (string, error) {
	limit, cancel := context.WithTimeout(ctx, comeUp)
	defer cancel()
	for {
		var answer []byte
		err := n.do(limit, func() (err error) {
			answer, err = n.client.Version()
			return err
		}, nil)
		if err == nil {
			return versionIn(string(answer)), nil
		}
		var refused *url.Error
		if !errors.As(err, &refused) { // somebody answers
			return "", &UnreachableError{address, fmt.Errorf("what answers there has no /version: %w", err)}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-limit.Done():
			return "", cmp.Or(context.Cause(ctx), error(&UnreachableError{address, refused.Err}))
		}
	}
}

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+`)

// versionIn is the number in an answer, which was JSON in some versions, and
// nearly so in others; "unknown" of a build that nobody gave a number.
func versionIn(answer string) string { return cmp.Or(versionNumber.FindString(answer), "unknown") }

// abilities are what a server can do: whether it has one of our toxics, and
// whether toxics can be switched by PATCH.
type abilities struct{ ours, patches bool }

// canDo tries what is needed, on a proxy that is never enabled.
func (n *Network) canDo(ctx context.Context) (abilities, error) {
	return ask(ctx, n, func() (can abilities, err error) {
		p := n.client.NewProxy()
		p.Name, p.Listen, p.Upstream = n.remote.mark("flatline-asks"), "127.0.0.1:0", "127.0.0.1:1"
		if err := p.Save(); err != nil {
			return can, err
		}
		defer func() { err = errors.Join(err, p.Delete()) }()
		_, err = p.AddToxic("ours", toxics.CablePullType, "upstream", 1, api.Attributes{"cable": p.Name, "stream": "upstream"})
		if can.ours, err = err == nil, unlessRefused(err); err != nil {
			return can, err
		}
		if _, err = p.AddToxic("slow", latencyType, "upstream", 1, stockDelay(network.Delay{})); err != nil {
			return can, err
		}
		_, err = p.UpdateToxic("slow", -1, stockDelay(network.Delay{}))
		can.patches, err = err == nil, unlessRefused(err)
		return can, err
	})
}

// unlessRefused drops the error of a server that answered.
func unlessRefused(err error) error {
	var unanswered *url.Error
	if errors.As(err, &unanswered) {
		return err
	}
	return nil
}

// gone is a *network.GoneError of a call that the server did not answer, though it
// has answered before.
func (r *remote) gone(err error) error {
	var unanswered *url.Error
	if r == nil || r.version == "" || !errors.As(err, &unanswered) {
		return err
	}
	return &network.GoneError{What: "the Toxiproxy at " + r.url, Err: unanswered.Err}
}

// listen is where a proxy listens that may listen anywhere.
func (r *remote) listen() string {
	if r == nil || r.loopback() {
		return "127.0.0.1:0"
	}
	return "0.0.0.0:0"
}

// addr is where a proxy can be dialled that listens there.
func (r *remote) addr(listen string) string {
	_, port, err := net.SplitHostPort(listen)
	if r == nil || err != nil || r.loopback() {
		return listen
	}
	return net.JoinHostPort(r.host, port)
}

// mark makes a proxy's name one that no other user of the server has.
func (r *remote) mark(name string) string {
	if r == nil {
		return name
	}
	return name + "-" + r.run
}

func (r *remote) loopback() bool {
	ip := net.ParseIP(r.host)
	return r.host == "localhost" || ip != nil && ip.IsLoopback()
}
