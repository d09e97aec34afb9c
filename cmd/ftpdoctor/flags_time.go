package main

import (
	"fmt"
	"strings"
	"time"

	"ftpdoctor/probe"
)

// idleAuto is --idle without a time.
const idleAuto = "auto"

// The bounds of what may be asked for.
const (
	shortestIdle = time.Second
	longestIdle  = 24 * time.Hour

	mostRounds    = 100
	usualEvery    = 30 * time.Second
	shortestEvery = time.Second
	longestEvery  = 24 * time.Hour
)

// idleGrace is what a run with --idle needs besides that time: the sign-ins before, and the last answers.
const idleGrace = usualTimeout

// patientWait is what --patient waits for one answer.
const patientWait = time.Minute

// planTime says how long to leave sessions alone, and gives the whole run the time that it then needs.
func (f *checkFlags) planTime(plan *probe.Plan, timeoutGiven bool) error {
	if err := f.planIdle(plan); err != nil {
		return err
	}
	round := plan.Timeout // is enough for one
	if plan.Idle > 0 {
		round += plan.Idle + idleGrace
	}
	if plan.ConnectTimeout >= plan.Timeout {
		round += plan.ConnectTimeout
	}
	earlier := time.Duration(max(0, plan.Rounds-1))
	pauses := earlier * max(plan.Every, plan.Idle) // from the beginning of the first round to that of the last
	switch {
	case !timeoutGiven:
		plan.Timeout = max(round, pauses+round, time.Duration(plan.Rounds)*round)
	case plan.Timeout <= pauses:
		return fmt.Errorf("--timeout %v ends the run before round %d begins, after %v; write --timeout %v, or leave it out", f.timeout, plan.Rounds, pauses, pauses+round)
	case plan.Timeout <= pauses+plan.Idle:
		return endsBefore(f.timeout, plan.Idle, "--idle", pauses+plan.Idle+idleGrace)
	case plan.Timeout <= plan.ConnectTimeout:
		return endsBefore(f.timeout, plan.ConnectTimeout, "--connect-timeout", round)
	case plan.Patient && plan.Timeout < patientWait:
		return endsBefore(f.timeout, patientWait, "--patient", patientTimeout)
	}
	return nil
}

// endsBefore says that the run would end before what was asked for.
func endsBefore(timeout, asked time.Duration, flag string, enough time.Duration) error {
	return fmt.Errorf("--timeout %v ends the run before the %v of %s are over; write --timeout %v, or leave it out", timeout, asked, flag, enough)
}

// planIdle reads the time of --idle.
func (f *checkFlags) planIdle(plan *probe.Plan) error {
	switch f.idle {
	case "":
		return nil
	case idleAuto:
		plan.Idle = plan.IdleTime()
		return nil
	}
	asked, err := time.ParseDuration(f.idle)
	if err != nil || asked < shortestIdle || asked > longestIdle {
		return fmt.Errorf("--idle cannot be %q; write a time from 1s to 24h, such as --idle=75s", f.idle)
	}
	plan.Idle = asked
	return nil
}

// takeIdle finds the time of --idle where it stands apart, as in --idle 75s HOST. A flag whose value may be left out does not
// take the next word, and no host is called so.
func (f *checkFlags) takeIdle(args []string) ([]string, error) {
	if f.idle != idleAuto || len(args) != 2 {
		return args, nil
	}
	for i, word := range args {
		if _, err := time.ParseDuration(word); err == nil || strings.Trim(word, "0123456789") == "" {
			f.idle = word
			return append(args[:i:i], args[i+1:]...), nil
		}
	}
	return nil, fmt.Errorf("one host at a time, not %q and %q; if one of them is the time of --idle, write it as in --idle=75s", args[0], args[1])
}
