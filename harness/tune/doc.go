// Package tune answers two questions: which interval and which timeout should be
// used, and which detector is better, once they are tuned to the same.
//
// # Which interval, which timeout
//
//	found, err := tune.Recommend(ctx, tune.Demands{
//		Profile:  profile,                      // the window; the network's delay, jitter and margin
//		Loss:     0.01,
//		Mistakes: tune.Rate{Count: 1, Per: 30 * 24 * time.Hour},
//		Delivery: sim.UDP, Connections: 1,
//	}, nil, tune.Options{Seed: 1})
//
// Demands are what is wanted. Recommend has a Recommendation for each Family of
// detectors: the largest interval with which it keeps them, its parameters, and
// what that means. Where a Means other than simulation tells the mistakes, it is
// used: Configure, the configurator of Chen, Toueg and Aguilera, for chen; the
// closed forms NFDS and Silences for echo-timer, and for fixed and missed. The
// kernel's families are computed from its rules. All others are tried, and all but
// the kernel's are then simulated on many beats: that is the Check.
//
// Where nothing keeps the demands, Relax says by how much each of them alone would
// have to give way. Print makes settings to paste for other systems, and says what
// detection comes of them there. Measure takes the network from a capture.
//
// # Which detector
//
//	history, err := tune.Record(ctx, model, heartbeat.ClientSide, 2*time.Second, 2_000_000, 1)
//	comparison, err := history.Compare(ctx, tune.Equal{Mistakes: rate}, tune.Families())
//
// A History is what one side heard; every detector is told the same. Compare turns
// the one parameter of each Family until all make as many mistakes, or until all
// detect within the same time, and says where they differ by more than chance
// explains; Conclude puts it in words.
//
// # What it does not know
//
// Delays are uniform, and losses come one by one, unless Compare is given another
// model: real networks lose in bursts, and Measure says so where it sees them. A
// crash is that of a peer from which nothing comes any more; what it sent before
// still arrives, but TCP's retransmissions end with it. Beats that overtake others
// count as lost where a crash is tried.
package tune
