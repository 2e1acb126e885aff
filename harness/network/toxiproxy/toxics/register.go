package toxics

import stock "github.com/Shopify/toxiproxy/v2/toxics"

// The types under which the toxics are registered.
const (
	CablePullType = "cable_pull"
	IdleDropType  = "idle_drop"
	DelayType     = "delay"
)

// Register makes the toxics known to all Toxiproxy servers of this process. It
// may be called more than once.
func Register() {
	stock.Register(CablePullType, new(CablePull))
	stock.Register(IdleDropType, new(IdleDrop))
	stock.Register(DelayType, new(Delay))
}

// pipe is how Toxiproxy runs all toxics: the state that NewState made does the
// work.
type pipe struct{}

// Pipe is called once the state is made, and again after every update.
func (pipe) Pipe(stub *stock.ToxicStub) { stub.State.(*pump).run(stub) }

// Cleanup is called when the toxic is removed: the connection ends.
func (pipe) Cleanup(stub *stock.ToxicStub) { stub.State.(*pump).remove(stub) }
