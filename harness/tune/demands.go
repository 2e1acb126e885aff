package tune

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/harness/words"
	"github.com/flatline-go/flatline/heartbeat"
)

// Demands are what is wanted of a detector, and the network that it is wanted on.
type Demands struct {
	// Profile is the window, and the network's Delay, Jitter and Margin in the
	// design's words: the largest one-way delay d, the largest difference
	// between two round trips J, and what the arithmetic keeps free at both ends
	// of the window. Each one-way delay is taken to be uniform in [d - J/2, d].
	Profile heartbeat.Profile `json:"profile"`
	// Loss is the share of packets that the network loses, each by itself: 0 to
	// less than 1.
	Loss float64 `json:"loss"`
	// Mistakes is how many each side may make at most.
	Mistakes Rate `json:"mistakes"`
	// Firewall bounds the interval; the zero Firewall: nothing does.
	Firewall Firewall `json:"firewall,omitzero"`
	// Interval is the beat interval, where it is given; 0: the largest that keeps
	// the demands is looked for.
	Interval time.Duration `json:"interval_ns,omitempty"`
	// Connections is how many the overhead is counted for, at least 1.
	Connections int `json:"connections"`
	// Delivery says what becomes of a beat that the network loses.
	Delivery sim.Delivery `json:"delivery"`
	// Variance is that of the one-way delays, in seconds squared, where it was
	// measured; 0: that of the uniform ones.
	Variance float64 `json:"variance_s2,omitempty"`

	way *way // of a capture, to replay what is recommended on; nil: there is none
}

// Validate says what is wrong with the demands, if anything, each by itself.
// Whether they can be kept together is Recommend's to say.
func (d Demands) Validate() error {
	p := d.Profile
	switch {
	case p.Window.Validate() != nil:
		return p.Window.Validate()
	case p.Delay < 0:
		return fmt.Errorf("delay is %v, want 0 or more: nothing arrives before it was sent", p.Delay)
	case p.Delay > p.Window.Hi:
		return fmt.Errorf("delay is %v, want at most the window's upper bound, %v: what was sent before a crash arrives for as long after it", p.Delay, p.Window.Hi)
	case p.Jitter < 0 || p.Jitter > 2*p.Delay:
		return fmt.Errorf("jitter is %v, want 0 to %v: two round trips of at most %v each cannot differ by more", p.Jitter, 2*p.Delay, 2*p.Delay)
	case p.Margin < 0:
		return fmt.Errorf("margin is %v, want 0 or more", p.Margin)
	case p.Margin > p.Window.Hi:
		return fmt.Errorf("margin is %v, want at most the window's upper bound, %v", p.Margin, p.Window.Hi)
	case !(d.Loss >= 0 && d.Loss < 1): // NaN is neither
		return fmt.Errorf("loss is %s, want 0%% to less than 100%%: where nothing arrives, no detector can tell the living from the dead", words.Percent(d.Loss))
	case d.Mistakes.Count <= 0 || d.Mistakes.Per <= 0:
		return errors.New("mistakes: want more than 0 in more than no time, such as 1/30d")
	case d.Interval < 0 || d.Interval > 0 && d.Interval < shortest:
		return fmt.Errorf("interval is %v, want %v or more", d.Interval, shortest)
	case d.Interval > day:
		return fmt.Errorf("interval is %v, want %v or less", d.Interval, day)
	case d.Connections < 1:
		return fmt.Errorf("connections is %d, want 1 or more", d.Connections)
	case d.Firewall.Idle < 0:
		return fmt.Errorf("firewall: its idle time is %v, want more than 0", d.Firewall.Idle)
	case d.Delivery != sim.UDP && d.Delivery != sim.TCP:
		return fmt.Errorf("delivery is %q, want %s or %s", d.Delivery, sim.UDP, sim.TCP)
	}
	return nil
}

// ParseLoss reads a share: 1%, 0.5%, or 0.01.
func ParseLoss(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !percent && f >= 1 {
		return 0, fmt.Errorf("%q, want a share such as 1%% or 0.01", text)
	}
	if percent {
		f /= 100
	}
	return f, nil
}

// seconds are those of the largest one-way delay, and of the range of them.
func (d Demands) seconds() (hi, spread float64) {
	return d.Profile.Delay.Seconds(), d.Profile.Jitter.Seconds() / 2
}

// path is how a side hears of its peer: by beats, which go one way, or by
// echoes, for which a beat has to arrive as well.
type path struct {
	loss float64
	law  Law
}

// beats and echoes are the two ways.
func (d Demands) beats() path {
	hi, spread := d.seconds()
	return path{d.Loss, oneWay(hi, spread)}
}

func (d Demands) echoes() path {
	hi, spread := d.seconds()
	return path{1 - (1-d.Loss)*(1-d.Loss), roundTrip(hi, spread)}
}

// longestInterval is the longest that the window leaves room for, and the
// firewall: see heartbeat.Profile.Timing, whose lower bound this is.
func (d Demands) longestInterval() time.Duration {
	p := d.Profile
	longest := p.Window.Hi - p.LowerBound() - 2*p.Margin - p.Jitter
	if d.Firewall.Idle > 0 {
		longest = min(longest, d.Firewall.Interval(p.Delay))
	}
	return longest
}

// model is the network, as it is simulated.
func (d Demands) model() sim.Model {
	quarter := d.Profile.Jitter / 4
	return sim.Model{
		Name: "tune", Delivery: d.Delivery,
		Delay: sim.Delay{Law: sim.Uniform, Latency: d.Profile.Delay - quarter, Jitter: quarter},
		Loss:  sim.Loss{Rate: d.Loss},
	}
}

// variance is that of the delays that a side's arrivals have, and the loss.
func (d Demands) variance(of path, ways float64) float64 {
	if d.Variance > 0 {
		return ways * d.Variance
	}
	return of.law.Variance()
}
