// Mkman renders the manual: each PAGE.md becomes DIR/PAGE.
//
//	mkman DIR PAGE.md...
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: mkman DIR PAGE.md...")
		os.Exit(2)
	}
	if err := renderAll(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "mkman:", err)
		os.Exit(1)
	}
}

func renderAll(dir string, pages []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of pages: %w", err)
	}
	for _, page := range pages {
		if err := render(dir, page); err != nil {
			return fmt.Errorf("rendering %s: %w", page, err)
		}
	}
	return nil
}

func render(dir, page string) error {
	name, ok := strings.CutSuffix(filepath.Base(page), ".md")
	if !ok {
		return fmt.Errorf("the name does not end in .md")
	}
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	roff := md2man.Render(unlink(text))
	if err := check(roff); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), roff, 0o644)
}
