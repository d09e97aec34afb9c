package probe

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"ftpdoctor/probe/fact"
)

// findFaults lists every fault of a chain at once. Trust is judged as if the dates were right, so that an expired
// certificate does not hide that nobody trusts it.
func findFaults(chain []*x509.Certificate, name string, roots *x509.CertPool, now time.Time) []fact.CertFault {
	var found []fact.CertFault
	add := func(kind fact.Fault, text string) {
		found = append(found, fact.CertFault{Kind: kind, Text: fact.Clean(text)})
	}
	if err := chain[0].VerifyHostname(name); err != nil {
		add(fact.NameMismatch, err.Error())
	}
	trusted, err := verify(chain, roots, now)
	if err != nil {
		add(distrust(chain, roots, err))
		trusted = chain[:1] // without a way to a root only the leaf's dates are sure to matter
	}
	for _, c := range trusted {
		switch {
		case now.After(c.NotAfter):
			add(fact.Expired, fmt.Sprintf("%s expired on %s", c.Subject, c.NotAfter.UTC().Format(time.DateOnly)))
		case now.Before(c.NotBefore):
			add(fact.NotYetValid, fmt.Sprintf("%s is valid from %s", c.Subject, c.NotBefore.UTC().Format(time.DateOnly)))
		}
	}
	return found
}

// maxVerified is how many certificates of a chain are looked at. Real chains have two to five.
const maxVerified = 32

// verify finds a way from the leaf to a root, now or, if there is none, at another time at which all
// certificates of one would have been valid. The error is that of now.
func verify(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) ([]*x509.Certificate, error) {
	chain = chain[:min(len(chain), maxVerified)]
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: now}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	ways, first := chain[0].Verify(options)
	if first == nil {
		return ways[0], nil
	}
	for _, moment := range moments(chain) {
		options.CurrentTime = moment
		if ways, err := chain[0].Verify(options); err == nil {
			return ways[0], nil
		}
	}
	return nil, first
}

// moments are times at which the chain may have been valid: the ends of every certificate's validity.
func moments(chain []*x509.Certificate) []time.Time {
	var found []time.Time
	for _, c := range chain[:min(len(chain), 5)] {
		found = append(found, c.NotAfter, c.NotBefore)
	}
	return found
}

// distrust names the fault of a chain that leads to no root. chain is as the server sent it.
func distrust(chain []*x509.Certificate, roots *x509.CertPool, err error) (fact.Fault, string) {
	last := lastSent(chain[:min(len(chain), maxVerified)])
	switch {
	case !isOfTrust(err):
		return fact.BadCertificate, err.Error()
	case isSelfSigned(chain[0]):
		return fact.SelfSigned, "the certificate is signed with its own key, and this computer does not know it"
	case roots == nil && hasNoAuthorities():
		return fact.NoAuthorities, "this computer has no list of trusted authorities"
	case isSelfSigned(last):
		return fact.UnknownAuthority, fmt.Sprintf("this computer does not trust the authority %s", last.Subject)
	default:
		return fact.NoChain, fmt.Sprintf("the issuer %s was not sent, and this computer does not know it", last.Issuer)
	}
}

// hasNoAuthorities says whether this computer has no root certificates at all, as in a bare container.
func hasNoAuthorities() bool {
	pool, err := x509.SystemCertPool()
	return err != nil || pool.Equal(x509.NewCertPool())
}

// isOfTrust says whether an error is about who signed and when. The other ones are about how a certificate is made.
func isOfTrust(err error) bool {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var none x509.SystemRootsError
	return errors.As(err, &unknown) || errors.As(err, &none) || errors.As(err, &invalid) && invalid.Reason == x509.Expired
}

// lastSent follows the issuers among the certificates that were sent, and returns the last one.
func lastSent(chain []*x509.Certificate) *x509.Certificate {
	last, rest := chain[0], chain[1:]
	for range rest {
		i := slices.IndexFunc(rest, func(c *x509.Certificate) bool {
			return bytes.Equal(c.RawSubject, last.RawIssuer) && !c.Equal(last) && last.CheckSignatureFrom(c) == nil
		})
		if i < 0 || isSelfSigned(last) {
			break
		}
		last = rest[i]
	}
	return last
}

// isSelfSigned says whether a certificate is signed with its own key. Where the signature is of a kind that is not
// checked any more (SHA-1), the names have to do.
func isSelfSigned(c *x509.Certificate) bool {
	if !bytes.Equal(c.RawSubject, c.RawIssuer) {
		return false
	}
	err := c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature)
	var insecure x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &insecure)
}
