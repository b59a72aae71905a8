package cli

import (
	"slices"
	"strings"
	"testing"
)

// TestValuesAreTaken runs a command for each fixed value: the flag takes it, and a word that is none is wrong usage.
func TestValuesAreTaken(t *testing.T) {
	w := newWorld(t)
	w.publish(t, tiny)
	w.must(t, "pull", tiny)
	for _, c := range []struct{ command, flag, rest string }{
		{"info", "engine", ""},
		{"ls", "log-level", ""},
		{"pull", "progress", tiny},
		{"ls", "format", ""},
		{"quadlet ls", "format", ""},
		{"inspect", "format", tiny},
		{"gpu", "format", ""},
		{"quadlet generate", "gpu", tiny},
		{"quadlet generate", "restart", tiny},
		{"version", "format", ""},
		{"info", "format", ""},
		{"kube", "gpu", tiny},
		{"kube", "form", tiny},
		{"kube", "model-volume", tiny},
	} {
		path := strings.Fields(c.command)
		values := flagValues(path, c.flag)
		if len(values) == 0 {
			t.Errorf("%s --%s: no values", c.command, c.flag)
		}
		for _, v := range append(values, "frob") {
			code, _, err := w.run(t, append(path, strings.Fields("--"+c.flag+"="+v+" "+c.rest)...)...)
			if taken := code != exitUsage; taken != (v != "frob") {
				t.Errorf("%s --%s=%s: exit %d, %v", c.command, c.flag, v, code, err)
			}
		}
	}
	for _, shell := range append(argumentValues([]string{"completion"}), "frob") {
		if code, _, err := w.run(t, "completion", shell); (code == 0) != (shell != "frob") {
			t.Errorf("completion %s: exit %d, %v", shell, code, err)
		}
	}
}

// TestValuesInTree looks for flags of the real tree that take a word of a few and have no values, and for values that help does not name.
func TestValuesInTree(t *testing.T) {
	testTree(t).walk(func(n *node) {
		for _, f := range n.flags {
			fixed := slices.Contains([]string{"ENGINE", "LEVEL", "KIND", "FORMAT", "RUNTIME", "WHICH", "WHEN"}, f.placeholder)
			if fixed != (f.values != nil) {
				t.Errorf("%q --%s %s: values %q", n.words, f.long, f.placeholder, f.values)
			}
			for _, v := range f.values {
				if !strings.Contains(f.usage, v) {
					t.Errorf("%q --%s: help does not name %s", n.words, f.long, v)
				}
			}
		}
	})
}

// TestArgumentsInTree: what completion offers where arguments stand.
func TestArgumentsInTree(t *testing.T) {
	want := map[string]string{
		"pull": "files", "ls": "", "rm": "paddock ls --quiet", "serve": "paddock ls --quiet", "completion": "bash zsh fish",
		"quadlet rm": `paddock quadlet ls --noheading --format '{{.Name}}'`, "help": "", "help pull": "", "help quadlet rm": "",
	}
	seen := 0
	testTree(t).walk(func(n *node) {
		text, ok := want[joinWords(n.words)]
		if !ok {
			return
		}
		seen++
		got := joinWords(n.values) + n.lists
		if n.files {
			got += "files"
		}
		if got != text {
			t.Errorf("%q: %q, want %q", n.words, got, text)
		}
	})
	if seen != len(want) {
		t.Errorf("%d of %d commands are in the tree", seen, len(want))
	}
	if subs := completeWords(testTree(t), "help", "quadlet"); !slices.Equal(subs, []string{"generate", "install", "ls", "list", "print", "rm", "remove", "update"}) {
		t.Errorf("help quadlet offers %q", subs)
	}
}

// completeWords returns the words that may follow those of the path.
func completeWords(tree *node, path ...string) (words []string) {
	tree.walk(func(n *node) {
		if slices.Equal(n.words, path) {
			words = n.subWords()
		}
	})
	return words
}
