package subject

import (
	"context"
	"errors"
	"testing"
)

// Each trial has an address of its own, and gives it back.
func TestElsewhere(t *testing.T) {
	kind := NewElsewhere("server:1", "proxy:1", "proxy:2")
	place := func() (Placed, Place) {
		s, err := kind.New(Setup{})
		if err != nil {
			t.Fatal(err)
		}
		p := s.(Placed)
		return p, p.Place()
	}
	first, one := place()
	_, two := place()
	if want := (Place{Upstream: "server:1", Listen: "proxy:1"}); one != want {
		t.Errorf("first at %+v, want %+v", one, want)
	}
	if want := (Place{Upstream: "server:1", Listen: "proxy:2"}); two != want {
		t.Errorf("second at %+v, want %+v", two, want)
	}
	third := make(chan Place)
	go func() {
		_, p := place()
		third <- p
	}()
	select {
	case p := <-third:
		t.Errorf("third at %+v, before there was room", p)
	default:
	}
	first.Left()
	if got := <-third; got != one {
		t.Errorf("third at %+v, want %+v", got, one)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the trial is over")
	cancel(why)
	if err := first.Dial(ctx, ""); !errors.Is(err, why) {
		t.Errorf("Dial: %v", err)
	}
}
