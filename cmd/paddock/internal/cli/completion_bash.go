package cli

import (
	"fmt"
	"strings"
)

// bashHead walks the words before the cursor to find the command, then offers what _paddock_node says of it. It takes
// the line apart itself, since readline's own words end at every colon and equals sign.
const bashHead = `# bash completion for paddock
_paddock() {
    local line=${COMP_LINE:0:COMP_POINT} cur path= word flag= broken
    local flags valued subs values lists files
    local -A choices
    local -a typed
    read -ra typed <<<"$line"
    cur=
    if [[ $line != *[[:space:]] ]]; then
        cur=${typed[-1]}
        unset 'typed[-1]'
    fi
    broken=${cur%"${cur##*[:=]}"}
    COMPREPLY=()
    _paddock_node ""
    for word in "${typed[@]:1}"; do
        if [[ -n $flag ]]; then
            flag=
        elif [[ $word == -- ]]; then
            compopt -o default
            return
        elif [[ " $valued " == *" $word "* ]]; then
            flag=$word
        elif [[ " $subs " == *" $word "* ]]; then
            path="${path:+$path }$word"
            _paddock_node "$path"
        fi
    done
    if [[ -z $flag && $cur == --*=* ]]; then
        flag=${cur%%=*}
        cur=${cur#*=}
        broken=${broken#"$flag="}
    fi
    if [[ -n $flag ]]; then
        values=${choices[$flag]} files=1
    elif [[ $cur == -* ]]; then
        values=$flags
    elif [[ -n $subs ]]; then
        values=$subs
    elif [[ -n $lists ]]; then
        values=$(eval "$lists" 2>/dev/null)
        files=
    fi
    if [[ -n $values ]]; then
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
        COMPREPLY=("${COMPREPLY[@]#"$broken"}")
    elif [[ -n $files ]]; then
        compopt -o default
    fi
}

_paddock_node() {
    flags= valued= subs= values= lists= files= choices=()
    case $1 in
`

const bashTail = `    esac
}

complete -F _paddock paddock
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
		for _, c := range n.choices() {
			fmt.Fprintf(&b, "        choices[%s]=%s\n", c[0], quoteShell(c[1]))
		}
		b.WriteString(n.shellArguments())
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

// choices returns the flags whose values are fixed, with their dashes, each with its values.
func (n *node) choices() [][2]string {
	var pairs [][2]string
	for _, f := range n.flags {
		if f.values == nil {
			continue
		}
		for _, name := range f.names {
			pairs = append(pairs, [2]string{dashed(name), joinWords(f.values)})
		}
	}
	return pairs
}

// shellArguments assigns what arguments may be, for bash and zsh.
func (n *node) shellArguments() string {
	switch {
	case n.values != nil:
		return "        values=" + quoteShell(joinWords(n.values)) + "\n"
	case n.lists != "":
		return "        lists=" + quoteShell(n.lists) + "\n"
	case n.files:
		return "        files=1\n"
	}
	return ""
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
