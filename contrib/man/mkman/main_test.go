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
	if err := os.WriteFile(page, []byte("% x 1\n\n## NAME\nx - an example\n\n## OPTIONS\n#### **--flag**, **-f**=*V*\n\nDo \"it\", as [x(5)](x.5.md).\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := renderAll(filepath.Join(dir, "out"), []string{page}); err != nil {
		t.Fatal(err)
	}
	roff, err := os.ReadFile(filepath.Join(dir, "out", "x.1"))
	if err != nil || !strings.Contains(string(roff), ".SH NAME") || !strings.Contains(string(roff), `\fB--flag\fP`) ||
		!strings.Contains(string(roff), `Do "it", as x(5).`) {
		t.Errorf("%v: %s", err, roff)
	}
}

func TestUnlink(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"see **[a(1)](a.1.md)**, **[b(5)](b.5.md)**.", "see **a(1)**, **b(5)**."},
		{"[site](https://example.org/) [--] (x.md)", "[site](https://example.org/) [--] (x.md)"},
		{"[*options*] *NAME* [**--** *ARGS*]", "[*options*] *NAME* [**--** *ARGS*]"},
	} {
		if got := string(unlink([]byte(c.in))); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		page := filepath.Join(dir, name)
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return page
	}
	const head = "% y 1\n\n## NAME\ny - an example\n\n## OPTIONS\n"
	for _, c := range []struct{ page, want string }{
		{write("nameless.1.md", "# y\n"), "NAME"},
		{write("table.1.md", head+"| a | b |\n| --- | --- |\n| 1 | 2 |\n"), "table"},
		{write("quote.1.md", head+"#### **x** (default \"y\")\n\nText.\n"), "quote"},
		{write("section.1.md", head+"## THE \"REST\"\n\nText.\n"), "quote"},
		{write("link.1.md", head+"[a\nb](a.1.md)\n"), "link"},
		{"missing.1.md", "no such file"},
		{"page.txt", ".md"},
	} {
		err := renderAll(filepath.Join(dir, "out"), []string{c.page})
		if err == nil || !strings.Contains(err.Error(), c.page) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.page, err)
		}
	}
}
