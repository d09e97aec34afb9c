package report

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

// pseudonyms gives each name and address another one, from a keyed hash: the same for the same, and never the way back. What
// rules look at stays as it is:
//
//   - an address keeps its family, whether it is private, and the network of a service or a CDN that it belongs to. Addresses
//     of one network are still of one network (the way of Crypto-PAn: each bit is turned over or not by a hash of those before
//     it). A public address becomes one of a range that nobody has: 240.0.0.0/4 (RFC 1112 section 4) or 3fff::/20 (RFC 9637);
//   - a name keeps its labels' number, and one below another stays below it. It ends in .example (RFC 2606), or as it did
//     where that tells nobody apart (.local), or leads to a service that has a profile;
//   - a user name keeps the shape that the profile knows;
//   - of an authority the name stays if it is a public one, or of a product that decrypts.
type pseudonyms struct {
	key      []byte
	asked    string            // the host, unless it is an address
	shapes   profile.Profile   // knows the shapes of user names
	kept     []netip.Prefix    // networks of which an address stays one
	resolved []netip.Addr      // IPv4 addresses that a name leads to
	whole    map[string]string // what is replaced in texts as it stands, in lower case
	words    *regexp.Regexp    // finds that, and whatever looks like an address, a name or a folder
}

func newPseudonyms(run *fact.Run, p *profile.Profile, key []byte) *pseudonyms {
	s := &pseudonyms{key: key, shapes: *p, whole: map[string]string{}}
	if _, builtIn := profile.ByName(p.Name); builtIn {
		for _, network := range p.Networks {
			s.kept = append(s.kept, netip.MustParsePrefix(network))
		}
	} else {
		s.shapes = profile.Profile{}
	}
	s.kept = append(s.kept, innerNetworks...)
	for _, o := range run.Seen {
		if o.Lookup == nil {
			continue
		}
		for _, address := range o.Lookup.Addresses() {
			if addr, err := netip.ParseAddr(address); err == nil && addr.Is4() {
				s.resolved = append(s.resolved, addr)
			}
		}
	}
	if _, err := netip.ParseAddr(run.Target.Host); err != nil {
		s.asked = run.Target.Host
	}
	s.learn(run)
	return s
}

// innerNetworks are those whose addresses mean nothing on the internet, and those of translated addresses.
var innerNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fe80::/64"),
	netip.MustParsePrefix("fc00::/7"),
}

var (
	nobodys4 = netip.MustParsePrefix("240.0.0.0/4")
	nobodys6 = netip.MustParsePrefix("3fff::/20")
)

// hash is what every pseudonym is made of. The kind keeps a user and a host of one name apart.
func (s *pseudonyms) hash(kind, text string) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(kind + "\x00" + text))
	return h.Sum(nil)
}

// code is a hash in letters and digits. Without vowels it is never a word that a rule looks for.
func (s *pseudonyms) code(kind, text string) string {
	const letters = "bcdfghjkmnpqrstvwxz23456789bcdfg"
	sum := s.hash(kind, text)
	code := make([]byte, 7)
	for i := range code {
		code[i] = letters[int(sum[i])%len(letters)]
	}
	return string(code)
}

// word is a pseudonym that says what it stands for.
func (s *pseudonyms) word(kind, text string) string {
	if text == "" {
		return ""
	}
	return kind + "-" + s.code(kind, text)
}

// address is the pseudonym of an address. What is no address of one computer stays: loopback, unspecified, multicast.
func (s *pseudonyms) address(a netip.Addr) netip.Addr {
	switch {
	case a.Is4In6():
		return netip.AddrFrom16(s.address(a.Unmap()).As16())
	case a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return a
	case a.Is4():
		return s.scrambled(a, cmp.Or(s.keeper(a), nobodys4))
	}
	bits := a.As16()
	last := netip.AddrFrom4([4]byte(bits[12:]))
	translated := netip.MustParsePrefix("64:ff9b::/96").Contains(a) // RFC 6052 section 2.1
	fresh := a
	if !translated {
		fresh = s.scrambled(a.WithZone(""), cmp.Or(s.keeper(a), nobodys6))
	}
	if translated || slices.Contains(s.resolved, last) {
		there := fresh.As16()
		four := s.address(last).As4()
		copy(there[12:], four[:])
		fresh = netip.AddrFrom16(there)
	}
	return fresh.WithZone(a.Zone())
}

// keeper is the network of which an address stays one; the zero prefix when there is none.
func (s *pseudonyms) keeper(a netip.Addr) netip.Prefix {
	a = a.WithZone("")
	if i := slices.IndexFunc(s.kept, func(p netip.Prefix) bool { return p.Contains(a) }); i >= 0 {
		return s.kept[i]
	}
	return cause.ContentNetwork(a)
}

// scrambled is the address in a network that begins as the network does. Each further bit is turned over or not by a hash
// of all the bits in front of it, so that no two addresses become one and neighbours stay neighbours.
func (s *pseudonyms) scrambled(a netip.Addr, in netip.Prefix) netip.Addr {
	from, to := a.AsSlice(), in.Masked().Addr().AsSlice()
	for i := in.Bits(); i < a.BitLen(); i++ {
		before, _ := a.Prefix(i)
		bit := from[i/8]>>(7-i%8) ^ s.hash("address", before.String())[0]
		to[i/8] |= bit & 1 << (7 - i%8)
	}
	fresh, _ := netip.AddrFromSlice(to)
	return fresh
}

// network is the pseudonym of a network such as 198.51.100.0/24.
func (s *pseudonyms) network(typed string) string {
	p, err := netip.ParsePrefix(typed)
	if err != nil {
		return s.text(typed)
	}
	return netip.PrefixFrom(s.address(p.Addr()), p.Bits()).Masked().String()
}

// interfaceAddress is the pseudonym of an address with the length of its network.
func (s *pseudonyms) interfaceAddress(typed string) string {
	p, err := netip.ParsePrefix(typed)
	if err != nil {
		return s.host(typed)
	}
	return netip.PrefixFrom(s.address(p.Addr()), p.Bits()).String()
}

// place is the pseudonym of IP:port, and of an address alone. Words such as "system" stay.
func (s *pseudonyms) place(typed string) string {
	if at, err := netip.ParseAddrPort(typed); err == nil {
		return netip.AddrPortFrom(s.address(at.Addr()), at.Port()).String()
	}
	if typed == "system" || typed == "given" || typed == "" {
		return typed
	}
	return s.host(typed)
}

// plainLabels tell nobody apart.
var plainLabels = []string{"*", "ftp", "ftps", "sftp", "ssh", "www", "deploy", "localhost"}

// plainEnds are last labels that are not of the internet (RFC 6761, RFC 6762, RFC 7686, and those that home routers use).
var plainEnds = []string{"localhost", "local", "localdomain", "lan", "home", "internal", "intranet", "corp", "invalid", "test", "onion", "arpa"}

// host is the pseudonym of a host name or an address.
func (s *pseudonyms) host(name string) string {
	if addr, err := netip.ParseAddr(name); err == nil {
		return s.address(addr).String()
	}
	bare := strings.ToLower(strings.TrimSuffix(name, "."))
	if bare == "" {
		return name
	}
	labels := strings.Split(bare, ".")
	fresh := slices.Clone(labels)
	for i := range labels {
		fresh[i] = s.label(labels, i)
	}
	return strings.Join(fresh, ".") + name[len(bare):]
}

// label is the pseudonym of one label of a name. It depends on the labels behind it, as they do in the DNS.
func (s *pseudonyms) label(labels []string, i int) string {
	from := strings.Join(labels[i:], ".")
	last := i == len(labels)-1
	switch {
	case len(from) <= len(serviceEnd(strings.Join(labels, "."))), slices.Contains(plainLabels, labels[i]), labels[i] == "", last && slices.Contains(plainEnds, labels[i]):
		return labels[i]
	case last && i > 0:
		return "example"
	default:
		return "h" + s.code("name", from)
	}
}

// serviceEnd is the end of a host name that it shares with all others of a built-in profile; empty when it has none.
func serviceEnd(name string) string {
	for _, p := range profile.All {
		for _, pattern := range p.Hosts {
			end := pattern[strings.LastIndex(pattern, "*")+1:]
			if end != "" && strings.HasSuffix("."+name, end) {
				return end[1:]
			}
		}
	}
	return ""
}

// user is the pseudonym of a user name. The names of anonymous FTP are nobody's.
func (s *pseudonyms) user(name string) string {
	if name == "" || slices.Contains([]string{"anonymous", "ftp"}, strings.ToLower(name)) {
		return name
	}
	shape, known := s.shapes.User(name)
	fits := func(fresh string) bool {
		other, ok := s.shapes.User(fresh)
		return ok == known && other.Shape == shape.Shape
	}
	fresh := s.word("user", name)
	for i := 0; !fits(fresh) && i < len(name); i++ {
		fresh = name[:i] + s.alike(name[i:])
	}
	return fresh
}

// alike is a pseudonym of the same length with letters for letters and digits for digits.
func (s *pseudonyms) alike(text string) string {
	const letters, digits = "bcdfghjkmnpqrstvwxz", "23456789"
	n := 0
	return strings.Map(func(r rune) rune {
		sum := s.hash("user", text)
		pick := int(sum[n%len(sum)])
		n++
		switch {
		case r >= 'a' && r <= 'z':
			return rune(letters[pick%len(letters)])
		case r >= 'A' && r <= 'Z':
			return unicode.ToUpper(rune(letters[pick%len(letters)]))
		case r >= '0' && r <= '9':
			return rune(digits[pick%len(digits)])
		case r > unicode.MaxASCII:
			return 'é'
		default:
			return r
		}
	}, text)
}

// folders is the pseudonym of a path, folder by folder. Whether a name goes beyond ASCII stays: rules look at it.
func (s *pseudonyms) folders(p string) string {
	return strings.Join(mapped(strings.Split(p, "/"), s.folder), "/")
}

// plainFolders are folders and programs that every server has, and that rules look for in the words of shells.
var plainFolders = []string{"usr", "bin", "sbin", "lib", "libexec", "openssh", "ssh", "scp", "sftp-server", "sh", "bash", "nologin", "false"}

func (s *pseudonyms) folder(name string) string {
	switch {
	case name == "" || strings.Trim(name, ".") == "" || strings.HasPrefix(name, "ftpdoctor"): // a file of this program
		return name
	case slices.Contains(plainFolders, name):
		return name
	case strings.Contains(name, `\x`): // a byte that is no UTF-8, see fact.Clean
		return s.word("folder", name) + `\xe9`
	case strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }):
		return s.word("folder", name) + "é"
	default:
		return s.word("folder", name)
	}
}

// fingerprint is the pseudonym of SHA256:..., unless the service publishes it.
func (s *pseudonyms) fingerprint(of string) string {
	if of == "" || slices.Contains(s.shapes.HostKeys, of) {
		return of
	}
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(s.hash("key", of))
}

func (s *pseudonyms) hex(kind, of string) string {
	if of == "" {
		return ""
	}
	return hex.EncodeToString(s.hash(kind, of))
}

// colons is the pseudonym of a fingerprint as MD5 ones are written.
func (s *pseudonyms) colons(of string) string {
	if of == "" {
		return ""
	}
	pairs := slices.Collect(slices.Chunk([]byte(s.hex("md5", of)[:32]), 2))
	var words []string
	for _, pair := range pairs {
		words = append(words, string(pair))
	}
	return strings.Join(words, ":")
}

// publicAuthorities sign for everybody, so that their names tell nobody apart.
var publicAuthorities = regexp.MustCompile(`(?i)(^|=)(let's encrypt|internet security research group|isrg|digicert|sectigo|comodo|the usertrust network|globalsign|google trust services|` +
	`amazon|godaddy|starfield|entrust|buypass|zerossl|certum|asseco|ssl corp|actalis|swisssign|harica|cloudflare|microsoft corporation|verisign|geotrust|thawte)`)

// distinguished is the pseudonym of a distinguished name, attribute by attribute.
func (s *pseudonyms) distinguished(dn string) string {
	if publicAuthorities.MatchString(attribute(dn, "O=")) {
		return dn
	}
	parts := attributes.FindAllString(dn, -1)
	for i, part := range parts {
		separator := part[:len(part)-len(strings.TrimLeft(part, ",+ "))]
		key, value, found := strings.Cut(part[len(separator):], "=")
		if !found {
			parts[i] = separator + s.word("name", key)
			continue
		}
		product := cause.Decrypter(value)
		switch {
		case value == "":
		case product != "":
			value = product
		case looksLikeHost(value) || value == s.asked:
			value = s.host(value)
		case key != "C":
			value = strings.ToLower(key) + "-" + s.code("authority", value)
		}
		parts[i] = separator + key + "=" + value
	}
	return strings.Join(parts, "")
}

// attributes are the parts of a distinguished name, each with the separator in front of it (RFC 4514 section 2).
var attributes = regexp.MustCompile(`(^|[,+]) ?(?:[^,+\\]|\\.)*`)

func attribute(dn, key string) string {
	for _, part := range attributes.FindAllString(dn, -1) {
		if value, ok := strings.CutPrefix(strings.TrimLeft(part, ",+ "), key); ok {
			return value
		}
	}
	return ""
}
