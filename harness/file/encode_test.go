package file

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Every built-in policy, with every probe and detector that there is, survives
// being written and read.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, window := range []heartbeat.Window{
		{Lo: 6 * time.Second, Hi: 9 * time.Second},
		{Hi: 90 * time.Second},
	} {
		profile := heartbeat.Custom(window)
		profile.Delay, profile.Jitter, profile.Margin = 50*time.Millisecond, 20*time.Millisecond, 170*time.Millisecond
		written, err := heartbeat.Policies(profile)
		if err != nil {
			t.Fatal(err)
		}
		for i := range written {
			written[i].Name = "my-" + written[i].Name
		}
		own := written[0]
		own.Name, own.SenderJitter = "my-own", 0.25
		own.Client = detect.Chen{Interval: 3 * time.Second, Margin: 40 * time.Second, Samples: 7} // another interval than the policy's
		written = append(written, own)

		var text strings.Builder
		if err := WritePolicies(&text, written); err != nil {
			t.Fatal(err)
		}
		read, err := Policies(strings.NewReader(text.String()), "policy.yaml")
		if err != nil {
			t.Fatalf("%v in\n%s", err, text.String())
		}
		if len(read) != len(written) {
			t.Fatalf("%d policies, want %d", len(read), len(written))
		}
		for i := range written {
			if !reflect.DeepEqual(read[i], written[i]) {
				t.Errorf("read %+v\nwritten %+v", read[i], written[i])
			}
		}
	}
}
