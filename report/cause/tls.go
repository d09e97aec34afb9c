package cause

var tlsRules []Rule
