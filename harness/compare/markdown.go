package compare

import (
	"fmt"
	"strings"

	"github.com/flatline-go/flatline/harness/report"
)

// Markdown is the comparison as a page: the headline, what got worse, what else
// differs, and a table of all measures.
func (c Comparison) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", report.Escape(c.Headline()))
	for _, part := range []struct {
		title string
		items []string
	}{
		{"Regressions", c.Regressions()},
		{"Unclear: NEW cannot tell", c.Unclear()},
		{"What else differs", c.Notes},
		{"Only in BASE", Words(c.OnlyBase)},
		{"Only in NEW", Words(c.OnlyNew)},
	} {
		if len(part.items) > 0 {
			fmt.Fprintf(&b, "\n## %s\n\n", part.title)
		}
		for _, item := range part.items {
			fmt.Fprintf(&b, "- %s\n", report.Escape(item))
		}
	}
	if len(c.Rows) > 0 {
		b.WriteString("\n## Measures\n\n| scenario | policy | side | measure | BASE | NEW | change | |\n|---|---|---|---|--:|--:|--:|---|\n")
		for _, r := range c.Rows {
			r.markdown(&b)
		}
		fmt.Fprintf(&b, "\n%s\n", report.Escape(c.Legend()))
	}
	return b.String()
}

func (r Row) markdown(b *strings.Builder) {
	line := func(cells ...string) {
		for _, cell := range cells {
			fmt.Fprintf(b, "| %s ", strings.ReplaceAll(report.Escape(cell), "|", `\|`))
		}
		b.WriteString("|\n")
	}
	line(r.Scenario, r.Policy, "", "verdict", r.Base.Sentence, r.New.Sentence, "", "")
	for _, side := range Sides {
		for _, m := range r.Of(side).Measures() {
			line(r.Scenario, r.Policy, string(side), m.What, m.Base, m.New, m.Change, m.Test.String())
		}
	}
}
