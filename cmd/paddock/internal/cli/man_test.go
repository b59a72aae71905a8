package cli

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/config"
)

const manDir = "../../../../contrib/man"

var manFlag = regexp.MustCompile(`\*\*--?([a-z][-a-z]*)\*\*`)

// checkMan compares the manual with the command tree, both ways, and says what differs.
func checkMan(pages fs.FS, tree *node) []string {
	var wrong []string
	names, err := fs.Glob(pages, "*.1.md")
	if err != nil {
		return []string{err.Error()}
	}
	left := map[string]bool{}
	for _, n := range names {
		left[n] = true
	}
	tree.walk(func(n *node) {
		page := strings.Join(append([]string{appName}, n.words...), "-")
		if len(n.words) > 0 && n.words[0] == helpName {
			return // described in paddock(1)
		}
		file := page + ".1.md"
		delete(left, file)
		text, err := fs.ReadFile(pages, file)
		if err != nil {
			wrong = append(wrong, "no page "+file)
			return
		}
		for _, w := range checkPage(string(text), page, n) {
			wrong = append(wrong, file+": "+w)
		}
	})
	for file := range left {
		wrong = append(wrong, file+" is of no command")
	}
	slices.Sort(wrong)
	return wrong
}

func checkPage(text, page string, n *node) []string {
	var wrong []string
	if !strings.HasPrefix(text, "% "+page+" 1\n") {
		wrong = append(wrong, "the first line is not % "+page+" 1")
	}
	if !strings.Contains(text, "\n## NAME\n"+strings.ReplaceAll(page, "-", `\-`)+" - "+n.usage+"\n") {
		wrong = append(wrong, "NAME is not what help says: "+n.usage)
	}
	documented, known := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#### ") {
			for _, m := range manFlag.FindAllStringSubmatch(line, -1) {
				documented[m[1]] = true
			}
		}
	}
	for _, f := range n.flags {
		// the global flags are in paddock(1)
		if global := slices.Contains([]string{"config", "engine", "log-level"}, f.long); global && len(n.words) > 0 {
			continue
		}
		for _, name := range f.names {
			known[name] = true
		}
	}
	for name := range known {
		if !documented[name] {
			wrong = append(wrong, dashed(name)+" is not documented")
		}
	}
	for name := range documented {
		if !known[name] {
			wrong = append(wrong, dashed(name)+" does not exist")
		}
	}
	for _, s := range n.subs {
		name, sub := s.names[0], page+"-"+s.names[0]
		if name != helpName && !strings.Contains(text, fmt.Sprintf("\n**%s**, **[%s(1)](%s.1.md)**\n: %s\n", name, sub, sub, s.usage)) {
			wrong = append(wrong, "COMMANDS does not list "+name+" as help does")
		}
	}
	for _, alias := range n.names[1:] {
		spelled := strings.Join(append(append([]string{appName}, n.words[:len(n.words)-1]...), alias), " ")
		if !strings.Contains(text, "**"+spelled+"**") {
			wrong = append(wrong, "SYNOPSIS lacks "+spelled)
		}
	}
	return wrong
}

func TestManMatchesCommands(t *testing.T) {
	for _, w := range checkMan(os.DirFS(manDir), testTree(t)) {
		t.Error(w)
	}
}

func TestManLinksExist(t *testing.T) {
	pages := os.DirFS(manDir)
	names, err := fs.Glob(pages, "*.md")
	if err != nil || len(names) < 5 {
		t.Fatal(err, names)
	}
	for _, n := range names {
		text, err := fs.ReadFile(pages, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(names, path.Clean(m[1])) {
				t.Errorf("%s links to %s", n, m[1])
			}
		}
	}
}

func TestManOfSettings(t *testing.T) {
	text, err := os.ReadFile(manDir + "/paddock.conf.5.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, s := range config.Default().All() {
		want["**"+s.Key+"**, **"+s.Variable+"**"] = cmp.Or(s.Value, "empty")
	}
	got := map[string]string{}
	setting := regexp.MustCompile(`(?m)^#### (.*)\n\nAn? (?:string|integer|boolean), by default (?:\*\*)?([^*\s]+?)(?:\*\*)?: `)
	for _, m := range setting.FindAllStringSubmatch(string(text), -1) {
		got[m[1]] = m[2]
	}
	if !maps.Equal(got, want) {
		t.Errorf("paddock.conf(5) has %v, the settings are %v", got, want)
	}
}

// TestManCheckFails shows that checkMan sees each kind of difference.
func TestManCheckFails(t *testing.T) {
	tree := &node{names: []string{"paddock"}, usage: "it", subs: []*node{{
		words: []string{"ls"}, names: []string{"ls", "list"}, usage: "List", flags: []flagFacts{{long: "quiet", names: []string{"quiet", "q"}}},
	}}}
	good := map[string]string{
		"paddock.1.md":    "% paddock 1\n\n## NAME\npaddock - it\n**ls**, **[paddock-ls(1)](paddock-ls.1.md)**\n: List\n",
		"paddock-ls.1.md": "% paddock-ls 1\n\n## NAME\npaddock\\-ls - List\n**paddock list**\n#### **--quiet**, **-q**\n",
	}
	for _, c := range []struct{ file, from, to, want string }{
		{"paddock.1.md", "", "", ""},
		{"paddock-ls.1.md", "**--quiet**", "", "paddock-ls.1.md: --quiet is not documented"},
		{"paddock-ls.1.md", ", **-q**", "", "paddock-ls.1.md: -q is not documented"},
		{"paddock-ls.1.md", "**-q**", "**-q** **--ghost**", "paddock-ls.1.md: --ghost does not exist"},
		{"paddock-ls.1.md", "- List", "- Liste", "paddock-ls.1.md: NAME is not what help says: List"},
		{"paddock-ls.1.md", "**paddock list**", "", "paddock-ls.1.md: SYNOPSIS lacks paddock list"},
		{"paddock-ls.1.md", "% paddock-ls 1", "% paddock 1", "paddock-ls.1.md: the first line is not % paddock-ls 1"},
		{"paddock.1.md", ": List", "", "paddock.1.md: COMMANDS does not list ls as help does"},
		{"paddock-x.1.md", "", "", "paddock-x.1.md is of no command"},
	} {
		files := fstest.MapFS{c.file: {}}
		for name, text := range good {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		files[c.file] = &fstest.MapFile{Data: []byte(strings.Replace(good[c.file], c.from, c.to, 1))}
		if got := strings.Join(checkMan(files, tree), "; "); got != c.want {
			t.Errorf("%s without %q: got %q, want %q", c.file, c.from, got, c.want)
		}
	}
	if got := checkMan(fstest.MapFS{"paddock.1.md": {Data: []byte(good["paddock.1.md"])}}, tree); !slices.Contains(got, "no page paddock-ls.1.md") {
		t.Errorf("missing page: %q", got)
	}
}
