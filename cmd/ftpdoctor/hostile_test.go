package main

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ftpdoctor/probe/lab"
)

// No diagnosis of a server that means harm is right or wrong. The program has to stay within its time, and
// what it writes has to be well formed, clean, and without the password that such a server sends back.
func TestHostileWorlds(t *testing.T) {
	schema := compileSchema(t, "report")
	for _, s := range lab.Hostile {
		t.Run(s.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, live, said := start(t, "", "demo", s.Name, "-f", "json")
				if took := time.Since(began); took > usualTimeout {
					t.Errorf("the run took %v, longer than its deadline", took)
				}
				checkSchema(t, schema, live)
				_, text, _ := start(t, live, "read", "-", "--verbose", "--color", "never")
				checkText(t, text)
				checkSecret(t, s, live, said, text)
			})
		})
	}
}

// checkSecret looks for the password, the code and the passphrase of a world in what the program wrote.
func checkSecret(t *testing.T, s lab.Scenario, outputs ...string) {
	t.Helper()
	for _, variable := range s.Env {
		name, secret, _ := strings.Cut(variable, "=")
		if !slices.Contains([]string{"FTPDOCTOR_PASSWORD", "FTPDOCTOR_OTP", "FTPDOCTOR_KEY_PASSPHRASE"}, name) || secret == "" {
			continue
		}
		for _, out := range outputs {
			if strings.Contains(out, secret) {
				t.Errorf("%s shows in %.2000s", name, out)
			}
		}
	}
}
