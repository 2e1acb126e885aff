// Package harness runs scenarios against a client and a server, over a network
// that it breaks on purpose, and says how long each side took to notice.
//
// A Plan makes Trials of scenarios and policies; a Runner runs them and returns
// a judge.Record of each:
//
//	plan := harness.Plan{Scenarios: []scenario.Scenario{scenarios.CablePull()}, Policies: policies}
//	trials, err := plan.Trials()
//	records, err := harness.Runner{Out: "reports"}.Run(ctx, trials)
//
// To test your own client and server, give the Runner a subject of two
// functions, and Foreign policies, which say what window you claim:
//
//	runner := harness.Runner{Subject: subject.Funcs{ServeFn: serve, DialFn: dial}}
//	policies := []heartbeat.Policy{harness.Foreign("mine", window)}
//
// They need no code of ours: a side that hangs up is seen on the wire. Nor do they
// have to be Go: a command.Kind is any program, or two.
//
// What a trial was is in its trace (package trace), and all verdicts come from
// there (package judge); package expect has Gomega matchers for records.
//
// A Runner takes every measure from an instant that was stamped when the thing
// happened, or, of a hang-up that sends no packet, when a network of kernels next
// looked at its sockets, 10 ms later at most. It polls only to know what comes
// next: that a silent subject is ready, has hung up, or is back. It keeps no
// goroutine, socket or proxy after Run has returned, and calls a trial
// inconclusive whose verdict may be owed to this process's own standing still.
package harness
