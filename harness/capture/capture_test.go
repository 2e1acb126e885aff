package capture_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flatline-go/flatline/harness/capture"
	"github.com/flatline-go/flatline/harness/trace"
)

// arrival is what is read of a row: a beat and its instant.
type arrival struct {
	seq uint64
	at  int64
}

// read reads a whole capture.
func read(file string, o capture.Options) (*capture.Reader, []arrival, error) {
	in, err := capture.NewReader(strings.NewReader(file), o)
	if err != nil {
		return nil, nil, err
	}
	var got []arrival
	for first := true; ; first = false {
		events, err := in.Next()
		if errors.Is(err, io.EOF) {
			return in, got, nil
		}
		if err != nil {
			return in, got, err
		}
		for _, e := range events {
			switch {
			case first && e == trace.Event{What: trace.Up}:
			case e.What == trace.Heard && e.Kind == "beat" && e.Side == "":
				got = append(got, arrival{e.Seq, e.T})
			default:
				return in, got, fmt.Errorf("an event that nobody asked for: %+v", e)
			}
		}
	}
}

func TestRead(t *testing.T) {
	for _, row := range []struct {
		name string
		file string
		want []arrival
		last int64
	}{
		{
			name: "counted from the first beat and arrival", last: 30,
			file: "seq,sent_ns,arrived_ns\n7,1000,50\n8,1010,60\n10,1030,80\n",
			want: []arrival{{0, 0}, {1, 10}, {3, 30}},
		},
		{
			name: "columns in any order, and others", last: 11,
			file: "host, arrived_ns ,seq\na, 50, 7\n\"b,c\",61,8\n",
			want: []arrival{{0, 0}, {1, 11}},
		},
		{
			name: "a byte order mark, and Windows' line ends", last: 10,
			file: "\ufeffseq,arrived_ns\r\n7,50\r\n8,60\r\n",
			want: []arrival{{0, 0}, {1, 10}},
		},
		{
			name: "in order of arrival", last: 30,
			file: "seq,arrived_ns\n8,60\n7,50\n10,80\n9,70",
			want: []arrival{{0, 0}, {1, 10}, {2, 20}, {3, 30}},
		},
		{
			name: "twice the same", last: 10,
			file: "seq,arrived_ns\n7,50\n7,50\n8,60\n",
			want: []arrival{{0, 0}, {0, 0}, {1, 10}},
		},
		{
			name: "instants since 1970", last: 10,
			file: "seq,arrived_ns\n18446744073709551614,1800000000000000000\n18446744073709551615,1800000000000000010\n",
			want: []arrival{{0, 0}, {1, 10}},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			in, got, err := read(row.file, capture.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, row.want) || in.Last() != row.last || in.Rows != len(row.want) {
				t.Errorf("got %v, last %d, %d rows; want %v, last %d", got, in.Last(), in.Rows, row.want, row.last)
			}
		})
	}
}

func TestBadInput(t *testing.T) {
	const good = "seq,sent_ns,arrived_ns\n7,1000,50\n"
	for _, row := range []struct {
		name string
		file string
		want string
		skip bool // with SkipBad it is no error
	}{
		{name: "empty", file: "", want: "line 1: the file is empty, want a header with the columns seq and arrived_ns"},
		{name: "no rows", file: "seq,arrived_ns\n", want: "no arrivals: want a row for each below the header"},
		{name: "no seq", file: "sequence,arrived_ns\n1,2\n", want: `line 1: no column seq in "sequence,arrived_ns", want a header`},
		{name: "no arrived_ns", file: "seq,sent_ns\n1,2\n", want: "line 1: no column arrived_ns"},
		{name: "no header", file: "1,2,3\n", want: `line 1: no column seq in "1,2,3"`},
		{name: "twice", file: "seq,seq,arrived_ns\n1,1,2\n", want: "line 1: two columns seq, want one"},
		{name: "junk", file: "\x00\x01\x02\xff\xfe\"\n\x7f", want: "line 1: "},
		{name: "junk without an end", file: strings.Repeat("\x00", 3<<20), want: "line 1: no end of a row in 1048576 bytes: is this a CSV file?"},
		// A quote that is not closed must cost its own line, not all that follow.
		{name: "an open quote", file: good + "8,\"1010,60\n9,1020,70\n", want: "line 3: 1 field, want 3", skip: true},
		{name: "one beat only", file: good, want: "the beat interval cannot be told from the first 1 rows by sent_ns"},
		{name: "too few fields", file: good + "8,1010\n9,1020,70\n", want: "line 3: 2 fields, want 3", skip: true},
		{name: "too many fields", file: good + "8,1010,60,1\n9,1020,70\n", want: "line 3: 4 fields, want 3", skip: true},
		{name: "a stray quote", file: good + "8,1\"0,60\n9,1020,70\n", want: "line 3: 1 field, want 3", skip: true},
		{name: "seq no number", file: good + "x,1010,60\n9,1020,70\n", want: `line 3: seq "x", want a whole number from 0`, skip: true},
		{name: "seq negative", file: good + "-8,1010,60\n9,1020,70\n", want: `line 3: seq "-8", want a whole number from 0`, skip: true},
		{name: "arrived no number", file: good + "8,1010,1.5e9\n9,1020,70\n", want: `line 3: arrived_ns "1.5e9", want nanoseconds`, skip: true},
		{name: "arrived negative", file: good + "8,1010,-60\n9,1020,70\n", want: `line 3: arrived_ns "-60", want nanoseconds`, skip: true},
		{name: "arrived too large", file: good + "8,1010,9223372036854775808\n9,1020,70\n", want: `line 3: arrived_ns "9223372036854775808"`, skip: true},
		{name: "arrived never", file: good + "8,1010,9223372036854775807\n9,1020,70\n", want: "line 3: arrived_ns 9223372036854775807 is more than 100 years after 50", skip: true},
		{name: "sent no number", file: good + "8,,60\n9,1020,70\n", want: `line 3: sent_ns "", want nanoseconds`, skip: true},
		{name: "the first line is 2", file: "seq,arrived_ns\nx,1\n1,1\n2,2\n", want: "line 2: ", skip: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := read(row.file, capture.Options{})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
			in, got, err := read(row.file, capture.Options{SkipBad: true})
			if (err == nil) != row.skip {
				t.Errorf("skipping bad lines: got %v, want an error: %v", err, !row.skip)
			}
			if err == nil && (in.Bad != 1 || in.Rows != 2 || len(got) != 2) {
				t.Errorf("%d bad lines, %d rows, %v; want 1 and 2", in.Bad, in.Rows, got)
			}
		})
	}
}

// many has beats 1 to n, one every 10 ns, and one row more after some line.
func many(n, after int, more string) string {
	var file strings.Builder
	file.WriteString("seq,arrived_ns\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&file, "%d,%d\n", i, 10*i)
		if i == after {
			file.WriteString(more + "\n")
		}
	}
	return file.String()
}

func TestOutOfOrder(t *testing.T) {
	const n = 10 * trace.Room
	for _, row := range []struct {
		name  string
		after int
		more  string
		want  string // "": it is put in order
	}{
		{name: "a little", after: 5 * trace.Room, more: fmt.Sprintf("7,%d", 40*trace.Room)},
		{name: "a lot", after: 5 * trace.Room, more: fmt.Sprintf("7,%d", 10*trace.Room), want: "line 10242: arrived_ns 20480 comes more than 2048 rows after later ones"},
		{name: "before the first arrival", after: 5 * trace.Room, more: "7,9", want: "line 10242: arrived_ns 9 is before 10, the first arrival"},
		{name: "before the first beat", after: 5 * trace.Room, more: fmt.Sprintf("0,%d", 50*trace.Room), want: "line 10242: seq 0 is below 1, the first rows'"},
	} {
		t.Run(row.name, func(t *testing.T) {
			in, got, err := read(many(n, row.after, row.more), capture.Options{})
			if row.want != "" {
				if err == nil || !strings.Contains(err.Error(), row.want) {
					t.Fatalf("got %v, want an error with %q", err, row.want)
				}
				in, got, err = read(many(n, row.after, row.more), capture.Options{SkipBad: true})
				if err != nil || in.Bad != 1 || len(got) != n {
					t.Errorf("skipping it: %v, %d bad lines, %d arrivals", err, in.Bad, len(got))
				}
				return
			}
			if err != nil || len(got) != n+1 || !slices.IsSortedFunc(got, func(a, b arrival) int { return int(a.at - b.at) }) {
				t.Fatalf("%v, %d arrivals", err, len(got))
			}
			if s := strings.Join(in.Assumed(), " "); !strings.Contains(s, "Rows out of order of arrival were put in order: 1.") {
				t.Errorf("it does not say so: %s", s)
			}
		})
	}
}

func TestInterval(t *testing.T) {
	for _, row := range []struct {
		name      string
		file      string
		given     time.Duration
		want      time.Duration
		estimated string
	}{
		// Slopes: of 1 to 3, (20 - 0) / 2; of 2 to 4, (30 - 10) / 2.
		{name: "by sent_ns", file: "seq,sent_ns,arrived_ns\n1,0,0\n2,10,90\n3,20,100\n4,30,100\n", want: 10, estimated: "sent_ns"},
		// Of 1 to 5, (48 - 0) / 4; of 2 to 7, (60 - 10) / 5; the one late by 500 is put to 70, and says 10.
		{name: "lost and late beats", file: "seq,arrived_ns\n1,0\n2,10\n4,30\n5,48\n7,60\n8,570\n", want: 10, estimated: "arrived_ns"},
		{name: "a pause", file: paused(10, 2*time.Second, 8*time.Second, 5), want: 2 * time.Second, estimated: "arrived_ns"},
		{name: "a pause in many", file: paused(1000, 2*time.Second, 8*time.Second, 500), want: 2 * time.Second, estimated: "arrived_ns"},
		{name: "many pauses", file: paused(1000, 2*time.Second, 8*time.Second, 30), want: 2 * time.Second, estimated: "arrived_ns"},
		// Delays grow for six beats and fall with the seventh: most neighbours are 1.01 s apart, and those half the file apart a little less than 1 s, or more.
		{name: "a saw", file: saw(1400), want: 1_000_060_000, estimated: "arrived_ns"},
		{name: "out of order", file: "seq,arrived_ns\n2,10\n1,0\n", want: 10, estimated: "arrived_ns"},
		{name: "given", file: "seq,arrived_ns\n1,0\n2,10\n", given: 7, want: 7},
		{name: "one beat will do then", file: "seq,arrived_ns\n1,0\n", given: 7, want: 7},
	} {
		t.Run(row.name, func(t *testing.T) {
			in, err := capture.NewReader(strings.NewReader(row.file), capture.Options{Interval: row.given})
			if err != nil {
				t.Fatal(err)
			}
			if in.Interval != row.want || in.Estimated != row.estimated {
				t.Errorf("got %d by %q, want %d by %q", in.Interval, in.Estimated, row.want, row.estimated)
			}
		})
	}
}

// saw has beats every second whose delays are 0 to 60 ms, in turn.
func saw(beats int) string {
	var file strings.Builder
	file.WriteString("seq,arrived_ns\n")
	for i := range beats {
		fmt.Fprintf(&file, "%d,%d\n", i, i*1e9+i%7*1e7)
	}
	return file.String()
}

// paused has beats of an interval, with a pause before each beat of a number that
// every divides.
func paused(beats int, interval, pause time.Duration, every int) string {
	var file strings.Builder
	file.WriteString("seq,arrived_ns\n")
	at := time.Duration(0)
	for i := range beats {
		if i > 0 {
			at += interval
			if i%every == 0 {
				at += pause
			}
		}
		fmt.Fprintf(&file, "%d,%d\n", i, at)
	}
	return file.String()
}

// Losses, jitter and pauses at once, with a clock of nanoseconds or milliseconds.
func TestIntervalOfARoughNetwork(t *testing.T) {
	for _, row := range []struct {
		name     string
		interval time.Duration
		jitter   time.Duration
		loss     float64
		pauses   int
		clock    time.Duration
		within   time.Duration
	}{
		{"jitter", 2 * time.Second, 200 * time.Millisecond, 0, 0, 1, 2 * time.Millisecond},
		{"jitter as long as the interval", 2 * time.Second, 2 * time.Second, 0, 0, 1, 10 * time.Millisecond},
		{"jitter of two intervals", 2 * time.Second, 4 * time.Second, 0, 0, 1, 20 * time.Millisecond},
		{"jitter of eight intervals", 2 * time.Second, 16 * time.Second, 0, 0, 1, 80 * time.Millisecond},
		{"loss", 2 * time.Second, 200 * time.Millisecond, 0.3, 0, 1, 2 * time.Millisecond},
		{"pauses", 2 * time.Second, 200 * time.Millisecond, 0.1, 3, 1, 5 * time.Millisecond},
		{"a pause", 2 * time.Second, 20 * time.Millisecond, 0.1, 1, 1, time.Millisecond},
		{"many pauses", 2 * time.Second, 200 * time.Millisecond, 0.1, 50, 1, 20 * time.Millisecond},
		{"a clock of milliseconds", 33_333_333, 1, 0, 0, time.Millisecond, 20 * time.Microsecond},
		{"and a tenth of one", 33_100_000, 1, 0.1, 0, time.Millisecond, 20 * time.Microsecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			for seed := range uint64(50) {
				random := rand.New(rand.NewPCG(seed, 1))
				var file strings.Builder
				file.WriteString("seq,arrived_ns\n")
				pause := time.Duration(0)
				for i := range 1000 {
					if row.pauses > 0 && random.IntN(1000) < row.pauses {
						pause += 8 * time.Second
					}
					at := time.Duration(i)*row.interval + pause + time.Duration(random.Int64N(int64(row.jitter)))
					if random.Float64() >= row.loss {
						fmt.Fprintf(&file, "%d,%d\n", i, at.Truncate(row.clock))
					}
				}
				in, err := capture.NewReader(strings.NewReader(file.String()), capture.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if off := (in.Interval - row.interval).Abs(); off > row.within {
					t.Errorf("seed %d: %v, want %v within %v", seed, in.Interval, row.interval, row.within)
				}
			}
		})
	}
}
