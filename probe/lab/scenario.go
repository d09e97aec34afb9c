package lab

import "slices"

// Scenario is one world with what is wrong in it.
type Scenario struct {
	Name  string           // lower-case words joined by hyphens
	Says  string           // one sentence for people
	Args  []string         // what the user types after the program's name
	Env   []string         // the environment that matters, as NAME=value
	Build func() *Computer // the world, seen from the user's computer
	// Causes are the codes that must be shown, and no others. Consequences of these are not listed.
	Causes []string
}

// Find returns the scenario of this name, a hostile one too.
func Find(name string) (Scenario, bool) {
	for _, s := range slices.Concat(Scenarios, Hostile) {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// Scenarios is the table of all worlds, and the only list of them.
var Scenarios = slices.Concat(
	healthy,
	localFaults,
	nameFaults,
	pathFaults,
	tlsFaults,
	ftpFaults,
	sshFaults,
	faultsTogether,
	healthySignIns,
	loginFaults,
	dataFaults,
	idleFaults,
	rounds,
	signInFaultsTogether,
	serviceFaults,
	healthySFTP,
	hostKeyFaults,
	sshFileFaults,
	keyFaults,
	authFaults,
	sftpFaults,
	sshFaultsTogether,
)
