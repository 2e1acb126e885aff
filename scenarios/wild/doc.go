// Package wild puts client and server libraries that others wrote under
// Flatline's faults, each at its defaults and at a setting that makes it quick,
// and holds what each side does against what its source says it should.
//
// It is a module of its own, so that nobody else pays for its dependencies:
//
//	make wild                                                       # all, about three minutes; writes RESULTS.md
//	cd scenarios/wild && go test -run 'Wild/yamux/default/cable-pull' # one
package wild
