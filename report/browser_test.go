package report

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A browser shows the page, in the light and in the dark.
func TestHTMLInABrowser(t *testing.T) {
	needs(t, "chromium", "it is in Debian's package chromium")
	page := written(t, format(t, "html"), loadFile(t, "testdata/port-21-blocked.json"))
	light := screenshot(t, page)
	dark := screenshot(t, inTheDark(page))
	if l, d := brightness(light), brightness(dark); l < 0.8 || d > 0.3 {
		t.Errorf("the brightness is %.2f in the light and %.2f in the dark", l, d)
	}
	for name, shot := range map[string]image.Image{"light": light, "dark": dark} {
		if n := colours(shot); n < 50 {
			t.Errorf("%s: %d colours, want text and a picture", name, n)
		}
	}
}

// needs skips a test where a program is missing, and fails it where none may be.
func needs(t *testing.T, program, where string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, program+" is missing; "+where)
	}
}

// needsFile is the file that a variable names. Without one the test is skipped, or fails where none may be.
func needsFile(t *testing.T, variable, what string) string {
	t.Helper()
	file := os.Getenv(variable)
	if _, err := os.Stat(file); err != nil {
		missing(t, fmt.Sprintf("%s is missing; .ci/run brings it, and %s names the file", what, variable))
	}
	return file
}

func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("FTPDOCTOR_REAL") == "require" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// inTheDark is a page as a browser shows it to somebody who wants dark pages.
func inTheDark(page string) string {
	return strings.NewReplacer("(prefers-color-scheme: dark)", "all", "color-scheme: light dark", "color-scheme: dark").Replace(page)
}

// browse shows a page in a window of 1200 x 2400, and returns what the browser prints.
func browse(t *testing.T, page string, flags ...string) string {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "page.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "chromium", append(flags, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
		"--user-data-dir="+filepath.Join(folder, "profile"), "--window-size=1200,2400", "file://"+file)...)
	run.WaitDelay = time.Second
	var said bytes.Buffer
	run.Stderr = &said
	printed, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	return string(printed)
}

func screenshot(t *testing.T, page string) image.Image {
	t.Helper()
	shot := filepath.Join(t.TempDir(), "page.png")
	browse(t, page, "--screenshot="+shot)
	text, err := os.ReadFile(shot)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// brightness is the mean of all points, from 0 to 1.
func brightness(picture image.Image) float64 {
	sum, n := 0.0, 0.0
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y += 4 {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x += 4 {
			r, g, b, _ := picture.At(x, y).RGBA()
			sum += float64(r+g+b) / (3 * 0xffff)
			n++
		}
	}
	return sum / n
}

func colours(picture image.Image) int {
	found := map[[3]uint32]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			found[[3]uint32{r, g, b}] = true
		}
	}
	return len(found)
}
