package tests

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestStyleFails shows that each rule finds what it is for, and nothing in good code.
func TestStyleFails(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		want             []string // rules
	}{
		{"good", "a/a.go", goodCode, nil},
		{"long function", "a/a.go", "package a\nfunc f() {\n" + strings.Repeat("\t_ = 1\n", 80) + "}\n", []string{"size"}},
		{"function at the limit", "a/a.go", "package a\nfunc f() {\n" + strings.Repeat("\t_ = 1\n", 78) + "}\n", nil},
		{"long file", "a/a.go", "package a\n" + strings.Repeat("\n", 400), []string{"size"}},
		{"wide interface", "a/a.go", "package a\ntype i interface{ A(); B(); C(); D(); E() }\n", []string{"size"}},
		{"composed interface", "a/a.go", "package a\ntype i interface{ j; k; l; A(); B(); C() }\n", []string{"size"}},
		{"no comments", "a/a.go", "package a\nfunc F() {}\ntype T int\nfunc (t *T) M() {}\nconst C = 1\nfunc (t t2) M() {}\ntype t2 int\n",
			[]string{"documented", "documented", "documented", "documented"}},
		{"no comment in a group", "a/a.go", "package a\n// Types.\ntype (\n\tT int\n)\n", []string{"documented"}},
		{"generic receiver", "a/a.go", "package a\n// T is it.\ntype T[A any] int\nfunc (t *T[A]) M() {}\n", []string{"documented"}},
		{"init", "a/a.go", "package a\nfunc init() {}\n", []string{"globals"}},
		{"variables", "a/a.go", "package a\nvar x int\nvar y = map[string]int{}\nvar z = f()\n", []string{"globals", "globals", "globals"}},
		{"exit", "a/a.go", "package a\nimport \"os\"\nfunc f() { os.Exit(1) }\n", []string{"calls"}},
		{"exit in main", "cmd/paddock/main.go", "package main\nimport \"os\"\nfunc main() { os.Exit(1) }\n", nil},
		{"setting the environment", "cmd/x/main.go", "package main\nimport \"os\"\nfunc main() { g(os.Setenv) }\n", []string{"calls"}},
		{"environment", "a/a.go", "package a\nimport \"os\"\nfunc f() { g(os.Getenv) }\n", []string{"calls"}},
		{"printing", "a/a.go", "package a\nimport \"fmt\"\nfunc f() { fmt.Println(); println() }\n", []string{"calls", "calls"}},
		{"printing in main", "cmd/paddock/main.go", "package main\nimport \"fmt\"\nfunc main() { fmt.Println() }\n", []string{"calls"}},
		{"printing in ui", "cmd/paddock/internal/ui/a.go", "package ui\nimport \"fmt\"\nfunc f() { fmt.Println() }\n", nil},
		{"stderr", "a/a.go", "package a\nimport \"os\"\nfunc f() { g(os.Stderr) }\n", []string{"calls"}},
		{"command", "tests/x/main.go", "package main\nimport \"os/exec\"\nfunc f() { exec.Command(\"x\") }\n", []string{"calls"}},
		{"background", "a/a.go", "package a\nimport \"context\"\nfunc f() { g(context.Background()) }\n", []string{"calls"}},
		{"getter", "a/a.go", "package a\nimport \"github.com/urfave/cli/v2\"\nfunc f(c *cli.Context) { c.String(\"x\") }\n", []string{"calls"}},
		{"no getter", "a/a.go", "package a\nfunc f(c *thing) { c.String(\"x\") }\n", nil},
		{"messages", "a/a.go", "package a\nimport \"errors\"\nfunc f() { g(errors.New(\"failed to x\"), errors.New(\"x.\")) }\n", []string{"calls", "calls"}},
		{"unfinished", "a/a.go", "package a\n// TODO: more.\nfunc f() {}\n", []string{"words"}},
		{"a test", "a/a_test.go", "package a\nvar x int\nfunc init() {}\n", nil},
	} {
		files := fstest.MapFS{c.file: {Data: []byte(c.text)}}
		if !strings.HasPrefix(c.text, "//") {
			files[c.file[:strings.LastIndex(c.file, "/")]+"/doc.go"] = &fstest.MapFile{Data: []byte("// Package x is here.\n" + strings.SplitN(c.text, "\n", 2)[0] + "\n")}
		}
		sources, err := load(files)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []string
		findings := checkStyle(sources)
		for _, f := range findings {
			got = append(got, f.rule)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, findings, c.want)
		}
	}
}

func TestPackageCommentIsWanted(t *testing.T) {
	sources, err := load(fstest.MapFS{"a/a.go": {Data: []byte("package a\n")}, "b/b.go": {Data: []byte("// Package b is.\npackage b\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if found := checkStyle(sources); len(found) != 1 || found[0].where != "a/a.go" {
		t.Errorf("got %v", found)
	}
}

const goodCode = `// Package a is good.
package a

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// ErrX is one.
var ErrX = errors.New("x")

var (
	_    io.Reader = (*t)(nil)
	word           = regexp.MustCompile("x")
)

//go:embed a.txt
var text string

// Kinds of things.
const (
	A = 1
	B = 2
)

type t struct{}

func (*t) Read([]byte) (int, error) { return 0, fmt.Errorf("reading x: %w", ErrX) }

// I is small.
type I interface{ A(); B(); C(); D() }
`
