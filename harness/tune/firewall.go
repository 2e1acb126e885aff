package tune

import (
	"fmt"
	"strings"
	"time"
)

// Firewall is something on the way that forgets a connection on which nothing
// went for Idle.
type Firewall struct {
	Name string        `json:"name"`
	Idle time.Duration `json:"idle_ns"`
	// Then is what happens to the next packet, Source the vendor's page.
	Then   string `json:"then,omitempty"`
	Source string `json:"source,omitempty"`
}

// Firewalls are the known ones, as their vendors ship them.
func Firewalls() []Firewall {
	return []Firewall{
		{"aws-nlb", 350 * time.Second, "it forgets in silence, and answers the next packet with RST; settable from 60 s to 6000 s for TCP, not for TLS",
			"https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html"},
		{"azure-lb", 4 * time.Minute, "it forgets in silence; settable from 4 min to 100 min, and with TCP reset both ends are told",
			"https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset"},
		{"gcp", 10 * time.Minute, "the VPC's firewall forgets in silence; Cloud NAT does after 20 min",
			"https://cloud.google.com/compute/docs/troubleshooting/general-tips"},
	}
}

// ParseFirewall reads the name of a known firewall, or an idle time such as 240s.
func ParseFirewall(text string) (Firewall, error) {
	var names []string
	for _, f := range Firewalls() {
		if f.Name == text {
			return f, nil
		}
		names = append(names, f.Name)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return Firewall{}, fmt.Errorf("%q, want %s, or the idle time after which it forgets, such as 240s", text, strings.Join(names, ", "))
	}
	if d <= 0 {
		return Firewall{}, fmt.Errorf("%q, want an idle time of more than 0", text)
	}
	return Firewall{Name: text, Idle: d}, nil
}

// Interval is the longest beat interval that keeps a connection open even where
// every second beat is lost and the others are late by delay: half of what is
// left of the idle time. The firewall may see what comes before the loss, or
// not.
// It is 0 or less where the delay alone is too long.
func (f Firewall) Interval(delay time.Duration) time.Duration { return (f.Idle - delay) / 2 }

// forgets says why a firewall does not bear beats that are interval apart; "": it
// does, or there is none.
func (d Demands) forgets(interval time.Duration) string {
	f, delay := d.Firewall, d.Profile.Delay
	if f.Idle == 0 || interval <= f.Interval(delay) {
		return ""
	}
	return fmt.Sprintf("with a beat every %v, one lost and the next %v late, a firewall must remember for %v, and this one forgets after %v",
		interval, delay, 2*interval+delay, f.Idle)
}
