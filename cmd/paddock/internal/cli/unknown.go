package cli

import (
	"slices"
	"strings"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/suggest"
)

// unknownCommand names the word, and the command that was probably meant.
func unknownCommand(g *grammar, word string) error {
	err := usagef("unknown command %q for %q", word, g.path)
	if near := suggest.Nearest(word, g.commandNames()); near != "" {
		return WithHint(err, "did you mean \""+g.path+" "+near+"\"?")
	}
	return err
}

// unknownFlag names the flag as typed, and the flag that was probably meant: one of the same name of a command further
// down the tree, or one of a similar name.
func (l *line) unknownFlag(typed string) error {
	here := l.levels[len(l.levels)-1]
	err := usagef("unknown flag %s for %q", typed, here.path)
	name := strings.TrimLeft(typed, "-")
	if owners := here.owners(name); len(owners) > 0 {
		return WithHint(err, typed+" belongs after the command: "+strings.Join(owners, ", "))
	}
	names := []string{"help"}
	for _, g := range l.levels {
		names = append(names, g.flagNames()...)
	}
	if near := suggest.Nearest(name, names); near != "" && len(name) > 1 {
		return WithHint(err, "did you mean --"+near+"?")
	}
	return err
}

// owners returns the paths of the sub-commands that have the flag, sorted.
func (g *grammar) owners(flag string) []string {
	var paths []string
	for _, sub := range g.subs {
		if _, ok := sub.flags[flag]; ok {
			paths = append(paths, sub.path)
		}
		paths = append(paths, sub.owners(flag)...)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
