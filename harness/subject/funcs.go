package subject

import (
	"context"
	"errors"
	"net"
)

// Funcs is a Kind of two functions, the same for every trial.
type Funcs struct {
	Label   string // its Name; "": "functions"
	ServeFn func(ln net.Listener) error
	DialFn  func(ctx context.Context, addr string) error
	// Datagrams says that both speak UDP on a network that carries it.
	Datagrams bool
}

// Name is Label.
func (f Funcs) Name() string {
	if f.Label == "" {
		return "functions"
	}
	return f.Label
}

// SpeaksDatagrams is Datagrams.
func (f Funcs) SpeaksDatagrams() bool { return f.Datagrams }

// New returns f itself. It is an error if one of the functions is missing.
func (f Funcs) New(Setup) (Subject, error) {
	if f.ServeFn == nil || f.DialFn == nil {
		return nil, errors.New("it lacks a function: want both ServeFn and DialFn")
	}
	return f, nil
}

// Serve calls ServeFn.
func (f Funcs) Serve(ln net.Listener) error { return f.ServeFn(ln) }

// Dial calls DialFn.
func (f Funcs) Dial(ctx context.Context, addr string) error { return f.DialFn(ctx, addr) }
