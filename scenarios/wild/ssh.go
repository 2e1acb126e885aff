package wild

import (
	"context"
	"crypto/ed25519"
	"io"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

func sshPairs() []Pair {
	const source = "golang.org/x/crypto@v0.58.0/ssh/"
	both := sides(at(5*time.Second), at(5*time.Second))
	return []Pair{
		sshPair("default", 0, Pair{
			User:   "types a line every 25 s, which the server echoes",
			Expect: Expect{unnoticed, unnoticed, unnoticed, unnoticed},
			Why:    "The package has no keepalive: there is nothing to set.",
			Sources: []string{
				source + "client.go:321 // Timeout is the maximum amount of time for the TCP connection to",
			},
		}),
		sshPair("tuned", 4*time.Second, Pair{
			User:   "idle after one line; asks for keepalive@openssh.com every 2 s and gives each answer 4 s, as does the server",
			Expect: Expect{both, both, both, Sides{Kept: true}},
			Why:    "As OpenSSH does with ServerAliveInterval, written by the application: 4-6 s. The question at 4 s goes unanswered.",
			Sources: []string{
				source + "mux.go:144 func (m *mux) SendRequest(name string, wantReply bool, payload []byte)",
			},
		}),
	}
}

func sshPair(setting string, patience time.Duration, p Pair) Pair {
	p.Library, p.Setting = "x-crypto-ssh", setting
	p.Serve = func(ln net.Listener) error {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return err
		}
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			return err
		}
		config := &ssh.ServerConfig{NoClientAuth: true}
		config.AddHostKey(signer)
		return accept(ln, func(ctx context.Context, c net.Conn) { sshServe(ctx, c, config, patience) })
	}
	p.Dial = func(ctx context.Context, addr string) error {
		return dial(ctx, addr, func(ctx context.Context, c net.Conn) error {
			return sshType(ctx, c, addr, patience)
		})
	}
	return p
}

// sshServe echoes on every channel until the connection ends.
func sshServe(ctx context.Context, c net.Conn, config *ssh.ServerConfig, patience time.Duration) {
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	stop := sshAsk(ctx, conn, patience)
	defer stop()
	for next := range channels {
		channel, requests, err := next.Accept()
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		go func() { _, _ = io.Copy(channel, channel) }()
	}
}

// sshType opens a channel and types.
func sshType(ctx context.Context, c net.Conn, addr string, patience time.Duration) error {
	config := &ssh.ClientConfig{HostKeyCallback: ssh.InsecureIgnoreHostKey()} //nolint:gosec // the host is ourselves
	conn, channels, requests, err := ssh.NewClientConn(c, addr, config)
	if err != nil {
		return err
	}
	client := ssh.NewClient(conn, channels, requests)
	defer client.Close()
	channel, answers, err := client.OpenChannel("session", nil)
	if err != nil {
		return err
	}
	go ssh.DiscardRequests(answers)
	go func() { _, _ = io.Copy(io.Discard, channel) }()
	stop := sshAsk(ctx, client, patience)
	defer stop()
	say := func() error { _, err := io.WriteString(channel, "hello\n"); return err }
	if patience == 0 {
		return repeat(ctx, chatter, say)
	}
	if err := say(); err != nil {
		return err
	}
	return client.Wait()
}

// sshAsk asks the other side every 2 s whether it is there, and closes conn
// when an answer takes longer than patience; 0: it asks nothing.
func sshAsk(ctx context.Context, conn ssh.Conn, patience time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	if patience > 0 {
		go func() {
			defer conn.Close()
			_ = hangUpUnanswered(ctx, 2*time.Second, patience, func(ctx context.Context) error {
				defer context.AfterFunc(ctx, func() {
					if ctx.Err() == context.DeadlineExceeded {
						conn.Close()
					}
				})()
				_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil)
				return err
			})
		}()
	}
	return cancel
}
