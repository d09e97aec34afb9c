package probe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"

	"ftpdoctor/probe/fact"
)

// hostBook is what the known_hosts files hold (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Only the reading of a single line is
// left to package ssh: the libraries give up a whole file for one bad line, and take a key that is revoked for one host for
// revoked everywhere. ssh does neither.
type hostBook struct {
	entries []bookEntry
}

// bookEntry is one line of a known_hosts file.
type bookEntry struct {
	file   string
	line   int
	marker string   // "cert-authority", "revoked", or nothing
	hosts  []string // patterns, or one hashed name
	key    ssh.PublicKey
}

// The markers of a line.
const (
	markerCA      = "cert-authority"
	markerRevoked = "revoked"
)

// The bounds of what is read and recorded of known_hosts.
const (
	maxKnownHosts   = 16 << 20
	maxBroken       = 10
	maxKnownEntries = 10
	maxElsewhere    = 5
)

// readHostBook reads the known_hosts files and records them.
func (s *Session) readHostBook(ctx context.Context) *hostBook {
	book := &hostBook{}
	for _, file := range s.knownHostsFiles() {
		st := s.begin("local", "", 0, "the file "+fact.Clean(file.path), 0)
		content, info, err := s.network.ReadFile(file.path, maxKnownHosts)
		if errors.Is(err, fs.ErrNotExist) && !file.asked {
			st.done() // few computers have all of them
			continue
		}
		if err == nil {
			err = readable(info, maxKnownHosts)
		}
		st.KnownHosts = &fact.KnownHosts{Path: fact.Clean(file.path), Asked: file.asked}
		st.KnownHosts.Lines, st.KnownHosts.Broken = book.add(file.path, content)
		st.end(ctx, err)
	}
	return book
}

// knownHostsFile is a file to be read.
type knownHostsFile struct {
	path  string
	asked bool // named with --known-hosts or by ssh_config
}

// knownHostsFiles lists the files that the user's ssh would read, or those of --known-hosts in their place.
func (s *Session) knownHostsFiles() []knownHostsFile {
	var list []knownHostsFile
	asked := func(paths []string) {
		for _, path := range paths {
			if isNone(path) || path == "/dev/null" {
				continue // the usual ways to have no such file
			}
			list = append(list, knownHostsFile{path: path, asked: true})
		}
	}
	if len(s.plan.KnownHosts) > 0 {
		asked(s.plan.KnownHosts)
		return list
	}
	config, home := s.sshConfig(), s.network.Home()
	if home == "" {
		return nil
	}
	if len(config.seen.KnownHosts) > 0 {
		asked(config.seen.KnownHosts)
	} else {
		list = append(list, knownHostsFile{path: home + "/.ssh/known_hosts"}, knownHostsFile{path: home + "/.ssh/known_hosts2"})
	}
	if len(config.globalKnownHosts) > 0 {
		asked(config.globalKnownHosts)
		return list
	}
	shared := s.network.SharedSSH()
	return append(list, knownHostsFile{path: shared + "/ssh_known_hosts"}, knownHostsFile{path: shared + "/ssh_known_hosts2"})
}

// readable says why a file of this computer holds no text, if so.
func readable(info fs.FileInfo, limit int64) error {
	switch {
	case info.IsDir():
		return breach{fact.Garbled, "it is a folder"}
	case !info.Mode().IsRegular():
		return breach{fact.Garbled, "it is no ordinary file"}
	case info.Size() > limit:
		return breach{fact.TooLong, "it has " + strconv.FormatInt(info.Size(), 10) + " bytes"}
	}
	return nil
}

// add takes the lines of a file in, and says how many hold a key and which cannot be used.
func (b *hostBook) add(file string, content []byte) (keys int, broken []fact.BrokenLine) {
	number := 0
	for line := range bytes.Lines(content) {
		number++
		entry, err := parseKnownHost(line)
		switch {
		case entry == nil && err == nil:
			continue
		case err != nil && len(broken) < maxBroken:
			broken = append(broken, fact.BrokenLine{Line: number, Why: fact.Clean(err.Error())})
			continue
		case err != nil:
			continue
		}
		entry.file, entry.line = file, number
		b.entries = append(b.entries, *entry)
		keys++
	}
	return keys, broken
}

// parseKnownHost reads a line. It returns nothing for a blank line and for a remark.
func parseKnownHost(line []byte) (*bookEntry, error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] == '#' {
		return nil, nil
	}
	if !bytes.ContainsAny(line, " \t") {
		return nil, errors.New("it is a single word") // package ssh passes over it
	}
	marker, hosts, key, _, _, err := ssh.ParseKnownHosts(line)
	if err != nil {
		return nil, fmt.Errorf("no host key can be read in it (%s)", strings.TrimPrefix(err.Error(), "ssh: "))
	}
	if marker != "" && marker != markerCA && marker != markerRevoked {
		return nil, errors.New("there is no marker @" + marker)
	}
	return &bookEntry{marker: marker, hosts: hosts, key: key}, nil
}

// judgement is what the book says about the host key of a server.
type judgement struct {
	standing  fact.Standing
	entries   []fact.KnownKeyEntry // that it follows from
	elsewhere []string             // other hosts that have this very key
}

// judge says what the book has about a key, or a certificate, that a host shows on a port of an address.
func (b *hostBook) judge(host string, port int, address netip.Addr, key ssh.PublicKey) judgement {
	j := b.standing(nameInBook(host, port), host, key)
	if j.standing == fact.UnknownKey && port != sshPort {
		// OpenSSH's client looks for the name without the port too, and only takes a yes from it (check_host_key in its
		// sshconnect.c, "checking without port identifier").
		if plain := b.standing(host, host, key); plain.standing == fact.KnownKey {
			j = plain
		}
	}
	j.elsewhere = b.elsewhere(host, address, plainKey(key))
	return j
}

// sshPort is the port that goes without saying.
const sshPort = 22

// nameInBook is how a host on a port is named in known_hosts.
func nameInBook(host string, port int) string {
	if port == sshPort {
		return host
	}
	return "[" + host + "]:" + strconv.Itoa(port)
}

// standing is what the entries of one name say.
func (b *hostBook) standing(name, host string, key ssh.PublicKey) judgement {
	about := b.about(name)
	if revoked := matching(about, func(e *bookEntry) bool { return e.marker == markerRevoked && isRevoked(e.key, key) }); len(revoked) > 0 {
		return judgement{standing: fact.RevokedKey, entries: recorded(revoked)}
	}
	if vouching := matching(about, func(e *bookEntry) bool { return e.marker == markerCA && vouches(e.key, host, key) }); len(vouching) > 0 {
		return judgement{standing: fact.KnownKey, entries: recorded(vouching)}
	}
	// A certificate for which nobody vouches counts as the key in it, as with OpenSSH's client.
	key = plainKey(key)
	plain := matching(about, func(e *bookEntry) bool { return e.marker == "" })
	same := matching(plain, func(e *bookEntry) bool { return equal(e.key, key) })
	ofType := matching(plain, func(e *bookEntry) bool { return e.key.Type() == key.Type() })
	switch {
	case len(same) > 0:
		return judgement{standing: fact.KnownKey, entries: recorded(same)}
	case len(ofType) > 0:
		return judgement{standing: fact.ChangedKey, entries: recorded(ofType)}
	case len(plain) > 0:
		return judgement{standing: fact.OtherTypeKey, entries: recorded(plain)}
	}
	return judgement{standing: fact.UnknownKey}
}

// about lists the entries of a name.
func (b *hostBook) about(name string) []*bookEntry {
	var found []*bookEntry
	for i := range b.entries {
		if b.entries[i].names(name) {
			found = append(found, &b.entries[i])
		}
	}
	return found
}

func matching(entries []*bookEntry, is func(*bookEntry) bool) []*bookEntry {
	var found []*bookEntry
	for _, e := range entries {
		if is(e) {
			found = append(found, e)
		}
	}
	return found
}

// recorded is what is kept of entries.
func recorded(entries []*bookEntry) []fact.KnownKeyEntry {
	var found []fact.KnownKeyEntry
	for _, e := range entries[:min(len(entries), maxKnownEntries)] {
		found = append(found, fact.KnownKeyEntry{
			File:   fact.Clean(e.file),
			Line:   e.line,
			Marker: e.marker,
			Type:   fact.Clean(e.key.Type()),
			SHA256: ssh.FingerprintSHA256(e.key),
		})
	}
	return found
}

func equal(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// plainKey is the key that a certificate is about, or the key itself.
func plainKey(key ssh.PublicKey) ssh.PublicKey {
	if certificate, ok := key.(*ssh.Certificate); ok {
		return certificate.Key
	}
	return key
}

// isRevoked says whether a revoked key is the one shown, or the one that signed what is shown.
func isRevoked(revoked, shown ssh.PublicKey) bool {
	certificate, ok := shown.(*ssh.Certificate)
	return equal(revoked, plainKey(shown)) || ok && equal(revoked, certificate.SignatureKey)
}

// vouches says whether an authority has signed a certificate that is valid for the host now.
func vouches(authority ssh.PublicKey, host string, shown ssh.PublicKey) bool {
	certificate, ok := shown.(*ssh.Certificate)
	if !ok || certificate.CertType != ssh.HostCert || !equal(authority, certificate.SignatureKey) {
		return false
	}
	return new(ssh.CertChecker).CheckCert(host, certificate) == nil
}

// names says whether a line is about a host. A pattern with an exclamation mark takes its hosts out of the line.
func (e *bookEntry) names(name string) bool {
	named := false
	for _, pattern := range e.hosts {
		negated := strings.HasPrefix(pattern, "!")
		if !matchesHost(strings.TrimPrefix(pattern, "!"), name) {
			continue
		}
		if negated {
			return false
		}
		named = true
	}
	return named
}

// matchesHost says whether a pattern, or the hash of a name, stands for a name.
func matchesHost(pattern, name string) bool {
	if hashed, ok := strings.CutPrefix(pattern, "|1|"); ok {
		return matchesHash(hashed, name)
	}
	return matchesPattern(strings.ToLower(pattern), name)
}

// matchesHash says whether a name has been hashed to this: the salt and the HMAC-SHA1 of the name (ssh-keygen -H).
func matchesHash(hashed, name string) bool {
	first, second, _ := strings.Cut(hashed, "|")
	salt, err := base64.StdEncoding.DecodeString(first)
	sum, sumErr := base64.StdEncoding.DecodeString(second)
	if err != nil || sumErr != nil {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	_, _ = mac.Write([]byte(name)) // a hash takes everything
	return hmac.Equal(mac.Sum(nil), sum)
}

// matchesPattern says whether a pattern stands for a text: * is any text, ? is any character (ssh_config(5), PATTERNS).
// Everything up to the last star that was met is settled, so that no pattern takes long.
func matchesPattern(pattern, text string) bool {
	star, resume := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// elsewhere lists other hosts for which the book has this very key in plain text.
func (b *hostBook) elsewhere(host string, address netip.Addr, key ssh.PublicKey) []string {
	var found []string
	for i := range b.entries {
		e := &b.entries[i]
		if e.marker != "" || !equal(e.key, key) || slices.ContainsFunc(e.hosts, func(h string) bool { return isHost(h, host, address) }) {
			continue
		}
		for _, other := range e.hosts {
			if strings.ContainsAny(other, "*?!|") || slices.Contains(found, fact.Clean(other)) || len(found) == maxElsewhere {
				continue
			}
			found = append(found, fact.Clean(other))
		}
	}
	return found
}

// isHost says whether a name in the book is the host or its address, on any port.
func isHost(named, host string, address netip.Addr) bool {
	if name, _, err := net.SplitHostPort(named); err == nil && strings.HasPrefix(named, "[") {
		named = name
	}
	if a, err := netip.ParseAddr(named); err == nil {
		return a == address
	}
	return matchesHost(named, host)
}

// types lists the host key algorithms for which the book has keys of the host, so that the server can be asked for a key
// that it can be compared with. Without it a server with several keys would seem to have changed.
func (b *hostBook) types(host string, port int) []string {
	about := b.about(nameInBook(host, port))
	if len(about) == 0 && port != sshPort {
		about = b.about(host)
	}
	var found []string
	for _, e := range about {
		var algorithms []string
		switch e.marker {
		case "":
			algorithms = signatureAlgorithms(e.key.Type())
		case markerCA:
			algorithms = hostCertificates
		}
		for _, a := range algorithms {
			if !slices.Contains(found, a) {
				found = append(found, a)
			}
		}
	}
	// Certificates first, as OpenSSH's client does: they show the key too.
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(certificateRank(a), certificateRank(b)) })
	return found
}

func certificateRank(algorithm string) int {
	if strings.Contains(algorithm, "-cert-") {
		return 0
	}
	return 1
}

// signatureAlgorithms lists the algorithms with which a key of a type can sign. An RSA key has three (RFC 8332).
func signatureAlgorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA}
	}
	return []string{keyType}
}

// hostCertificates are the algorithms of host certificates. The type of an authority's key says nothing about the type of
// the keys that it signs.
var hostCertificates = []string{
	ssh.CertAlgoED25519v01,
	ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
	ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
}
