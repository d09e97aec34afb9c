package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"ftpdoctor/probe/fact"
	"ftpdoctor/report"
	"ftpdoctor/report/cause"
)

// The bounds of a file of checks.
const (
	maxSmokeFile    = 1 << 20 // bytes
	maxSmokeTargets = 200
)

// smokeTarget is one target of a file of checks.
type smokeTarget struct {
	name     string
	host     string
	settings checkFlags
	variable string // of the environment, which holds the password
	unlocks  string // of the environment, which holds the passphrase of the keys
	expected report.Expected
	compare  string // a file
}

// readSmoke reads a file of checks. An error names the field and says what to write.
func readSmoke(path string) ([]smokeTarget, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSmokeFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(text) > maxSmokeFile {
		return nil, fmt.Errorf("it is larger than %d bytes", maxSmokeFile)
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("it is no JSON: %w", json.Unmarshal(text, new(any)))
	}
	var listed []json.RawMessage
	schema := ""
	if err := fields(text, "", map[string]any{"$schema": &schema, "targets": &listed}); err != nil {
		return nil, err
	}
	if len(listed) == 0 || len(listed) > maxSmokeTargets {
		return nil, fmt.Errorf(`"targets" lists %d; write 1 to %d, such as {"host": "ftp.example.com"}`, len(listed), maxSmokeTargets)
	}
	var targets []smokeTarget
	for i, raw := range listed {
		t, err := parseSmokeTarget(raw, fmt.Sprintf("targets[%d]", i), filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(targets, func(other smokeTarget) bool { return other.name == t.name }) {
			return nil, fmt.Errorf(`targets[%d]: there are two called %q; give each a "name" of its own`, i, t.name)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func parseSmokeTarget(raw json.RawMessage, at, folder string) (smokeTarget, error) {
	t := smokeTarget{settings: checkFlags{
		timeout: usualTimeout, samples: usualSamples, repeat: 1, every: usualEvery, noInput: true, ssh: sshFlags{maxFailedLogins: usualFailedLogins},
	}}
	s := &t.settings
	timeout, expect := "", json.RawMessage("{}")
	err := fields(raw, at, map[string]any{
		"name": &t.name, "host": &t.host, "protocol": &s.protocol, "port": &s.port, "profile": &s.profile,
		"user": &s.user, "password_env": &t.variable, "write": &s.write, "active": &s.active,
		"timeout": &timeout, "patient": &s.patient, "ca_file": &s.caFile, "servername": &s.serverName,
		"resolve": &s.resolve, "identities": &s.ssh.identities, "passphrase_env": &t.unlocks, "known_hosts": &s.ssh.knownHosts,
		"expect": &expect,
	})
	switch {
	case err != nil:
		return t, err
	case t.host == "":
		return t, fmt.Errorf(`%s: "host" is missing; write the name of the server`, at)
	case t.variable != "" && !variableName.MatchString(t.variable):
		// What stands there is not shown: it could be the password.
		return t, fmt.Errorf("%s.password_env is not the name of a variable; write a name such as %s there, and the password into that variable", at, passwordVariable)
	case t.unlocks != "" && !variableName.MatchString(t.unlocks):
		return t, fmt.Errorf("%s.passphrase_env is not the name of a variable; write a name such as %s there, and the passphrase into that variable", at, passphraseVariable)
	}
	if timeout != "" {
		if s.timeout, err = time.ParseDuration(timeout); err != nil || s.timeout <= 0 {
			return t, fmt.Errorf("%s.timeout is %q; write a time such as 30s or 2m", at, timeout)
		}
	} else if s.patient {
		s.timeout = patientTimeout
	}
	t.name = fact.Clean(t.name)
	if t.name == "" {
		t.name = fact.Clean(t.host)
	}
	s.caFile = beside(folder, s.caFile)
	for _, files := range [][]string{s.ssh.identities, s.ssh.knownHosts} {
		for i := range files {
			files[i] = beside(folder, files[i])
		}
	}
	if strings.HasSuffix(s.profile, ".json") {
		s.profile = beside(folder, s.profile)
	}
	return t, t.parseExpected(expect, at+".expect", folder)
}

var variableName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// beside is a path as seen from the folder of the file that names it.
func beside(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

func (t *smokeTarget) parseExpected(raw json.RawMessage, at, folder string) error {
	e := &t.expected
	var ways []json.RawMessage
	err := fields(raw, at, map[string]any{
		"open": &e.Open, "closed": &e.Closed, "certificate_days": &e.CertificateDays, "host_keys": &e.HostKeys,
		"ways": &ways, "tolerated": &e.Tolerated, "compare": &t.compare,
	})
	if err != nil {
		return err
	}
	if e.CertificateDays < 0 || e.CertificateDays == 0 && bytes.Contains(raw, []byte(`"certificate_days"`)) {
		return fmt.Errorf("%s.certificate_days is %d; write a number of days from 1", at, e.CertificateDays)
	}
	for name, ports := range map[string][]int{"open": e.Open, "closed": e.Closed} {
		if i := slices.IndexFunc(ports, noPort); i >= 0 {
			return fmt.Errorf("%s.%s[%d] is %d; write a port from 1 to 65535", at, name, i, ports[i])
		}
	}
	for i, key := range e.HostKeys {
		if !hostKeyForm.MatchString(key) {
			return fmt.Errorf("%s.host_keys[%d] is %q; write the fingerprint as ssh-keygen -l prints it: SHA256: and 43 characters", at, i, key)
		}
	}
	for i, code := range e.Tolerated {
		if _, ok := cause.ByCode(code); !ok {
			return fmt.Errorf("%s.tolerated[%d]: there is no cause %q%s; ftpdoctor list causes names them", at, i, code, didYouMean(code, causeCodes()))
		}
	}
	for i, raw := range ways {
		way, err := parseWay(raw, fmt.Sprintf("%s.ways[%d]", at, i))
		if err != nil {
			return err
		}
		e.Ways = append(e.Ways, way)
	}
	for i, port := range e.Open {
		if slices.Contains(e.Closed, port) {
			return fmt.Errorf("%s.open[%d]: port %d is expected to be closed as well; keep one of them", at, i, port)
		}
	}
	t.compare = beside(folder, t.compare)
	return nil
}

func noPort(number int) bool { return number < 1 || number > 65535 }

var hostKeyForm = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)

var provable = []string{string(cause.ProofConnected), string(cause.ProofVerified), string(cause.ProofLoggedIn), string(cause.ProofListed), string(cause.ProofWrote)}

// parseWay reads a way in: {"protocol": "sftp", "port": 22, "proof": "verified"}.
func parseWay(raw json.RawMessage, at string) (report.ExpectedWay, error) {
	var way report.ExpectedWay
	var protocol, proof string
	if err := fields(raw, at, map[string]any{"protocol": &protocol, "port": &way.Port, "proof": &proof}); err != nil {
		return way, err
	}
	if !slices.Contains(protocols, protocol) {
		return way, fmt.Errorf("%s.protocol is %q; write one of %s", at, protocol, strings.Join(protocols, ", "))
	}
	if proof != "" && !slices.Contains(provable, proof) {
		return way, fmt.Errorf("%s.proof is %q; write one of %s", at, proof, strings.Join(provable, ", "))
	}
	if way.Port != 0 && noPort(way.Port) {
		return way, fmt.Errorf("%s.port is %d; write a port from 1 to 65535", at, way.Port)
	}
	way.Protocol, way.Proof = fact.Protocol(protocol), cause.Proof(proof)
	return way, nil
}

// fields reads an object whose fields are all known. An error names the field by its path.
func fields(raw json.RawMessage, at string, known map[string]any) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return fmt.Errorf("%s is no object; write { ... }", orTop(at))
	}
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	var typed []string
	for name := range object {
		typed = append(typed, name)
	}
	slices.Sort(typed)
	for _, name := range typed {
		value := object[name]
		path := strings.TrimPrefix(at+"."+name, ".")
		into, ok := known[name]
		if !ok {
			return unknownField(at, name, names)
		}
		err := json.Unmarshal(value, into)
		if wrong, isType := errors.AsType[*json.UnmarshalTypeError](err); isType {
			return fmt.Errorf("%s cannot be %s; write %s", path, wrong.Value, wantedJSON(into))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if bytes.Equal(bytes.TrimSpace(value), []byte("null")) {
			return fmt.Errorf("%s is null; leave it out, or write %s", path, wantedJSON(into))
		}
	}
	return nil
}

func unknownField(at, name string, names []string) error {
	if name == "password" {
		return fmt.Errorf(`%s: no password belongs into this file; write "password_env" and the name of the variable that holds it`, orTop(at))
	}
	return fmt.Errorf("%s: there is no field %q%s; the fields are %s", orTop(at), name, didYouMean(name, names), strings.Join(names, ", "))
}

func orTop(at string) string {
	if at == "" {
		return "the file"
	}
	return at
}

// wantedJSON says what a field takes.
func wantedJSON(into any) string {
	switch into.(type) {
	case *string:
		return "a text in quotation marks"
	case *int:
		return "a number"
	case *bool:
		return "true or false"
	case *[]int:
		return "a list of ports, such as [21, 22]"
	case *[]string:
		return `a list of texts, such as ["one"]`
	case *[]json.RawMessage:
		return "a list of objects"
	default:
		return "an object"
	}
}
