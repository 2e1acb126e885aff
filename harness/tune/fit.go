package tune

import (
	"math"
	"time"

	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// fitted are the detectors of both sides, and the range of T_D over all phases,
// on either side, as long as no beat is lost or late beyond the jitter. The zero
// fitted: none fits.
type fitted struct {
	client, server detect.Config
	detection      heartbeat.Window
}

// silence is the longest that the window allows after the last sign of life:
// bytes beyond the cut still arrive for up to d.
func (d Demands) silence() time.Duration {
	return d.Profile.Window.Hi - d.Profile.Margin - d.Profile.Delay
}

// silent is what fits with c on both sides, which allows a silence of least to
// most. As in heartbeat.Profile.Timing, T_D lies in (least - D - J, most + d].
func silent(d Demands, interval time.Duration, c detect.Config, least, most time.Duration) fitted {
	if c.Validate() != nil {
		return fitted{}
	}
	return fitted{c, c, heartbeat.Window{Lo: max(0, least-interval-d.Profile.Jitter), Hi: most + d.Profile.Delay}}
}

// within says that a detection in that range keeps the window, and leaves its
// margins free. A window without a lower bound has none there. The server hears
// the first beat a round trip after it answered the hello: it has to bear that.
func (f fitted) within(p heartbeat.Profile) bool {
	if f.client == nil || f.detection.Hi > p.Window.Hi-p.Margin || detect.Patience(f.server) < 2*p.Delay {
		return false
	}
	return p.Window.Lo == 0 || f.detection.Lo >= p.Window.Lo+p.Margin
}

func fitFixed(d Demands, interval time.Duration) fitted {
	timeout := digits(d.silence(), 4)
	if timeout <= interval {
		return fitted{}
	}
	return silent(d, interval, detect.Fixed{Timeout: timeout}, timeout, timeout)
}

func fitMissed(d Demands, interval time.Duration) fitted {
	count := int(d.silence() / interval)
	allowed := time.Duration(count) * interval
	return silent(d, interval, detect.Missed{Interval: interval, Count: count}, allowed, allowed)
}

// fitEchoTimer times the echoes at the client; the server, which only answers,
// waits for any sign of life. The client's beat left between 2d before the cut
// and D after it, so its T_D lies in [t - 2d, t + D).
func fitEchoTimer(d Demands, interval time.Duration) fitted {
	f := fitFixed(d, interval)
	timer := digits(d.Profile.Window.Hi-d.Profile.Margin-interval, 4)
	c := detect.EchoTimer{Timeout: timer}
	if f.client == nil || c.Validate() != nil {
		return fitted{}
	}
	f.client = c
	f.detection.Lo = min(f.detection.Lo, max(0, timer-2*d.Profile.Delay))
	f.detection.Hi = max(f.detection.Hi, timer+interval)
	return f
}

// estimate is by how much an estimate from few arrivals is off, at most: see
// heartbeat/adaptive.go.
func (d Demands) estimate() time.Duration { return d.Profile.Jitter / 3 }

// target is what Chen's configurator is asked to keep: the largest delay takes
// the place of the mean one, which is only estimated.
func (d Demands) target() time.Duration { return digits(d.silence()-d.estimate(), 4) }

func fitChen(d Demands, interval time.Duration) fitted {
	e, allowed := d.estimate(), d.target()
	return silent(d, interval, detect.Chen{Interval: interval, Margin: allowed - interval}, allowed-e, allowed+e)
}

// fitBertier leaves J for the detector's own margin, which follows the errors of
// the arrivals: four times their mean size, 2/3 J for echoes that are drawn one by
// one.
func fitBertier(d Demands, interval time.Duration) fitted {
	allowed := digits(d.silence()-d.Profile.Jitter, 4)
	return silent(d, interval, detect.Bertier{Interval: interval, Pause: allowed - interval}, allowed, allowed+d.Profile.Jitter)
}

// fitPhi has a threshold of 8. Its least deviation is half as much again as that
// of intervals some of which are doubled by a loss, so that what it learns moves
// it little, and the pause is what is left of the silence once the mean is what
// losses make of it.
func fitPhi(as func(detect.Phi) detect.Config) func(Demands, time.Duration) fitted {
	return func(d Demands, interval time.Duration) fitted {
		loss, e := d.lost(), d.estimate()
		longer := portion(interval, loss/(1-loss))
		deviation := max(interval/4, d.Profile.Jitter, portion(interval, 1.5*math.Sqrt(loss)/(1-loss)))
		c := detect.Phi{Interval: interval, Threshold: 8, MinDeviation: digits(deviation, 3)}
		allowed := d.silence() - longer - e
		c.Pause = digits(allowed-detect.Patience(as(c)), 4)
		least := detect.Patience(as(c)) // of what is rounded
		return silent(d, interval, as(c), least-e, least+longer+e)
	}
}

// fitExponential begins with as many intervals of the configured length as keep
// the first arrivals from moving the mean (see heartbeat/adaptive.go), or with
// nothing else where beats are lost. Losses make the mean longer, and move it: by
// three of its deviations at most, nearly always.
func fitExponential(d Demands, interval time.Duration) fitted {
	const samples = 1000
	loss, e := d.lost(), d.estimate()
	moves := 3 * math.Sqrt(loss/samples)
	allowed := portion(d.silence()-e, (1-loss)/(1+moves))
	c := detect.Exponential{
		Interval: interval, Prior: min(samples, max(20, int(3*allowed/interval)+1)),
		Threshold: math.Floor(1000*allowed.Seconds()/(interval.Seconds()*math.Ln10)) / 1000,
	}
	if loss > 0 {
		c.Prior = samples
	}
	if c.Validate() != nil {
		return fitted{}
	}
	allowed = detect.Patience(c)
	return silent(d, interval, c, allowed-e, portion(allowed, (1+moves)/(1-loss))+e)
}

// portion is a share of a duration, or more than all of it.
func portion(d time.Duration, share float64) time.Duration { return time.Duration(float64(d) * share) }

// lost is the share of beats that never come, and so make a long interval.
func (d Demands) lost() float64 {
	if d.Delivery == sim.TCP {
		return 0
	}
	return d.echoes().loss
}

// digits rounds a duration down to so many significant digits.
func digits(d time.Duration, n int) time.Duration {
	unit := time.Duration(1)
	for most := time.Duration(math.Pow10(n)); d/unit >= most; {
		unit *= 10
	}
	return d.Truncate(unit)
}
