package cli

import (
	"slices"

	"github.com/urfave/cli/v2"
)

// grammar is what taking a command line apart needs to know of a command: its flags and its sub-commands.
type grammar struct {
	path  string              // "paddock quadlet install"
	flags map[string]flagForm // by every spelling, without dashes
	subs  map[string]*grammar // by every spelling
}

// flagForm is one flag: the name that it is passed on under, and whether it stands alone.
type flagForm struct {
	name  string
	alone bool
}

// grammarOf reads the grammar off a command tree.
func grammarOf(app *cli.App) *grammar {
	return grammarAt(app.Name, app.Flags, app.Commands)
}

func grammarAt(path string, flags []cli.Flag, commands []*cli.Command) *grammar {
	g := &grammar{path: path, flags: map[string]flagForm{}, subs: map[string]*grammar{}}
	for _, f := range flags {
		doc, ok := f.(cli.DocGenerationFlag)
		form := flagForm{name: f.Names()[0], alone: ok && !doc.TakesValue()}
		for _, name := range f.Names() {
			g.flags[name] = form
		}
	}
	for _, c := range commands {
		sub := grammarAt(path+" "+c.Name, c.Flags, c.Subcommands)
		for _, name := range c.Names() {
			g.subs[name] = sub
		}
	}
	return g
}

// flagNames returns the long spellings of the flags, sorted.
func (g *grammar) flagNames() []string {
	var names []string
	for name := range g.flags {
		if len(name) > 1 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// commandNames returns the spellings of the sub-commands, sorted.
func (g *grammar) commandNames() []string {
	var names []string
	for name := range g.subs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
