// Package tests holds the tests of the code as text: which package may import which, and the rules of style. What they
// check is checked too: each rule is shown to fail.
package tests

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/paddock-dev/paddock"

// source is one Go file.
type source struct {
	path  string // slash-separated, below the module's root
	dir   string // "." for the root
	test  bool
	lines int
	ast   *ast.File
	fset  *token.FileSet
}

// finding is one rule broken at one place.
type finding struct{ rule, where, what string }

func (f finding) String() string { return f.where + ": " + f.what + " (" + f.rule + ")" }

// load parses every Go file of the module, whatever its build tags, leaving out what the go command leaves out.
func load(root fs.FS) ([]*source, error) {
	var sources []*source
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != "." && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || p == "bin") {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		s := &source{path: p, dir: path.Dir(p), test: strings.HasSuffix(name, "_test.go"), fset: token.NewFileSet()}
		s.lines = bytes.Count(text, []byte("\n"))
		s.ast, err = parser.ParseFile(s.fset, p, text, parser.ParseComments|parser.SkipObjectResolution)
		sources = append(sources, s)
		return err
	})
	return sources, err
}

// tree is the module's own source.
func tree(t *testing.T) []*source {
	t.Helper()
	sources, err := load(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 50 {
		t.Fatalf("only %d Go files: this is not the module", len(sources))
	}
	return sources
}

// at says where a node stands.
func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(n.Pos()).Line)
}

// span is how many lines a node takes.
func (s *source) span(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

// main says whether the file belongs to a program.
func (s *source) main() bool { return s.ast.Name.Name == "main" }

// below says whether the file lies in one of the folders.
func (s *source) below(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return s.dir == d || strings.HasPrefix(s.dir, d+"/") })
}

// complain fails the test once for each finding.
func complain(t *testing.T, findings []finding) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}
