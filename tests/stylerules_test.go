package tests

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checkDocs wants a comment on everything exported: on the name itself, or on the group it stands in.
func checkDocs(s *source, report func(ast.Node, string)) {
	if s.main() {
		return // nobody can import it
	}
	for _, d := range s.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
				report(d, d.Name.Name+" has no comment")
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				for _, name := range undocumented(d, spec) {
					report(spec, name+" has no comment")
				}
			}
		}
	}
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	t := f.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

func undocumented(group *ast.GenDecl, spec ast.Spec) []string {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && spec.Doc == nil && (group.Doc == nil || group.Lparen.IsValid()) {
			return []string{spec.Name.Name}
		}
	case *ast.ValueSpec:
		var names []string
		for _, n := range spec.Names {
			if n.IsExported() && spec.Doc == nil && spec.Comment == nil && group.Doc == nil {
				names = append(names, n.Name)
			}
		}
		return names
	}
	return nil
}

// checkGlobals allows as package variables only what never changes: errors, compiled expressions, embedded files, and
// the statement that a type implements an interface. And no init.
func checkGlobals(s *source, report func(ast.Node, string)) {
	for _, d := range s.ast.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			report(f, "init runs behind everyone's back")
		}
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if !constant(g, v) {
				report(v, "package variable "+v.Names[0].Name)
			}
		}
	}
}

func constant(g *ast.GenDecl, v *ast.ValueSpec) bool {
	if embedded(g.Doc) || embedded(v.Doc) {
		return true
	}
	if !slices.ContainsFunc(v.Names, func(n *ast.Ident) bool { return n.Name != "_" }) {
		return true
	}
	fixed := []string{"errors.New", "fmt.Errorf", "regexp.MustCompile"}
	return len(v.Values) == len(v.Names) && !slices.ContainsFunc(v.Values, func(e ast.Expr) bool {
		call, ok := e.(*ast.CallExpr)
		return !ok || !slices.Contains(fixed, dotted(call.Fun))
	})
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// dotted writes a selector of names: "os.Exit"; "" for anything else.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return x.Name + "." + e.Sel.Name
		}
	}
	return ""
}

// places says where a name of another package may be used.
func (s *source) allows(name string) bool {
	program := s.main() && (s.path == "cmd/paddock/main.go" || s.below("tests", "contrib"))
	switch name {
	case "exec.Command", "http.DefaultClient", "os.Unsetenv", "os.IsNotExist", "os.IsExist", "cli.Exit":
		return false
	case "os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln",
		"os.Getenv", "os.LookupEnv", "os.Environ", "os.Args", "os.Stdin", "os.Stdout", "os.Stderr",
		"context.Background", "context.TODO":
		return program
	case "os.Setenv":
		return s.path == "cmd/paddock/main.go" // before anything else runs
	case "fmt.Print", "fmt.Printf", "fmt.Println", "print", "println":
		return s.dir == "cmd/paddock/internal/ui" || program && s.path != "cmd/paddock/main.go"
	}
	return true
}

// checkCalls looks at the use of names that have one place, or none.
func checkCalls(s *source, report func(ast.Node, string)) {
	framework := slices.ContainsFunc(s.ast.Imports, func(i *ast.ImportSpec) bool { return strings.Contains(i.Path.Value, "urfave/cli") })
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if name := dotted(n); !s.allows(name) {
				report(n, name+" is not allowed here")
			}
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && !s.allows(id.Name) {
				report(n, id.Name+" is not allowed here")
			}
			if framework && getter(n) {
				report(n, "flag looked up by name; bind it to a field")
			}
			checkMessage(n, report)
		}
		return true
	})
}

// getter matches c.String("name") and its like: a misspelled name would be a zero value.
func getter(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	kinds := []string{"Bool", "Count", "Duration", "Float64", "Generic", "Int", "Int64", "Int64Slice", "IntSlice", "IsSet",
		"Path", "String", "StringSlice", "Timestamp", "Uint", "Uint64", "Value"}
	return ok && lit.Kind == token.STRING && slices.Contains(kinds, sel.Sel.Name)
}

// checkMessage holds error messages to the form "reading x: …".
func checkMessage(call *ast.CallExpr, report func(ast.Node, string)) {
	if name := dotted(call.Fun); name != "errors.New" && name != "fmt.Errorf" || len(call.Args) == 0 {
		return
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return
	}
	text, err := strconv.Unquote(lit.Value)
	if err == nil && (strings.HasPrefix(strings.ToLower(text), "failed to") || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "\n")) {
		report(call, "error message "+lit.Value+": say the act, without a period")
	}
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

// checkWords refuses notes of what is not done.
func checkWords(s *source, report func(ast.Node, string)) {
	for _, group := range s.ast.Comments {
		for _, c := range group.List {
			if unfinished.MatchString(c.Text) {
				report(c, "unfinished: "+c.Text)
			}
		}
	}
}
