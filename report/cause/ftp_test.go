package cause

import "testing"

// The refusals of servers as they come in a greeting, with the code.
func TestReasonOf(t *testing.T) {
	for text, want := range map[string]string{
		"421 There are too many connected users, please try later.":                             "ftp-busy",         // vsftpd 3.0.3
		"421 There are too many connections from your internet address.":                        "ftp-per-ip-limit", // vsftpd 3.0.3
		"421 Service not available.":                                                            "ftp-ip-denied",    // vsftpd 3.0.3, tcp_wrappers
		"421 50 users (the maximum) are already logged in, sorry":                               "ftp-busy",         // Pure-FTPd 1.0.50
		"421 Too many connections (8) from this IP":                                             "ftp-per-ip-limit", // Pure-FTPd 1.0.50
		"421 Too many users are connected, please try again later.":                             "ftp-busy",         // FileZilla Server 0.9.60
		"421 Refusing connection. No more connections allowed from your IP.":                    "ftp-per-ip-limit", // FileZilla Server 0.9.60
		"421 Temporarily banned for too many failed login attempts":                             "ftp-banned",       // FileZilla Server 0.9.60
		"421 Server is going offline":                                                           "ftp-shutdown",     // FileZilla Server 0.9.60
		"421 Server too busy, closing connection. Please retry later!":                          "ftp-busy",         // FileZilla Server 0.9.60
		"521 This user is not allowed to connect from this IP":                                  "ftp-ip-denied",    // FileZilla Server 0.9.60
		"530 Sorry, the maximum number of clients (3) from your host are already connected.":    "ftp-per-ip-limit", // ProFTPD 1.3.8, MaxClientsPerHost
		"530 Sorry, the maximum number of connections (1) for your host are already connected.": "ftp-per-ip-limit", // ProFTPD 1.3.8, MaxConnectionsPerHost
		"530 Access denied":                                                      "ftp-ip-denied", // ProFTPD 1.3.8, mod_wrap2
		"500 Access denied: banned client IP":                                    "ftp-banned",    // SFTPGo
		"500 Access denied":                                                      "ftp-ip-denied", // SFTPGo
		"500 Access denied: rate limit exceeded":                                 "ftp-per-ip-limit",
		"421 Service not available, closing control connection.":                 "unknown", // RFC 959 section 4.2.2
		"421 Your IP address has been blocked":                                   "ftp-banned",
		"421 Your host is not allowed to connect to this server":                 "ftp-ip-denied",
		"421 Maximum number of connections for your IP reached":                  "ftp-per-ip-limit",
		"421 Connection closed.":                                                 "unknown",
		"421 Tschüss":                                                            "unknown",
		"500 OOPS: vsftpd: not found: directory given in 'secure_chroot_dir':/x": "unknown",
	} {
		if got := reasonOf(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// Greetings as servers send them. A host that is called proxy is no proxy.
func TestProxyGreeting(t *testing.T) {
	for greeting, want := range map[string]bool{
		"Frox transparent ftp proxy. Login with username[@host[:port]]": true,
		"jftpgw-0.13.5 FTP gateway ready":                               true,
		"Blue Coat FTP Service":                                         true,
		"Secure Gateway FTP server. Log in as user@host":                true,
		"Welcome. Please give your name as username@remotehost":         true,
		"ProFTPD Server (proxy01.example.org) [203.0.113.21]":           false,
		"Welcome to the Squidward archive":                              false,
		"FTP server ready. Questions: admin@example.org":                false,
		"Log in as user@domain, as your hosting panel shows it":         false,
		"(vsFTPd 3.0.3)":        false,
		"Microsoft FTP Service": false,
	} {
		if got := proxyGreeting.MatchString(greeting); got != want {
			t.Errorf("%q: %v", greeting, got)
		}
	}
}
