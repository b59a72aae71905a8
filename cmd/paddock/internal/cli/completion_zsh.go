package cli

import (
	"fmt"
	"strings"
)

const zshHead = `#compdef paddock
compdef _paddock paddock

_paddock() {
    local at= word flag= i values lists files
    local -A choices
    local -a flags valued subs names found
    _paddock_node ''
    for ((i = 2; i < CURRENT; i++)); do
        word=$words[i]
        if [[ -n $flag ]]; then
            flag=
        elif [[ $word == -- ]]; then
            _files
            return
        elif (( ${valued[(Ie)$word]} )); then
            flag=$word
        elif (( ${names[(Ie)$word]} )); then
            at="${at:+$at }$word"
            _paddock_node "$at"
        fi
    done
    if [[ -z $flag && $words[CURRENT] == --*=* ]]; then
        flag=${words[CURRENT]%%=*}
        compset -P '*='
    fi
    if [[ -n $flag ]]; then
        values=$choices[$flag] files=1 lists=
    elif [[ $words[CURRENT] == -* ]]; then
        _describe -o option flags
        return
    elif (( $#subs )); then
        _describe command subs
        return
    fi
    if [[ -n $values ]]; then
        compadd -- ${=values}
    elif [[ -n $lists ]]; then
        found=(${(f)"$(eval "$lists" 2>/dev/null)"})
        compadd -a found
    elif [[ -n $files ]]; then
        _files
    fi
}

_paddock_node() {
    flags=() valued=() subs=() names=() choices=() values= lists= files=
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
		for _, c := range n.choices() {
			fmt.Fprintf(&b, "        choices[%s]=%s\n", c[0], quoteShell(c[1]))
		}
		b.WriteString(n.shellArguments())
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
