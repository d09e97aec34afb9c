package lab

import "crypto/tls"

// Janes who let the tool ask the web as well, and a user of an API key.
var (
	asksWeb = asJane("--ask-web", filesHost)
	apiUser = []string{"-u", "@api-4711", "--ask-web", filesHost}
)

// accountSite is a Files.com-like site that answers jane's password so by FTP (empty: it lets her in), and by SFTP and on the web as
// these say. Nil sessions: the web server has no interface for signing in.
func accountSite(reply string, account Account, sessions *Sessions) func() *Computer {
	return with(filesWelcomes(reply), func(c *Computer) {
		c.onFiles(SSH{HostKeys: []Key{HostRSA}, Ident: "SSH-2.0-FilesCom", Offer: &rsaOffer, Users: accounts(account)}, 22, 3022)
		secure := &TLS{Certificate: Certificate{Names: []string{"*.files.com", "files.com"}}.Make()}
		ftp := FTP{Brand: FilesCom, Welcome: reply, TLS: &TLS{Certificate: secure.Certificate, Max: tls.VersionTLS12}}
		c.onFiles(ftp, 21, 3021)
		ftp.Implicit = true
		c.onFiles(ftp, 990, 3990)
		if sessions != nil {
			fresh := Sessions{Refuses: sessions.Refuses, Code: sessions.Code, Strange: sessions.Strange, HangsUp: sessions.HangsUp}
			sessions = &fresh
		}
		c.onFiles(Web{TLS: secure, Server: "files.com", Sessions: sessions}, 443)
	})
}

// incorrect is what the FTP server says where it gives no reason.
const incorrect = "530 Login incorrect."

// shutOut is a site that refuses jane by FTP and SFTP without a reason, and for this reason on the web.
func shutOut(kind string) func() *Computer {
	return accountSite(incorrect, Account{Denied: true}, &Sessions{Refuses: kind})
}

// serviceFaults are worlds in which the reason of a refused login shows somewhere else than where it was refused: on the web, by the
// other protocol, or in what is known of the service.
var serviceFaults = []Scenario{
	{
		Name:   "web-refuses-the-password-too",
		Says:   "Jane types a wrong password, and the web login of the service says so.",
		Args:   asksWeb,
		Env:    janeErrs,
		Causes: []string{"login-bad-credentials"},
		Build:  accountSite("", Account{}, &Sessions{}),
	},
	{
		Name:   "web-asks-for-a-new-password",
		Says:   "Jane has to change her password, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-password-change"},
		Build:  shutOut("not-authorized/password-change-required"),
	},
	{
		Name:   "web-says-locked",
		Says:   "Jane's account is locked after wrong passwords, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-locked"},
		Build:  shutOut("not-authenticated/locked-out"),
	},
	{
		Name:   "web-says-too-many-attempts",
		Says:   "There were too many attempts to sign in as jane, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-locked"},
		Build:  shutOut("rate-limited/too-many-login-attempts"),
	},
	{
		Name:   "web-asks-for-a-code",
		Says:   "Jane's account has a second factor, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-2fa"},
		Build:  accountSite(incorrect, Account{Denied: true}, &Sessions{Code: code}),
	},
	{
		Name:   "web-refuses-the-code",
		Says:   "Jane's account has a second factor, and the code that she gives is wrong.",
		Args:   asksWeb,
		Env:    janesCode,
		Causes: []string{"login-2fa"},
		Build:  accountSite(incorrect, Account{Denied: true}, &Sessions{Code: "314159"}),
	},
	{
		Name:   "web-wants-another-region",
		Says:   "Jane's site must be used through its own region, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-region"},
		Build:  shutOut("not-authenticated/lockout-region-mismatch"),
	},
	{
		Name:   "web-refuses-the-country",
		Says:   "Jane may not sign in from this country, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-ip-or-country"},
		Build:  shutOut("processing-failure/two-factor-authentication-country-blacklisted"),
	},
	{
		Name:   "web-says-overdue",
		Says:   "The bill of jane's site is not paid, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-overdue"},
		Build:  shutOut("site-configuration/account-overdue"),
	},
	{
		Name:   "web-says-site-disabled",
		Says:   "Jane's site is switched off, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-overdue"},
		Build:  shutOut("service-unavailable/site-disabled"),
	},
	{
		Name:   "web-knows-no-such-site",
		Says:   "Jane has an account at another site, which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-site-wrong"},
		Build:  shutOut("site-configuration/no-account-for-site"),
	},
	{
		Name:   "web-wants-an-api-key",
		Says:   "Jane's account has no password (authentication method none), which only the web can tell.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-auth-none"},
		Build:  shutOut("not-authorized/must-authenticate-with-api-key"),
	},
	{
		Name:   "web-login-works",
		Says:   "The web login takes jane's password, and neither FTP nor SFTP does: she may use neither.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-protocol-disabled"},
		Build:  accountSite(incorrect, Account{Denied: true}, &Sessions{}),
	},
	{
		Name:   "web-login-works-on-short-connections",
		Says:   "The web login takes jane's password on a server that hangs up after each answer.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-protocol-disabled"},
		Build:  accountSite(incorrect, Account{Denied: true}, &Sessions{HangsUp: true}),
	},
	{
		Name:   "web-login-is-another-page",
		Says:   "The address of the web login leads to a page that has nothing to do with it.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-bad-credentials"},
		Build:  accountSite(incorrect, Account{Denied: true}, &Sessions{Strange: "<html>Welcome</html>"}),
	},
	{
		Name:   "web-gives-an-unknown-reason",
		Says:   "The web login refuses jane for a reason that nobody has heard of.",
		Args:   asksWeb,
		Env:    janeKnows,
		Causes: []string{"login-bad-credentials"},
		Build:  shutOut("not-authenticated/moon-phase"),
	},
	{
		Name:   "web-says-locked-to-sftp",
		Says:   "Jane asks for SFTP alone, and her account is locked, which only the web can tell.",
		Args:   asJane("--ask-web", "sftp://"+filesHost),
		Env:    janeKnows,
		Causes: []string{"login-locked"},
		Build:  shutOut("not-authenticated/locked-out"),
	},
	{
		Name:   "web-login-works-and-sftp-does-not",
		Says:   "Jane asks for SFTP alone, which refuses a password that the web login takes.",
		Args:   asJane("--ask-web", "sftp://"+filesHost),
		Env:    janeKnows,
		Causes: []string{"login-protocol-disabled"},
		Build:  accountSite("", Account{Denied: true}, &Sessions{}),
	},
	{
		Name:   "ftp-refuses-and-sftp-does-not",
		Says:   "SFTP takes jane's password, and FTP does not: she may not use FTP.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"login-protocol-disabled"},
		Build:  accountSite(incorrect, Account{}, nil),
	},
	{
		Name:   "ftp-refuses-without-a-word-and-sftp-does-not",
		Says:   "SFTP takes jane's password, and FTP refuses it in words that say nothing.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"login-protocol-disabled"},
		Build:  accountSite("530 Not logged in.", Account{}, nil),
	},
	{
		Name:   "sftp-refuses-and-ftp-does-not",
		Says:   "FTP takes jane's password, and SFTP does not: she may not use SFTP.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"auth-user-denied"},
		Build:  accountSite("", Account{Denied: true}, nil),
	},
	{
		Name:   "sftp-takes-the-key-and-ftp-no-password",
		Says:   "A key signs jane in by SFTP, and FTP refuses her password.",
		Args:   asJane("-i", janesKey, filesHost),
		Env:    janeErrs,
		Causes: []string{"login-bad-credentials"},
		Build:  with(accountSite("", Account{Keys: []Key{JaneEd25519}}, nil), keep(janesKey, plainKey(JaneEd25519))),
	},
	{
		Name:   "both-protocols-refuse-without-a-reason",
		Says:   "FTP and SFTP refuse jane, and nothing says why.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"login-refused"},
		Build:  accountSite("530 Not logged in.", Account{Denied: true}, nil),
	},
	{
		Name:   "api-key-refused",
		Says:   "An API key is refused, and the web is not asked, as it knows no API keys.",
		Args:   apiUser,
		Env:    janeErrs,
		Causes: []string{"login-bad-credentials"},
		Build:  accountSite("", Account{}, &Sessions{}),
	},
	{
		Name:   "access-has-ended",
		Says:   "Jane was given access until a date that has passed.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"login-disabled"},
		Build:  accountSite("530 Your access has expired.", Account{Denied: true}, nil),
	},
	{
		Name:   "shut-out-for-its-behaviour",
		Says:   "The service shuts jane's internet address out, as it scanned ports.",
		Args:   asJane(filesHost),
		Env:    janeKnows,
		Causes: []string{"ftp-banned"},
		Build:  accountSite("530 This IP address is blacklisted because of abuse.", Account{Denied: true}, nil),
	},
	{
		Name:   "plain-ftp-at-files-com",
		Says:   "Jane's app knows no encryption, and her site has not switched on FTP without it.",
		Args:   asJane("--allow-plaintext", "ftp://"+filesHost),
		Env:    janeKnows,
		Causes: []string{"login-tls-required"},
		Build:  accountSite("530 SSL is required to connect to this account.", Account{}, nil),
	},
	{
		Name:   "implicit-port-blocked",
		Says:   "A firewall drops port 990 on the way to a Files.com site; port 3990 stands in for it.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-filtered"},
		Build:  with(filesSite, func(c *Computer) { c.obstruct(Path{Addrs: addrs(filesIPs...), Ports: []uint16{990}, Connect: Dropped}) }),
	},
	{
		Name:   "custom-domain-without-its-certificate",
		Says:   "A company points a name of its own at its Files.com site, which shows the certificate of Files.com.",
		Args:   []string{"--profile", "files.com", customDomain},
		Causes: []string{"tls-name-mismatch"},
		Build:  customSite("*.files.com", "files.com"),
	},
	{
		Name:   "custom-domain-for-another-name",
		Says:   "A company's own name is an alias of its Files.com site, whose certificate names the site alone.",
		Args:   []string{customDomain},
		Causes: []string{"tls-name-mismatch"},
		Build:  with(filesSite, func(c *Computer) { c.alias(customDomain, filesHost) }),
	},
	{
		Name:  "healthy-custom-domain",
		Says:  "A company's own name for its Files.com site has its certificate, and two addresses.",
		Args:  []string{"--profile", "files.com", customDomain},
		Build: customSite(customDomain),
	},
	{
		Name:   "app-wrong-password",
		Says:   "Jane signs in at fortrabbit in password mode, with the name of that mode and a wrong password.",
		Args:   []string{"-u", passwordMode, fortrabbitHost},
		Env:    janeErrs,
		Causes: []string{"auth-password-wrong"},
		Build:  appSite(SSH{HostKeys: []Key{HostRSA}, Offer: &rsaOffer, Users: map[string]Account{passwordMode: {}}}),
	},
	{
		Name:  "healthy-app-password-mode",
		Says:  "Jane signs in at fortrabbit in password mode, with the password of her account.",
		Args:  []string{"-u", passwordMode, fortrabbitHost},
		Env:   janeKnows,
		Build: appSite(SSH{HostKeys: []Key{HostRSA}, Offer: &rsaOffer, Users: map[string]Account{passwordMode: {}}}),
	},
	{
		Name:   "ftp-asked-at-fortrabbit",
		Says:   "Jane wants FTP at fortrabbit, which has only SFTP.",
		Args:   []string{"ftp://" + fortrabbitHost},
		Causes: []string{"local-wrong-port"},
		Build:  fortrabbitSite(SSH{HostKeys: []Key{HostRSA}, Offer: &rsaOffer}),
	},
	{
		Name: "healthy-public-ip",
		Says: "Jane asks a DNS server under which address others see her.",
		Args: []string{"--public-ip=me.example@" + publicDNS, exampleFTP},
		Build: with(exampleSite, func(c *Computer) {
			c.dns(publicDNS).Zone = append(c.dns(publicDNS).Zone, records("me.example", homePublic)...)
		}),
	},
}

// customDomain is a company's own name for its Files.com site.
const customDomain = "files.acme-corp.example"

// passwordMode is the user name of an app at fortrabbit whose account signs in with a password.
const passwordMode = acme + ".f4n4gkrx90ot4yxm"

// alias gives a name the addresses of another one.
func (c *Computer) alias(name, of string) {
	for _, server := range []*DNS{c.router(), c.dns(publicDNS)} {
		server.Zone = append(server.Zone, name+". 60 IN CNAME "+of+".")
	}
}

// customSite is a Files.com-like site behind a name of the customer's, with two addresses of its own and a certificate for these names.
func customSite(names ...string) func() *Computer {
	return func() *Computer {
		c := home(records(customDomain, filesIPs[:2]...))
		site := filesServers(Certificate{Names: names}.Make())
		for _, ip := range filesIPs[:2] {
			site.listen(c.Internet, ip)
		}
		return c
	}
}
