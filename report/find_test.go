package report

import (
	"os"
	"strings"
	"testing"
)

func TestJSONWithWordsAroundIt(t *testing.T) {
	text, err := os.ReadFile("testdata/port-21-blocked.json")
	if err != nil {
		t.Fatal(err)
	}
	want := asJSON(t, loadFile(t, "testdata/port-21-blocked.json"))
	for name, pasted := range map[string]string{
		"words before and after": "Hello,\n\nthe report is: " + string(text) + "\nRegards {A}",
		"quoted":                 prefixed("He wrote:\n"+string(text)+"\nand then", "> "),
		"wrapped":                "He wrote:\n" + strings.ReplaceAll(string(text), " FTP app ", "\nFTP app\n"),
		"line ends of Windows":   strings.ReplaceAll(string(text), "\n", "\r\n"),
		"with a byte order mark": "\xef\xbb\xbf" + string(text),
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := Load([]byte(pasted))
			if err != nil {
				t.Fatal(err)
			}
			if asJSON(t, got) != want {
				t.Errorf("the report changed to\n%s", asJSON(t, got))
			}
		})
	}
}

func TestTextsWithoutData(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", " \r\n\t", "empty"},
		{"a letter", "Dear support, it does not work.", "no report of ftpdoctor"},
		{"the text format", "✓ ok\n\nWhat works from here, with the host a\n", "without its data; ask for one that was saved with -f markdown"},
		{"a list", "[1, 2]", "no report of ftpdoctor"},
		{"other JSON", `{"a": 1}`, `"schema" is missing`},
		{"broken JSON", `{"schema": 1, nonsense}`, "no JSON report (byte"},
		{"JSON cut before the host", `{"schema": 1, "target": {"ho`, "cut off after 28 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _, err := Load([]byte(c.text))
			if r != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("report %v, error %v, want %q", r, err, c.want)
			}
		})
	}
}

func TestCutJSONIsShownAndNotJudged(t *testing.T) {
	text, err := os.ReadFile("testdata/port-21-blocked.json")
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := Load(text[:len(text)/2])
	if err == nil || !strings.Contains(err.Error(), "cut off after") {
		t.Errorf("error %v, want that it is cut off", err)
	}
	if r == nil || r.Verdict.Status != Inconclusive || len(r.Findings) != 1 || len(r.Seen) == 0 {
		t.Errorf("report %+v, want what is left of it", r)
	}
}

func TestRemarkSaysWhatIsJudgedOtherwise(t *testing.T) {
	text, err := os.ReadFile("testdata/port-21-blocked.json")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(`"tcp-port-filtered"`, `"tcp-dropped"`, `"0.1.0-dev"`, `"0.0.9"`).Replace(string(text))
	_, remark, err := Load([]byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	want := "ftpdoctor 0.0.9 judged this report otherwise: now found: tcp-port-filtered; no longer found: tcp-dropped"
	if remark != want {
		t.Errorf("remark %q, want %q", remark, want)
	}
}
