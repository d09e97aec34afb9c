package report

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// htmlPages are pages of all kinds, by their names.
func htmlPages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	reports := saved(t)
	reports["hostile-facts"], reports["hostile-findings"] = hostileRun(t), hostileFindings(t)
	for name, r := range reports {
		pages[name] = written(t, format(t, "html"), r)
	}
	for _, name := range []string{"blocked", "mended", "hostile-both"} {
		pages["comparison-"+name] = compared(t, format(t, "html"), comparisons(t)[name])
	}
	return pages
}

// spoilt is a page with faults: no language, a grey that is too pale or too dark, and an element that does not exist.
func spoilt(page string) string {
	return strings.NewReplacer(`<html lang="en">`, "<html>", "--dim: #59636e", "--dim: #c0c0c0", "--dim: #9aa4af", "--dim: #404040",
		"</main>", "<fault></fault></main>").Replace(page)
}

// axe-core finds nothing that would keep somebody from reading the page, in the light and in the dark.
func TestHTMLIsAccessible(t *testing.T) {
	needs(t, "chromium", "it is in Debian's package chromium")
	axe := readFile(t, needsFile(t, "FTPDOCTOR_AXE", "axe-core"))
	pages := htmlPages(t)
	for name, page := range pages {
		if found := violations(t, axe, page); len(found) > 0 {
			t.Errorf("%s: %s", name, strings.Join(found, "\n"))
		}
	}
	found := strings.Join(violations(t, axe, spoilt(pages["port-21-blocked"])), "\n")
	for _, fault := range []string{"light: html-has-lang", "light: color-contrast", "dark: color-contrast"} {
		if !strings.Contains(found, fault) {
			t.Errorf("of a page with faults axe-core says %q, and not %s", found, fault)
		}
	}
}

// violations are the rules of axe-core that a page breaks in the light or in the dark, each with the first element that does.
func violations(t *testing.T, axe, page string) []string {
	t.Helper()
	const run = `(async () => {
		const style = document.querySelector("style"), found = { passed: [], broken: [] };
		for (const theme of ["light", "dark"]) {
			if (theme === "dark") {
				style.textContent = style.textContent
					.replaceAll("(prefers-color-scheme: dark)", "all").replaceAll("color-scheme: light dark", "color-scheme: dark");
			}
			const said = await axe.run();
			found.passed.push(...said.passes.map(rule => theme + ": " + rule.id));
			found.broken.push(...said.violations.map(rule => theme + ": " + rule.id + ": " + rule.help + ": " + rule.nodes[0].html));
		}
		document.body.dataset.found = JSON.stringify(found);
	})()`
	// A copy with a script in it, and with everything unfolded.
	copied := strings.NewReplacer(
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`, "",
		"<details", "<details open",
		"</body>", "<script>"+axe+"</script><script>"+run+"</script></body>",
	).Replace(page)
	tree, err := html.Parse(strings.NewReader(browse(t, copied, "--dump-dom", "--virtual-time-budget=60000")))
	if err != nil {
		t.Fatal(err)
	}
	var found struct{ Passed, Broken []string }
	for node := range tree.Descendants() {
		for _, a := range node.Attr {
			if a.Key == "data-found" {
				err = json.Unmarshal([]byte(a.Val), &found)
			}
		}
	}
	if err != nil || !slices.Contains(found.Passed, "dark: document-title") {
		t.Fatalf("axe-core did not run to its end: %v, passed: %q", err, found.Passed)
	}
	return found.Broken
}

// The Nu Html Checker of the W3C finds neither an error nor a warning.
func TestHTMLIsValid(t *testing.T) {
	needs(t, "java", "it is in Debian's package default-jre-headless")
	vnu := needsFile(t, "FTPDOCTOR_VNU", "vnu-jar")
	folder := t.TempDir()
	pages := htmlPages(t)
	pages["spoilt"] = spoilt(pages["port-21-blocked"])
	args := []string{"-jar", vnu, "--stdout", "--format", "json", "--exit-zero-always"}
	for name, page := range pages {
		file := filepath.Join(folder, name+".html")
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	said, err := exec.CommandContext(t.Context(), "java", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var found struct {
		Messages []struct {
			URL, Message string
			LastLine     int
		}
	}
	if err := json.Unmarshal(said, &found); err != nil {
		t.Fatalf("%v in %s", err, said)
	}
	var faults []string
	for _, m := range found.Messages {
		if strings.HasSuffix(m.URL, "/spoilt.html") {
			faults = append(faults, m.Message)
			continue
		}
		t.Errorf("%s, line %d: %s", filepath.Base(m.URL), m.LastLine, m.Message)
	}
	if said := fmt.Sprint(faults); !strings.Contains(said, "fault") {
		t.Errorf("of a page with faults the checker says %s", said)
	}
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
