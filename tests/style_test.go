package tests

import (
	"cmp"
	"go/ast"
	"slices"
	"testing"
)

// The budget of sizes, in lines and methods.
const (
	maxFunction    = 80
	maxFunctionP90 = 40
	maxFile        = 400
	maxMethods     = 4 // of an interface's own
	maxEntries     = 5 // with what it embeds
)

// rule is one rule of style, for one file that is no test.
type rule struct {
	name  string
	check func(s *source, report func(n ast.Node, what string))
}

func rules() []rule {
	return []rule{
		{"size", checkSizes},
		{"documented", checkDocs},
		{"globals", checkGlobals},
		{"calls", checkCalls},
		{"words", checkWords},
	}
}

// checkStyle applies every rule, and those that look at whole packages.
func checkStyle(sources []*source) []finding {
	var findings []finding
	documented := map[string]bool{}
	first := map[string]*source{}
	for _, s := range sources {
		if s.test {
			continue
		}
		for _, r := range rules() {
			r.check(s, func(n ast.Node, what string) {
				findings = append(findings, finding{r.name, s.at(n), what})
			})
		}
		documented[s.dir] = documented[s.dir] || s.ast.Doc != nil
		if first[s.dir] == nil {
			first[s.dir] = s
		}
	}
	for dir, s := range first {
		if !documented[dir] {
			findings = append(findings, finding{"documented", s.path, "package " + dir + " has no comment"})
		}
	}
	slices.SortFunc(findings, func(a, b finding) int { return cmp.Compare(a.String(), b.String()) })
	return findings
}

func TestStyle(t *testing.T) { complain(t, checkStyle(tree(t))) }

// TestSizes holds the code as a whole to its budget.
func TestSizes(t *testing.T) {
	var functions, files []int
	for _, s := range tree(t) {
		if s.test {
			continue
		}
		files = append(files, s.lines)
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				functions = append(functions, s.span(f))
			}
		}
	}
	slices.Sort(functions)
	slices.Sort(files)
	if p90 := functions[len(functions)*9/10]; p90 > maxFunctionP90 {
		t.Errorf("one function in ten has more than %d lines, want %d", p90, maxFunctionP90)
	}
	t.Logf("%d files, median %d lines; %d functions, median %d, p90 %d, longest %d", len(files), files[len(files)/2],
		len(functions), functions[len(functions)/2], functions[len(functions)*9/10], functions[len(functions)-1])
}

func checkSizes(s *source, report func(ast.Node, string)) {
	if s.lines > maxFile {
		report(s.ast, "file is too long")
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if s.span(n) > maxFunction {
				report(n, "function "+n.Name.Name+" is too long")
			}
		case *ast.InterfaceType:
			methods, embedded := 0, 0
			for _, m := range n.Methods.List {
				if len(m.Names) == 0 {
					embedded++
				}
				methods += len(m.Names)
			}
			if methods > maxMethods || methods+embedded > maxEntries {
				report(n, "interface has too many methods")
			}
		}
		return true
	})
}
