package file

import (
	"reflect"

	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/harness/sim"
	"github.com/flatline-go/flatline/heartbeat"
	"github.com/flatline-go/flatline/heartbeat/session"
)

// words are what texts of these types can be. A type that isn't here takes any
// text, or is checked by heartbeat.Policy.Validate.
var words = map[reflect.Type][]string{
	reflect.TypeFor[scenario.Kind]():     texts(scenario.Kinds()...),
	reflect.TypeFor[scenario.Place]():    texts(scenario.AtClient, scenario.AtServer, scenario.Middle),
	reflect.TypeFor[scenario.DropMode](): texts(scenario.DropSilent, scenario.DropResetOnSend, scenario.DropResetAtIdle),
	reflect.TypeFor[scenario.Law]():      texts(scenario.Uniform, scenario.Normal),
	reflect.TypeFor[scenario.Must]():     texts(scenario.MustStrike, scenario.MustNotStrike, scenario.MayStrike),
	reflect.TypeFor[scenario.Outcome]():  texts(scenario.Outcomes()...),
	reflect.TypeFor[scenario.Origin]():   texts(scenario.FromLastByte, scenario.FromHeal, scenario.FromPeersEnd),
	reflect.TypeFor[heartbeat.Side]():    texts(heartbeat.ClientSide, heartbeat.ServerSide),
	reflect.TypeFor[sim.Law]():           texts(sim.Laws()...),
	reflect.TypeFor[sim.Delivery]():      texts(sim.TCP, sim.UDP),
	reflect.TypeFor[heartbeat.Cause]():   texts(session.Causes()...),
}

func texts[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
