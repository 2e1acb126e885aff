//go:build browser

package report

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium without a network, and with an empty profile.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("no chromium on PATH: apt-get install -y chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// tab is an open page, and what it complained about.
type tab struct {
	t    *testing.T
	ctx  context.Context
	mu   sync.Mutex
	said []string // on its console
	asks []string // what it asked a network for
}

// open opens dir's report.html in a browser of its own.
func open(t *testing.T, dir string) *tab {
	t.Helper()
	p := newTab(t)
	p.load(dir)
	return p
}

// newTab is a tab whose network is off.
func newTab(t *testing.T) *tab {
	t.Helper()
	p := &tab{t: t, ctx: browser(t)}
	note := func(to *[]string, text string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		*to = append(*to, text)
	}
	err := chromedp.Listen(p.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok {
			if url := e.Request.URL; !strings.HasPrefix(url, "file:") && !strings.HasPrefix(url, "data:") {
				note(&p.asks, url)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	said := chromedp.Console(p.ctx)
	go func() {
		for m, err := range said {
			if err != nil {
				return
			}
			if m.Type != chromedp.ConsoleLog && m.Type != chromedp.ConsoleInfo && m.Type != chromedp.ConsoleDebug {
				note(&p.said, fmt.Sprintf("%s: %s", m.Type, m.Text))
			}
		}
	}()
	p.size(1440)
	call(p, network.Enable, network.EnableParams{})
	call(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	return p
}

// load opens dir's report.html, and waits until its charts are drawn.
func (p *tab) load(dir string) {
	p.t.Helper()
	p.do(chromedp.Navigate("file://" + filepath.Join(dir, HTMLFile)))
	p.wait(allDrawn)
}

// allDrawn says that the charts that a page opens with are there.
const allDrawn = `document.readyState === "complete" && [...document.querySelectorAll("#detections .chart")].every((c) => c.dataset.drawn)`

func call[P, R any](p *tab, command cdp.Command[P, R], params P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, command, params); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// size gives the page a width, as a phone or a desk has it.
func (p *tab) size(width int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, 900))
}

// scheme is "light" or "dark".
func (p *tab) scheme(name string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
}

func (p *tab) wait(condition string) {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		p.t.Fatalf("wait for %s: %v; the page said %q", condition, err, p.said)
	}
}

// ask evaluates an expression on the page.
func ask[T any](p *tab, expression string) T {
	p.t.Helper()
	out, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return out
}

// quiet says that the page had nothing to complain about, and asked for nothing.
func (p *tab) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.said) > 0 {
		p.t.Errorf("the page said %q", p.said)
	}
	if len(p.asks) > 0 {
		p.t.Errorf("the page asked for %q", p.asks)
	}
}
