package cause

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// Each rule has a folder in testdata that is named after its code. example.json holds the smallest run that shows the
// cause, near-miss.json a run that looks like it and is something else: its nearest neighbour, or a healthy server.
// Further ones have a name behind: example-NAME.json, near-miss-NAME.json.

func TestExamples(t *testing.T) {
	eachOf(t, "example", func(t *testing.T, rule Rule, run *fact.Run) {
		found := judge(run)
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.Cause == rule.Code && f.ExplainedBy == "" }) {
			t.Errorf("not found as a root cause, but:\n%s", dump(found))
		}
		for _, f := range found {
			if f.Cause != rule.Code && f.ExplainedBy == "" && f.Severity != Note {
				t.Errorf("the example shows %s beside it:\n%s", f.Cause, dump([]Finding{f}))
			}
		}
		checkFindings(t, run, found)
	})
}

func TestNearMisses(t *testing.T) {
	eachOf(t, "near-miss", func(t *testing.T, rule Rule, run *fact.Run) {
		found := judge(run)
		for _, f := range found {
			if f.Cause == rule.Code {
				t.Errorf("a false alarm:\n%s", dump([]Finding{f}))
			}
		}
		checkFindings(t, run, found)
	})
}

// eachOf calls a test with every run of a kind that belongs to a rule. Each rule must have the one that bears the bare name.
func eachOf(t *testing.T, kind string, test func(*testing.T, Rule, *fact.Run)) {
	for _, rule := range Rules {
		folder := filepath.Join("testdata", rule.Code)
		further, err := filepath.Glob(filepath.Join(folder, kind+"-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range append([]string{filepath.Join(folder, kind+".json")}, further...) {
			t.Run(rule.Code+"/"+filepath.Base(file), func(t *testing.T) { test(t, rule, load(t, file)) })
		}
	}
}

func TestHealthyServersGiveNothingAboveNote(t *testing.T) {
	files, err := filepath.Glob("testdata/healthy-*/facts.json")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d healthy servers, want at least 5 kinds (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			run := load(t, file)
			found := judge(run)
			for _, f := range found {
				if f.Severity != Note {
					t.Errorf("a false alarm:\n%s", dump([]Finding{f}))
				}
			}
			if p := profileOf(run); len(Ways(run, &p)) == 0 {
				t.Error("no way in is listed")
			}
			checkFindings(t, run, found)
		})
	}
}

// A report that was saved is judged as the live run was.
func TestJudgingSurvivesJSON(t *testing.T) {
	each(t, func(t *testing.T, run *fact.Run) {
		text, err := json.Marshal(run)
		if err != nil {
			t.Fatal(err)
		}
		var again fact.Run
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		if before, after := judge(run), judge(&again); !reflect.DeepEqual(before, after) {
			t.Errorf("before:\n%s\nafter:\n%s", dump(before), dump(after))
		}
	})
}

// A step that was interrupted says nothing about the other side.
func TestInterruptedStepsProveNothing(t *testing.T) {
	each(t, func(t *testing.T, run *fact.Run) {
		run.Stopped = fact.ByUser
		for i := range run.Seen {
			if run.Seen[i].Failure != nil {
				run.Seen[i].Failure = &fact.Failure{Kind: fact.Interrupted, Text: "operation was canceled"}
			}
		}
		for _, f := range judge(run) {
			for _, id := range f.Evidence {
				if run.Seen[id-1].Failed() {
					t.Errorf("the interrupted observation %d is evidence of:\n%s", id, dump([]Finding{f}))
				}
			}
		}
	})
}

// A run of a healthy server that is stopped at any moment accuses nobody.
func TestStoppedRunsAccuseNobody(t *testing.T) {
	files, err := filepath.Glob("testdata/healthy-*/facts.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			moments := map[fact.Millis]bool{}
			for _, o := range load(t, file).Seen {
				moments[o.At+o.Took/2] = true
			}
			for moment := range moments {
				run := stopAt(load(t, file), moment)
				for _, f := range judge(run) {
					if f.Severity != Note {
						t.Fatalf("stopped after %v ms, a false alarm:\n%s", moment, dump([]Finding{f}))
					}
				}
			}
		})
	}
}

// stopAt makes of a run what would have been recorded if the user had stopped it: what had not begun is not there, and what
// had not ended is interrupted and has seen nothing.
func stopAt(run *fact.Run, moment fact.Millis) *fact.Run {
	run.Stopped = fact.ByUser
	run.Seen = slices.DeleteFunc(run.Seen, func(o fact.Observation) bool { return o.At > moment })
	for i := range run.Seen {
		o := &run.Seen[i]
		o.ID = i + 1
		if o.At+o.Took <= moment {
			continue
		}
		o.Took = moment - o.At
		o.Failure = &fact.Failure{Kind: fact.Interrupted, Text: "operation was canceled"}
		switch {
		case o.Lookup != nil:
			o.Lookup.Records, o.Lookup.Rcode = nil, ""
		case o.Opening != nil:
			*o.Opening = fact.Opening{Kind: fact.VoiceNone}
		case o.Reply != nil:
			*o.Reply = fact.Reply{Command: o.Reply.Command}
		case o.TLS != nil:
			*o.TLS = fact.TLS{Mode: o.TLS.Mode}
		case o.Ident != nil:
			*o.Ident = fact.Ident{}
		case o.Kex != nil:
			*o.Kex = fact.Kex{}
		case o.Web != nil:
			*o.Web = fact.Web{}
		case o.Login != nil:
			o.Login.Outcome = fact.Broken
		case o.Transfer != nil:
			o.Transfer.Code, o.Transfer.Lines = 0, nil
		case o.Auth != nil:
			o.Auth.Answer, o.Auth.Methods, o.Auth.Banner = "", nil, nil
		case o.Channel != nil:
			*o.Channel = fact.Channel{Request: o.Channel.Request}
		case o.SFTP != nil:
			*o.SFTP = fact.SFTPStep{Request: o.SFTP.Request, Path: o.SFTP.Path}
		}
	}
	return run
}

// A run that ends early, or a report that was cut, is still judged.
func TestPartsOfRunsAreJudged(t *testing.T) {
	each(t, func(t *testing.T, run *fact.Run) {
		whole := run.Seen
		for i := 0; i < len(whole); i += 1 + len(whole)/20 {
			part := *run
			part.Seen = whole[:i]
			checkFindings(t, &part, judge(&part))
			part.Seen = slices.Delete(slices.Clone(whole), i, i+1)
			for j := range part.Seen {
				part.Seen[j].ID = j + 1
			}
			checkFindings(t, &part, judge(&part))
		}
	})
}

func TestRulesAreComplete(t *testing.T) {
	var codes []string
	for _, rule := range Rules {
		if slices.Contains(codes, rule.Code) {
			t.Errorf("%s is listed twice", rule.Code)
		}
		codes = append(codes, rule.Code)
		for part, text := range map[string]string{
			"Title": rule.Title, "Page.Means": rule.Page.Means, "Page.Shown": rule.Page.Shown, "Page.Mend": rule.Page.Mend,
		} {
			if text == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s: %s is %q", rule.Code, part, text)
			}
		}
		if rank(rule.Severity) < 0 {
			t.Errorf("%s: severity is %q", rule.Code, rule.Severity)
		}
		for _, code := range rule.ExplainedBy {
			if _, ok := ByCode(code); !ok || code == rule.Code {
				t.Errorf("%s is said to be explained by %s, which is no other rule", rule.Code, code)
			}
		}
	}
}

// Two causes that explain each other would both be hidden.
func TestNoCauseExplainsItself(t *testing.T) {
	var follow func(path []string)
	follow = func(path []string) {
		last := path[len(path)-1]
		if slices.Contains(path[:len(path)-1], last) {
			t.Fatalf("a circle: %s", strings.Join(path, " is explained by "))
		}
		rule, _ := ByCode(last)
		for _, code := range rule.ExplainedBy {
			follow(append(slices.Clone(path), code))
		}
	}
	for _, rule := range Rules {
		follow([]string{rule.Code})
	}
}

func TestNoFolderWithoutRule(t *testing.T) {
	folders, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		name := folder.Name()
		if _, ok := ByCode(name); !ok && name != "fuzz" && !strings.HasPrefix(name, "healthy-") {
			t.Errorf("testdata/%s belongs to no rule", name)
		}
	}
}

// Facts can come from a report that somebody sent: each pair of bytes bends one of the observations of a known run.
func FuzzFind(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for i := range files {
		f.Add(uint8(i), []byte{3, 0, 5, 17, 8, 2})
	}
	f.Fuzz(func(t *testing.T, file uint8, bends []byte) {
		run := load(t, files[int(file)%len(files)])
		for i := 0; i+1 < len(bends) && len(run.Seen) > 0; i += 2 {
			bend(run, int(bends[i])%len(run.Seen), bends[i+1])
		}
		for i := range run.Seen {
			run.Seen[i].ID = i + 1
		}
		checkFindings(t, run, judge(run))
	})
}

// bend changes one observation of a run in one of many ways.
func bend(run *fact.Run, i int, how uint8) {
	kinds := []fact.Kind{
		fact.Refused, fact.Dropped, fact.HostUnreachable, fact.NetUnreachable, fact.Denied, fact.AddressUnavailable, fact.NoResources,
		fact.Timeout, fact.Reset, fact.Closed, fact.NotFound, fact.NXDomain, fact.ServFail, fact.QueryRefused, fact.BadAnswer, fact.NotTLS,
		fact.Alert, fact.TLSVersion, fact.TLSFailed, fact.NoCommonAlgorithm, fact.WeakGroup, fact.Disconnected, fact.NoPermission, fact.Garbled, fact.TooLong, fact.Interrupted, fact.Other,
	}
	o := &run.Seen[i]
	switch which := int(how) / 8; how % 8 {
	case 0:
		o.Failure = &fact.Failure{Kind: kinds[which%len(kinds)], Text: "bent"}
	case 1:
		o.Failure = nil
	case 2:
		run.Seen = slices.Delete(run.Seen, i, i+1)
	case 3:
		run.Seen = append(run.Seen, *o)
	case 4:
		o.Conn = which
	case 5:
		o.Took = fact.Millis(which * 1000)
	case 6:
		o.Endpoint = run.Seen[which%len(run.Seen)].Endpoint
	default:
		empty(o)
	}
}

// empty leaves of a payload only that it is there.
func empty(o *fact.Observation) {
	v := reflect.ValueOf(o).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() && v.Type().Field(i).Name != "Failure" {
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
}

// each calls a test with every run in testdata.
func each(t *testing.T, test func(*testing.T, *fact.Run)) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no runs in testdata (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), func(t *testing.T) {
			test(t, load(t, file))
		})
	}
}

// load reads a run and makes sure that a probe could have recorded it.
func load(t *testing.T, file string) *fact.Run {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var run fact.Run
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&run); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if _, ok := profile.ByName(run.Target.Profile); !ok {
		t.Errorf("%s: no profile %q", file, run.Target.Profile)
	}
	if run.Started.IsZero() || run.Target.Typed == "" || run.Target.Host == "" {
		t.Errorf("%s: started, target.typed and target.host are not all there", file)
	}
	for i, o := range run.Seen {
		if o.ID != i+1 {
			t.Errorf("%s: observation %d has the id %d", file, i+1, o.ID)
		}
		if n := payloads(&o); n != 1 {
			t.Errorf("%s: observation %d has %d payloads", file, o.ID, n)
		}
		if _, err := netip.ParseAddrPort(o.Endpoint); o.Endpoint != "" && err != nil {
			t.Errorf("%s: observation %d: %v", file, o.ID, err)
		}
		if o.Check == "" {
			t.Errorf("%s: observation %d names no check", file, o.ID)
		}
	}
	return &run
}

// payloads counts the fields of an observation that hold a pointer other than its failure.
func payloads(o *fact.Observation) int {
	n := 0
	v := reflect.ValueOf(*o)
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Pointer && !f.IsNil() && v.Type().Field(i).Name != "Failure" {
			n++
		}
	}
	return n
}

func profileOf(run *fact.Run) profile.Profile {
	if p, ok := profile.ByName(run.Target.Profile); ok {
		return p
	}
	return profile.Generic
}

func judge(run *fact.Run) []Finding {
	p := profileOf(run)
	return Find(run, &p)
}

// checkFindings holds every finding against what its fields promise.
func checkFindings(t *testing.T, run *fact.Run, found []Finding) {
	t.Helper()
	for _, f := range found {
		fault := func(what string) { t.Errorf("%s:\n%s", what, dump([]Finding{f})) }
		if rank(f.Severity) < 0 {
			fault("severity is not one of the three")
		}
		if !slices.Contains([]Confidence{Certain, Likely, Possible}, f.Confidence) {
			fault("confidence is not one of the three")
		}
		if f.Title == "" || strings.HasSuffix(f.Title, ".") {
			fault("the title is no sentence without its full stop")
		}
		if !strings.HasSuffix(f.Says, ".") {
			fault("says is no sentence")
		}
		if badText.MatchString(f.Title + "\n" + f.Says) {
			fault("a text is put together wrongly")
		}
		for _, place := range f.Where {
			if !isPlace(place) {
				fault(place + " is no place")
			}
		}
		for _, id := range f.Evidence {
			if id < 1 || id > len(run.Seen) {
				fault("evidence that does not exist: " + strconv.Itoa(id))
			}
		}
		if len(f.Fix) == 0 {
			fault("nothing to do")
		}
		for _, step := range f.Fix {
			if !slices.Contains([]Who{You, YourNetwork, SiteAdmin, Provider}, step.Who) {
				fault("a step for nobody")
			}
			if step.Do == "" || strings.HasSuffix(step.Do, ".") || unicode.IsUpper([]rune(step.Do)[0]) || badText.MatchString(step.Do) {
				fault("a step is no imperative in lower case without a full stop: " + step.Do)
			}
		}
		for _, c := range f.Candidates {
			if _, ok := ByCode(c.Cause); !ok || c.Confirm == "" || c.Who == "" {
				fault("a candidate without a rule, a confirmation or a person")
			}
		}
		if f.Confidence == Possible && len(f.Candidates) == 0 {
			fault("only possible, and no candidates")
		}
		if strings.ContainsFunc(textOf(f), unicode.IsControl) {
			fault("a control character")
		}
	}
}

// badText finds the traces of a sentence whose parts were missing.
var badText = regexp.MustCompile(`%!|  |\(\)|<nil>| [.,;]|\bon ,|^ | $`)

// textOf is everything that a finding would show.
func textOf(f Finding) string {
	text := f.Title + f.Says + strings.Join(f.Quotes, "")
	for _, step := range f.Fix {
		text += step.Do
	}
	for _, c := range f.Candidates {
		text += c.Confirm
	}
	return text
}

func isPlace(place string) bool {
	if _, err := netip.ParseAddrPort(place); err == nil {
		return true
	}
	if _, err := netip.ParseAddr(place); err == nil {
		return true
	}
	port, err := strconv.Atoi(place)
	return err == nil && port > 0 && port < 65536
}

func dump(found []Finding) string {
	text, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
