package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"ftpdoctor/probe"
)

// serviceFlags ask others than the FTP and SFTP server.
type serviceFlags struct {
	askWeb   bool
	publicIP string
}

// usualWhoami answers with the address of whoever asks. It belongs to Cisco's OpenDNS.
const usualWhoami = "myip.opendns.com@resolver1.opendns.com"

func (f *serviceFlags) registerServices(flags *pflag.FlagSet) {
	flags.BoolVar(&f.askWeb, "ask-web", false, "where a sign-in is turned down, try name and password once on the service's web server too")
	flags.StringVar(&f.publicIP, "public-ip", "", "ask a DNS server which address this computer is seen under: --public-ip, or --public-ip=`NAME@SERVER`")
	flags.Lookup("public-ip").NoOptDefVal = usualWhoami
}

// planServices adds what the flags ask for to a plan.
func (f *serviceFlags) planServices(plan *probe.Plan) error {
	switch {
	case f.askWeb && plan.Target.User == "":
		return errors.New("--ask-web needs somebody to sign in; add -u NAME")
	case f.askWeb && plan.Profile.WebLogin == nil:
		return fmt.Errorf(`--ask-web needs a service whose profile declares a web login, and %s does not; sign in by hand on the service's web page, or add "web_login" to a profile of your own`, plan.Profile.Name)
	}
	plan.AskWeb = f.askWeb
	if f.publicIP == "" {
		return nil
	}
	whoami, err := probe.ParseWhoami(f.publicIP)
	if err != nil {
		return fmt.Errorf("--public-ip cannot be %q; %w", f.publicIP, err)
	}
	plan.PublicIP = whoami
	return nil
}

// announce says who else is asked, before it happens.
func (p *process) announce(plan *probe.Plan) {
	if at := plan.WebLoginAt(); at != "" {
		p.say(fmt.Sprintf("With --ask-web: if a sign-in is turned down, the name %s and its password go to %s too, once; the session is ended at once.", plan.Target.User, at))
	}
	if plan.PublicIP != nil {
		p.say(fmt.Sprintf("With --public-ip: the DNS server %s is asked for %s, and learns this computer's public address.", plan.PublicIP.Server, plan.PublicIP.Name))
	}
}
