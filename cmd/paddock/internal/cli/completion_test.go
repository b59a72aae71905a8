package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const completionDir = "../../../../contrib/completions"

// testTree is the real command tree.
func testTree(t *testing.T) *node {
	t.Helper()
	env, _, _ := testEnv(t)
	return treeOf(newApp(env.forRun()))
}

func TestCompletionsAreFresh(t *testing.T) {
	for shell, file := range map[string]string{"bash": "paddock.bash", "zsh": "_paddock", "fish": "paddock.fish"} {
		want, err := completionScript(testTree(t), shell)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(completionDir, file))
		if err != nil || strings.TrimSpace(string(got)) != strings.TrimSpace(want) {
			t.Errorf("%s is out of date, run make completions (%v)", file, err)
		}
	}
}

func TestCompletionsNameEverything(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, err := completionScript(testTree(t), shell)
		if err != nil {
			t.Fatal(err)
		}
		testTree(t).walk(func(n *node) {
			for _, f := range n.flags {
				if !strings.Contains(script, "--"+f.long) && !strings.Contains(script, "-l "+f.long) {
					t.Errorf("%s: no flag %s of %q", shell, f.long, n.words)
				}
			}
			for _, path := range n.spellings(testTree(t)) {
				if !strings.Contains(script, "'"+path+"'") && !strings.Contains(script, `\'`+path+`\'`) {
					t.Errorf("%s: no command %q", shell, path)
				}
			}
		})
	}
}

// synthetic is a tree with all that completion knows: aliases, groups, values, models.
func synthetic() *node {
	help := flagFacts{long: "help", short: "h", names: []string{"help", "h"}, usage: "it's help"}
	engine := flagFacts{long: "engine", names: []string{"engine"}, placeholder: "ENGINE", usage: "choose: one", values: []string{"podman", "docker"}}
	quiet := flagFacts{long: "quiet", short: "q", names: []string{"quiet", "q"}, usage: "say less"}
	file := flagFacts{long: "file", short: "f", names: []string{"file", "f"}, placeholder: "FILE", usage: "read `FILE`"}
	all := []flagFacts{help, engine}
	leaf := func(flags []flagFacts, lists string, words []string, alias ...string) *node {
		return &node{words: words, names: append(words[len(words)-1:len(words):len(words)], alias...), usage: "do it", flags: append(flags, all...), lists: lists}
	}
	group := leaf(nil, "", []string{"quadlet"})
	group.subs = []*node{leaf([]flagFacts{quiet}, "paddock ls", []string{"quadlet", "install"}), leaf(nil, "", []string{"quadlet", "ls"}, "list")}
	pull, shell := leaf([]flagFacts{quiet, file}, "", []string{"pull"}), leaf(nil, "", []string{"shell"})
	pull.files, shell.values = true, []string{"bash", "zsh"}
	return &node{names: []string{"paddock"}, flags: all, subs: []*node{
		pull, leaf([]flagFacts{quiet}, "", []string{"ls"}, "list"), shell,
		leaf(nil, `paddock ls --format '{{.Name}}'`, []string{"rm"}), group,
	}}
}

// completeInBash asks a real bash what it offers at the end of a line; "FILES" stands for the names of files.
func completeInBash(t *testing.T, line string) []string {
	t.Helper()
	script := bashCompletion(synthetic()) + `
compopt() { [ "$*" != "-o default" ] || COMPREPLY+=(FILES); }
paddock() { printf '%s\n' quay.io/org/m:1 quay.io/org/m:2 localhost:5000/x:3; }
COMP_LINE=$1 COMP_POINT=${#1}
_paddock
printf '%s\n' "${COMPREPLY[@]}"
`
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script, "bash", line)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	words := strings.Fields(string(out))
	slices.Sort(words)
	return words
}

func TestBashCompletes(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"paddock ", "list ls pull quadlet rm shell"},
		{"paddock p", "pull"},
		{"paddock pull --", "--engine --file --help --quiet"},
		{"paddock pull --qu", "--quiet"},
		{"paddock --engine pull p", "pull"},
		{"paddock list -", "--engine --help --quiet -h -q"},
		{"paddock quadlet ", "install list ls"},
		{"paddock quadlet -q i", "install"},
		{"paddock quadlet install --q", "--quiet"},
		{"paddock rm ", "localhost:5000/x:3 quay.io/org/m:1 quay.io/org/m:2"},
		{"paddock rm quay", "quay.io/org/m:1 quay.io/org/m:2"},
		{"paddock rm quay.io/org/m:", "1 2"},
		{"paddock rm localhost:5000/x:", "3"},
		{"paddock rm localhost:", "5000/x:3"},
		{"paddock pull ", "FILES"},
		{"paddock pull --file ", "FILES"},
		{"paddock pull --file=/e", "FILES"},
		{"paddock pull m -- -", "FILES"},
		{"paddock pull m -- x ", "FILES"},
		{"paddock ls ", ""},
		{"paddock ls x", ""},
		{"paddock shell ", "bash zsh"},
		{"paddock shell z", "zsh"},
		{"paddock shell x", ""},
		{"paddock --engine ", "docker podman"},
		{"paddock pull --engine p", "podman"},
		{"paddock pull --engine=", "docker podman"},
		{"paddock pull --engine=p", "podman"},
		{"paddock pull --engine=x", ""},
		{"paddock pull --file --engine=", "FILES"},
	} {
		if got := strings.Join(completeInBash(t, c.line), " "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.line, got, c.want)
		}
	}
}

func TestQuoting(t *testing.T) {
	if got := quoteShell("it's"); got != `'it'\''s'` {
		t.Errorf("shell: %s", got)
	}
	if got := quoteFish(`it's \`); got != `'it\'s \\'` {
		t.Errorf("fish: %s", got)
	}
}
