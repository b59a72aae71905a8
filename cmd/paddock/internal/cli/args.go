package cli

import (
	"slices"

	"github.com/urfave/cli/v2"
)

// splitArgs returns the arguments before "--" and those after it; nil if there is no "--".
func splitArgs(c *cli.Context) (before, after []string) {
	all := c.Args().Slice()
	if i := slices.Index(all, "--"); i >= 0 {
		return all[:i], all[i+1:]
	}
	return all, nil
}

// allArgs returns every argument, without the "--" that allows one to begin with a dash.
func allArgs(c *cli.Context) []string {
	before, after := splitArgs(c)
	return slices.Concat(before, after)
}

// noArgs is the check of a command without arguments.
func noArgs(c *cli.Context) error {
	if args := allArgs(c); len(args) > 0 {
		return usagef("%s takes no arguments, got %q", c.Command.Name, args[0])
	}
	return nil
}

// exactArgs stores the arguments, exactly as many as there are destinations. The error names them as ArgsUsage does.
func exactArgs(c *cli.Context, dest ...*string) error {
	return storeArgs(c, allArgs(c), dest)
}

// exactArgsBefore is exactArgs for a command that takes what follows "--" for something else: rest.
func exactArgsBefore(c *cli.Context, rest *[]string, dest ...*string) error {
	before, after := splitArgs(c)
	*rest = after
	return storeArgs(c, before, dest)
}

func storeArgs(c *cli.Context, args []string, dest []*string) error {
	if len(args) != len(dest) {
		return usagef("%s takes %s, got %d %s", c.Command.Name, c.Command.ArgsUsage, len(args), plural(len(args), "argument"))
	}
	for i, d := range dest {
		if args[i] == "" {
			return usagef("%s takes %s, got an empty argument", c.Command.Name, c.Command.ArgsUsage)
		}
		*d = args[i]
	}
	return nil
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
