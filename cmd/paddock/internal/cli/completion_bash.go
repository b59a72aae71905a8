package cli

import (
	"fmt"
	"strings"
)

// bashHead walks the words before the cursor to find the command, then offers what _paddock_node says of it. It takes
// the line apart itself, since readline's own words end at every colon and equals sign.
const bashHead = `# bash completion for paddock
_paddock() {
    local line=${COMP_LINE:0:COMP_POINT} cur path= word skip= broken
    local flags valued subs lists
    local -a typed
    read -ra typed <<<"$line"
    cur=
    if [[ $line != *[[:space:]] ]]; then
        cur=${typed[-1]}
        unset 'typed[-1]'
    fi
    broken=${cur%"${cur##*[:=]}"}
    _paddock_node ""
    for word in "${typed[@]:1}"; do
        if [[ -n $skip ]]; then
            skip=
        elif [[ $word == -- ]]; then
            COMPREPLY=($(compgen -f -- "$cur"))
            return
        elif [[ " $valued " == *" $word "* ]]; then
            skip=1
        elif [[ " $subs " == *" $word "* ]]; then
            path="${path:+$path }$word"
            _paddock_node "$path"
        fi
    done
    if [[ -n $skip ]]; then
        COMPREPLY=($(compgen -f -- "$cur"))
    elif [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    elif [[ -n $subs ]]; then
        COMPREPLY=($(compgen -W "$subs" -- "$cur"))
    elif [[ -n $lists ]]; then
        COMPREPLY=($(compgen -W "$(eval "$lists" 2>/dev/null)" -- "$cur"))
    else
        COMPREPLY=($(compgen -f -- "$cur"))
    fi
    COMPREPLY=("${COMPREPLY[@]#"$broken"}")
}

_paddock_node() {
    flags= valued= subs= lists=
    case $1 in
`

const bashTail = `    esac
}

complete -o default -F _paddock paddock
`

func bashCompletion(tree *node) string {
	var b strings.Builder
	b.WriteString(bashHead)
	tree.walk(func(n *node) {
		var patterns []string
		for _, s := range n.spellings(tree) {
			patterns = append(patterns, quoteShell(s))
		}
		fmt.Fprintf(&b, "    %s)\n", strings.Join(patterns, "|"))
		fmt.Fprintf(&b, "        flags=%s\n", quoteShell(strings.Join(n.flagWords(false), " ")))
		fmt.Fprintf(&b, "        valued=%s\n", quoteShell(strings.Join(n.flagWords(true), " ")))
		fmt.Fprintf(&b, "        subs=%s\n", quoteShell(strings.Join(n.subWords(), " ")))
		if n.lists != "" {
			fmt.Fprintf(&b, "        lists=%s\n", quoteShell(n.lists))
		}
		b.WriteString("        ;;\n")
	})
	b.WriteString(bashTail)
	return b.String()
}

// flagWords returns the flags with their dashes; only those that take a value if valued.
func (n *node) flagWords(valued bool) []string {
	var words []string
	for _, f := range n.flags {
		if valued && f.placeholder == "" {
			continue
		}
		for _, name := range f.names {
			words = append(words, dashed(name))
		}
	}
	return words
}

func (n *node) subWords() []string {
	var words []string
	for _, s := range n.subs {
		words = append(words, s.names...)
	}
	return words
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// quoteShell makes one word of s for bash and zsh.
func quoteShell(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
