package report

import (
	"fmt"
	"strings"
)

// Missed is what no record can tell of a run: its plan does, see Plan.
type Missed struct {
	// Missing are trials that were planned and left no record, MissingTrials their
	// names, as far as they are known.
	Missing       int      `json:"missing,omitempty"`
	MissingTrials []string `json:"missing_trials,omitempty"`
	// CutOff says that the run did not come to its end, and that nobody knows how
	// many are missing.
	CutOff bool `json:"cut_off,omitempty"`
	Split
}

// mostMissing are named where people read; report.json has all.
const mostMissing = 10

// MissingNames are the missing trials' names in one line, as show shows each; "":
// nobody knows them.
func (m Missed) MissingNames(show func(string) string) string {
	var names []string
	for _, name := range m.MissingTrials[:min(mostMissing, len(m.MissingTrials))] {
		names = append(names, show(name))
	}
	text := strings.Join(names, ", ")
	if more := m.Missing - len(names); more > 0 && text != "" {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
