package report

import (
	"fmt"
	"strings"
)

// mostBytes is how long report.md may be; the summary of a CI job takes more,
// but has other steps to show too.
const mostBytes = 60_000

// part is a heading and its items, of which the last may be left out.
type part struct {
	what  string // the items' name where they are counted
	head  string
	items []string
	most  int // bytes that it may use; 0: all there are
}

// page puts a page together that is no longer than mostBytes: the first line,
// as much of each part as fits, what was left out, and the end. first and end
// are always whole.
func page(first string, parts []part, end string) string {
	const note = 500 // enough for what was left out
	var b strings.Builder
	b.WriteString(first)
	left := mostBytes - len(first) - len(end) - note
	missing := map[string]int{}
	var order []string
	for _, p := range parts {
		budget := left
		if p.most > 0 {
			budget = min(budget, p.most)
		}
		body, kept := p.fit(budget)
		b.WriteString(body)
		left -= len(body)
		if n := len(p.items) - kept; n > 0 {
			if missing[p.what] == 0 {
				order = append(order, p.what)
			}
			missing[p.what] += n
		}
	}
	for i, what := range order {
		if i == 0 {
			fmt.Fprintf(&b, "\nLeft out, to keep this page below %d kB; %s has all of them:\n\n", mostBytes/1000, JSONFile)
		}
		fmt.Fprintf(&b, "- %d %s\n", missing[what], what)
	}
	b.WriteString(end)
	return b.String()
}

// fit is the part with as many of its items as there is room for.
func (p part) fit(budget int) (body string, kept int) {
	var b strings.Builder
	b.WriteString(p.head)
	for _, item := range p.items {
		if b.Len()+len(item) > budget {
			break
		}
		b.WriteString(item)
		kept++
	}
	if kept == 0 {
		return "", 0
	}
	return b.String(), kept
}
