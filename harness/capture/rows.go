package capture

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/flatline-go/flatline/harness/words"
)

// row is one line of a capture.
type row struct {
	line    int
	seq     uint64
	sent    int64 // 0 without such a column
	arrived int64
}

// rows reads lines. seq, arrived and sent are the columns' places; sent is -1
// where there is none.
type rows struct {
	in                 *csv.Reader
	limit              *limit
	width, line        int // line: the last one read
	seq, arrived, sent int
}

// badLine is the error of a line that may be skipped.
type badLine struct {
	line int
	why  string
}

func (b *badLine) Error() string { return fmt.Sprintf("line %d: %s", b.line, b.why) }

func bad(line int, format string, args ...any) error {
	return &badLine{line, fmt.Sprintf(format, args...)}
}

const want = "want a header with the columns seq and arrived_ns, and sent_ns if it is known"

func newRows(r io.Reader) (*rows, error) {
	l := &limit{r: &lines{in: bufio.NewReaderSize(r, 1<<16)}}
	in := csv.NewReader(l)
	in.FieldsPerRecord = -1 // so that we can say how many there are
	in.ReuseRecord = true
	in.TrimLeadingSpace = true
	rs := &rows{in: in, limit: l}
	header, err := rs.read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line 1: the file is empty, %s", want)
	}
	if err != nil {
		return nil, fmt.Errorf("%w, %s", err, want)
	}
	rs.width = len(header)
	for name, at := range map[string]*int{"seq": &rs.seq, "arrived_ns": &rs.arrived, "sent_ns": &rs.sent} {
		*at = -1
		for i, column := range header {
			if strings.TrimSpace(strings.TrimPrefix(column, "\ufeff")) != name {
				continue
			}
			if *at >= 0 {
				return nil, fmt.Errorf("line 1: two columns %s, want one", name)
			}
			*at = i
		}
	}
	for _, needed := range []struct {
		name string
		at   int
	}{{"seq", rs.seq}, {"arrived_ns", rs.arrived}} {
		if needed.at < 0 {
			return nil, fmt.Errorf("line 1: no column %s in %.60q, %s", needed.name, strings.Join(header, ","), want)
		}
	}
	return rs, nil
}

// next is the next row; io.EOF: there is none. A *badLine's error leaves the
// next line to be read.
func (rs *rows) next() (row, error) {
	fields, err := rs.read()
	if err != nil {
		return row{}, err
	}
	line := rs.line
	if len(fields) != rs.width {
		return row{}, bad(line, "%s, want %d", words.Plural(len(fields), "field"), rs.width)
	}
	r := row{line: line}
	if r.seq, err = strconv.ParseUint(fields[rs.seq], 10, 64); err != nil {
		return row{}, bad(line, "seq %.40q, want a whole number from 0", fields[rs.seq])
	}
	if r.arrived, err = instant(fields[rs.arrived]); err != nil {
		return row{}, bad(line, "arrived_ns %v", err)
	}
	if rs.sent >= 0 {
		if r.sent, err = instant(fields[rs.sent]); err != nil {
			return row{}, bad(line, "sent_ns %v", err)
		}
	}
	return r, nil
}

func instant(field string) (int64, error) {
	n, err := strconv.ParseInt(field, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%.40q, want nanoseconds, a whole number from 0", field)
	}
	return n, nil
}

// read is the next line's fields.
func (rs *rows) read() ([]string, error) {
	rs.limit.left = longestRow
	fields, err := rs.in.Read()
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		return nil, bad(parse.Line, "%v", parse.Err)
	case errors.Is(err, errEndless):
		return nil, fmt.Errorf("line %d: %w", rs.line+1, err)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("read the capture: %w", err)
	}
	if err == nil {
		rs.line, _ = rs.in.FieldPos(0)
	}
	return fields, err
}

// lines keeps a quote that is not closed to its own line, which then is no row:
// numbers have no use for one, and the rest of the file would be inside it.
type lines struct {
	in   *bufio.Reader
	rest []byte // of the line
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		line, err := l.in.ReadSlice('\n')
		if len(line) == 0 {
			return 0, err
		}
		if l.rest = line; bytes.Count(line, []byte{'"'})%2 != 0 && !errors.Is(err, bufio.ErrBufferFull) {
			l.rest = []byte("a quote that is not closed\n")
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// limit fails where a row has no end, as in a file that is no text or after a
// quote that is never closed: a reader of rows would hold all of it.
type limit struct {
	r    io.Reader
	left int
}

// longestRow is the longest that can be meant, in bytes.
const longestRow = 1 << 20

var errEndless = fmt.Errorf("no end of a row in %d bytes: is this a CSV file?", longestRow)

func (l *limit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errEndless
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
