package main

import (
	"fmt"
	"os"
	"strings"

	"ftpdoctor/probe/profile"
	"ftpdoctor/report/cause"
)

// service finds the profile: built in, from a file, or guessed from the host.
func (f *checkFlags) service(host string) (profile.Profile, error) {
	if f.profile == "" {
		return profile.ForHost(host), nil
	}
	return namedProfile(f.profile)
}

// namedProfile is a built-in profile, or one in a file.
func namedProfile(name string) (profile.Profile, error) {
	if p, ok := profile.ByName(name); ok {
		return p, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		if !strings.ContainsAny(name, `/\`) && !strings.HasSuffix(name, ".json") {
			return profile.Profile{}, fmt.Errorf("there is no profile %q%s; write one of %s, or the path of a JSON file",
				name, didYouMean(name, profile.Names()), strings.Join(profile.Names(), ", "))
		}
		return profile.Profile{}, fmt.Errorf("cannot read the profile %s: %w", name, reason(err))
	}
	p, err := profile.Parse(text)
	if err == nil {
		err = checkCodes(&p)
	}
	if err != nil {
		return p, fmt.Errorf("cannot use the profile %s: %w", name, err)
	}
	return p, nil
}

// checkCodes finds a code that the profile names and that is none.
func checkCodes(p *profile.Profile) error {
	for _, code := range p.Causes() {
		if _, ok := cause.ByCode(code); !ok {
			return fmt.Errorf("it names the cause %q, which does not exist%s; ftpdoctor list causes shows all of them", code, didYouMean(code, causeCodes()))
		}
	}
	return nil
}
