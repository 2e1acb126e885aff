package toxics

import (
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
)

// A place is where a toxic is: on which cable, in which stream.
type place struct {
	cable  *cable
	stream stream.Direction

	// Guarded by the cable's lock.
	links int // that Toxiproxy made a state for
	pumps map[*pump]struct{}
}

func newPlace(c *cable, at position) place {
	return place{cable: c, stream: at.direction(), pumps: make(map[*pump]struct{})}
}

// A position is the attributes that say where a toxic is. They are required,
// and stay as they are.
type position struct {
	Cable  string `json:"cable"`  // any name; the toxics of one proxy share it
	Stream string `json:"stream"` // the toxic's own: upstream or downstream
}

func (at *position) read(a *attributes) {
	a.name("cable", &at.Cable)
	word(a, "stream", &at.Stream, stream.Upstream.String(), stream.Downstream.String())
}

func (at position) fixed(is position) error {
	if err := fixed("cable", at.Cable, is.Cable); err != nil {
		return err
	}
	return fixed("stream", at.Stream, is.Stream)
}

func (at position) direction() stream.Direction {
	if at.Stream == stream.Upstream.String() {
		return stream.Upstream
	}
	return stream.Downstream
}

// settle waits until Toxiproxy has started all pipes again that it interrupted
// for the last update: as it starts a pipe it reads the toxicity, which it
// writes after every update, and doesn't guard it. Pipes that don't come (their
// toxicity was drawn against them) are waited for in vain, for a second.
func (t *place) settle() {
	t.cable.mu.Lock()
	entered := make([]<-chan struct{}, 0, len(t.pumps))
	for p := range t.pumps {
		entered = append(entered, p.entered)
	}
	t.cable.mu.Unlock()
	timeout := time.NewTimer(time.Second)
	defer timeout.Stop()
	for _, e := range entered {
		select {
		case <-e:
		case <-timeout.C:
			return
		}
	}
}
