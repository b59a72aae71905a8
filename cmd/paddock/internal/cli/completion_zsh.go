package cli

import (
	"fmt"
	"strings"
)

const zshHead = `#compdef paddock
compdef _paddock paddock

_paddock() {
    local at= word skip i lists
    local -a flags valued subs names found
    _paddock_node ''
    for ((i = 2; i < CURRENT; i++)); do
        word=$words[i]
        if [[ -n $skip ]]; then
            skip=
        elif [[ $word == -- ]]; then
            _files
            return
        elif (( ${valued[(Ie)$word]} )); then
            skip=1
        elif (( ${names[(Ie)$word]} )); then
            at="${at:+$at }$word"
            _paddock_node "$at"
        fi
    done
    if [[ -n $skip ]]; then
        _files
    elif [[ $words[CURRENT] == -* ]]; then
        _describe -o option flags
    elif (( $#subs )); then
        _describe command subs
    elif [[ -n $lists ]]; then
        found=(${(f)"$(eval "$lists" 2>/dev/null)"})
        compadd -a found
    else
        _files
    fi
}

_paddock_node() {
    flags=() valued=() subs=() names=() lists=
    case $1 in
`

const zshTail = `    esac
}

if [[ $funcstack[1] == _paddock ]]; then
    _paddock "$@"
fi
`

func zshCompletion(tree *node) string {
	var b strings.Builder
	b.WriteString(zshHead)
	tree.walk(func(n *node) {
		var patterns []string
		for _, s := range n.spellings(tree) {
			patterns = append(patterns, quoteShell(s))
		}
		fmt.Fprintf(&b, "    (%s))\n", strings.Join(patterns, "|"))
		fmt.Fprintf(&b, "        flags=(%s)\n", zshFlags(n))
		fmt.Fprintf(&b, "        valued=(%s)\n", strings.Join(n.flagWords(true), " "))
		fmt.Fprintf(&b, "        subs=(%s)\n", zshCommands(n))
		fmt.Fprintf(&b, "        names=(%s)\n", strings.Join(n.subWords(), " "))
		if n.lists != "" {
			fmt.Fprintf(&b, "        lists=%s\n", quoteShell(n.lists))
		}
		b.WriteString("        ;;\n")
	})
	b.WriteString(zshTail)
	return b.String()
}

func zshFlags(n *node) string {
	var words []string
	for _, f := range n.flags {
		for _, name := range f.names {
			words = append(words, quoteShell(dashed(name)+":"+f.usage))
		}
	}
	return strings.Join(words, " ")
}

func zshCommands(n *node) string {
	var words []string
	for _, s := range n.subs {
		for _, name := range s.names {
			words = append(words, quoteShell(name+":"+s.usage))
		}
	}
	return strings.Join(words, " ")
}
