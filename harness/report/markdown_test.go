package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/flatline-go/flatline/harness/judge"
)

var hostile = map[string]string{
	"pipes":            `a | b || c \| d`,
	"html":             `<script>alert(1)</script> <!-- a --> <img src=x onerror=y> &lt;b&gt;`,
	"newlines":         "a\r\n\n# b\n- c\n\n```\nd\n```\n| - |",
	"right to left":    "a\u202Eb\u2066c\u200Fd",
	"terminal":         "a\x1b[31mb\x07c\x00d",
	"not UTF-8":        "a\xff\xfeb",
	"emphasis":         "*a* _b_ ~~c~~ $d$ `e` ``f` **g**",
	"links":            "[a](javascript:b) ![c](d) https://e.example www.f.example <https://g.example> [h]: i",
	"backslashes":      `\\ \* a\`,
	"XML":              "]]> <![CDATA[ &amp; &#0; ' \"",
	"long":             strings.Repeat("long ", 2000),
	"long, no letters": strings.Repeat("`", 10_000),
	"blank":            "  ",
}

// attack puts a text wherever one from outside can stand.
func attack(text string) judge.Record {
	r := cablePull("fixed", 0.5, 7*time.Second, 10*time.Second)
	r.Trial, r.Scenario, r.Policy, r.Network, r.Subject = text+"t", text+"s", text+"/"+text, text, text
	r.Reason, r.Trace, r.Repeat = text, text, text
	r.Versions = map[string]string{text: text}
	r.Checks[1].Expected, r.Checks[1].Actual = text, text
	return r
}

// An independent renderer reads the page: it must find no markup in the text,
// and all of the text.
func TestMarkdownShowsTextAsItIs(t *testing.T) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	for name, evil := range hostile {
		t.Run(name, func(t *testing.T) {
			r := gather(t, attack(evil), with(attack(evil), judge.Failed, evil))
			source := []byte(r.Markdown())
			columns, cells := 0, 0
			err := ast.Walk(md.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
				switch n.Kind() {
				case ast.KindRawHTML, ast.KindHTMLBlock, ast.KindLink, ast.KindAutoLink, ast.KindImage, ast.KindEmphasis, extast.KindStrikethrough:
					if entering {
						t.Errorf("%s in the page", n.Kind())
					}
				case extast.KindTableHeader:
					columns = n.ChildCount()
				case extast.KindTableRow:
					if cells = n.ChildCount(); entering && cells != columns {
						t.Errorf("a row of %d cells under %d headings", cells, columns)
					}
				}
				return ast.WalkContinue, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if cells == 0 {
				t.Error("no table in the page")
			}
			var out bytes.Buffer
			if err := md.Convert(source, &out); err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSpace(cut(Clean(evil), longest))
			if n := strings.Count(plain(out.String()), want); n < 8 {
				t.Errorf("%q is shown %d times, want at least 8 times in\n%s", want, n, source)
			}
		})
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

// plain is what a reader sees of HTML.
func plain(html string) string {
	html = tag.ReplaceAllString(html, "\x00")
	return strings.NewReplacer("\x00", "", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&").Replace(html)
}

func TestJUnitIsXML(t *testing.T) {
	for name, evil := range hostile {
		t.Run(name, func(t *testing.T) {
			r := gather(t, attack(evil), with(attack(evil), judge.Failed, evil), with(attack(evil), judge.NotMeasurable, evil))
			data, err := r.JUnit()
			if err != nil {
				t.Fatal(err)
			}
			d := xml.NewDecoder(bytes.NewReader(data))
			count := map[string]int{}
			for {
				token, err := d.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%v in\n%s", err, data)
				}
				if e, ok := token.(xml.StartElement); ok {
					count[e.Name.Local]++
				}
			}
			for _, element := range []string{"testsuite", "failure", "error", "skipped"} {
				if count[element] != 1 {
					t.Errorf("%d elements %s, want 1", count[element], element)
				}
			}
			if count["testcase"] != 3 {
				t.Errorf("%d cases, want 3", count["testcase"])
			}
		})
	}
}

func TestPageStaysShort(t *testing.T) {
	var records []judge.Record
	for i := range 1000 {
		r := cablePull("fixed", 0.5, 7*time.Second, 10*time.Second)
		r.Scenario = fmt.Sprintf("cable-pull-%03d", i)
		r.Trial = r.Scenario + ".fixed.strict.0.5"
		records = append(records, r)
	}
	page := gather(t, records...).Markdown()
	if len(page) > 60_000 {
		t.Errorf("%d bytes", len(page))
	}
	if len(page) < 55_000 {
		t.Errorf("%d bytes: there was room for more", len(page))
	}
	failures := strings.Count(page, "\n### ")
	rows := strings.Count(page, "\n| cable-pull-")
	for _, want := range []string{
		"# Broken: 1000 of 1000 trials",
		fmt.Sprintf("\n- %d trials that did not hold\n", 1000-failures),
		fmt.Sprintf("\n- %d rows of the matrix\n", 1000-rows),
		"\n## What this rests on\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if failures < 50 || rows < 50 {
		t.Errorf("%d failures and %d rows: want a fair share of both", failures, rows)
	}
}
