package cause

var sshRules []Rule
