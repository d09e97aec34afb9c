package fact

// WebLogin is one attempt to sign in on the service's web server, by its own interface for that, and how it ended. The
// observation's failure says why no answer came.
type WebLogin struct {
	Path     string   `json:"path,omitempty"`
	Status   int      `json:"status,omitempty"` // of the answer
	Outcome  Outcome  `json:"outcome"`
	Withheld Withheld `json:"withheld,omitempty"` // why name and password were not sent
	Code     bool     `json:"code,omitempty"`     // the code of a second factor was sent with them
	Reason   string   `json:"reason,omitempty"`   // the service's own name of the reason of a refusal
	Says     []string `json:"says,omitempty"`     // its words for it, cleaned
	Request  string   `json:"request,omitempty"`  // the service's number of the request, for its support
	Ended    bool     `json:"ended,omitempty"`    // the session that began was deleted at once
}

// PublicIP is what a service of the user's choice says about the address that this computer is seen under.
type PublicIP struct {
	Service string `json:"service"`           // "myip.example.com@resolver.example.com": the question, and who is asked
	Server  string `json:"server,omitempty"`  // IP:port of who was asked
	Address string `json:"address,omitempty"` // empty: no answer came; the observation's failure says why
}
