package cause

var dnsRules []Rule
