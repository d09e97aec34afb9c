package fact

// Idle is a session that was left alone after the sign-in, and what became of it. Its replies are observations of their own.
type Idle struct {
	Protocol  Protocol `json:"protocol"`
	KeepAlive string   `json:"keep_alive,omitempty"` // what was sent meanwhile: "NOOP", "keepalive@openssh.com", "STOR": a file that goes up slowly; empty: nothing
	Every     Millis   `json:"every_ms,omitempty"`   // between two of these
	Limit     Millis   `json:"limit_ms"`             // for how long the session was to be left alone
	Lived     Millis   `json:"lived_ms"`             // from the last word of the sign-in to the end, or to the last sign of life
	Answered  int      `json:"answered,omitempty"`   // keep-alives that were answered
	End       IdleEnd  `json:"end"`
	Code      int      `json:"code,omitempty"`  // of the last words, over FTP
	Lines     []string `json:"lines,omitempty"` // the last words
	Early     bool     `json:"early,omitempty"` // the user had seen enough before Limit
}

// IdleEnd is how an idle session ended.
type IdleEnd string

// The ends.
const (
	IdleAlive     IdleEnd = "alive"         // it answered at the end
	IdleGoodbye   IdleEnd = "goodbye"       // the server said why it hangs up
	IdleClosed    IdleEnd = "closed"        // FIN without a word, while nothing was asked
	IdleReset     IdleEnd = "reset"         // RST while nothing was asked
	IdleSilent    IdleEnd = "silent"        // what was asked in the end got no answer
	IdleResetUse  IdleEnd = "reset-on-use"  // what was asked in the end was answered with RST
	IdleClosedUse IdleEnd = "closed-on-use" // what was asked in the end was answered with FIN
	IdleUnknown   IdleEnd = "unknown"       // the run was stopped before it was known
)
