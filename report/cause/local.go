package cause

var localRules []Rule
