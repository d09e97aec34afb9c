package report

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"ftpdoctor/report/cause"
)

// writePrometheus writes the text exposition format for node_exporter's textfile collector. The names of blackbox_exporter
// are used where they mean the same. Addresses stay out of the labels: each new one would begin new series.
func writePrometheus(w io.Writer, r *Report, _ Options) error {
	c := cause.NewCase(&r.Run, &r.judgedBy)
	m := &metrics{target: targetOf(r.Target.Host)}
	m.one("probe_success", "Whether nothing that was asked for or promised failed", flag(r.Verdict.Exit == exitOK))
	m.one("probe_duration_seconds", "How long the run took", seconds(r.Took))
	if took, ok := lookupTime(c); ok {
		m.one("probe_dns_lookup_time_seconds", "How long this computer took to look up the name", seconds(took))
	}
	if end, ok := earliestExpiry(c); ok {
		m.one("probe_ssl_earliest_cert_expiry", "When the first certificate of the FTP ports ends, in Unix time", fmt.Sprint(end.Unix()))
	}
	m.one("ftpdoctor_run_timestamp_seconds", "When the run began, in Unix time", fmt.Sprint(r.Started.Unix()))
	m.one("ftpdoctor_verdict_code", "0 nothing wrong, 1 a problem, 3 inconclusive", fmt.Sprint(r.Verdict.Exit))
	m.one("ftpdoctor_ways", "How many ways in work", fmt.Sprint(len(working(r))))
	m.one("ftpdoctor_connections", "How many connections the run tried", fmt.Sprint(r.Spent.Connections))
	m.ports(c)
	m.findings(r)
	_, err := io.WriteString(w, m.String())
	return err
}

// comparePrometheus counts the changes. No name is that of a report's, so that the files of both can lie in one folder.
func comparePrometheus(w io.Writer, c *Comparison, _ Options) error {
	m := &metrics{target: targetOf(c.After.Host)}
	m.one("ftpdoctor_compare_before_timestamp_seconds", "When the first run began, in Unix time", fmt.Sprint(c.Before.Started.Unix()))
	m.one("ftpdoctor_compare_after_timestamp_seconds", "When the second run began, in Unix time", fmt.Sprint(c.After.Started.Unix()))
	m.family("ftpdoctor_compare_changes", "How many things changed, in which direction and of which kind")
	for _, group := range c.groups() {
		for _, what := range matters {
			n := len(slices.DeleteFunc(slices.Clone(group.changes), func(change Change) bool { return change.What != what }))
			m.sample("ftpdoctor_compare_changes", fmt.Sprint(n), "direction", group.name, "what", string(what))
		}
	}
	_, err := io.WriteString(w, m.String())
	return err
}

// targetOf is a host as a label: its name. Of an address it is a hash, which keeps two of them apart.
func targetOf(host string) string {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil {
		return host
	}
	return fmt.Sprintf("address-%.4x", sha256.Sum256([]byte(host)))
}

// labelEscapes are those of the exposition format, version 0.0.4.
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// metrics writes families of metrics, all of them gauges about one target.
type metrics struct {
	strings.Builder
	target string
}

func (m *metrics) family(name, help string) {
	fmt.Fprintf(&m.Builder, "# HELP %s %s.\n# TYPE %s gauge\n", name, help, name)
}

// sample writes one value. Labels come as name, value, name, value.
func (m *metrics) sample(name, value string, labels ...string) {
	fmt.Fprintf(&m.Builder, `%s{target="%s"`, name, labelEscapes.Replace(m.target))
	for i := 0; i < len(labels); i += 2 {
		fmt.Fprintf(&m.Builder, `,%s="%s"`, labels[i], labelEscapes.Replace(labels[i+1]))
	}
	fmt.Fprintf(&m.Builder, "} %s\n", value)
}

func (m *metrics) one(name, help, value string) {
	m.family(name, help)
	m.sample(name, value)
}

// ports writes what is known of each port, over all addresses.
func (m *metrics) ports(c *cause.Case) {
	ports := c.Ports()
	if len(ports) == 0 {
		return
	}
	m.family("ftpdoctor_port_addresses", "How many addresses the port was tried on")
	for _, port := range ports {
		m.sample("ftpdoctor_port_addresses", fmt.Sprint(count(c, port, func(*cause.Endpoint) bool { return true })), "port", fmt.Sprint(port))
	}
	m.family("ftpdoctor_port_open", "On how many addresses the port is open")
	for _, port := range ports {
		m.sample("ftpdoctor_port_open", fmt.Sprint(count(c, port, (*cause.Endpoint).Connected)), "port", fmt.Sprint(port))
	}
	m.family("ftpdoctor_port_connect_seconds", "How long the slowest connect to the port took")
	for _, port := range ports {
		if took, ok := connectTime(c, port); ok {
			m.sample("ftpdoctor_port_connect_seconds", seconds(took), "port", fmt.Sprint(port))
		}
	}
}

// findings counts the root causes.
func (m *metrics) findings(r *Report) {
	m.family("ftpdoctor_findings", "How many root causes of each severity were found")
	for _, severity := range []cause.Severity{cause.Problem, cause.Warning, cause.Note} {
		m.sample("ftpdoctor_findings", fmt.Sprint(r.count(severity)), "severity", string(severity))
	}
	codes := r.codes()
	if len(codes) == 0 {
		return
	}
	m.family("ftpdoctor_cause", "The root causes that were found")
	for _, code := range codes {
		m.sample("ftpdoctor_cause", "1", "cause", code)
	}
}

func count(c *cause.Case, port int, fits func(*cause.Endpoint) bool) int {
	return len(c.Where(func(e *cause.Endpoint) bool { return e.Port == port && fits(e) }))
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return "0"
}
