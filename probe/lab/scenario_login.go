package lab

import (
	"crypto/tls"
	"slices"
)

// SignIn are the worlds in which jane signs in by FTP.
var SignIn = slices.Concat(
	healthySignIns,
)

// healthySignIns are worlds in which jane gets in, lists, and with --write sends and deletes a file.
var healthySignIns = []Scenario{
	{
		Name:  "healthy-login-files-com",
		Says:  "Jane signs in at a Files.com site with three addresses.",
		Args:  []string{"-u", jane, filesHost},
		Env:   []string{janePassword},
		Build: filesSite,
	},
	{
		Name:  "healthy-login-files-com-write",
		Says:  "Jane signs in at a Files.com site, and sends and deletes a file.",
		Args:  []string{"-u", jane, "--write", filesHost},
		Env:   []string{janePassword},
		Build: filesSite,
	},
	{
		Name:  "healthy-login-vsftpd",
		Says:  "Jane signs in at vsftpd, which wants each data connection to resume the TLS session, with TLS 1.3.",
		Args:  []string{"-u", jane, "--write", exampleFTP},
		Env:   []string{janePassword},
		Build: signInSite(FTP{DemandsTLS: true, DemandsProt: true}, TLS{DemandsReuse: true}),
	},
	{
		Name:  "healthy-login-vsftpd-tls-1-2",
		Says:  "Jane signs in at vsftpd with TLS 1.2, which wants each data connection to resume the TLS session.",
		Args:  []string{"-u", jane, "--write", exampleFTP},
		Env:   []string{janePassword},
		Build: signInSite(FTP{DemandsTLS: true, DemandsProt: true}, TLS{DemandsReuse: true, Max: tls.VersionTLS12}),
	},
	{
		Name:  "healthy-login-proftpd",
		Says:  "Jane signs in at ProFTPD, which lists with MLSD and wants the TLS session resumed.",
		Args:  []string{"-u", jane, "--write", exampleFTP},
		Env:   []string{janePassword},
		Build: signInSite(FTP{Brand: ProFTPD, DemandsProt: true}, TLS{DemandsReuse: true}),
	},
	{
		Name:  "healthy-login-pure-ftpd",
		Says:  "Jane signs in at Pure-FTPd, which asks for no resumed session.",
		Args:  []string{"-u", jane, "--write", exampleFTP},
		Env:   []string{janePassword},
		Build: signInSite(FTP{Brand: PureFTPd, DemandsTLS: true}, TLS{}),
	},
	{
		Name:  "healthy-login-filezilla-server",
		Says:  "Jane signs in at FileZilla Server, which wants the session of the control connection resumed.",
		Args:  []string{"-u", jane, "--write", exampleFTP},
		Env:   []string{janePassword},
		Build: signInSite(FTP{Brand: FileZilla, DemandsTLS: true, DemandsProt: true}, TLS{DemandsReuse: true}),
	},
	{
		Name:  "healthy-login-iis",
		Says:  "Jane signs in at Microsoft's FTP service, which lists as DOS does.",
		Args:  []string{"-u", jane, exampleFTP},
		Env:   []string{janePassword},
		Build: signInSite(FTP{Brand: IIS}, TLS{Max: tls.VersionTLS12}),
	},
}

// signInSite is ftp.example.org with this server on port 21 and a good certificate.
func signInSite(ftp FTP, secure TLS) func() *Computer {
	return func() *Computer {
		certified := secure
		certified.Certificate = exampleCertificate().Make()
		return ftpSiteWith(ftp, certified)
	}
}
