package report

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A browser shows the page, in the light and in the dark.
func TestHTMLInABrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("FTPDOCTOR_REAL") == "require" {
			t.Fatal("chromium is missing; it is in Debian's package chromium")
		}
		t.Skip("chromium is missing; it is in Debian's package chromium")
	}
	page := written(t, format(t, "html"), loadFile(t, "testdata/port-21-blocked.json"))
	light := screenshot(t, browser, page)
	dark := screenshot(t, browser, string(bytes.ReplaceAll([]byte(page), []byte("(prefers-color-scheme: dark)"), []byte("all"))))
	if l, d := brightness(light), brightness(dark); l < 0.8 || d > 0.3 {
		t.Errorf("the brightness is %.2f in the light and %.2f in the dark", l, d)
	}
	for name, shot := range map[string]image.Image{"light": light, "dark": dark} {
		if n := colours(shot); n < 50 {
			t.Errorf("%s: %d colours, want text and a picture", name, n)
		}
	}
}

// screenshot shows a page in a window of 1200 x 2400.
func screenshot(t *testing.T, browser, page string) image.Image {
	t.Helper()
	folder := t.TempDir()
	file, shot := filepath.Join(folder, "page.html"), filepath.Join(folder, "page.png")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(folder, "profile"), "--window-size=1200,2400", "--screenshot="+shot, "file://"+file)
	run.WaitDelay = time.Second
	if said, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
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
