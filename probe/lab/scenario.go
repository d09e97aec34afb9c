package lab

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

// Find returns the scenario of this name.
func Find(name string) (Scenario, bool) {
	for _, s := range Scenarios {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// Scenarios is the table of all worlds, and the only list of them.
var Scenarios = []Scenario{
	{
		Name:  "healthy-files-com",
		Says:  "A Files.com site with three addresses, and every way in works.",
		Args:  []string{filesHost},
		Build: filesSite,
	},
	{
		Name:   "port-21-blocked",
		Says:   "A firewall drops port 21 on the way to a healthy Files.com site.",
		Args:   []string{filesHost},
		Causes: []string{"tcp-port-filtered"},
		Build: func() *Computer {
			c := filesSite()
			c.obstruct(Path{Ports: []uint16{21}, Connect: Dropped})
			return c
		},
	},
}
