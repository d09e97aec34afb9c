package cause

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ftpdoctor/probe/fact"
)

// and joins words as people do: "a, b and c".
func and(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// portsOf names ports: "port 21", "ports 21 and 990".
func portsOf(ports []int) string {
	return plural(len(ports), "port", "ports") + " " + and(numbers(ports))
}

// numbers writes ports as they stand in Finding.Where.
func numbers(ports []int) []string {
	var words []string
	for _, p := range ports {
		words = append(words, strconv.Itoa(p))
	}
	return words
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// upper makes a sentence of a phrase.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// allOf says "all 3 addresses", "both addresses", "198.51.100.7".
func allOf(addresses []string) string {
	switch len(addresses) {
	case 1:
		return addresses[0]
	case 2:
		return "both addresses"
	default:
		return fmt.Sprintf("all %d addresses", len(addresses))
	}
}

// ms writes a time for people: "42 ms", "3.1 s".
func ms(m fact.Millis) string {
	if m < 1000 {
		return fmt.Sprintf("%.0f ms", float64(m))
	}
	return fmt.Sprintf("%.1f s", float64(m)/1000)
}

// places lists endpoints as they stand in Finding.Where.
func places(endpoints []*Endpoint) []string {
	var found []string
	for _, e := range endpoints {
		found = append(found, e.Place())
	}
	return found
}

// where names endpoints in the fewest words: a port where it is that port on every address, an address where it is
// every port of it, else address and port. all are the endpoints among which they were found.
func where(found, all []*Endpoint) []string {
	var words []string
	for _, e := range found {
		word := e.Place()
		switch {
		case covered(found, all, func(o *Endpoint) bool { return o.Port == e.Port }):
			word = strconv.Itoa(e.Port)
		case covered(found, all, func(o *Endpoint) bool { return o.Address == e.Address }):
			word = e.Address
		}
		words = append(words, word)
	}
	return distinct(words)
}

// covered says whether everything that fits was found.
func covered(found, all []*Endpoint, fits func(*Endpoint) bool) bool {
	return !slices.ContainsFunc(all, func(e *Endpoint) bool { return fits(e) && !slices.Contains(found, e) })
}

// on names the places of endpoints in a sentence: "port 21", "ports 21 and 990", "port 21 at 198.51.100.7".
func (c *Case) on(found []*Endpoint) string {
	ports := portsAmong(found)
	whole := slices.Equal(where(found, c.connected()), numbers(ports))
	addresses := addressesAmong(found)
	switch {
	case whole:
		return portsOf(ports)
	case len(ports) == 1 || len(addresses) == 1:
		return portsOf(ports) + " at " + and(addresses)
	default:
		return and(places(found))
	}
}

func addressesAmong(endpoints []*Endpoint) []string {
	var found []string
	for _, e := range endpoints {
		found = append(found, e.Address)
	}
	return distinct(found)
}

// quote repeats an FTP reply as the server sent it, without more than six of its lines.
func quote(o *fact.Observation) []string {
	if o == nil || o.Reply.Code == 0 {
		return nil
	}
	lines := slices.Clone(o.Reply.Lines[:min(len(o.Reply.Lines), 6)])
	if len(lines) == 0 {
		return []string{strconv.Itoa(o.Reply.Code)}
	}
	lines[0] = fmt.Sprintf("%d %s", o.Reply.Code, lines[0])
	return lines
}

// ids lists the observations that are evidence; nil ones are left out.
func ids(seen ...*fact.Observation) []int {
	var found []int
	for _, o := range seen {
		if o != nil {
			found = append(found, o.ID)
		}
	}
	return found
}

// distinct drops repetitions and keeps the order.
func distinct(words []string) []string {
	var kept []string
	for _, w := range words {
		if !slices.Contains(kept, w) {
			kept = append(kept, w)
		}
	}
	return kept
}
