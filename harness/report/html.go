package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/flatline-go/flatline/harness/fidelity"
	"github.com/flatline-go/flatline/harness/words"
)

// assets are what report.html is made of: Vega with its licences, the page's
// own template, style and scripts, and the charts, which are Vega-Lite
// specifications.
//
//go:embed vega page
var assets embed.FS

// scripts run in this order.
var scripts = []string{
	"vega/vega-6.4.0.min.js", "vega/vega-lite-6.4.3.min.js", "vega/vega-embed-7.3.0.min.js",
	"page/dom.js", "page/chart.js", "page/trial.js", "page/matrix.js", "page/pareto.js", "page/main.js",
}

var licences = []string{"vega/vega-6.4.0.LICENSE", "vega/vega-lite-6.4.3.LICENSE", "vega/vega-embed-7.3.0.LICENSE"}

var html = template.Must(template.New("page.html").
	Funcs(template.FuncMap{"clean": shown, "fine": fine, "milli": words.Milli, "breakable": breakable}).
	ParseFS(assets, "page/page.html"))

// mostHTML is how long report.html may become for the sake of timelines.
const mostHTML = 5_000_000

// htmlPage is what the template is given.
type htmlPage struct {
	Report
	Allow    string // the only scripts that a browser may run, by their hashes
	Style    template.CSS
	Scripts  []template.JS
	Licences []string
	Strip    []number
	Policies []policyRow
	Retried  []retry
	Fidelity []fidelity.Shown
	Lies     fidelity.Shown
	Data     json.RawMessage
}

// Tolerance is how far apart two networks may be.
func (htmlPage) Tolerance() time.Duration { return fidelity.Tolerance }

// MissingNames are those of the trials that left no record.
func (p htmlPage) MissingNames() string { return p.Summary.MissingNames(shown) }

// HTML is the report as one page that needs nothing else: it opens from a disk,
// without a network, and asks for none. The timelines are made of the traces in
// dir; where it has none, the page says so. Those of trials that did not hold
// come first, the others as long as the page is no longer than 5 MB.
func (r Report) HTML(dir string) ([]byte, error) {
	p := htmlPage{Report: r, Strip: r.strip(), Retried: r.retried(), Fidelity: fidelity.Show(r.Fidelity), Lies: fidelity.ShowLies(r.Lies)}
	size := 0
	var hashes bytes.Buffer
	for _, name := range scripts {
		text := asset(name)
		sum := sha256.Sum256([]byte(text))
		fmt.Fprintf(&hashes, " 'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
		p.Scripts = append(p.Scripts, template.JS(text)) //nolint:gosec // our own file
		size += len(text)
	}
	p.Allow = hashes.String()
	p.Style = template.CSS(asset("page/page.css")) //nolint:gosec // our own file
	for _, name := range licences {
		p.Licences = append(p.Licences, path.Base(name)+"\n\n"+asset(name))
	}
	data := r.pageData()
	head, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	const rest = 200_000 // what is neither script nor data
	traces := traceFolder{dir: dir}
	data.Timelines = r.timelines(&traces, mostHTML-size-len(head)-rest)
	p.Policies = traces.policies
	if p.Data, err = json.Marshal(data); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := html.Execute(&out, p); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func asset(name string) string {
	data, err := assets.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded, or does not compile
	}
	return string(data)
}

// shown is a text from outside as the page shows it: no longer than a line of
// report.md, and without anything that cannot be seen.
func shown(s string) string { return cut(Clean(s), longest) }

// breakable says where a line may end in a text: after a dot of a trial's name, and
// not in a number.
func breakable(s string) template.HTML {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		b.WriteString(template.HTMLEscapeString(string(r)))
		if r != '.' || i == 0 || i == len(runes)-1 {
			continue
		}
		before, after := runes[i-1], runes[i+1]
		part := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
		if part(before) && part(after) && !(unicode.IsDigit(before) && unicode.IsDigit(after)) {
			b.WriteString("<wbr>")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // it is escaped
}
