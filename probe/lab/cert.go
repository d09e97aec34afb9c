package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"time"
)

// Issuer is who signed a certificate.
type Issuer int

// The issuers of the lab.
const (
	Public   Issuer = iota // an authority that every computer trusts, through an intermediate
	Itself                 // self-signed
	Unknown                // an authority that nobody trusts
	Security               // a security product that decrypts, and signs with its own authority
	Company                // the company's authority, trusted where it is installed
)

// Certificate describes a certificate to make.
type Certificate struct {
	Names  []string // DNS names and addresses
	Issuer Issuer
	// From and Until count from now. Zero: thirty days ago and sixty days ahead.
	From, Until time.Duration
	// OmitIntermediate sends the leaf alone.
	OmitIntermediate bool
	// Padding sends the intermediate this many times more.
	Padding int
	// RSA uses an RSA key, as the cipher suites without forward secrecy need one.
	RSA bool
}

const day = 24 * time.Hour

// Make signs the certificate and returns it with its chain.
func (c Certificate) Make() tls.Certificate {
	if c.From == 0 {
		c.From = -30 * day
	}
	if c.Until == 0 {
		c.Until = 60 * day
	}
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: c.Names[0]},
		NotBefore:             time.Now().Add(c.From),
		NotAfter:              time.Now().Add(c.Until),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, name := range c.Names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	var key crypto.Signer = leafKey()
	if c.RSA {
		key = rsaKey()
	}
	by := c.signer()
	if by == nil {
		return tls.Certificate{Certificate: [][]byte{sign(template, template, key.Public(), key)}, PrivateKey: key}
	}
	if by.url != "" {
		template.IssuingCertificateURL = []string{by.url}
	}
	chain := [][]byte{sign(template, by.cert, key.Public(), by.key)}
	if by.sent && !c.OmitIntermediate {
		for range c.Padding + 1 {
			chain = append(chain, by.cert.Raw)
		}
	}
	return tls.Certificate{Certificate: chain, PrivateKey: key}
}

func (c Certificate) signer() *authority {
	switch c.Issuer {
	case Itself:
		return nil
	case Unknown:
		return unknownRoot()
	case Security:
		return securityRoot()
	case Company:
		return companyRoot()
	default:
		return publicIssuer()
	}
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	url  string // where its certificate can be had, as leaves say it
	sent bool   // servers send it along
}

// Keys and authorities are made once in a process: the scenarios need them fast, and they hold no secret.
var (
	leafKey    = sync.OnceValue(newKey)
	publicRoot = sync.OnceValue(func() *authority {
		return newAuthority(pkix.Name{CommonName: "Lab Root X1", Organization: []string{"Lab Trust Services"}}, nil)
	})
	publicIssuer = sync.OnceValue(func() *authority {
		a := newAuthority(pkix.Name{CommonName: "Lab Issuing R3", Organization: []string{"Lab Trust Services"}}, publicRoot())
		a.url, a.sent = "http://issuing.lab.example/r3.crt", true
		return a
	})
	unknownRoot = sync.OnceValue(func() *authority {
		return newAuthority(pkix.Name{CommonName: "Workshop CA", Organization: []string{"Workshop"}}, nil)
	})
	securityRoot = sync.OnceValue(func() *authority {
		a := newAuthority(pkix.Name{CommonName: "FG100FTK20012345", Organization: []string{"Fortinet"}, OrganizationalUnit: []string{"Certificate Authority"}}, nil)
		a.sent = true
		return a
	})
	companyRoot = sync.OnceValue(func() *authority {
		a := newAuthority(pkix.Name{CommonName: "Example Corp TLS Inspection CA", Organization: []string{"Example Corp"}}, nil)
		a.sent = true
		return a
	})
)

// newAuthority is valid in real time and in the year 2000, in which virtual time begins.
func newAuthority(name pkix.Name, by *authority) *authority {
	key := newKey()
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               name,
		NotBefore:             time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	cert, err := x509.ParseCertificate(sign(template, parent, key.Public(), signer))
	if err != nil {
		panic("lab: " + err.Error())
	}
	return &authority{cert: cert, key: key}
}

// sign makes a certificate out of parts that are this program's own, so a failure is a bug.
func sign(template, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) []byte {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, by)
	if err != nil {
		panic("lab: " + err.Error())
	}
	return der
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("lab: " + err.Error())
	}
	return key
}

// RSA keys are made on first use; few worlds need one.
var (
	rsaKey      = sync.OnceValue(newRSAKey)
	janesRSAKey = sync.OnceValue(newRSAKey)
)

func newRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("lab: " + err.Error())
	}
	return key
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic("lab: " + err.Error())
	}
	return n.Add(n, big.NewInt(1))
}
