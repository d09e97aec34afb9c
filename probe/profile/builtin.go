package profile

import "ftpdoctor/probe/fact"

// All lists the built-in profiles. Generic comes last: it fits every host.
var All = []Profile{FilesCom, Fortrabbit, FortrabbitApp, Generic}

// FilesCom is Files.com, from its public documentation of FTP, SFTP, addresses and keys, and from its public SDK.
var FilesCom = Profile{
	Name:     "files.com",
	Title:    "Files.com",
	Hosts:    []string{"*.files.com"},
	Promised: true,
	Ports: []Port{
		{Number: 21, Speaks: fact.FTPES},
		{Number: 3021, Speaks: fact.FTPES, StandsIn: 21},
		{Number: 990, Speaks: fact.FTPS},
		{Number: 3990, Speaks: fact.FTPS, StandsIn: 990},
		{Number: 22, Speaks: fact.SFTP},
		{Number: 3022, Speaks: fact.SFTP, StandsIn: 22},
		{Number: 443, Speaks: fact.HTTPS},
	},
	Passive:     Range{First: 40000, Last: 50000},
	Addresses:   2,
	Networks:    []string{"198.72.80.0/20"},
	NoIPv6:      true,
	WebsCert:    true,
	HostKeys:    []string{"SHA256:JvS7SrgY9QfsC2otdG0TGo0aWcvvieGg1R2Vx8/5VSw"},
	IdleSeconds: 60,
	WaitSeconds: 60,
	Retries:     3,
	RetryPause:  10,
	Users: []User{
		{Shape: `@api-.+`, Means: "an API key: the password is the key itself", Methods: []fact.AuthMethod{fact.AuthPassword}, NoWeb: true},
		{Shape: `(?i)anonymous|ftp`, Means: "anonymous access, which the service does not offer", Wrong: true},
	},
	Lacks: []Lack{
		{What: OffersAnonymous, Instead: "sign in with the name of an account"},
		{What: OffersShell},
		{What: OffersClear, Some: "sites that have not switched it on", Instead: "use explicit TLS on the same port"},
	},
	Pages: []Page{
		{Title: "Settings of an FTP app", URL: "https://www.files.com/docs/services/ftp-and-ftps/connection-settings-in-your-ftp-app"},
		{Title: "Settings of an SFTP app", URL: "https://www.files.com/docs/services/sftp/connection-settings-in-your-sftp-app"},
		{Title: "Ports", URL: "https://www.files.com/docs/services/ftp-and-ftps/supported-connection-profiles-and-ports", Causes: []string{
			"tcp-port-filtered", "tcp-port-prohibited", "data-pasv-blocked", "data-pasv-refused", "local-wrong-port",
		}},
		{Title: "Addresses to allow in a firewall", URL: "https://www.files.com/docs/networking-and-performance/whitelisting-files.com-in-your-firewall", Causes: []string{
			"tcp-some-addresses-dead", "dns-aaaa-unexpected", "dns-wrong-target",
		}},
		{Title: "Dedicated addresses of a custom domain", URL: "https://www.files.com/docs/networking-and-performance/dedicated-ip-addresses", Causes: []string{
			"dns-one-address", "dns-stale", "tls-name-mismatch",
		}},
		{Title: "The SSH host key", URL: "https://www.files.com/docs/services/sftp/sftp-ssh-host-key", Causes: []string{
			"ssh-hostkey-unknown", "ssh-hostkey-changed",
		}},
		{Title: "Second factors", URL: "https://www.files.com/docs/security/twofactor-authentication-2fa/supported-2fa-methods", Causes: []string{"login-2fa"}},
		{Title: "Ciphers", URL: "https://www.files.com/docs/encryption/ciphers", Causes: []string{"tls-version", "tls-no-shared-cipher", "ssh-no-common-alg"}},
	},
	Log: `the site's logs (action "Login Failure", filtered by the user name)`,
	Failures: []Reason{
		{Name: "password_mismatch", Cause: "login-bad-credentials"},
		{Name: "username_not_found", Cause: "login-bad-credentials"},
		{Name: "password_mismatch", Cause: "auth-password-wrong"}, // the same, over SSH
		{Name: "username_not_found", Cause: "auth-password-wrong"},
		{Name: "key_mismatch", Cause: "auth-key-unknown"},
		{Name: "locked_out", Cause: "login-locked"},
		{Name: "disabled", Cause: "login-disabled"},
		{Name: "expired_access", Cause: "login-disabled"},
		{Name: "no_ftp_permission", Cause: "login-protocol-disabled", Over: fact.FTP},
		{Name: "no_sftp_permission", Cause: "login-protocol-disabled", Over: fact.SFTP},
		{Name: "ip_mismatch", Cause: "login-ip-or-country"},
		{Name: "country_mismatch", Cause: "login-ip-or-country"},
		{Name: "region_mismatch", Cause: "login-region"},
		{Name: "site_mismatch", Cause: "login-site-wrong"},
		{Name: "account_overdue", Cause: "login-overdue"},
		{Name: "expired_trial", Cause: "login-overdue"},
		{Name: "no_directory", Cause: "login-home-missing"},
		{Name: "errno_enoent", Cause: "login-home-missing"},
		{Name: "insecure_ftp", Cause: "login-tls-required"},
		{Name: "insecure_cipher", Cause: "ssh-no-common-alg"},
		{Name: "rate_limited", Cause: "ftp-banned"},
		{Name: "none"},
	},
	WebLogin: &WebLogin{
		Path: "/api/rest/v1/sessions", User: "username", Password: "password", Code: "otp",
		Session: "id", SessionHeader: "X-FilesAPI-Auth",
		Error: "type", ErrorHeader: "X-Files-Error-Class", Says: []string{"title", "error"}, RequestHeader: "X-Request-Id",
		By: "https://HOST/",
		Errors: []Reason{
			{Name: "not-authenticated/invalid-username-or-password", Cause: "login-bad-credentials"},
			{Name: "not-authenticated/invalid-credentials", Cause: "login-bad-credentials"},
			{Name: "not-authenticated/locked-out", Cause: "login-locked"},
			{Name: "not-authenticated/lockout-region-mismatch", Cause: "login-region"},
			{Name: "not-authenticated/one-time-password-incorrect", Cause: "login-2fa", Means: "The password is right, and the code is wrong or too old."},
			{Name: "not-authenticated/invalid-or-expired-code", Cause: "login-2fa", Means: "The password is right, and the code is wrong or too old."},
			{Name: "not-authenticated/two-factor-authentication-error", Cause: "login-2fa"},
			{Name: "not-authenticated/two-factor-authentication-setup-expired", Cause: "login-2fa", Means: "The time for setting up the second factor is over; it has to be set up on the web."},
			{Name: "not-authenticated/additional-authentication-required", Cause: "login-2fa"},
			{Name: "not-authorized/two-factor-authentication-required", Cause: "login-2fa", Means: "The password is right, and a code is wanted besides it."},
			{Name: "not-authorized/password-change-required", Cause: "login-password-change"},
			{Name: "not-authorized/contact-admin-for-password-change-help", Cause: "login-password-change"},
			{Name: "not-authorized/must-authenticate-with-api-key", Cause: "login-auth-none", Means: "The user can sign in with an API key only."},
			{Name: "not-authorized/payment-method-error", Cause: "login-overdue"},
			{Name: "rate-limited/too-many-login-attempts", Cause: "login-locked", Means: "There were too many attempts to sign in."},
			{Name: "rate-limited/too-many-concurrent-logins", Cause: "login-temporary"},
			{Name: "rate-limited/too-many-requests", Cause: "login-temporary"},
			{Name: "rate-limited/too-many-concurrent-requests", Cause: "login-temporary"},
			{Name: "service-unavailable/migration-in-progress", Cause: "login-temporary"},
			{Name: "service-unavailable/site-disabled", Cause: "login-overdue"},
			{Name: "site-configuration/account-overdue", Cause: "login-overdue"},
			{Name: "site-configuration/trial-expired", Cause: "login-overdue"},
			{Name: "site-configuration/trial-locked", Cause: "login-overdue"},
			{Name: "site-configuration/site-was-removed", Cause: "login-overdue"},
			{Name: "site-configuration/no-account-for-site", Cause: "login-site-wrong"},
			{Name: "not-found/site-not-found", Cause: "login-site-wrong"},
			{Name: "not-found/user-not-found", Cause: "login-bad-credentials"},
			{Name: "processing-failure/two-factor-authentication-country-blacklisted", Cause: "login-ip-or-country"},
			{Name: "processing-failure/two-factor-authentication-method-unsupported-error", Cause: "login-2fa", Means: "The kind of second factor that is set up does not work there; an app for codes, a text message or a Yubikey does."},
			{Name: "processing-failure/two-factor-authentication-code-already-sent", Cause: "login-2fa"},
		},
	},
	Help: "files.com support, with the site's logs (action: Login Failure)",
}

// The texts and kinds of keys of fortrabbit, which both of its platforms share.
var (
	fortrabbitKeys  = []string{"ssh-rsa", "ssh-ed25519"}
	fortrabbitTexts = []Text{
		{
			Words: `internal error I01`, Cause: "sftp-command-text", Means: "The app was made a short time ago, and is not ready yet.",
			Do: "wait three minutes and try again; after five minutes write to fortrabbit's support",
		},
		{
			Words: `rejected due to overusage|SSH-Restricted_TooManyConcurrentConnections`, Cause: "ssh-restricted-banner",
			Means: "This internet address has too many connections at a time, or began too many within a minute.",
			Do:    "close other SSH and SFTP programs, database tunnels and editor plug-ins, and wait some minutes",
		},
	}
)

// Fortrabbit is fortrabbit's older platform (deploy.REGION.frbit.com), from its public help pages. It signs users in with a password or
// with a key, never with both: adding the first key to an account ends the password mode.
var Fortrabbit = Profile{
	Name:     "fortrabbit",
	Title:    "fortrabbit",
	Hosts:    []string{"deploy.*.frbit.com"},
	Promised: true,
	Ports: []Port{
		{Number: 22, Speaks: fact.SFTP},
		{Number: 443, Speaks: fact.HTTPS},
	},
	DropsBanned: true,
	Users: []User{
		{
			Shape: `[a-z0-9-]+\.[a-z0-9]+`, Means: "password mode: sign in with the password of your fortrabbit account, which works only while no SSH key is in the account",
			Methods: []fact.AuthMethod{fact.AuthPassword, fact.AuthKeyboard}, NoWeb: true,
		},
		{
			Shape: `[a-z0-9-]+`, Means: "key mode: sign in with an SSH key, a password is never accepted",
			Methods: []fact.AuthMethod{fact.AuthPublicKey},
		},
		{Shape: `.*`, Means: "not a name of this service", Wrong: true},
	},
	Methods:         []fact.AuthMethod{fact.AuthPublicKey, fact.AuthPassword},
	KeyTypes:        fortrabbitKeys,
	KeyDelaySeconds: 7 * 60,
	NewDelaySeconds: 5 * 60,
	Lacks: []Lack{
		{What: OffersFTP, Instead: "use SFTP on port 22"},
		{What: OffersSFTP, Some: "apps of the Professional stack", Instead: "run commands over SSH: ssh USER@HOST COMMAND"},
	},
	Texts: fortrabbitTexts,
	Pages: []Page{
		{Title: "SFTP troubleshooting", URL: "https://help.fortrabbit.com/sftp-troubleshooting"},
		{Title: "Password mode and key mode", URL: "https://help.fortrabbit.com/access-methods", Causes: []string{
			"auth-mode-mismatch", "auth-password-wrong", "auth-password-not-accepted-method",
		}},
		{Title: "SSH key troubleshooting", URL: "https://help.fortrabbit.com/ssh-key-troubleshooting", Causes: []string{"auth-key-unknown", "auth-key-not-active-yet"}},
		{Title: "Too many attempts to sign in", URL: "https://help.fortrabbit.com/too-many-login-attempts", Causes: []string{"tcp-quarantine", "ssh-closed-before-banner"}},
		{Title: "Commands over SSH", URL: "https://help.fortrabbit.com/remote-ssh-execution-pro", Causes: []string{"sftp-none"}},
	},
	Help: "fortrabbit support, with your public IP address and the name of the app",
}

// FortrabbitApp is fortrabbit's newer platform (ssh.REGION.frbit.app), from its public documentation. It takes keys only, and says
// in its identification when it turns an address away.
var FortrabbitApp = Profile{
	Name:     "fortrabbit-app",
	Title:    "fortrabbit",
	Hosts:    []string{"ssh.*.frbit.app"},
	Promised: true,
	Ports: []Port{
		{Number: 22, Speaks: fact.SFTP},
		{Number: 443, Speaks: fact.HTTPS},
	},
	Connections: 15,
	PerMinute:   100,
	Users: []User{
		{Shape: `[a-z0-9-]+`, Means: "an environment of an app: sign in with an SSH key, a password is never accepted", Methods: []fact.AuthMethod{fact.AuthPublicKey}},
		{Shape: `.*`, Means: "not a name of this service", Wrong: true},
	},
	Methods:         []fact.AuthMethod{fact.AuthPublicKey},
	KeyTypes:        fortrabbitKeys,
	KeyDelaySeconds: 5 * 60,
	NewDelaySeconds: 5 * 60,
	Lacks: []Lack{
		{What: OffersFTP, Instead: "use SFTP on port 22"},
		{What: OffersPassword, Instead: "add the public half of an SSH key to your account"},
	},
	Texts: fortrabbitTexts,
	Pages: []Page{
		{Title: "Code access: troubleshooting", URL: "https://docs.fortrabbit.com/platform/code-access/troubleshooting", Causes: []string{
			"ssh-restricted-banner", "ssh-closed-before-banner", "auth-key-unknown", "auth-key-not-active-yet",
		}},
	},
	Help: "fortrabbit support, with your public IP address and the name of the app",
}

// Generic fits every host: the ports that FTP and SFTP servers usually have, none of them promised.
var Generic = Profile{
	Name:  "generic",
	Title: "any server",
	Hosts: []string{"*"},
	Ports: []Port{
		{Number: 21, Speaks: fact.FTPES},
		{Number: 3021, Speaks: fact.FTPES, StandsIn: 21},
		{Number: 990, Speaks: fact.FTPS},
		{Number: 3990, Speaks: fact.FTPS, StandsIn: 990},
		{Number: 22, Speaks: fact.SFTP},
		{Number: 443, Speaks: fact.HTTPS},
	},
	WaitSeconds: 60,
}
