package cli

import (
	"fmt"
	"slices"
	"strings"
)

// fishHead tells flags, which fish wants to know where their value is typed as well (__paddock_in), from arguments, which
// are not looked for there (__paddock_at).
const fishHead = `# fish completion for paddock
function __paddock_in -a pending
    set -e argv[1]
    set -l at
    set -l skip
    set -l tokens (commandline -opc)
    for word in $tokens[2..]
        if test -n "$skip"
            set skip
        else if test "$word" = --
            return 1
        else if contains -- $word $__paddock_valued
            set skip 1
        else if contains -- (string trim "$at $word") $__paddock_paths
            set at (string trim "$at $word")
        end
    end
    test -z "$skip" -o "$pending" = yes; and contains -- "$at" $argv
end

function __paddock_at
    __paddock_in no $argv
end

`

func fishCompletion(tree *node) string {
	var b strings.Builder
	b.WriteString(fishHead)
	var paths, valued []string
	tree.walk(func(n *node) {
		paths = append(paths, n.spellings(tree)...)
		valued = append(valued, n.flagWords(true)...)
	})
	slices.Sort(valued)
	paths = slices.DeleteFunc(paths, func(p string) bool { return p == "" })
	fmt.Fprintf(&b, "set -g __paddock_paths %s\n", fishWords(paths))
	fmt.Fprintf(&b, "set -g __paddock_valued %s\n\n", strings.Join(slices.Compact(valued), " "))
	tree.walk(func(n *node) {
		paths := fishWords(n.spellings(tree))
		at, in := "-n "+quoteFish("__paddock_at "+paths), "-n "+quoteFish("__paddock_in yes "+paths)
		for _, f := range n.flags {
			fmt.Fprintf(&b, "complete -c paddock %s %s -d %s\n", in, fishFlag(f), quoteFish(f.usage))
		}
		for _, s := range n.subs {
			fmt.Fprintf(&b, "complete -c paddock -f %s -a %s -d %s\n", at, quoteFish(strings.Join(s.names, " ")), quoteFish(s.usage))
		}
		if n.lists != "" {
			fmt.Fprintf(&b, "complete -c paddock -f %s -a %s\n", at, quoteFish("("+n.lists+" 2>/dev/null)"))
		} else if !n.files {
			fmt.Fprintf(&b, "complete -c paddock -f %s%s\n", at, fishChoices(n.values))
		}
	})
	return b.String()
}

func fishFlag(f flagFacts) string {
	var words []string
	for _, name := range f.names {
		if len(name) == 1 {
			words = append(words, "-s "+name)
		} else {
			words = append(words, "-l "+name)
		}
	}
	switch {
	case f.values != nil:
		words = append(words, "-x")
	case f.placeholder != "":
		words = append(words, "-r")
	}
	return strings.Join(words, " ") + fishChoices(f.values)
}

func fishChoices(values []string) string {
	if values == nil {
		return ""
	}
	return " -a " + quoteFish(joinWords(values))
}

func fishWords(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, quoteFish(w))
	}
	return strings.Join(quoted, " ")
}

// quoteFish makes one word of s for fish.
func quoteFish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
