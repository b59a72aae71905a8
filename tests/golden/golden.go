// Package golden compares what renderers make with files that people have looked at.
package golden

import (
	"os"
	"path/filepath"
	"testing"
)

// Check compares texts, by file name, with those in the folder testdata of the test. With update it writes them first. A text
// without its file fails the test, and so does a file there that no text belongs to; folders are left alone.
func Check(t testing.TB, texts map[string][]byte, update bool) {
	t.Helper()
	for name, got := range texts {
		path := filepath.Join("testdata", name)
		if update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		switch {
		case err != nil:
			t.Errorf("%v: run go test with -update", err)
		case string(want) != string(got):
			t.Errorf("%s has changed:\n%s", path, got)
		}
	}
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if texts[e.Name()] == nil && !e.IsDir() {
			t.Errorf("testdata/%s belongs to no text", e.Name())
		}
	}
}
