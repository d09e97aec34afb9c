package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report/cause"
)

func TestCompareFormats(t *testing.T) {
	for _, f := range Formats {
		golden(t, "testdata/compare/blocked."+f.Name, compared(t, f, comparisons(t)["blocked"]))
	}
}

// sameKeys gives the blocked run the host key and certificate of the healthy one, as the lab makes new ones for each run.
func sameKeys(t *testing.T) func(*Report) {
	healthy := loadFile(t, "testdata/healthy-files-com.json")
	chains := map[int][]fact.Certificate{}
	var key *fact.HostKey
	for _, o := range healthy.Seen {
		if o.TLS != nil {
			chains[len(o.TLS.Chain)] = o.TLS.Chain
		}
		if o.Kex != nil {
			key = o.Kex.HostKey
		}
	}
	return func(r *Report) {
		for _, o := range r.Seen {
			if o.TLS != nil {
				o.TLS.Chain = chains[len(o.TLS.Chain)]
			}
			if o.Kex != nil {
				o.Kex.HostKey = key
			}
		}
	}
}

// changed is a saved report with something else in its facts, judged anew.
func changed(t testing.TB, file string, change func(*Report)) *Report {
	t.Helper()
	r := loadFile(t, file)
	change(r)
	return New(r.Run, r.judgedBy)
}

func TestNothingChanged(t *testing.T) {
	for name, r := range saved(t) {
		c := Compare(r, r)
		if len(c.Worse)+len(c.Better)+len(c.Other) > 0 || c.Exit(false) != 0 {
			t.Errorf("%s compared with itself: %+v", name, c)
		}
	}
}

// What got worse in one direction got better in the other.
func TestCompareBothWays(t *testing.T) {
	healthy, blocked := loadFile(t, "testdata/healthy-files-com.json"), changed(t, "testdata/port-21-blocked.json", sameKeys(t))
	there, back := Compare(healthy, blocked), Compare(blocked, healthy)
	if len(there.Worse) != 3 || len(there.Better) != 0 || there.Exit(false) != 1 {
		t.Errorf("there: %+v", there)
	}
	if len(back.Worse) != 0 || len(back.Better) != 3 || back.Exit(false) != 0 {
		t.Errorf("back: %+v", back)
	}
}

func TestChangesOfFacts(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(*Report)
		direction int
		what      Matter
		says      string
	}{
		{"another host key", everyKex(func(k *fact.Kex) { k.HostKey.SHA256 = "SHA256:new" }), -1, HostKeyMatter, "the host key on ports 22, 3022 is another: ssh-rsa 2048 SHA256:new"},
		{"a host key of another type", everyKex(func(k *fact.Kex) { k.HostKey.Type = "ssh-ed25519" }), 0, HostKeyMatter, "ssh-ed25519"},
		{"a new certificate", everyTLS(func(h *fact.TLS) { h.Chain[0].SHA256 = "abc" }), 0, CertificateMatter, "the certificate on ports 21, 3021, 990, 3990, 443 is another"},
		{"an older TLS", everyTLS(func(h *fact.TLS) { h.Version = "TLS 1.1" }), -1, TLSMatter, "TLS 1.1 now"},
		{"another greeting", everyReply(func(r *fact.Reply) { r.Lines[0] = "ProFTPD" }), 0, GreetingMatter, "the greeting on ports 21, 3021, 990, 3990 is another: ProFTPD"},
		{"slower", everyDial(func(o *fact.Observation) { o.Took += 700 }), -1, TimeMatter, "connecting is slower by 700 ms"},
		{"a little slower", everyDial(func(o *fact.Observation) { o.Took += 300 }), 0, "", ""},
		{"another address", everyRecord(func(r *fact.Record) { r.Value = strings.Replace(r.Value, ".9", ".10", 1) }), 0, AddressMatter, "new among the addresses of the name: 198.51.100.10"},
		{"from elsewhere", everyMachine(func(m *fact.Machine) { m.Addresses = []string{"10.1.2.3/8"} }), 0, PlaceMatter, "the place is another: 10.1.2.3"},
		{"one address refuses 990", func(r *Report) {
			i := slices.IndexFunc(r.Seen, func(o fact.Observation) bool { return o.Dial != nil && strings.HasSuffix(o.Endpoint, ".8:990") })
			r.Seen[i].Failure = &fact.Failure{Kind: fact.Refused}
			conn := r.Seen[i].Conn
			r.Seen = slices.DeleteFunc(r.Seen, func(o fact.Observation) bool { return o.Conn == conn && o.Dial == nil })
		}, -1, PortMatter, "port 990: open (2 of 3 addresses), closed (1 of 3 addresses) now; before: open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := loadFile(t, "testdata/healthy-files-com.json")
			got := Compare(before, changed(t, "testdata/healthy-files-com.json", c.change))
			among := map[int][]Change{-1: got.Worse, 0: got.Other, 1: got.Better}[c.direction]
			if c.what == "" {
				if len(got.Worse)+len(got.Better)+len(got.Other) > 0 {
					t.Errorf("%+v, want no change", got)
				}
				return
			}
			if !slices.ContainsFunc(among, func(change Change) bool { return change.What == c.what && strings.Contains(change.Says, c.says) }) {
				t.Errorf("no %s that says %q in %+v", c.what, c.says, among)
			}
		})
	}
}

func everyKex(change func(*fact.Kex)) func(*Report) {
	return every(func(o *fact.Observation) {
		if o.Kex != nil {
			change(o.Kex)
		}
	})
}

func everyTLS(change func(*fact.TLS)) func(*Report) {
	return every(func(o *fact.Observation) {
		if o.TLS != nil {
			change(o.TLS)
		}
	})
}

func everyReply(change func(*fact.Reply)) func(*Report) {
	return every(func(o *fact.Observation) {
		if o.Reply != nil && o.Reply.Command == "" {
			change(o.Reply)
		}
	})
}

func everyDial(change func(*fact.Observation)) func(*Report) {
	return every(func(o *fact.Observation) {
		if o.Dial != nil {
			change(o)
		}
	})
}

func everyRecord(change func(*fact.Record)) func(*Report) {
	return every(func(o *fact.Observation) {
		for i := 0; o.Lookup != nil && i < len(o.Lookup.Records); i++ {
			change(&o.Lookup.Records[i])
		}
	})
}

func everyMachine(change func(*fact.Machine)) func(*Report) {
	return every(func(o *fact.Observation) {
		if o.Machine != nil {
			change(o.Machine)
		}
	})
}

func every(change func(*fact.Observation)) func(*Report) {
	return func(r *Report) {
		for i := range r.Seen {
			change(&r.Seen[i])
		}
	}
}

// A run that was stopped did not see the rest. That is nothing that got worse.
func TestStoppedRunLosesNoWay(t *testing.T) {
	stopped := changed(t, "testdata/stopped.json", sameKeys(t))
	c := Compare(loadFile(t, "testdata/healthy-files-com.json"), stopped)
	if len(c.Worse) > 0 {
		t.Errorf("worse: %+v", c.Worse)
	}
	if !slices.ContainsFunc(c.Other, func(change Change) bool { return strings.Contains(change.Says, "port 21 was not tried again") }) {
		t.Errorf("other: %+v, want that port 21 was not tried", c.Other)
	}
}

// A cause that weighs more, or spreads, got worse.
func TestChangesOfCauses(t *testing.T) {
	finding := func(severity cause.Severity, where ...string) *Report {
		return &Report{
			Run:      fact.Run{Started: time.Unix(0, 0), Target: fact.Target{Host: "ftp.example.org"}},
			Findings: []cause.Finding{{Cause: "tls-expired", Severity: severity, Title: "Expired", Where: where}},
		}
	}
	for _, c := range []struct {
		name                 string
		before, after        *Report
		worse, better, other int
	}{
		{"graver", finding(cause.Warning, "21"), finding(cause.Problem, "21"), 1, 0, 0},
		{"lighter", finding(cause.Problem, "21"), finding(cause.Note, "21"), 0, 1, 0},
		{"on more ports", finding(cause.Problem, "21"), finding(cause.Problem, "21", "990"), 1, 0, 0},
		{"on fewer ports", finding(cause.Problem, "21", "990"), finding(cause.Problem, "990"), 0, 1, 0},
		{"elsewhere", finding(cause.Problem, "21"), finding(cause.Problem, "990"), 0, 0, 1},
		{"a note appears", &Report{Run: finding("").Run}, finding(cause.Note, "21"), 0, 0, 1},
		{"a note spreads", finding(cause.Note, "21"), finding(cause.Note, "21", "990"), 0, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Compare(c.before, c.after)
			if len(got.Worse) != c.worse || len(got.Better) != c.better || len(got.Other) != c.other {
				t.Errorf("%+v, want %d worse, %d better, %d other", got, c.worse, c.better, c.other)
			}
		})
	}
}

// comparisons are comparisons of all kinds.
func comparisons(t *testing.T) map[string]*Comparison {
	t.Helper()
	healthy := loadFile(t, "testdata/healthy-files-com.json")
	blocked := changed(t, "testdata/port-21-blocked.json", sameKeys(t))
	hostileFacts, hostileFindings := hostileRun(t), hostileFindings(t)
	return map[string]*Comparison{
		"nothing-changed":  Compare(healthy, healthy),
		"blocked":          Compare(healthy, blocked),
		"mended":           Compare(blocked, healthy),
		"stopped":          Compare(healthy, loadFile(t, "testdata/stopped.json")),
		"hostile-facts":    Compare(loadFile(t, "testdata/expired-and-wrong-name.json"), hostileFacts),
		"hostile-findings": Compare(blocked, hostileFindings),
		"hostile-both":     Compare(hostileFacts, hostileFindings),
	}
}

// compared is a comparison in a format.
func compared(t *testing.T, f Format, c *Comparison) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Compare(&b, c, Options{Unicode: true}); err != nil {
		t.Fatalf("as %s: %v", f.Name, err)
	}
	return b.String()
}

// comparisonCheckers read each format with a parser that is not ours, and say what is wrong.
var comparisonCheckers = map[string]func(*testing.T, string, *Comparison){
	"text": func(t *testing.T, text string, _ *Comparison) { checkText(t, text, nil) },
	"json": checkComparisonJSON,
	"markdown": func(t *testing.T, text string, _ *Comparison) {
		checkElements(t, rendered(t, text), "html head body h2 h3 p ul li code")
	},
	"html": func(t *testing.T, text string, _ *Comparison) {
		checkElements(t, text, "html head body meta title style main h1 h2 p span table tbody tr th td ul li")
		checkAccessible(t, text)
	},
	"junit":      checkComparisonJUnit,
	"github":     checkComparisonGitHub,
	"nagios":     checkComparisonNagios,
	"prometheus": checkComparisonPrometheus,
}

func TestComparisonsAreWellFormed(t *testing.T) {
	all := comparisons(t)
	for _, f := range Formats {
		for name, c := range all {
			t.Run(f.Name+"/"+name, func(t *testing.T) {
				text := compared(t, f, c)
				checkCharacters(t, text)
				checkCommands(t, f.Name, text)
				comparisonCheckers[f.Name](t, text, c)
			})
		}
	}
}

func checkComparisonJSON(t *testing.T, text string, c *Comparison) {
	schema, err := jsonschema.NewCompiler().Compile("../docs/comparison.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("docs/comparison.schema.json: %v", err)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	var back Comparison
	if err := d.Decode(&back); err != nil {
		t.Fatal(err)
	}
	if len(back.Worse) != len(c.Worse) || len(back.Better) != len(c.Better) || len(back.Other) != len(c.Other) {
		t.Errorf("it reads back as %+v, want %+v", back, c)
	}
}

func checkComparisonJUnit(t *testing.T, text string, c *Comparison) {
	var suites junitSuites
	if err := xml.Unmarshal([]byte(text), &suites); err != nil {
		t.Fatal(err)
	}
	s := suites.Suite
	if want := len(c.Worse) + len(c.Better) + len(c.Other) + 1; s.Tests != want || len(s.Cases) != want || s.Failures != len(c.Worse) {
		t.Errorf("%d tests, %d cases and %d failures, want %d, %d and %d", s.Tests, len(s.Cases), s.Failures, want, want, len(c.Worse))
	}
}

func checkComparisonGitHub(t *testing.T, text string, c *Comparison) {
	commands := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			commands++
		}
	}
	if want := min(len(c.Worse), mostAnnotations); commands != want {
		t.Errorf("%d commands, want %d", commands, want)
	}
}

func checkComparisonNagios(t *testing.T, text string, c *Comparison) {
	line, _, _ := strings.Cut(text, "\n")
	if !nagiosLine.MatchString(line + "\n") {
		t.Errorf("the first line is %q", line)
	}
	if strings.Count(text, "|") != 1 {
		t.Errorf("numbers begin more than once in %q", text)
	}
	if word := nagiosWords[c.ExitNagios(false)]; !strings.HasPrefix(line, "FTPDOCTOR "+word+" - ") {
		t.Errorf("it says %q, and the exit code says %s", line, word)
	}
}

func checkComparisonPrometheus(t *testing.T, text string, c *Comparison) {
	sums := map[string]int{}
	for name, family := range metricFamilies(t, text) {
		if !strings.HasPrefix(name, "ftpdoctor_compare_") {
			t.Errorf("a metric %s, which can be one of a report", name)
		}
		for _, metric := range family.GetMetric() {
			for _, pair := range metric.GetLabel() {
				if pair.GetName() == "direction" {
					sums[pair.GetValue()] += int(metric.GetGauge().GetValue())
				}
			}
		}
	}
	if sums["worse"] != len(c.Worse) || sums["better"] != len(c.Better) || sums["other"] != len(c.Other) {
		t.Errorf("it counts %v", sums)
	}
}

func TestExitCodesOfComparisons(t *testing.T) {
	worse := []Change{{What: WayMatter}}
	for _, c := range []struct {
		worse    []Change
		status   Status
		exitZero bool
		exit     int
		nagios   int
	}{
		{nil, OK, false, 0, 0},
		{nil, Problem, false, 0, 0},
		{nil, Inconclusive, false, 0, 3},
		{worse, OK, false, 1, 1},
		{worse, Degraded, false, 1, 1},
		{worse, Inconclusive, false, 1, 1},
		{worse, Problem, false, 1, 2},
		{worse, Problem, true, 0, 0},
	} {
		compared := &Comparison{Worse: c.worse, After: Side{Verdict: Verdict{Status: c.status}}}
		if exit, nagios := compared.Exit(c.exitZero), compared.ExitNagios(c.exitZero); exit != c.exit || nagios != c.nagios {
			t.Errorf("%+v: exit codes %d and %d", c, exit, nagios)
		}
	}
}

func TestGitHubComparisonWritesTheSummary(t *testing.T) {
	var summary bytes.Buffer
	if err := compareGitHub(io.Discard, comparisons(t)["blocked"], Options{Summary: &summary}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(summary.String(), "## ✗ 3 things got worse") {
		t.Errorf("the summary is %q", &summary)
	}
}
