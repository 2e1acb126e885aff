package report

import (
	"testing"
	"time"
)

// withTraces is a folder with one of everything, and traces of what ran.
func withTraces(t *testing.T) string {
	t.Helper()
	records := run()
	missed := cablePull("push", 0.95, 7*time.Second, 7*time.Second)
	missed.Client.Detection = nil
	records = append(records, missed)
	dir := folder(t, records...)
	r, err := Gather(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}
