package cause

import (
	"testing"

	"ftpdoctor/probe/fact"
	"ftpdoctor/probe/profile"
)

// The refusals of logins as servers send them, to a session under TLS unless the text is about TLS.
func TestLoginReason(t *testing.T) {
	c := NewCase(&fact.Run{Target: fact.Target{User: "jane"}}, &profile.Generic)
	for text, want := range map[string]string{
		// vsftpd 3.0.3
		"Login incorrect.":                                                 "login-bad-credentials",
		"Permission denied.":                                               "login-disabled",
		"This FTP server is anonymous only.":                               "login-anonymous-only",
		"Non-anonymous sessions must use encryption.":                      "login-tls-required",
		"OOPS: cannot change directory:/home/jane":                         "login-home-missing",
		"OOPS: vsftpd: refusing to run with writable root inside chroot()": "login-chroot-writable",
		"OOPS: could not read chroot() list file:/etc/vsftpd.chroot_list":  "login-chroot-writable",
		"There are too many connections from your internet address.":       "ftp-per-ip-limit",
		// ProFTPD 1.3.8
		"SSL/TLS required on the control channel":                                        "login-tls-required",
		"Sorry, the maximum number of clients (3) from your host are already connected.": "ftp-per-ip-limit",
		"Sorry, the maximum number of clients (3) for this user already connected.":      "ftp-per-user-limit",
		"Sorry, the maximum number of hosts (3) for this user already connected.":        "ftp-per-user-limit",
		"Sorry, the maximum number of allowed clients (3) already connected.":            "login-temporary",
		"Login timeout (300 seconds): closing control connection":                        "login-time-exceeded",
		"Unable to set anonymous privileges.":                                            "login-no-anonymous",
		// Pure-FTPd 1.0.50
		"Login authentication failed":                             "login-bad-credentials",
		"Too many authentication failures":                        "ftp-banned",
		"This is a private system - No anonymous login":           "login-no-anonymous",
		"Sorry, but I can't trust you":                            "login-disabled",
		"Home directory not available - aborting":                 "login-home-missing",
		"Unable to set up a secure chroot() jail":                 "login-chroot-writable",
		"I can't accept more than 2 connections as the same user": "ftp-per-user-limit",
		"Too many connections (8) from this IP":                   "ftp-per-ip-limit",
		"Sorry, cleartext sessions and weak ciphers are not accepted on this server. Please reconnect using TLS security mechanisms.": "login-tls-required",
		"Timeout - try typing a little faster next time": "login-time-exceeded",
		// FileZilla Server 1.x and 0.9
		"Use AUTH first.": "login-tls-required",
		"Login not succeeded because of internal server error. Contact the administrator.": "login-temporary",
		"This server does not allow plain FTP. You have to use FTP over TLS.":              "login-tls-required",
		"TLS required":                                                              "login-tls-required",
		"Login or password incorrect!":                                              "login-bad-credentials",
		"Not logged in, user account has been disabled":                             "login-disabled",
		"This user is not allowed to connect from this IP":                          "ftp-ip-denied",
		"Home directory does not exist":                                             "login-home-missing",
		"User does not have permission to access own home directory":                "login-home-missing",
		"Refusing connection. Maximum connection count reached for the user 'jane'": "ftp-per-user-limit",
		"Too many users logged in for this account. Try again later.":               "ftp-per-user-limit",
		"Login time exceeded. Closing control connection.":                          "login-time-exceeded",
		"Kicked by Administrator":                                                   "ftp-shutdown",
		"Server is going offline":                                                   "ftp-shutdown",
		"Too many users are connected, please try again later.":                     "login-temporary",
		// Microsoft
		"Policy requires SSL.":                             "login-tls-required",
		"User cannot log in.":                              "login-bad-credentials",
		"Valid hostname is expected.":                      "ftp-virtual-host",
		"User cannot log in, home directory inaccessible.": "login-home-missing",
		// SFTPGo
		"TLS is required": "login-tls-required",
		"Authentication error: invalid credentials":                                     "login-bad-credentials",
		`Authentication error: protocol FTP is not allowed for user "jane"`:             "login-protocol-disabled",
		`Authentication error: login method password is not allowed for user "jane"`:    "login-auth-none",
		`Authentication error: second factor authentication is not set for user "jane"`: "login-2fa",
		"Authentication error: too many open sessions: 3":                               "ftp-per-user-limit",
		`Authentication error: cannot login user with invalid home dir: "x"`:            "login-home-missing",
		// pyftpdlib 1.5
		"Authentication failed.": "login-bad-credentials",
		// Words of services, of which only the sense is known.
		"SSL is required to connect to this account.  Please enable SSL, TLS, ftps://, or ftpes://.": "login-tls-required",
		"Invalid username or password":                       "login-bad-credentials",
		"Your account has been locked":                       "login-locked",
		"Your IP address is not allowed to log in":           "login-ip-or-country",
		"Login from this country is blocked":                 "login-ip-or-country",
		"You do not have permission to use FTP":              "login-protocol-disabled",
		"FTP access is disabled for your account":            "login-protocol-disabled",
		"One-time password required":                         "login-2fa",
		"This account is disabled":                           "login-disabled",
		"The subscription of this site is overdue":           "login-overdue",
		"Password expired, change your password first":       "login-password-change",
		"Not logged in, the network of the directory fails":  "",
		"You are not permitted to sign in from this network": "login-ip-or-country",

		"Access denied":  "",
		"Not logged in.": "",
		"Go away":        "",
	} {
		encrypted := want != "login-tls-required"
		if got, _ := c.loginReason(&fact.Reply{Code: 530, Lines: []string{text}}, encrypted); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
