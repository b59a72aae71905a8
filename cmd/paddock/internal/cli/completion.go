package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

type completionOptions struct {
	shell string
	tree  *node
}

// node is a command as completion sees it.
type node struct {
	words []string // the path below the program: "quadlet", "install"; empty for the program
	names []string // the spellings of the last word
	usage string
	flags []flagFacts
	subs  []*node
	// An argument is one of values, or of what the command lists prints, or a file. If none of these is set, there is none.
	values []string
	lists  string
	files  bool
}

func completionCommand(env *Env, app *cli.App, run func(context.Context, *Env, *completionOptions) error) *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "Print the completion script of a shell", ArgsUsage: strings.Join(shells(), "|"),
		Description: "The script covers commands, flags and the models in the store. To use it now:\n" +
			"  source <(paddock completion bash)",
		Action: func(c *cli.Context) error {
			var o completionOptions
			if err := exactArgs(c, &o.shell); err != nil {
				return err
			}
			o.tree = treeOf(app)
			return run(c.Context, env, &o)
		},
	}
}

func runCompletion(_ context.Context, env *Env, o *completionOptions) error {
	script, err := completionScript(o.tree, o.shell)
	if err != nil {
		return err
	}
	return ui.Text(env.Out, script)
}

func completionScript(tree *node, shell string) (string, error) {
	switch shell {
	case "bash":
		return bashCompletion(tree), nil
	case "zsh":
		return zshCompletion(tree), nil
	case "fish":
		return fishCompletion(tree), nil
	default:
		return "", usagef("no completion for shell %q: want bash, zsh or fish", shell)
	}
}

// shells are those that completionScript knows.
func shells() []string { return []string{"bash", "zsh", "fish"} }

// treeOf reads the command tree. Global flags belong to every command, and so does help.
func treeOf(app *cli.App) *node {
	global := []flagFacts{{long: "help", short: "h", names: []string{"help", "h"}, usage: "show help"}}
	global = append(global, factsOf(nil, app.Flags)...)
	root := &node{names: []string{app.Name}, usage: app.Usage, flags: global}
	root.subs = nodesOf(nil, app.Commands, global)
	for _, n := range root.subs {
		if n.names[0] == helpName {
			n.subs, n.files = helpNodes(n, root.subs), false
		}
	}
	return root
}

func factsOf(path []string, flags []cli.Flag) []flagFacts {
	var facts []flagFacts
	for _, f := range flags {
		d := describe(f)
		d.values = flagValues(path, d.long)
		facts = append(facts, d)
	}
	return facts
}

func nodesOf(path []string, commands []*cli.Command, global []flagFacts) []*node {
	var nodes []*node
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		words := append(slices.Clone(path), c.Name)
		n := &node{
			words: words, names: c.Names(), usage: c.Usage, flags: factsOf(words, c.Flags),
			values: argumentValues(words), lists: candidates(path, c),
		}
		n.files = c.ArgsUsage != "" && n.lists == "" && n.values == nil
		for _, g := range global {
			if g.long != "version" {
				n.flags = append(n.flags, g)
			}
		}
		n.subs = nodesOf(n.words, c.Subcommands, global)
		nodes = append(nodes, n)
	}
	return nodes
}

// walk visits the tree, parents first.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, sub := range n.subs {
		sub.walk(visit)
	}
}

func joinWords(words []string) string { return strings.Join(words, " ") }

// spellings returns every way to type the path, so that aliases complete too.
func (n *node) spellings(root *node) []string {
	paths := []string{""}
	at := root
	for _, word := range n.words {
		i := slices.IndexFunc(at.subs, func(s *node) bool { return s.names[0] == word })
		at = at.subs[i]
		var longer []string
		for _, p := range paths {
			for _, name := range at.names {
				longer = append(longer, strings.TrimSpace(p+" "+name))
			}
		}
		paths = longer
	}
	return paths
}

// candidates returns the command that lists what a command takes: what ArgsUsage calls NAME is a model of the store, or a
// service where services are shown and removed.
func candidates(path []string, c *cli.Command) string {
	switch {
	case !strings.Contains(c.ArgsUsage, "NAME"):
		return ""
	case slices.Equal(path, []string{"quadlet"}) && slices.Contains([]string{"print", "rm", "update"}, c.Name):
		return `paddock quadlet ls --noheading --format '{{.Name}}'`
	default:
		return "paddock ls --quiet"
	}
}
