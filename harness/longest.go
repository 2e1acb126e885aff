package harness

import "time"

// Longest is how long Run takes at most for trials that run live, on a machine that
// is never calm: it waits for that as long as it does, and every attempt at a trial
// for its subject. A limit that is shorter would end a trial that the machine made
// inconclusive before it can say so. Programs have a limit of their own for coming
// up, which is not in it.
func (r Runner) Longest(trials []Trial) time.Duration {
	var attempt time.Duration
	for _, t := range trials {
		// The last is for what the network saw of a trial that had no end.
		attempt = max(attempt, comeUpOf(t)+t.Longest()+tearDownOf(t)+tearDown)
	}
	again, first := r.Spread+calmLimit, time.Duration(0)
	if r.Spread > 0 {
		first = again
	}
	begin := calmLimit + time.Duration(len(trials))*apart
	rounds := (len(trials) + r.parallel() - 1) / r.parallel()
	return begin + time.Duration(rounds)*(first+attempt+time.Duration(r.Retries)*(again+attempt))
}
