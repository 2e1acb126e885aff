package main

import (
	"bufio"
	"context"
	"errors"
	"os"
)

// pressEnter waits for a line on standard input.
func pressEnter(ctx context.Context) error {
	read := make(chan error, 1)
	go func() { // it may wait for ever: nothing can end a read of a terminal
		_, err := bufio.NewReader(os.Stdin).ReadString('\n')
		read <- err
	}()
	select {
	case err := <-read:
		if err != nil {
			return errors.New("nobody can press enter: standard input has ended; want --after 10s, say")
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
