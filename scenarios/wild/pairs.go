package wild

import "slices"

// All are the pairs.
func All() []Pair {
	return slices.Concat(
		yamuxPairs(), smuxPairs(), gorillaPairs(), coderPairs(), natsPairs(),
		pahoPairs(), autopahoPairs(), grpcPairs(), http2Pairs(), sshPairs(), redisPairs(), amqpPairs(),
	)
}
