package detect_test

import (
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat/detect"
)

const ms = int64(time.Millisecond)

// hear tells d of frames with the numbers 0, 1, 2 ...
func hear(d detect.Detector, kind detect.Kind, at ...int64) {
	for seq, at := range at {
		d.Heard(kind, uint64(seq), at)
	}
}

// row is a history from the start at 0 on, and the deadline after it.
type row struct {
	name   string
	config detect.Config
	run    func(d detect.Detector)
	want   int64
}

func checkDeadlines(t *testing.T, rows []row) {
	t.Helper()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.config.Validate(); err != nil {
				t.Fatal(err)
			}
			d := tt.config.New()
			d.Start(0)
			tt.run(d)
			if got, ok := d.Deadline(); !ok || got != tt.want {
				t.Errorf("deadline %d (%v), want %d; %s", got, ok, tt.want, d.Explain())
			}
		})
	}
}

// refusal is a Config and what Validate says of it.
type refusal struct {
	config detect.Config
	want   string
}

func checkRefusals(t *testing.T, rows []refusal) {
	t.Helper()
	for _, tt := range rows {
		if err := tt.config.Validate(); err == nil || err.Error() != tt.want {
			t.Errorf("%+v: error %v, want %q", tt.config, err, tt.want)
		}
	}
}

// silenceSigns are the kinds that move the deadlines of most detectors.
var silenceSigns = []detect.Kind{detect.Beat, detect.Echo, detect.Data, detect.Data + 1}
