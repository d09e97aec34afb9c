package main

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ftpdoctor": main})
}

// The scripts in testdata run the whole program as a process of its own.
func TestScripts(t *testing.T) {
	schemas := map[string]*jsonschema.Schema{"report": compileSchema(t, "report"), "comparison": compileSchema(t, "comparison")}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LC_ALL", "C.UTF-8")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"pause": pause,
			"valid": func(ts *testscript.TestScript, _ bool, args []string) { valid(ts, schemas, args) },
		},
	})
}

// exits runs a command that must end with a code: exits CODE COMMAND [ARGUMENTS].
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENTS]")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || got != want {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// pause waits: pause TIME.
func pause(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(strings.Join(args, ""))
	ts.Check(err)
	time.Sleep(d)
}

// valid holds JSON against a schema: valid FILE [report | comparison], or valid stdout.
func valid(ts *testscript.TestScript, schemas map[string]*jsonschema.Schema, args []string) {
	schema := schemas[append(args, "report")[1]]
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(schema.Validate(value))
}
