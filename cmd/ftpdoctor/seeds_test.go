package main

import (
	"regexp"
	"slices"
	"testing"

	"ftpdoctor/probe/lab"
	"ftpdoctor/report/cause"
)

// Each point of docs/seeds.md has a world of the lab that shows its cause. What the worlds show is held by TestScenarios.
func TestSeeds(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| ([^|]+) \\| `([a-z0-9-]+)` \\| (?:`([a-z0-9-]+)`|–) \\|$").FindAllStringSubmatch(readDoc(t, "../../docs/seeds.md"), -1)
	lines := regexp.MustCompile("(?m)^\\| [^|]+ \\| `").FindAllString(readDoc(t, "../../docs/seeds.md"), -1)
	if len(rows) != len(lines) || len(rows) < 60 {
		t.Fatalf("%d rows can be read, of %d", len(rows), len(lines))
	}
	for _, row := range rows {
		says, name, code := row[1], row[2], row[3]
		scenario, ok := lab.Find(name)
		if !ok {
			t.Errorf("%s: the lab has no %q", says, name)
			continue
		}
		if _, known := cause.ByCode(code); code != "" && !known {
			t.Errorf("%s: there is no cause %q", says, code)
		}
		if code == "" && len(scenario.Causes) > 0 || code != "" && !slices.Contains(scenario.Causes, code) {
			t.Errorf("%s: %s shows %q, not %q", says, name, scenario.Causes, code)
		}
	}
}
