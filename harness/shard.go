package harness

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Shard is one part of a run that is split over machines: of Of parts, the
// Index-th, from 1. A name's part depends on the name and on Of alone, so that
// a new scenario moves no other. The zero Shard is the whole run.
type Shard struct{ Index, Of int }

// mostShards bounds Of: a typing error should not leave every part empty.
const mostShards = 1000

// Has says whether what has this name, a trial or a spec, belongs to the shard.
func (s Shard) Has(name string) bool {
	if s.Of == 0 {
		return true
	}
	// A hash whose low bits are as good as any: names differ in few characters.
	sum := sha256.Sum256([]byte(name))
	return int(binary.BigEndian.Uint64(sum[:])%uint64(s.Of)) == s.Index-1
}

// String is "2/3"; "" for the whole run.
func (s Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// MarshalText writes what String does.
func (s Shard) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String writes, but "".
func (s *Shard) UnmarshalText(text []byte) error {
	index, of, _ := strings.Cut(string(text), "/")
	i, errI := strconv.Atoi(index)
	n, errN := strconv.Atoi(of)
	if errI != nil || errN != nil || i < 1 || i > n || n > mostShards {
		return fmt.Errorf("shard %q, want i/n, such as 2/3: i from 1 to n, n at most %d", text, mostShards)
	}
	*s = Shard{i, n}
	return nil
}
