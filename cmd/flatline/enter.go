package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// keyboard has the lines of standard input. One reader reads it for the whole run:
// a second one would begin behind what the first has taken from a pipe.
var keyboard = sync.OnceValue(func() <-chan struct{} { return linesOf(os.Stdin) })

// linesOf are the ends of the lines of in, until it ends itself.
func linesOf(in io.Reader) <-chan struct{} {
	lines := make(chan struct{})
	go func() { // it may wait for ever: nothing can end a read of a terminal
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- struct{}{}
		}
	}()
	return lines
}

// pressEnter waits for a line on standard input.
func pressEnter(ctx context.Context) error { return await(ctx, keyboard()) }

// onScreen is a cue that leaves t's display where it was: the key has moved the
// cursor to the next line, and a display that moves only upwards would leave one
// of its own behind.
func onScreen(t terminal, cue func(context.Context) error) func(context.Context) error {
	if !t.live || !term.IsTerminal(int(os.Stdin.Fd())) {
		return cue
	}
	return func(ctx context.Context) error {
		err := cue(ctx)
		if err == nil {
			_, _ = fmt.Fprint(t.screen, "\x1b[A")
		}
		return err
	}
}

func await(ctx context.Context, lines <-chan struct{}) error {
	select {
	case _, more := <-lines:
		if !more {
			return errors.New("nobody can press enter: standard input has ended; want --after 10s, say")
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
