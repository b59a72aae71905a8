package cli

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/paddock-dev/paddock/cmd/paddock/internal/ui"
)

const exitStatusHelp = `Exit status:
  0 done; 1 error; 2 wrong usage; 3 not found; 4 authentication; 5 refused by policy or failed verification;
  125-127 from the engine; 130 interrupted`

const helpName = "help"

// helpCommand is "paddock help COMMAND", the same as "paddock COMMAND --help".
func helpCommand(env *Env, app *cli.App) *cli.Command {
	return &cli.Command{
		Name: helpName, Usage: "Show the help of a command", ArgsUsage: "[COMMAND...]",
		Action: func(c *cli.Context) error { return showHelp(env, app, allArgs(c)) },
	}
}

// showHelp prints the help of the command at path, without asking anything of the machine.
func showHelp(env *Env, app *cli.App, path []string) error {
	root := &cli.Command{
		Name: app.Name, Usage: app.Usage, Description: app.Description, Flags: app.Flags, Subcommands: app.Commands,
	}
	at, full := root, app.Name
	for _, word := range path {
		next := at.Command(word)
		if next == nil {
			return unknownCommand(grammarAt(full, nil, at.Subcommands), word)
		}
		at, full = next, full+" "+next.Name
	}
	text, err := helpText(full, at, app.Flags)
	if err != nil {
		return err
	}
	return ui.Text(env.Out, text)
}

func helpText(full string, c *cli.Command, globalFlags []cli.Flag) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", c.Usage)
	if c.Description != "" {
		fmt.Fprintf(&b, "\nDescription:\n  %s\n", strings.ReplaceAll(strings.TrimSpace(c.Description), "\n", "\n  "))
	}
	fmt.Fprintf(&b, "\nUsage:\n  %s\n", synopsis(full, c))
	sections := []struct {
		title string
		rows  [][2]string
	}{
		{"Commands", commandRows(c.Subcommands)},
		{"Options", append(flagRows(c.Flags), [2]string{"-h, --help", "show this help"})},
	}
	if full != appName {
		sections = append(sections, struct {
			title string
			rows  [][2]string
		}{"Global options", flagRows(globalFlags)})
	}
	for _, s := range sections {
		if err := writeRows(&b, s.title, s.rows); err != nil {
			return "", err
		}
	}
	if full == appName {
		fmt.Fprintf(&b, "\n%s\n", exitStatusHelp)
	}
	return b.String(), nil
}

// synopsis is the line under Usage.
func synopsis(full string, c *cli.Command) string {
	words := []string{full}
	if len(c.Flags) > 0 {
		words = append(words, "[options]")
	}
	if len(c.Subcommands) > 0 {
		words = append(words, "COMMAND")
	}
	if c.ArgsUsage != "" {
		words = append(words, c.ArgsUsage)
	}
	return strings.Join(words, " ")
}

func writeRows(b *strings.Builder, title string, rows [][2]string) error {
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintf(b, "\n%s:\n", title)
	tw := tabwriter.NewWriter(b, 0, 8, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(tw, "  %s\t%s\n", row[0], row[1])
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("aligning help: %w", err)
	}
	return nil
}

func commandRows(commands []*cli.Command) [][2]string {
	var rows [][2]string
	for _, c := range commands {
		if !c.Hidden {
			rows = append(rows, [2]string{strings.Join(c.Names(), ", "), c.Usage})
		}
	}
	return rows
}

func flagRows(flags []cli.Flag) [][2]string {
	var rows [][2]string
	for _, f := range flags {
		d := describe(f)
		left := "    "
		if d.short != "" {
			left = "-" + d.short + ", "
		}
		left += "--" + d.long
		if d.placeholder != "" {
			left += " " + d.placeholder
		}
		right := d.usage
		if d.fallback != "" {
			right += " (default " + d.fallback + ")"
		}
		rows = append(rows, [2]string{left, right})
	}
	return rows
}

// flagFacts is what help, completion and the manual know of a flag.
type flagFacts struct {
	long, short string // without dashes; short is "" if there is none
	names       []string
	placeholder string // "" if the flag takes no value
	usage       string
	fallback    string // the default, if it says anything
	repeated    bool
	values      []string // what completion offers; nil: the value is free
}

func describe(f cli.Flag) flagFacts {
	d := flagFacts{names: f.Names(), long: f.Names()[0]}
	if i := slices.IndexFunc(d.names, func(n string) bool { return len(n) == 1 }); i >= 0 {
		d.short = d.names[i]
	}
	doc, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return d
	}
	var placeholder string
	placeholder, d.usage = flag.UnquoteUsage(&flag.Flag{Usage: doc.GetUsage()})
	if doc.TakesValue() {
		d.placeholder = placeholder
		if text := doc.GetDefaultText(); text != "" && text != "0" && text != `""` {
			d.fallback = strings.Trim(text, `"`)
		}
	}
	if slice, ok := f.(cli.DocGenerationSliceFlag); ok {
		d.repeated = slice.IsSliceFlag()
	}
	return d
}
