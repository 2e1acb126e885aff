package processes

import (
	"math"
	"time"
)

// ahead is by how much a child's clock may be ahead of ours, in nanoseconds: its
// answer to a question was stamped between the question and its coming back. Both
// clocks are the machine's, and tell the time since the trial's epoch; what parts
// them is how each process came to know that instant.
type ahead struct{ least, most int64 }

// anyhow is what is known before anybody has asked.
var anyhow = ahead{math.MinInt64, math.MaxInt64}

// How many questions are asked. The quickest answer tells most, and on a busy
// machine few are quick.
const (
	enoughReadings = 3
	mostReadings   = 8
)

// and is what two readings say together.
func (a ahead) and(b ahead) ahead { return ahead{max(a.least, b.least), min(a.most, b.most)} }

// close says that no more readings are needed.
func (a ahead) close() bool { return a.most-a.least <= int64(time.Millisecond) }

// likely is the least that explains the readings, most often nothing, and by how
// much that may be wrong.
func (a ahead) likely() (by, uncertainty int64) {
	by = min(max(0, a.least), a.most)
	return by, max(by-a.least, a.most-by)
}
