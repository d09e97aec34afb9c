package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftpdoctor/report/cause"
)

// detail is one line of what support asks for first. Its values are texts of strangers.
type detail struct {
	Label  string
	Values []string
}

// supportDetails are the details that support asks for first.
func supportDetails(r *Report) []detail {
	c := cause.NewCase(&r.Run, &r.judgedBy)
	details := []detail{
		{"Host", []string{r.Target.Host}},
		{"Typed", without([]string{r.Target.Typed}, []string{r.Target.Host})},
		{"User", []string{r.Target.User}},
		{"Profile", []string{r.Target.Profile}},
		{"Started", []string{r.Started.UTC().Format("2006-01-02 15:04:05 UTC") + ", took " + length(r.Took)}},
		{"From", from(c)},
		{"Seen from", seenFrom(c)},
		{"Sign-ins", attempts(r)},
		{"Reasons left", remaining(r, c)},
		{"Reached", places(c, (*cause.Endpoint).Connected)},
		{"Not reached", places(c, func(e *cause.Endpoint) bool { return !e.Connected() })},
		{"TLS", grouped(c, tlsOf)},
		{"Certificate", grouped(c, certificateOf)},
		{"SSH client", []string{clientIdent(r)}},
		{"SSH server", grouped(c, identOf)},
		{"SSH algorithms", grouped(c, algorithmsOf)},
		{"SSH host key", grouped(c, hostKeyOf)},
		{"SSH methods", methodsOffered(c)},
		{"SSH keys", keyResults(c)},
		{"SSH apps left out", grouped(c, appsLeftOut)},
		{"Cost", []string{several(r.Spent.Connections, "connection") + ", " + several(r.Spent.Logins, "login")}},
		{"Made by", []string{strings.TrimSuffix(fmt.Sprintf("%s, %s", r.maker(), r.Tool.OS), ", ")}},
	}
	return slices.DeleteFunc(details, func(d detail) bool {
		d.Values = slices.DeleteFunc(d.Values, func(s string) bool { return s == "" })
		return len(d.Values) == 0
	})
}

// from is where the connections came from, and whom this computer asks for names.
func from(c *cause.Case) []string {
	if c.Machine == nil {
		return nil
	}
	const most = 8
	var found []string
	if len(c.Machine.Addresses) > 0 {
		found = append(found, listed(c.Machine.Addresses, most))
	}
	if len(c.Machine.Resolvers) > 0 {
		found = append(found, "DNS servers "+listed(c.Machine.Resolvers, most))
	}
	return found
}

// places lists the ports that fit, each set of them with the addresses that have it.
func places(c *cause.Case, fits func(*cause.Endpoint) bool) []string {
	var sets []string
	addresses := map[string][]string{}
	for _, address := range c.Addresses() {
		var ports []string
		for _, e := range c.On(address) {
			if fits(e) {
				ports = append(ports, strconv.Itoa(e.Port))
			}
		}
		if len(ports) > 0 {
			set := strings.Join(ports, " ")
			sets = append(sets, set)
			addresses[set] = append(addresses[set], address)
		}
	}
	sets = unique(sets)
	for i, set := range sets {
		sets[i] = strings.Join(addresses[set], ", ") + " on " + set
	}
	return sets
}

// grouped lists the different values of endpoints, each with the ports that have it.
func grouped(c *cause.Case, value func(*cause.Endpoint) string) []string {
	var values []string
	ports := map[string][]string{}
	for _, e := range c.Endpoints {
		v := value(e)
		if v == "" {
			continue
		}
		values = append(values, v)
		ports[v] = append(ports[v], strconv.Itoa(e.Port))
	}
	values = unique(values)
	for i, v := range values {
		values[i] = v + " (on " + strings.Join(unique(ports[v]), " ") + ")"
	}
	return values
}

func tlsOf(e *cause.Endpoint) string {
	if !e.Talk.Secured() {
		return ""
	}
	return e.Talk.TLS.TLS.Version + ", " + e.Talk.TLS.TLS.Suite
}

func certificateOf(e *cause.Endpoint) string {
	leaf := e.Talk.Leaf()
	if leaf == nil {
		return ""
	}
	return fmt.Sprintf("%s, from %s, %s to %s, SHA-256 %s", short(leaf.Subject), short(leaf.Issuer),
		leaf.NotBefore.UTC().Format(time.DateOnly), leaf.NotAfter.UTC().Format(time.DateOnly), leaf.SHA256)
}

func identOf(e *cause.Endpoint) string {
	if e.Talk.Ident == nil {
		return ""
	}
	return e.Talk.Ident.Ident.Line
}

func algorithmsOf(e *cause.Endpoint) string {
	if e.Talk.Kex == nil || e.Talk.Kex.Kex.Agreed == nil {
		return ""
	}
	agreed := e.Talk.Kex.Kex.Agreed
	words := []string{agreed.Kex, agreed.HostKey, agreed.Cipher, agreed.MAC}
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), ", ")
}

func hostKeyOf(e *cause.Endpoint) string {
	if e.Talk.Kex == nil || e.Talk.Kex.Kex.HostKey == nil {
		return ""
	}
	key := e.Talk.Kex.Kex.HostKey
	return fmt.Sprintf("%s %d %s", key.Type, key.Bits, key.SHA256)
}
