package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	renderer "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

// written is a report in a format.
func written(t testing.TB, f Format, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, r, Options{Unicode: true, Verbose: true}); err != nil {
		t.Fatalf("as %s: %v", f.Name, err)
	}
	return b.String()
}

func format(t testing.TB, name string) Format {
	t.Helper()
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no format %s", name)
	}
	return Formats[i]
}

// The capsule differs with the version of Go, as its compression does.
var capsuleLine = regexp.MustCompile(`(?m)^[0-9A-Za-z]{13,68}\n`)

func TestGoldenFormats(t *testing.T) {
	for _, name := range []string{"markdown", "html", "junit", "github", "nagios", "prometheus"} {
		f := format(t, name)
		for _, file := range []string{"expired-and-wrong-name", "stopped"} {
			text := written(t, f, loadFile(t, "testdata/"+file+".json"))
			text = regexp.MustCompile(`data 1: \d+ characters`).ReplaceAllString(text, "data 1: N characters")
			golden(t, "testdata/formats/"+file+f.Ending+pick(f.Ending == "", "."+name, ""), capsuleLine.ReplaceAllString(text, ""))
		}
	}
}

// checkers read each format with a parser that is not ours, and say what is wrong.
var checkers = map[string]func(t *testing.T, text string, r *Report){
	"text":       checkText,
	"json":       checkJSON,
	"markdown":   checkMarkdown,
	"html":       checkHTML,
	"junit":      checkJUnit,
	"github":     checkGitHub,
	"nagios":     checkNagios,
	"prometheus": checkPrometheus,
}

func TestFormatsAreWellFormed(t *testing.T) {
	reports := saved(t)
	reports["hostile facts"] = hostileRun(t)
	reports["hostile findings"] = hostileFindings(t)
	reports["nothing at all"] = New(fact.Run{Target: fact.Target{Host: "ftp.example.org", Profile: "generic"}, Seen: []fact.Observation{}}, loadFile(t, "testdata/stopped.json").judgedBy)
	for _, f := range Formats {
		check := checkers[f.Name]
		if check == nil {
			t.Errorf("the format %s has no checker", f.Name)
			continue
		}
		for name, r := range reports {
			t.Run(f.Name+"/"+name, func(t *testing.T) {
				text := written(t, f, r)
				checkCharacters(t, text)
				checkCommands(t, f.Name, text)
				check(t, text, r)
			})
		}
	}
}

// What strangers send to break out of a format.
var hostile = []string{
	"\x1b[2J\x1b]0;owned\a", "\u202egpj.exe", "a\u009b31mb", "a\r\n::error::owned", "::error title=x::owned", "##[error]owned",
	"%0A::set-output name=x::y", "]]>", "]]><owned/>", "<script>owned()</script>", `"><svg onload=owned()>`, `' onmouseover='owned()`,
	"</pre></details><h1>owned</h1>", "<!-- owned", "--><owned>", "&lt;script&gt;", "```\nowned", "` owned `` ", "**owned**", "_owned_", "~~owned~~",
	"a | b | 'owned'=1", "[owned](https://evil.example/)", "![owned](https://evil.example/a.png)", "https://evil.example/", "www.evil.example",
	"<https://evil.example/>", "@everyone", "owner/repo#1", "# owned", "- owned", "1. owned", "{{.Owned}}", "{% owned %}", "$(owned)", `\`, `\"`, `"`, "\x00", "\xff\xfe",
	"ftpdoctor data 1: 68 characters", "ftpdoctor end of data", `{"schema":1,"target":{"host":"owned"}}`, strings.Repeat("x", 70) + " ::error title=y::owned", strings.Repeat("x", 74) + "::set-output name=x::y", strings.Repeat("::set-output name=x::", 20), "from ::ffff:198.51.100.7 and ::1", "owned\n# TYPE owned gauge\nowned 1", strings.Repeat("owned", 1000),
}

// hostileRun has the facts of a saved run in which servers and resolvers say nothing but hostile texts.
func hostileRun(t *testing.T) *Report {
	t.Helper()
	text, err := os.ReadFile("testdata/expired-and-wrong-name.json")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	n := 0
	next := func() string { n++; return hostile[n%len(hostile)] }
	var spoil func(key string, value any) any
	spoil = func(key string, value any) any {
		switch v := value.(type) {
		case string:
			if slices.Contains([]string{"lines", "names", "subject", "issuer", "text", "line", "server", "location", "name", "suite", "key", "version", "user", "typed", "variable", "value", "path"}, key) && v != "system" {
				return next()
			}
		case []any:
			for i := range v {
				v[i] = spoil(key, v[i])
			}
		case map[string]any:
			for k := range v {
				v[k] = spoil(k, v[k])
			}
		}
		return value
	}
	target := tree["target"].(map[string]any)
	target["user"], target["typed"] = next(), next()
	spoil("", tree["facts"])
	spoil("", tree["tool"])
	spoiled, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := Load(spoiled)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// hostileFindings has findings that quote every hostile text wherever a finding can, cleaned as a probe cleans it.
func hostileFindings(t *testing.T) *Report {
	t.Helper()
	r := loadFile(t, "testdata/port-21-blocked.json")
	for _, text := range hostile {
		text = fact.Clean(text)
		r.Findings = append(r.Findings, cause.Finding{
			Cause: "tls-name-mismatch", Severity: cause.Problem, Confidence: cause.Certain,
			Title: "The certificate is for " + text, Says: text + " is the name " + text + ".",
			Quotes: []string{text}, Evidence: []int{8, 9}, Where: []string{"3021"},
			Fix:        []cause.Step{{Who: cause.SiteAdmin, Do: "mend " + text}},
			Candidates: []cause.Candidate{{Cause: "tls-expired", Confirm: "look at " + text, Who: cause.Provider}},
		})
	}
	r.Verdict = verdict(r)
	return r
}

func checkCharacters(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Error("it is not UTF-8")
	}
	for i, c := range text {
		if c != '\n' && c != ' ' && !unicode.IsPrint(c) {
			t.Fatalf("it holds %U: %q", c, text[max(0, i-20):min(len(text), i+20)])
		}
	}
}

// checkCommands looks for lines that GitHub's runner would act on, as any format can be printed there.
func checkCommands(t *testing.T, name, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.ToLower(strings.TrimSpace(line))
		if strings.HasPrefix(line, "::error ") && name != "github" || strings.HasPrefix(line, "::set-output ") || strings.Contains(line, "##[error]") {
			t.Errorf("a command: %s", line)
		}
	}
}

func checkText(t *testing.T, text string, _ *Report) {
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func checkJSON(t *testing.T, text string, r *Report) {
	back, _, err := Load([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Seen) != len(r.Seen) {
		t.Errorf("%d facts, want %d", len(back.Seen), len(r.Seen))
	}
}

// checkMarkdown renders it as GitHub does, raw HTML included, and looks for anything that we did not put there.
func checkMarkdown(t *testing.T, text string, r *Report) {
	checkElements(t, rendered(t, text), "html head body h2 h3 p ul li strong code pre details summary")
	checkCarriesData(t, text, r)
}

// rendered is Markdown as a page. Nobody is mentioned in it.
func rendered(t *testing.T, text string) string {
	t.Helper()
	var page bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(renderer.WithUnsafe()))
	if err := md.Convert([]byte(text), &page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(regexp.MustCompile("(?s)<code.*?</code>").ReplaceAllString(page.String(), ""), "@") {
		t.Error("somebody is mentioned outside of code")
	}
	return page.String()
}

func checkHTML(t *testing.T, text string, r *Report) {
	checkElements(t, text, "html head body meta title style main section h1 h2 p span div table tbody tr th td ol li q code pre details summary svg rect line text")
	checkAccessible(t, text)
	checkCarriesData(t, text, r)
}

// checkAccessible looks for what a screen reader needs: a language, a title, headings without gaps, words for pictures, and
// a way to scroll with the keyboard.
func checkAccessible(t *testing.T, page string) {
	t.Helper()
	tree, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	attribute := func(node *html.Node, name string) string {
		for _, a := range node.Attr {
			if a.Key == name {
				return a.Val
			}
		}
		return ""
	}
	level, titles := 0, 0
	for node := range tree.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		switch name := node.Data; {
		case name == "html" && attribute(node, "lang") == "":
			t.Error("the page names no language")
		case name == "title" && node.Parent.Data == "head":
			titles++
		case name == "svg" && (attribute(node, "role") != "img" || attribute(node, "aria-label") == ""):
			t.Error("a picture has no words")
		case name == "th" && attribute(node, "scope") == "":
			t.Error("a heading of a table does not say what it heads")
		case attribute(node, "class") == "scroll" && attribute(node, "tabindex") != "0":
			t.Error("a part scrolls with the mouse alone")
		case len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6':
			if next := int(name[1] - '0'); next > level+1 {
				t.Errorf("a heading of level %d follows one of level %d", next, level)
			}
			level = int(name[1] - '0')
		}
	}
	if titles != 1 {
		t.Errorf("%d titles", titles)
	}
}

// checkElements finds elements and attributes that do not belong into a page, and addresses that a browser would fetch.
func checkElements(t *testing.T, page, allowed string) {
	t.Helper()
	tree, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for node := range tree.Descendants() {
		switch node.Type {
		case html.ElementNode:
			if !slices.Contains(strings.Fields(allowed), node.Data) {
				t.Errorf("an element %s does not belong here", node.Data)
			}
			for _, a := range node.Attr {
				if strings.HasPrefix(a.Key, "on") || slices.Contains([]string{"href", "src", "srcset", "action", "xlink:href", "background"}, a.Key) {
					t.Errorf("an attribute %s=%q does not belong here", a.Key, a.Val)
				}
			}
		case html.CommentNode:
			t.Errorf("a comment %q does not belong here", node.Data)
		case html.TextNode:
			if node.Parent != nil && node.Parent.Data == "style" && strings.Contains(node.Data, "url(") {
				t.Error("a style fetches something")
			}
		}
	}
}

// checkCarriesData reads the page back.
func checkCarriesData(t *testing.T, text string, r *Report) {
	t.Helper()
	back, _, err := Load([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want, got := New(r.Run, r.judgedBy), back
	if asJSON(t, got) != asJSON(t, want) {
		t.Errorf("it reads back as\n%s\nwant\n%s", asJSON(t, got), asJSON(t, want))
	}
}

// checkJUnit reads it with xmllint and our schema where there is one, and counts.
func checkJUnit(t *testing.T, text string, r *Report) {
	var suites junitSuites
	if err := xml.Unmarshal([]byte(text), &suites); err != nil {
		t.Fatal(err)
	}
	s := suites.Suite
	if s.Tests != len(s.Cases) || s.Tests == 0 {
		t.Errorf("%d tests, and %d cases", s.Tests, len(s.Cases))
	}
	failed := s.Failures > 0
	if wanted := r.count(cause.Problem) > 0 || r.Verdict.Exit == exitProblem; failed != wanted {
		t.Errorf("failed %v, want %v", failed, wanted)
	}
	if r.Verdict.Status == Inconclusive && s.Errors == 0 {
		t.Error("no error in a run that saw too little")
	}
	for _, f := range r.roots() {
		if f.Severity == cause.Problem && !slices.ContainsFunc(s.Cases, func(c *junitCase) bool { return c.Failure != nil }) {
			t.Errorf("%s fails no test case", f.Cause)
		}
	}
}

func checkGitHub(t *testing.T, text string, r *Report) {
	commands := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			commands++
		}
		if strings.Contains(line, "##[") {
			t.Errorf("an old command in %q", line)
		}
	}
	if most := max(len(r.roots()), 1); commands > most || commands > 3*mostAnnotations {
		t.Errorf("%d commands, want at most %d", commands, min(most, 3*mostAnnotations))
	}
	if r.Verdict.Exit != 0 && commands == 0 {
		t.Error("no annotation, and something is wrong")
	}
}

var nagiosLine = regexp.MustCompile(`^FTPDOCTOR (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+ \| ('[^'=|]+'=-?[0-9.]+(s|)(;;;0)?( |\n))+$`)

func checkNagios(t *testing.T, text string, r *Report) {
	line, _, _ := strings.Cut(text, "\n")
	if !nagiosLine.MatchString(line + "\n") {
		t.Errorf("the first line is %q", line)
	}
	if strings.Count(text, "|") != 1 {
		t.Errorf("numbers begin more than once in %q", text)
	}
	word := []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[r.ExitNagios(false, false)]
	if !strings.HasPrefix(line, "FTPDOCTOR "+word+" - ") {
		t.Errorf("it says %q, and the exit code says %s", line, word)
	}
}

func checkPrometheus(t *testing.T, text string, r *Report) {
	families := metricFamilies(t, text)
	for name, family := range families {
		if !strings.HasPrefix(name, "probe_") && !strings.HasPrefix(name, "ftpdoctor_") {
			t.Errorf("a metric %s", name)
		}
		for _, metric := range family.GetMetric() {
			for _, pair := range metric.GetLabel() {
				switch pair.GetName() {
				case "target":
					if want := targetOf(r.Target.Host); pair.GetValue() != want {
						t.Errorf("the target %q, want %q", pair.GetValue(), want)
					}
				case "port", "severity", "cause":
				default:
					t.Errorf("%s has a label %s", name, pair.GetName())
				}
			}
		}
	}
	success := families["probe_success"].GetMetric()[0].GetGauge().GetValue()
	if (success == 1) != (r.Verdict.Exit == 0) {
		t.Errorf("probe_success is %v, and the verdict %+v", success, r.Verdict)
	}
}

// metricFamilies reads metrics as Prometheus does. No address is in a label.
func metricFamilies(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for name, family := range families {
		for _, metric := range family.GetMetric() {
			for _, pair := range metric.GetLabel() {
				if _, err := netip.ParseAddr(strings.Trim(pair.GetValue(), "[]")); err == nil {
					t.Errorf("%s has the address %s in a label", name, pair.GetValue())
				}
			}
		}
	}
	return families
}

// Whoever types an address gets a hash of it as the label, another for each.
func TestPrometheusShowsNoAddress(t *testing.T) {
	targets := map[string]bool{}
	for _, host := range []string{"198.51.100.7", "198.51.100.8", "2001:db8::7", "[2001:db8::8]", "fe80::1%eth0"} {
		r := loadFile(t, "testdata/stopped.json")
		r.Target.Host = host
		text := written(t, format(t, "prometheus"), r) + compared(t, format(t, "prometheus"), Compare(r, r))
		metricFamilies(t, text)
		if strings.Contains(text, strings.Trim(host, "[]")) {
			t.Errorf("%s shows in\n%s", host, text)
		}
		targets[targetOf(host)] = true
	}
	if len(targets) != 5 {
		t.Errorf("the labels are %v", targets)
	}
	if got := targetOf("ftp.example.org"); got != "ftp.example.org" {
		t.Errorf("a name becomes %s", got)
	}
}

// Where there is no report, CI gets an error, GitHub an annotation, and a monitoring system a line.
func TestFaults(t *testing.T) {
	for _, says := range append(slices.Clone(hostile), "there is no flag --bogus here") {
		for _, f := range Formats {
			if f.Fault == nil {
				continue
			}
			var b bytes.Buffer
			if err := f.Fault(&b, Fault{Version: "1.2.3", At: time.Unix(0, 0), Says: fact.Clean(says)}); err != nil {
				t.Fatal(err)
			}
			checkCharacters(t, b.String())
			checkCommands(t, f.Name, b.String())
			if n := strings.Count(b.String(), "\n"); f.Name != "junit" && n != 1 {
				t.Errorf("%s: %d lines: %s", f.Name, n, &b)
			}
			if f.Name == "junit" {
				checkFault(t, b.Bytes(), fact.Clean(says))
			}
		}
	}
}

func checkFault(t *testing.T, text []byte, says string) {
	t.Helper()
	var suites junitSuites
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatal(err)
	}
	if s := suites.Suite; s.Tests != 1 || s.Errors != 1 || s.Cases[0].Error.Message != says {
		t.Errorf("%q gives %+v", says, s)
	}
}

func TestJUnitFitsTheSchema(t *testing.T) {
	needs(t, "xmllint", "it is in Debian's package libxml2-utils")
	reports := saved(t)
	reports["hostile facts"] = hostileRun(t)
	reports["hostile findings"] = hostileFindings(t)
	texts := map[string]string{}
	for name, r := range reports {
		texts[name] = written(t, format(t, "junit"), r)
	}
	for name, c := range comparisons(t) {
		texts["comparison "+name] = compared(t, format(t, "junit"), c)
	}
	var fault bytes.Buffer
	if err := faultJUnit(&fault, Fault{Version: "1.2.3", Says: "there is no flag --bogus here"}); err != nil {
		t.Fatal(err)
	}
	texts["fault"] = fault.String()
	var targets []Target
	for name, r := range reports {
		targets = append(targets, NewTarget(name, r, Expected{Open: []int{21, 8021}, CertificateDays: 30}, true))
	}
	var smoke bytes.Buffer
	if err := smokeJUnit(&smoke, NewSmoke(targets), Options{}); err != nil {
		t.Fatal(err)
	}
	texts["several targets"] = smoke.String()
	for name, text := range texts {
		lint := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--schema", "testdata/junit.xsd", "-")
		lint.Stdin = strings.NewReader(text)
		if said, err := lint.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
}

func TestJUnitTellsFailureFromErrorAndSkip(t *testing.T) {
	results := func(file string) (failures, errors, skips []string) {
		for _, c := range junitCases(loadFile(t, "testdata/"+file+".json")) {
			switch {
			case c.Failure != nil:
				failures = append(failures, c.Name+" "+c.Failure.Type)
			case c.Error != nil:
				errors = append(errors, c.Name+" "+c.Error.Type)
			case c.Skipped != nil:
				skips = append(skips, c.Name)
			}
		}
		return failures, errors, skips
	}
	failures, errors, skips := results("port-21-blocked")
	want := []string{"198.51.100.7:21 tcp-port-filtered", "198.51.100.8:21 tcp-port-filtered", "198.51.100.9:21 tcp-port-filtered"}
	if !slices.Equal(failures, want) || len(errors) > 0 || !slices.Equal(skips, []string{"control"}) {
		t.Errorf("blocked: failures %q, errors %q, skipped %q", failures, errors, skips)
	}
	failures, errors, _ = results("stopped")
	if len(failures) > 0 || !slices.Contains(errors, "198.51.100.7:21 interrupted") {
		t.Errorf("stopped: failures %q, errors %q", failures, errors)
	}
}

// The words of a monitoring system follow from the verdict.
func TestNagiosExitCodes(t *testing.T) {
	warned := []cause.Finding{{Severity: cause.Warning}}
	for _, c := range []struct {
		status           Status
		findings         []cause.Finding
		strict, exitZero bool
		want             int
	}{
		{OK, nil, false, false, 0},
		{OK, warned, false, false, 1},
		{OK, warned, true, false, 2},
		{OK, warned, false, true, 0},
		{Degraded, nil, false, false, 1},
		{Degraded, nil, true, false, 2},
		{Problem, nil, false, false, 2},
		{Problem, nil, false, true, 0},
		{Inconclusive, warned, true, true, 3},
	} {
		r := &Report{Verdict: Verdict{Status: c.status}, Findings: c.findings}
		if got := r.ExitNagios(c.strict, c.exitZero); got != c.want {
			t.Errorf("%+v gives %d", c, got)
		}
	}
}

func TestGitHubShowsTenOfAKindAndWritesTheSummary(t *testing.T) {
	r := loadFile(t, "testdata/port-21-blocked.json")
	for i := range 20 {
		r.Findings = append(r.Findings, cause.Finding{Cause: "tls-expired", Severity: cause.Problem, Title: fmt.Sprint("Fault ", i)})
	}
	var out, summary bytes.Buffer
	if err := writeGitHub(&out, r, Options{Unicode: true, Summary: &summary}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "::error "); n != mostAnnotations {
		t.Errorf("%d annotations, want %d", n, mostAnnotations)
	}
	if !strings.Contains(summary.String(), "Fault 19") {
		t.Error("the summary lacks a finding")
	}
	if _, _, err := Load(summary.Bytes()); err != nil {
		t.Errorf("the summary does not read back: %v", err)
	}
}

// A report from a stranger can hold any number. No drawing may grow with it.
func TestHostileNumbersDrawNothingHuge(t *testing.T) {
	r := loadFile(t, "testdata/port-21-blocked.json")
	for i := range r.Seen {
		r.Seen[i].At, r.Seen[i].Took = fact.Millis(1e300), fact.Millis(1e300)
	}
	r.Seen[5].At, r.Seen[6].Took = -1e300, -1
	r.Took, r.Started = 1e-300, time.Time{}
	for _, b := range drawTimes(r).Bars {
		if b.X < timesLabel || b.X+b.W > timesLabel+timesWidth+1 {
			t.Errorf("a bar from %v, %v wide", b.X, b.W)
		}
	}
	for _, f := range Formats {
		if err := f.Write(io.Discard, r, Options{}); err != nil {
			t.Errorf("as %s: %v", f.Name, err)
		}
	}
}
