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
}
