package cause

var ftpRules []Rule
