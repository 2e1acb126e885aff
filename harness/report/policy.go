package report

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/detect"
)

// Decides is who decides for a side that its peer is gone: a detector, or the
// kernel.
func Decides(p heartbeat.Policy, side heartbeat.Side) string {
	switch c := p.Detector(side); {
	case c != nil:
		return Detector(c)
	case p.Beats.Includes(side) && p.Probe == heartbeat.ProbeKeepalive:
		return "kernel" + params(p.Keepalive)
	case p.Beats.Includes(side) && p.Probe == heartbeat.ProbeUserTimeout:
		return "kernel timeout " + p.UserTimeout.String()
	default:
		return "-"
	}
}

// Detector is a detector's name and its parameters.
func Detector(c detect.Config) string { return c.Name() + params(c) }

// params are a struct's fields and their values, by the names that files and traces
// have for them; those that are 0 say nothing.
func params(of any) (out string) {
	for field, value := range reflect.ValueOf(of).Fields() {
		if !value.IsZero() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			out += fmt.Sprintf(" %s %v", cmp.Or(strings.TrimSuffix(name, "_ns"), strings.ToLower(field.Name)), value)
		}
	}
	return out
}
