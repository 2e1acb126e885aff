package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// longest is how many runes of a text from outside a line of report.md shows.
const longest = 300

// Clean makes a text from outside fit for one line on a terminal or a page:
// what cannot be seen, or would turn the direction of reading, is written as in
// a Go string.
func Clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// Escape writes a text so that Markdown shows it as it is, in one line.
func Escape(s string) string { return escaped(s) }

// escaped writes a text so that Markdown shows it as it is. Pipes are left
// alone: in a table they are the table's to escape, and elsewhere harmless.
func escaped(s string) string { return markup.Replace(cut(Clean(s), longest)) }

// markup is what means something inside a line; nothing that we escape begins
// one. The last two would become links.
var markup = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`, "$", `\$`,
	"[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "&", `\&`,
	"://", `\://`, "www.", `www\.`,
)

// code writes a text as a code span.
func code(s string) string {
	s = cut(Clean(s), longest)
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.Trim(s, "` ") != s {
		s = " " + s + " " // they are no part of it
	}
	return fence + s + fence
}

// codeBlock writes a command as a block of its own.
func codeBlock(s string) string {
	s = cut(Clean(s), 10*longest)
	fence := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	return fence + "sh\n" + s + "\n" + fence + "\n"
}

// cut keeps the first n runes, and says how many there were.
func cut(s string, n int) string {
	total := utf8.RuneCountInString(s)
	if total <= n {
		return s
	}
	return string([]rune(s)[:n]) + fmt.Sprintf("… (%d characters)", total)
}

func longestRun(s string, of rune) (most int) {
	run := 0
	for _, r := range s {
		if r == of {
			run++
		} else {
			run = 0
		}
		most = max(most, run)
	}
	return most
}
