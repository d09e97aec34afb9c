package main

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"ftpdoctor/probe/lab"
	"ftpdoctor/report"
)

// packed is the data inside a report for people: letters and digits, in which a short name can stand by chance. What it
// holds is looked at as JSON.
var packed = regexp.MustCompile(`(?s)ftpdoctor data \d+: .*?ftpdoctor end of data`)

// Every world of the lab is judged the same with pseudonyms in its report, and no format of that holds a name or an address.
func TestScenariosRedacted(t *testing.T) {
	schema := compileSchema(t, "report")
	for _, s := range lab.Scenarios {
		t.Run(s.Name, func(t *testing.T) {
			var live string
			synctest.Test(t, func(t *testing.T) { _, live, _ = start(t, "", "demo", s.Name, "-f", "json", "--quiet") })
			plain, _, err := report.Load([]byte(live))
			if err != nil {
				t.Fatal(err)
			}
			secrets := secretsOf(plain)
			if len(secrets) < 2 {
				t.Fatalf("only %q is to be hidden", secrets)
			}
			redacted := plain.Redact([]byte("correct horse"))
			for _, f := range report.Formats {
				var b strings.Builder
				if err := f.Write(&b, redacted, report.Options{Unicode: true, Verbose: true, Summary: &b}); err != nil {
					t.Fatal(err)
				}
				text := b.String()
				shown := strings.ToLower(packed.ReplaceAllString(text, ""))
				for _, secret := range secrets {
					if i := strings.Index(shown, secret); i >= 0 {
						t.Errorf("as %s, %q is still there: %.200s", f.Name, secret, shown[max(0, i-100):])
					}
				}
				if f.Name == "json" {
					checkSchema(t, schema, text)
				}
				if f.Name != "markdown" && f.Name != "html" && f.Name != "json" {
					continue
				}
				back, remark, err := report.Load([]byte(text))
				if err != nil || remark != "" || judged(back) != judged(plain) {
					t.Errorf("read back from %s (%v, %s), it is judged\n%s\nand plain\n%s", f.Name, err, remark, judged(back), judged(plain))
				}
			}
		})
	}
}

// judged is what a report says, but for the words in which names stand.
func judged(r *report.Report) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f.Cause, f.Severity, f.Confidence, f.ExplainedBy, len(f.Where), len(f.Fix))
	}
	for _, w := range r.Ways {
		fmt.Fprintln(&b, w.Protocol, w.Port, w.Encryption, w.Proof)
	}
	fmt.Fprintln(&b, r.Verdict.Status, r.Verdict.Exit)
	return b.String()
}

// secretsOf lists the names and addresses that the fields of a report hold.
func secretsOf(r *report.Report) []string {
	var found []string
	add := func(words ...string) {
		for _, word := range words {
			word = strings.ToLower(strings.Trim(word, "*."))
			if prefix, err := netip.ParsePrefix(word); err == nil {
				word = prefix.Addr().String()
			}
			if place, err := netip.ParseAddrPort(word); err == nil {
				word = place.Addr().String()
			}
			addr, err := netip.ParseAddr(word)
			switch {
			case err == nil && (addr.IsLoopback() || addr.IsUnspecified()):
			case err != nil && (!strings.Contains(word, ".") || word == "files.com"):
			default:
				found = append(found, word)
			}
		}
	}
	add(r.Target.Host)
	if user := r.Target.User; user != "" && user != "anonymous" && user != "ftp" {
		found = append(found, strings.ToLower(user))
	}
	if folder := r.Target.Folder; folder != "" {
		found = append(found, strings.ToLower(folder))
	}
	for _, o := range r.Seen {
		add(o.Endpoint)
		switch {
		case o.Machine != nil:
			add(o.Machine.Addresses...)
			add(o.Machine.Resolvers...)
		case o.Hosts != nil:
			for _, line := range o.Hosts.Lines {
				add(line.Address)
				add(line.Names...)
			}
		case o.Lookup != nil:
			add(o.Lookup.Name, o.Lookup.Server)
			for _, record := range o.Lookup.Records {
				add(record.Name, record.Value)
			}
		case o.Dial != nil:
			add(o.Dial.Local)
		case o.TLS != nil:
			add(o.TLS.ServerName)
			for _, c := range o.TLS.Chain {
				add(c.Names...)
				found = append(found, c.SHA256)
			}
		case o.Kex != nil && o.Kex.HostKey != nil && !slices.Contains([]string{"files.com"}, r.Target.Profile):
			found = append(found, strings.ToLower(o.Kex.HostKey.SHA256))
		case o.Transfer != nil:
			add(o.Transfer.Announced, o.Transfer.Dialled)
		case o.Sample != nil:
			add(o.Sample.Announced, o.Sample.Dialled)
		}
	}
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(s string) bool { return s == "" })
}
