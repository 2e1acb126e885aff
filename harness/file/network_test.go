package file_test

import (
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/file"
	"github.com/flatline-go/flatline/harness/sim"
)

func TestBuiltInNetworksSayWhereTheirNumbersComeFrom(t *testing.T) {
	var names []string
	for _, m := range file.BuiltInNetworks() {
		names = append(names, m.Name)
		if m.Source == "" {
			t.Errorf("%s has no source", m.Name)
		}
	}
	if got := strings.Join(names, " "); got != "lan wan mobile" {
		t.Errorf("got %s", got)
	}
}

func TestNetworks(t *testing.T) {
	const text = `
networks:
  - name: radio
    source: our own measurements
    delivery: udp
    delay: {law: normal, latency: 80ms, jitter: 20ms}
    loss: {rate: 0.01, burst: {rate: 0.5, every: 1m, lasts: 3s}}
    reorder: 0.02
    reorder_by: 40ms
    duplicate: 0.001
`
	got, err := file.Networks(strings.NewReader(text), "n.yaml")
	want := sim.Model{
		Name: "radio", Source: "our own measurements", Delivery: sim.UDP,
		Delay: sim.Delay{Law: sim.Normal, Latency: 80 * time.Millisecond, Jitter: 20 * time.Millisecond},
		Loss:  sim.Loss{Rate: .01, Burst: sim.Burst{Rate: .5, Every: time.Minute, Lasts: 3 * time.Second}}, Reorder: .02,
		ReorderBy: 40 * time.Millisecond, Duplicate: .001,
	}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNetworksRefuses(t *testing.T) {
	for _, row := range []struct{ item, want string }{
		{"{name: mobile, delivery: tcp}", "n.yaml:1:20: name: there is a network model mobile already, want another name"},
		{"{name: x}", "n.yaml:1:13: network model x: want a delivery: tcp or udp"},
		{"{name: x, delivery: quic}", `delivery: it is "quic", want one of tcp, udp`},
		{"{name: x, delivery: udp, loss: {rate: 1}}", "network model x: loss rate is 1, want 0 to less than 1: at 1 nothing would ever arrive"},
		{"{name: x, delivery: udp, delay: {law: gamma}}", `law: it is "gamma", want one of uniform, normal, exponential, pareto`},
		{"{name: x, delivery: udp, delay: {law: pareto, jitter: 1s}}", "shape of the delay is 0 with law \"pareto\", want more than 1"},
		{"{name: x, delivery: udp, loss: {burst: {rate: 1}}}", "a burst every 0s lasts 0s, want more than 0 each"},
		{"{name: x, delivery: udp, jitter: 1s}", `unknown key "jitter"`},
	} {
		_, err := file.Networks(strings.NewReader("networks: [ "+row.item+"]"), "n.yaml")
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %s", row.item, err, row.want)
		}
	}
}
