package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "x.1.md")
	if err := os.WriteFile(page, []byte("% x 1\n\n## NAME\nx - an example\n\n## OPTIONS\n#### **--flag**, **-f**=*V*\n\nDo it.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := renderAll(filepath.Join(dir, "out"), []string{page}); err != nil {
		t.Fatal(err)
	}
	roff, err := os.ReadFile(filepath.Join(dir, "out", "x.1"))
	if err != nil || !strings.Contains(string(roff), ".SH NAME") || !strings.Contains(string(roff), `\fB--flag\fP`) {
		t.Errorf("%v: %s", err, roff)
	}
}

func TestRenderRefuses(t *testing.T) {
	dir := t.TempDir()
	nameless := filepath.Join(dir, "y.1.md")
	if err := os.WriteFile(nameless, []byte("# y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{nameless, filepath.Join(dir, "missing.1.md"), "page.txt"} {
		if err := renderAll(dir, []string{page}); err == nil || !strings.Contains(err.Error(), page) {
			t.Errorf("%s: %v", page, err)
		}
	}
}
