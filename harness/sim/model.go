package sim

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/network"
	"github.com/flatline-go/flatline/harness/words"
)

// Model is what a network does to every frame, each way alike and each way by
// itself. The zero Model is what the lab's proxy is: in order, lossless, at once.
type Model struct {
	// Name is the model's name in flags and reports.
	Name string `json:"name,omitempty"`
	// Source says where its numbers come from.
	Source string `json:"source,omitempty"`
	// Delivery is what becomes of what is lost or overtaken.
	Delivery Delivery `json:"delivery,omitempty"`
	Delay    Delay    `json:"delay,omitzero"`
	Loss     Loss     `json:"loss,omitzero"`
	// Reorder is the share of frames, 0 to 1, that take another ReorderBy
	// longer, so that those behind them overtake.
	Reorder   float64       `json:"reorder,omitempty"`
	ReorderBy time.Duration `json:"reorder_by_ns,omitempty"`
	// Duplicate is the share of frames, 0 to 1, of which a second copy arrives,
	// with a delay of its own. Of a stream's nobody learns.
	Duplicate float64 `json:"duplicate,omitempty"`
}

// Delivery is how frames get to the other side.
type Delivery string

// The deliveries.
const (
	// Proxied: in order and without loss, as a proxy passes a stream on. What a
	// cut withheld flows on at its end.
	Proxied Delivery = ""
	// TCP: in order. A frame that is lost, or withheld by a cut, is sent again
	// by the retransmission timer (see rto), and what is sent meanwhile goes
	// with it: loss shows as delay.
	TCP Delivery = "tcp"
	// UDP: loss is loss, frames overtake each other, and nobody learns of a
	// closing.
	UDP Delivery = "udp"
)

// longest is the longest time that a model may have.
const longest = time.Hour

// Validate says what is wrong with the model, naming the value and what would
// be right.
func (m Model) Validate() error {
	err := m.validate()
	if err != nil && m.Name != "" {
		return fmt.Errorf("network model %s: %w", m.Name, err)
	}
	return err
}

func (m Model) validate() error {
	switch m.Delivery {
	case Proxied, TCP, UDP:
	default:
		return fmt.Errorf("delivery is %q, want %s or %s", m.Delivery, TCP, UDP)
	}
	if err := m.Delay.validate(); err != nil {
		return err
	}
	if err := m.Loss.validate(); err != nil {
		return err
	}
	if m.Delivery == Proxied && (m.Loss != Loss{} || m.Reorder > 0 || m.Duplicate > 0) {
		return fmt.Errorf("loss, reorder and duplicate want a delivery, %s or %s: a proxy has none of them", TCP, UDP)
	}
	if !(m.Reorder >= 0 && m.Reorder <= 1) { // NaN is neither
		return fmt.Errorf("reorder is %g, want 0 to 1", m.Reorder)
	}
	if m.ReorderBy < 0 || m.ReorderBy > longest {
		return fmt.Errorf("reorder_by is %v, want 0 to %v", m.ReorderBy, longest)
	}
	if !(m.Duplicate >= 0 && m.Duplicate <= 1) {
		return fmt.Errorf("duplicate is %g, want 0 to 1", m.Duplicate)
	}
	return nil
}

// with is the model with a scenario's delay in place of its own, if that has one.
func (m Model) with(d network.Delay) Model {
	if d != (network.Delay{}) {
		m.Delay = of(d)
	}
	return m
}

// stream says whether frames keep their order, and closings arrive.
func (m Model) stream() bool { return m.Delivery != UDP }

// String is the model in a line, with its numbers.
func (m Model) String() string {
	parts := []string{cmp.Or(m.Name, "proxied")}
	if m.Delivery != Proxied {
		parts = append(parts, string(m.Delivery))
	}
	if m.Delay != (Delay{}) {
		parts = append(parts, fmt.Sprintf("delay %v, jitter %v", m.Delay.Latency, m.Delay.Jitter))
		if m.Delay.Jitter > 0 {
			parts = append(parts, string(cmp.Or(m.Delay.Law, Uniform)))
		}
		if m.Delay.Shape > 0 {
			parts = append(parts, fmt.Sprintf("of shape %g", m.Delay.Shape))
		}
	}
	if m.Loss.Rate > 0 {
		parts = append(parts, "loss "+words.Percent(m.Loss.Rate))
	}
	if b := m.Loss.Burst; b != (Burst{}) {
		parts = append(parts, fmt.Sprintf("bursts of %v every %v losing %s", b.Lasts, b.Every, words.Percent(b.Rate)))
	}
	if m.Reorder > 0 {
		parts = append(parts, fmt.Sprintf("%s take %v longer", words.Percent(m.Reorder), m.ReorderBy))
	}
	if m.Duplicate > 0 {
		parts = append(parts, words.Percent(m.Duplicate)+" doubled")
	}
	return strings.Join(parts, ", ")
}
