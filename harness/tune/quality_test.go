package tune

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/flatline-go/flatline/harness/sim"
)

// Without delay all is by hand: with a shift of 2.5 D, three beats have a say
// before the suspicion begins, and a mistake is that all are lost: beats 0, 1
// and 2 at x < D/2, and beat 3 as well after that. So u(0) = p^3, q = 1-p, and
// the integral of u is D/2 p^3 + D/2 p^4.
func TestNFDSByHand(t *testing.T) {
	const p = 0.2
	q := NFDS(2500*time.Millisecond, time.Second, p, constant(0))
	for _, row := range []struct {
		name      string
		got, want float64
	}{
		{"T_MR", q.Recurrence, 1 / ((1 - p) * p * p * p)},
		{"T_M", q.MistakeTime, (0.5 + 0.5*p) / (1 - p)},
		{"P_A", q.Accuracy, 1 - (0.5*p*p*p + 0.5*p*p*p*p)},
	} {
		if math.Abs(row.got-row.want) > 1e-9*row.want {
			t.Errorf("%s is %v, want %v", row.name, row.got, row.want)
		}
	}
}

func TestNFDSWithoutMistakes(t *testing.T) {
	q := NFDS(3*time.Second, time.Second, 0, constant(0.1))
	if !math.IsInf(q.Recurrence, 1) || q.MistakeTime != 0 || q.Accuracy != 1 || q.PerDay() != 0 {
		t.Errorf("%+v, want no mistake", q)
	}
}

// draw is a history of beats on a datagram network, in order of arrival: as
// simple as can be, and of its own.
func draw(beats int, interval float64, loss float64, law Law) (sent, arrived []float64) {
	random := rand.New(rand.NewPCG(5, 1))
	for i := range beats {
		if random.Float64() >= loss {
			at := float64(i) * interval
			sent, arrived = append(sent, at), append(arrived, at+law.Quantile(random.Float64()))
		}
	}
	return sent, arrived
}

// NFD-S over simulated beats with exponential delays, which overtake: the number
// of mistakes lies within the 99.9 % confidence interval of the closed form, and so
// does their mean duration.
func TestNFDSAgreesWithTheSimulation(t *testing.T) {
	const beats, loss = 2_000_000, 0.05
	const interval, shift = time.Second, 1600 * time.Millisecond
	m := sim.Model{
		Name: "paper", Delivery: sim.UDP, Loss: sim.Loss{Rate: loss},
		Delay: sim.Delay{Law: sim.Exponential, Jitter: 500 * time.Millisecond},
	}
	// fresh[i] is when the first of beats i, i+1, ... arrived.
	fresh := make([]float64, beats)
	for i := range fresh {
		fresh[i] = math.Inf(1)
	}
	err := run(t.Context(), m, interval, beats, 5, nil, func(a arrival) { fresh[a.seq] = float64(a.at) / 1e9 })
	if err != nil {
		t.Fatal(err)
	}
	for i := beats - 2; i >= 0; i-- {
		fresh[i] = min(fresh[i], fresh[i+1])
	}
	var durations []float64
	trusted := true
	for i := range beats - 20 {
		from := float64(i) + shift.Seconds() // until a second later, beat i or a later one is fresh
		if fresh[i] > from {
			long := min(fresh[i], from+1) - from
			if trusted {
				durations = append(durations, 0)
			}
			durations[len(durations)-1] += long
		}
		trusted = fresh[i] <= from+1
	}
	q := NFDS(shift, interval, loss, distuv.Exponential{Rate: 2})
	n := float64(len(durations))
	if n < 10_000 {
		t.Errorf("%v mistakes show nothing", n)
	}
	z := distuv.UnitNormal.Quantile(1 - 0.0005)
	if expected := beats / q.Recurrence; math.Abs(n-expected) > z*math.Sqrt(expected) {
		t.Errorf("%v mistakes, the closed form expects %.0f", n, expected)
	}
	mean, deviation := stat.MeanStdDev(durations, nil)
	if math.Abs(mean-q.MistakeTime) > z*deviation/math.Sqrt(n) {
		t.Errorf("T_M is %v, the closed form says %v", mean, q.MistakeTime)
	}
}

// A silence of more than 2.5 D with constant delays is one of three or more: it
// begins with one that arrives, and then two in a row are lost.
func TestSilencesByHand(t *testing.T) {
	const p = 0.1
	got := Silences(2500*time.Millisecond, time.Second, p, constant(0.3))
	if want := 1 / ((1 - p) * p * p); math.Abs(got-want) > 1e-9*want {
		t.Errorf("%v s, want %v", got, want)
	}
	if got := Silences(2500*time.Millisecond, time.Second, 0, constant(0.3)); !math.IsInf(got, 1) {
		t.Errorf("%v s where nothing is lost, want never", got)
	}
}

// Jitter alone makes silences longer than D: those of more than D + J/2 by hand,
// with two delays uniform in [0, J]: P(Y - X > J/2) = 1/8.
func TestSilencesOfJitterByHand(t *testing.T) {
	got := Silences(1200*time.Millisecond, time.Second, 0, distuv.Uniform{Min: 0, Max: 0.4})
	if math.Abs(got-8) > 0.01 {
		t.Errorf("%v s, want 8", got)
	}
}

func TestSilencesAgreeWithAHistory(t *testing.T) {
	law := roundTrip(0.3, 0.2)
	_, arrived := draw(2_000_000, 1, 0.1, law)
	long := 0
	for i := 1; i < len(arrived); i++ {
		if arrived[i]-arrived[i-1] > 3 {
			long++
		}
	}
	least, most := poisson(long)
	if expected := 2_000_000 / Silences(3*time.Second, time.Second, 0.1, law); expected < least || expected > most {
		t.Errorf("%d silences, expected are %.1f", long, expected)
	}
}

// asked is a law that counts how often it was asked.
type asked struct {
	Law
	times *int
}

func (a asked) Survival(x float64) float64 {
	*a.times++
	return a.Law.Survival(x)
}

// What is left out of the sums adds nothing to them: whatever the loss, they are
// those that are written out, and take as many terms as the delays have room for.
func TestSumsAreWholeAndShort(t *testing.T) {
	const timeout, interval = 8800 * time.Millisecond, 90 * time.Millisecond
	times := 0
	law := asked{roundTrip(0.3, 0.2), &times}
	for _, loss := range []float64{0.001, 0.1, 0.5, 0.9, 0.99, 0.9999} {
		// Silences, term by term: delays by the midpoints of 1000 equal shares.
		perBeat := 0.0
		for n, silent := 1, 1-loss; n < 1_000_000 && silent > 0; n, silent = n+1, silent*loss {
			left, longer := timeout.Seconds()-float64(n)*interval.Seconds(), 0.0
			switch {
			case left > 0.4:
			case left < -0.4:
				longer = 1
			default:
				for i := range 1000 {
					longer += law.Survival(left+law.Quantile((float64(i)+0.5)/1000)) / 1000
				}
			}
			perBeat += (1 - loss) * silent * longer
		}
		times = 0
		if got, want := Silences(timeout, interval, loss, law), interval.Seconds()/perBeat; math.Abs(got/want-1) > 5e-3 {
			t.Errorf("loss %v: a silence every %v s, want %v", loss, got, want)
		}
		if most := 400 * (int(0.8/interval.Seconds()) + 4); times > most {
			t.Errorf("loss %v: silences ask the law %d times, want %d at most", loss, times, most)
		}
		// u(0), term by term.
		u := 1.0
		for j := range 99 {
			u *= loss + (1-loss)*law.Survival((timeout-time.Duration(j)*interval).Seconds())
		}
		times = 0
		want := interval.Seconds() / ((1 - loss) * u)
		if got := NFDS(timeout, interval, loss, law).Recurrence; math.Abs(got/want-1) > 1e-9 {
			t.Errorf("loss %v: a mistake every %v s, want %v", loss, got, want)
		}
		if most := 128*8*(int(0.6/interval.Seconds())+4) + 100; times > most {
			t.Errorf("loss %v: NFD-S asks the law %d times, want %d at most", loss, times, most)
		}
	}
}

// From tables: no event seen excludes 3.689 and more; ten are compatible with
// 4.795 to 18.39.
func TestPoissonIsTheTables(t *testing.T) {
	for _, row := range []struct {
		k           int
		least, most float64
	}{{0, 0, 3.689}, {1, 0.0253, 5.572}, {10, 4.795, 18.39}, {100, 81.36, 121.63}} {
		least, most := poisson(row.k)
		if math.Abs(least-row.least) > 5e-4*max(1, row.least) || math.Abs(most-row.most) > 5e-4*row.most {
			t.Errorf("%d: %.4f to %.4f, want %v to %v", row.k, least, most, row.least, row.most)
		}
	}
}

// The laws' moments and tails agree with each other, and a law that is a point
// with itself.
func TestLawsOfDelays(t *testing.T) {
	for name, law := range map[string]Law{
		"one way": oneWay(0.3, 0.2), "round trip": roundTrip(0.3, 0.2), "constant": oneWay(0.3, 0), "constant round trip": roundTrip(0.3, 0),
	} {
		mean, square := 0.0, 0.0
		const n = 20_000
		for i := range n {
			x := law.Quantile((float64(i) + 0.5) / n)
			mean += x / n
			square += x * x / n
		}
		if math.Abs(mean-law.Mean()) > 1e-6 || math.Abs(square-mean*mean-law.Variance()) > 1e-6 {
			t.Errorf("%s: mean %v and variance %v, want %v and %v", name, mean, square-mean*mean, law.Mean(), law.Variance())
		}
		if law.Survival(law.Quantile(0)-1e-9) != 1 || law.Survival(law.Quantile(1)) > 1e-9 {
			t.Errorf("%s: its tail does not begin at 1 and end at 0", name)
		}
	}
	if got := roundTrip(0.3, 0.2).Mean(); math.Abs(got-0.4) > 1e-12 { // twice the mean of 0.1 to 0.3
		t.Errorf("a round trip takes %v on average, want 0.4", got)
	}
}
