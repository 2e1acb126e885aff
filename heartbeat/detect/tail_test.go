package detect

import (
	"math"
	"testing"
)

// Quantiles from tables of the normal distribution; for the logistic ones,
// y (1.5976 + 0.070566 y^2) = ln(10^threshold - 1).
func TestTailReachesThreshold(t *testing.T) {
	tests := []struct {
		name      string
		tail      tail
		threshold float64
		want      float64
	}{
		{name: "normal, P = 0.9", tail: normalTail, threshold: -math.Log10(.9), want: -1.2815515655},
		{name: "normal, P = 0.1", tail: normalTail, threshold: 1, want: 1.2815515655},
		{name: "normal, P = 1e-8", tail: normalTail, threshold: 8, want: 5.6120012442},
		{name: "normal, P = 1e-16", tail: normalTail, threshold: 16, want: 8.2220822161},
		{name: "normal, P = 1e-300", tail: normalTail, threshold: 300, want: 37.0470962994},
		{name: "logistic, P = 0.9", tail: logisticTail, threshold: -math.Log10(.9), want: -1.2822153450},
		{name: "logistic, P = 0.1", tail: logisticTail, threshold: 1, want: 1.2822153450},
	}
	for _, tt := range tests {
		if got := tt.tail.reaches(tt.threshold); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %.10f, want %.10f", tt.name, got, tt.want)
		}
	}
}

func TestTailRises(t *testing.T) {
	for name, tail := range map[string]tail{"normal": normalTail, "logistic": logisticTail} {
		last := -1.0
		for y := -60.0; y < 60; y += 1.0 / 64 {
			phi := tail(y)
			// A step of 1/64 deviation is far more than rounding; only the
			// least levels are 0.
			if phi < last || phi == last && y > -15 || math.IsInf(phi, 0) {
				t.Fatalf("%s: level %v at %v deviations, %v before", name, phi, y, last)
			}
			last = phi
		}
	}
}

// Both branches of Akka's definition, where they have digits.
func TestLogisticTailIsAkkas(t *testing.T) {
	for y := -3.0; y <= 15; y += .25 {
		e := math.Exp(-y * (1.5976 + 0.070566*y*y))
		want := -math.Log10(1 - 1/(1+e))
		if y > 0 {
			want = -math.Log10(e / (1 + e))
		}
		if got := logisticTail(y); math.Abs(got-want) > 1e-12 {
			t.Errorf("at %v deviations: %v, want %v", y, got, want)
		}
	}
}

// The series goes on where erfc stops.
func TestNormalTailIsContinuous(t *testing.T) {
	const seam = 37.2
	erfc, series := normalTail(math.Nextafter(seam, 0)), normalTail(seam)
	if math.Abs(series-erfc) > 1e-10 {
		t.Errorf("level %v by erfc, %v by the series", erfc, series)
	}
}
