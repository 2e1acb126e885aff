package wild

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flatline-go/flatline/harness/judge"
	"github.com/flatline-go/flatline/harness/scenario"
	"github.com/flatline-go/flatline/heartbeat"
)

// bothSides in the order of the tables.
var bothSides = []heartbeat.Side{heartbeat.ClientSide, heartbeat.ServerSide}

// of is the fate of a side.
func (s Sides) of(side heartbeat.Side) Fate {
	if side == heartbeat.ClientSide {
		return s.Client
	}
	return s.Server
}

// String is the fate without its tolerance: "37 s", "9-11.5 s, told".
func (f Fate) String() string {
	if f.Never() {
		return "never by itself"
	}
	lo, hi := f.Lo+early, f.Hi-late
	s := seconds(lo) + " s"
	if hi > lo {
		s = seconds(lo) + "-" + seconds(hi) + " s"
	}
	if f.By == Peer {
		s += ", told"
	}
	return s
}

func seconds(d time.Duration) string {
	s := fmt.Sprintf("%.1f", d.Seconds())
	return strings.TrimSuffix(s, ".0")
}

// measured is what both sides did, in a line.
func (t *trial) measured() string {
	var words []string
	for _, side := range bothSides {
		words = append(words, fmt.Sprintf("%s: expected %s, measured %s", side, t.expected(side), t.did(side)))
	}
	return strings.Join(words, "; ")
}

// expected is a side's fate, or that there is nothing to notice.
func (t *trial) expected(side heartbeat.Side) string {
	sides := t.fault.sides(t.pair.Expect)
	if sides.Kept {
		return "kept open"
	}
	return sides.of(side).String()
}

// did is what a side did.
func (t *trial) did(side heartbeat.Side) string {
	m := t.record.Of(side)
	switch {
	case m.End == nil && t.fault.Kind == scenario.IdleDrop && t.fault.sides(t.pair.Expect).Kept && t.record.Verdict == judge.Held:
		return "kept open"
	case m.End == nil:
		return fmt.Sprintf("not in %v", t.observe)
	case by(m) == Peer:
		return fmt.Sprintf("%.1f s, told", m.End.Seconds())
	default:
		return fmt.Sprintf("%.1f s", m.End.Seconds())
	}
}

// unseen are the sides whose end is expected later than anybody watched.
func (t *trial) unseen() (late []string) {
	for _, side := range bothSides {
		if fate := t.fault.sides(t.pair.Expect).of(side); fate.Lo > t.observe {
			late = append(late, string(side))
		}
	}
	return late
}

// markdown is RESULTS.md.
func markdown(done []*trial, observe time.Duration) string {
	order := map[string]int{}
	for i, p := range All() {
		order[p.Name()] = i
	}
	slices.SortFunc(done, func(a, b *trial) int { return cmp.Compare(order[a.pair.Name()], order[b.pair.Name()]) })
	var b strings.Builder
	broken := slices.ContainsFunc(done, func(t *trial) bool { return t.check() != nil })
	fmt.Fprintf(&b, head, settle, observe, idle, map[bool]string{false: "All", true: "**Not** all"}[broken])
	for _, f := range faults() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", f.Kind, captions[f.Kind])
		b.WriteString("| library | setting | client expected | client measured | server expected | server measured | |\n|---|---|---|---|---|---|---|\n")
		for _, t := range done {
			if t.fault.Kind != f.Kind {
				continue
			}
			verdict := "as expected"
			if err := t.check(); err != nil {
				verdict = "**" + err.Error() + "**"
			} else if late := t.unseen(); len(late) > 0 {
				verdict = "not watched long enough: " + strings.Join(late, ", ")
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", t.pair.Library, t.pair.Setting,
				t.expected(heartbeat.ClientSide), t.did(heartbeat.ClientSide),
				t.expected(heartbeat.ServerSide), t.did(heartbeat.ServerSide), verdict)
		}
	}
	b.WriteString("\n## Findings\n\nWhat a library's documentation says otherwise, or its users would not expect.\n")
	for _, p := range All() {
		if p.Finding != "" {
			fmt.Fprintf(&b, "\n- **%s.** %s\n  `go test -v -run 'Wild/%s/cable-pull'`\n", p.Name(), p.Finding, p.Name())
		}
	}
	b.WriteString("\n## Why\n")
	for _, p := range All() {
		fmt.Fprintf(&b, "\n- **%s** (%s). %s\n", p.Name(), p.User, p.Why)
		for _, s := range p.Sources {
			where, says, _ := strings.Cut(s, " ")
			fmt.Fprintf(&b, "  - %s: `%s`\n", where, says)
		}
	}
	return b.String()
}

const head = `# What the libraries that you use do when the cable is pulled

Written by ` + "`make wild`" + `; do not edit. Each row is a real client and a real server, over Flatline's Toxiproxy on loopback. A time
is from the fault to the end of the side's connection, as the wire shows it: it hung up or, "told", the other side's closing reached it. A fault strikes
%v after the two have exchanged their first bytes, and is watched for %v. The firewall of idle-drop forgets after %v. Expectations are
worked out from each library's source (below), for this phase; an end may be a second early or late. %s trials did as expected, as
far as they were watched; who is expected to end later is named in the last column.

"Never by itself": TCP's own keepalive is not shown, which Go switches on for both sides (15 s, then every 15 s, 9 times: 150 s on an
idle connection). A proxy's kernel answers it. It does not probe while written bytes are unacknowledged: then retransmission
decides, after a quarter of an hour.

To repeat one: ` + "`cd scenarios/wild && go test -v -run 'Wild/yamux/default/cable-pull'`" + `.
`

var captions = map[scenario.Kind]string{
	scenario.CablePull:    "Nothing passes, in either direction, and no closing either.",
	scenario.HalfOpenDown: "Nothing passes from the server to the client.",
	scenario.HalfOpenUp:   "Nothing passes from the client to the server.",
	scenario.IdleDrop:     "A firewall forgets a connection that stays idle, and drops what comes then. Counted from the last byte that passed.",
}
